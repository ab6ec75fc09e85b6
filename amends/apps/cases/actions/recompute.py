"""When a year of public holidays is published: due dates that leaned on it are computed again and listed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from amends.apps.cases.actions.sweep import PLACED_COLUMNS, SWEPT_COLUMNS
from amends.apps.cases.clocks import Timed, refresh_clocks, rows_of
from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case, ClockRow
from amends.apps.cases.proceeding_models import Proceeding


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
    cases = rows.filter(case__isnull=False).order_by("case__number").values_list("case", flat=True).distinct()
    changes = [change for key in list(cases) for change in _recompute(Case, PLACED_COLUMNS, key, now)]
    others = rows.filter(proceeding__isnull=False).order_by("proceeding__number")
    for key in list(others.values_list("proceeding", flat=True).distinct()):
        changes += _recompute(Proceeding, SWEPT_COLUMNS, key, now)
    return changes


@transaction.atomic
def _recompute(kind: type[Timed], columns: Iterable[str], key: UUID, now: datetime) -> Iterable[Recomputed]:
    row = kind._default_manager.select_related("desk", "chain").get(pk=key)
    before = {clock.instance: clock.due_at for clock in rows_of(row) if clock.provisional}
    version = row.version
    refresh_clocks(row, pack=pack_of(row), now=now).save()
    placed = {name: getattr(row, name) for name in columns}
    kind._default_manager.filter(pk=row.pk, version=version).update(**placed)
    after = {clock.instance: clock for clock in rows_of(row) if clock.instance in before}
    return [
        Recomputed(row.number, clock.rule, before[name], clock.due_at, clock.provisional)
        for name, clock in sorted(after.items())
        if clock.due_at != before[name] or not clock.provisional
    ]
