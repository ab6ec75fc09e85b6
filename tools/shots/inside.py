"""What happens inside an installation that pictures are taken of; run by `manage.py shell`."""

from __future__ import annotations

import json

from django.utils import timezone

from amends.apps.cases.models import Case
from amends.apps.cases.portal_keys import VALID_AFTER_ARCHIVE, new_link_with_pin
from amends.apps.cases.proceeding_models import PartnerKey
from amends.apps.cases.proceedings.partners import Reached, new_partner_link
from amends.jobs.demo import build_demo


def make_empty() -> None:
    """The desks and people of the demo, without a case: nothing is left to the worker."""
    build_demo(now=timezone.now(), leave_to_worker=False)


def print_letters() -> None:
    """One private link with its PIN for the newest case of every desk in every kind of state, as customers hold them, and
    one to a partner for the newest proceeding in every state: that opens with a code.

    Cases whose links ended some time after archiving are left out: their page says only that there is nothing.
    """
    now, letters = timezone.now(), {}
    cases = Case.objects.filter(internal=False).exclude(archived_at__lte=now - VALID_AFTER_ARCHIVE)
    for case in cases.select_related("desk").order_by("-pk")[:400]:
        name = f"{case.desk.code}-{'waiting' if case.waits_for == 'complainant' else case.state_category}"
        if name not in letters:
            letters[name] = new_link_with_pin(case, now=now)
    for key in PartnerKey.objects.select_related("proceeding__desk").order_by("-proceeding__begun_at"):
        name = f"partner-{key.proceeding.state}"
        if name not in letters:
            reached = Reached(key.partner_id, key.channel, key.address)
            letters[name] = (new_partner_link(key.proceeding, reached, now=now), "")
    print(json.dumps(letters))
