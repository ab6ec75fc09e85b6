"""When a case is erased, what its customer wrote in questionnaires goes with it; scores and codes stay in the figures."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.utils import timezone

from amends.apps.cases.actions.erase import eraser
from amends.apps.ledger.actions import erase_details
from amends.apps.ledger.models import Detail
from amends.apps.surveys.models import SurveyInvitation


@eraser
def forget_answers(cases: Collection[UUID]) -> None:
    """Empty the words beside the answers about these cases; links that were not used yet are over."""
    now, invitations = timezone.now(), SurveyInvitation.objects.filter(case__in=list(cases))
    erase_details(Detail.objects.filter(chain__in=invitations.values("chain")), now=now)
    invitations.filter(answered_at=None, expires_at__gt=now).update(expires_at=now)
