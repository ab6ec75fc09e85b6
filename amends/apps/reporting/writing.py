"""Documents begin by themselves on the first day after their period; what stands and what is missing of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.beginning import Beginning, begin_proceeding
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.apps.reporting.documents.queries import document_of_period
from amends.core.directory import SYSTEM
from amends.core.documents import FROM, TO, period_before
from amends.core.periods import Period
from amends.core.policy.documents import Document
from amends.core.refusals import Refusal

log = structlog.get_logger(__name__)


def write_due_documents(*, now: datetime) -> int:
    """Begin every document whose period is over and that does not stand yet, on every open desk; returns how many.

    A desk that was set up after the period has nothing to report of it. What can not be written on one desk keeps no other from its own.
    """
    return sum(_begin(desk, document, period, now) for desk, document, period in _due(now))


def _due(now: datetime) -> Iterator[tuple[Desk, Document, Period]]:
    for desk in Desk.objects.filter(closed_at=None).order_by("code"):
        pack = pack_in_force(desk, now)
        zone = ZoneInfo(pack.head.zone)
        for document in pack.reports.documents.values():
            period = period_before(document.period, now.astimezone(zone).date())
            if period is None or desk.created_at.astimezone(zone).date() > period.last:
                continue
            if document_of_period(desk, pack, document.proceeding, period) is None:
                yield desk, document, period


def _begin(desk: Desk, document: Document, period: Period, now: datetime) -> bool:
    try:
        begin_document(desk, document, period, now=now)
    except Refusal as refusal:
        log.warning("document_not_begun", desk=desk.code, kind=document.proceeding, code=refusal.code)
        return False
    return True


def begin_document(desk: Desk, document: Document, period: Period, *, now: datetime) -> Proceeding:
    """Begin the document of a period in the name of the system. Raises InvalidData for a second one of the period."""
    data = {FROM: period.first.isoformat(), TO: period.last.isoformat()}
    return begin_proceeding(
        Beginning(kind=document.proceeding, desk=desk, data=data, caller=SYSTEM, now=now, by_rule=True)
    )
