"""Working out every row again, and bringing the days in line with the rows; people may work meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, Max, Min, Q, Sum

from amends.apps.cases.models import Case
from amends.apps.ledger.bulk import without_collecting
from amends.apps.policies.models import Desk
from amends.apps.reporting.keeping import AT_ONCE, write_rows
from amends.apps.reporting.models import CaseFact, DayFact, StepFact
from amends.apps.reporting.rows.days import (
    DAY_COUNTS,
    DAY_KEYS,
    ENDS,
    NO_KIND,
    DayCounts,
    add_days,
    no_counts,
    with_counts,
)
from amends.apps.reporting.rows.working_out import worked_out
from amends.core.periods import Period, month_of

FIGURES = (CaseFact, StepFact, DayFact)


def rebuild_figures(*, progress: Callable[[int], Any] = lambda done: None) -> int:
    """Work out the figures of every case again from its events, and the days from the figures; returns how many cases.

    Rows that differ are written, the others stay, so that it may run while people work and be broken off and begun again.
    """
    done = 0
    for keys in cases_in_parts():
        done += rebuild_part(keys)
        progress(done)
    mend_all_days()
    return done


def cases_in_parts() -> Iterator[list[UUID]]:
    """The keys of all cases, some hundreds at a time, each by a question of its own."""
    last = UUID(int=0)
    while keys := list(Case.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        yield keys
        last = keys[-1]


def rebuild_part(keys: list[UUID]) -> int:
    """Work out the figures of these cases again and write what differs; returns how many. The days are left to `mend_all_days`."""
    with transaction.atomic(), without_collecting():
        # What a crash took is worked out again by the next run; nobody was told that it is kept.
        _set_for_this_transaction("synchronous_commit", "off")
        write_rows(keys, worked_out(keys))
    return len(keys)


def _set_for_this_transaction(name: str, value: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL {name} = {value}")


def mend_all_days() -> None:
    """Bring the days of every desk in line with the rows of its cases."""
    # After a rebuild from nothing the database still plans for empty tables.
    with connection.cursor() as cursor:
        for model in FIGURES:
            cursor.execute(f"ANALYZE {model._meta.db_table}")
    for desk in Desk.objects.order_by("pk"):
        mend_days(desk)


def mend_days(desk: Desk) -> None:
    """Add to the days of a desk what they lack, or take off what they have too much, against the rows of its cases; month by month."""
    facts, steps, days = (model.objects.filter(desk=desk) for model in FIGURES)
    known = [*_bounds(days, "day"), *_bounds(steps, "entered_on")]
    for name in DAYS_OF_A_CASE:
        known += _bounds(facts, name)
    if known:
        for month in Period(min(known), max(known)).months():
            _mend_month(desk, month_of(month))


DAYS_OF_A_CASE = ("received_on", "responded_on", "resolved_on", "closed_on", "limit_stopped_on")


def _bounds(rows: Any, name: str) -> list[date]:
    found = rows.aggregate(first=Min(name), last=Max(name))
    return [day for day in found.values() if day is not None]


def _mend_month(desk: Desk, month: Period) -> None:
    with transaction.atomic(), _one_moment():
        # A page may not take long; a month of a million cases may.
        _set_for_this_transaction("statement_timeout", "0")
        lacking = no_counts()
        days = DayFact.objects.filter(desk=desk, day__gte=month.first, day__lte=month.last)
        _add_up(lacking, -1, days, "day", {}, {name: Sum(name) for name in DAY_COUNTS})
        for name, counts in _COUNTED.items():
            facts = CaseFact.objects.filter(desk=desk, **{f"{name}__gte": month.first, f"{name}__lte": month.last})
            _add_up(lacking, 1, facts, name, {"state": ""}, counts)
        still_open = CaseFact.objects.filter(
            desk=desk, received_on__gte=month.first, received_on__lte=month.last, closed_at=None
        )
        _add_up(
            lacking, 1, still_open.exclude(state_category__in=ENDS), "received_on", NO_KIND, {"standing": Count("pk")}
        )
        visits = StepFact.objects.filter(
            desk=desk, entered_on__gte=month.first, entered_on__lte=month.last, seconds__isnull=False, case__figures__isnull=False
        )  # fmt: skip
        counts = {"visits": Count("pk"), "visit_seconds": Sum("seconds")}
        _add_up(lacking, 1, visits, "entered_on", NO_KIND, counts, of="case__figures__")
        add_days(with_counts(lacking))


_COUNTED: dict[str, dict[str, Any]] = {
    "received_on": {
        "received": Count("pk"), "ended": Count("pk", filter=Q(closed_on__isnull=False)), "scored": Count("score"), "score_sum": Sum("score"),
    },
    "responded_on": {"responded": Count("pk")},
    "resolved_on": {"resolved": Count("pk")},
    "closed_on": {"closed": Count("pk")},
    "limit_stopped_on": {"completed": Count("pk"), "in_time": Count("pk", filter=Q(in_time=True))},
}  # fmt: skip
"""What `_counted` says, for many cases at once."""


def _add_up(
    lacking: DayCounts,
    sign: int,
    rows: Any,
    day: str,
    fixed: Mapping[str, Any],
    counts: Mapping[str, Any],
    of: str = "",
) -> None:
    """Add counts by day and dimensions; `fixed` are dimensions that these rows are not split by, `of` leads to those of the case."""
    asked = [name for name in DAY_KEYS if name not in ("day", *fixed)]
    sources = {name: name if name in ("desk_id", "state") else f"{of}{name}" for name in asked}
    grouped = rows.order_by().values(key_day=F(day), **{f"key_{name}": F(source) for name, source in sources.items()})
    for row in grouped.annotate(**{f"n_{name}": count for name, count in counts.items()}):
        key = tuple(
            row["key_day"] if name == "day" else fixed[name] if name in fixed else row[f"key_{name}"]
            for name in DAY_KEYS
        )
        for name in counts:
            lacking[key][name] += sign * (row[f"n_{name}"] or 0)


@contextmanager
def _one_moment() -> Iterator[None]:
    """Nobody writes to the tables while a month of them is read; SQLite sees them as of one moment anyway.

    They are locked in the order in which they are written to, so that nobody waits for whoever waits for them.
    """
    if connection.vendor == "postgresql":
        tables = ", ".join(model._meta.db_table for model in FIGURES)
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {tables} IN SHARE MODE")
    yield
