"""Counts by day and dimensions: what a case adds to its days, and rows of one day put together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet

from amends.apps.ledger.bulk import insert_rows
from amends.apps.policies.models import Desk
from amends.apps.reporting.models import DayFact
from amends.apps.reporting.rows.working_out import ENTERED_ON, SECONDS, STATE, Fact, Figured
from amends.core.policy.lifecycle import RESTING
from amends.core.refusals import Stale

DAY_KEYS = (
    "desk_id", "day", "state", "kind", "counts", "channel", "channel_group", "category_top", "level", "urgent", "department_id",
    "restricted",
)  # fmt: skip
DAY_COUNTS = (
    "received", "responded", "resolved", "closed", "ended", "completed", "in_time", "scored", "score_sum", "standing", "visits",
    "visit_seconds",
)  # fmt: skip
NO_KIND = {"kind": "", "channel_group": "", "level": "", "urgent": False}
"""Counts of a state are split by less than those of a day: nobody asks for more, and there are far fewer rows."""

DayKey = tuple[Any, ...]
DayCounts = dict[DayKey, dict[str, int]]


def no_counts() -> DayCounts:
    return defaultdict(lambda: dict.fromkeys(DAY_COUNTS, 0))


def with_counts(counts: DayCounts) -> DayCounts:
    return {key: of_key for key, of_key in counts.items() if any(of_key.values())}


def day_changes(before: Iterable[Figured], now: Iterable[Figured]) -> DayCounts:
    """What is to be added to the days: the counts of the rows as they are, less those of the rows as they were."""
    changes = no_counts()
    for figured, sign in ((before, -1), (now, 1)):
        for one in figured:
            for day, count, amount in _counted(one.fact):
                changes[_day_key(one.fact, day)][count] += sign * amount
            for day, state, count, amount in _counted_by_state(one):
                changes[_state_key(one.fact, day, state)][count] += sign * amount
    return with_counts(changes)


def _day_key(fact: Any, day: date) -> DayKey:
    return (
        fact.desk_id, day, "", fact.kind, fact.counts, fact.channel, fact.channel_group, fact.category_top, fact.level, fact.urgent,
        fact.department_id, fact.restricted,
    )  # fmt: skip


def _state_key(fact: Any, day: date, state: str) -> DayKey:
    return (
        fact.desk_id, day, state, "", fact.counts, fact.channel, "", fact.category_top, "", False, fact.department_id, fact.restricted,
    )  # fmt: skip


def _counted(fact: Fact) -> Iterator[tuple[date, str, int]]:
    """On which day a case adds how much to which count."""
    yield fact.received_on, "received", 1
    for name in ("responded", "resolved", "closed"):
        if (day := getattr(fact, f"{name}_on")) is not None:
            yield day, name, 1
    if fact.closed_on is not None:
        yield fact.received_on, "ended", 1
    if fact.limit_stopped_on is not None:
        yield fact.limit_stopped_on, "completed", 1
        yield fact.limit_stopped_on, "in_time", int(fact.in_time is True)
    if fact.score is not None:
        yield fact.received_on, "scored", 1
        yield fact.received_on, "score_sum", fact.score


def _counted_by_state(one: Figured) -> Iterator[tuple[date, str, str, int]]:
    """On which day a case adds how much to which count of which state."""
    if one.fact.closed_at is None and one.fact.state_category not in RESTING:
        yield one.fact.received_on, one.fact.state, "standing", 1
    for step in one.steps:
        if step[SECONDS] is not None:
            yield step[ENTERED_ON], step[STATE], "visits", 1
            yield step[ENTERED_ON], step[STATE], "visit_seconds", step[SECONDS]


def add_days(changes: DayCounts) -> None:
    """Add counts to days by rows of their own."""
    rows = [(*key, *(counts[name] for name in DAY_COUNTS)) for key, counts in changes.items()]
    if rows:
        insert_rows(DayFact._meta.db_table, (*DAY_KEYS, *DAY_COUNTS), rows)


def settle_days(desk: Desk, *, before: date) -> int:
    """Put the rows of each combination of a desk's days together, up to a day; returns how many rows are gone.

    A sum is the same before, meanwhile and after: the rows of a day are read, deleted and written in one transaction, and only those that were read.
    """
    crowded = (
        DayFact.objects.filter(desk=desk, day__lt=before)
        .order_by()
        .values(*DAY_KEYS)
        .annotate(n=Count("pk"))
        .filter(n__gt=1)
    )
    parts = sorted({(row["day"], row["state"] != "") for row in crowded})
    return sum(_settle(rows_of_day(desk, day, of_states=of_states)) for day, of_states in parts)


def rows_of_day(desk: Desk, day: date, *, of_states: bool) -> QuerySet[DayFact]:
    """The rows of a day that count by state, or the others: each has its index, and a question for both would read every day there is."""
    rows = DayFact.objects.filter(desk=desk, day=day)
    return rows.exclude(state="") if of_states else rows.filter(state="")


@transaction.atomic
def _settle(day: QuerySet[DayFact]) -> int:
    rows = list(day.values_list("pk", *DAY_KEYS, *DAY_COUNTS))
    sums = no_counts()
    for _, *row in rows:
        of_day = sums[tuple(row[: len(DAY_KEYS)])]
        for name, amount in zip(DAY_COUNTS, row[len(DAY_KEYS) :], strict=True):
            of_day[name] += amount
    kept = with_counts(sums)
    if DayFact.objects.filter(pk__in=[row[0] for row in rows]).delete()[0] != len(rows):
        raise Stale
    add_days(kept)
    return len(rows) - len(kept)
