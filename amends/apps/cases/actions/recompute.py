"""When a year of public holidays is published: due dates that leaned on it are computed again and listed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from amends.apps.cases.actions.sweep import SWEPT_COLUMNS
from amends.apps.cases.clocks import refresh_clocks
from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case, ClockRow


@dataclass(frozen=True, slots=True)
class Recomputed:
    """One due date that was provisional: before and after, and whether it still is provisional."""

    number: str
    clock: str
    before: datetime | None
    after: datetime | None
    is_provisional: bool


def recompute_provisional_dates(*, now: datetime) -> list[Recomputed]:
    """Compute every provisional due date of running clocks again, also of cases pinned to older packs; returns the list."""
    rows = ClockRow.objects.filter(provisional=True, stopped_at=None)
    cases = rows.order_by("case__number").values_list("case", flat=True).distinct()
    return [change for case in list(cases) for change in _recompute(case, now)]


@transaction.atomic
def _recompute(key: UUID, now: datetime) -> Iterable[Recomputed]:
    case = Case.objects.select_related("desk", "chain").get(pk=key)
    before = dict(ClockRow.objects.filter(case=case, provisional=True).values_list("instance", "due_at"))
    version = case.version
    refresh_clocks(case, pack=pack_of(case), now=now).save()
    Case.objects.filter(pk=case.pk, version=version).update(**{name: getattr(case, name) for name in SWEPT_COLUMNS})
    after = {row.instance: row for row in ClockRow.objects.filter(case=case, instance__in=before)}
    return [
        Recomputed(case.number, row.rule, before[name], row.due_at, row.provisional)
        for name, row in sorted(after.items())
        if row.due_at != before[name] or not row.provisional
    ]
