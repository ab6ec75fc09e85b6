"""Working out every row again, and bringing the days in line with the rows; people may work meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, QuerySet, Value, When, expressions
from django.db.models.functions import Coalesce

from amends.apps.cases.models import Case
from amends.apps.deferred.processes import Sharing
from amends.apps.keyset import behind
from amends.apps.ledger.bulk import without_collecting
from amends.apps.policies.models import Desk
from amends.apps.reporting.keeping import AT_ONCE, write_rows
from amends.apps.reporting.models import CaseFact, DayFact, StepFact
from amends.apps.reporting.rows.days import DAY_COUNTS, DAY_KEYS, NO_KIND
from amends.apps.reporting.rows.working_out import worked_out
from amends.core.policy.lifecycle import RESTING

FIGURES = (CaseFact, StepFact, DayFact)
ROOM = "'256MB'"
"""So much memory PostgreSQL may take to put the days of AT_A_TIME cases together."""

AT_A_TIME = 250_000


def rebuild_figures(*, progress: Callable[[int], Any] = lambda done: None, share: Sharing = map) -> int:
    """Work out the figures of every case again from its events, and the days from the figures; returns how many cases.

    Rows that differ are written, the others stay, so that it may run while people work and be broken off and begun again.
    `share` has the parts of the work done, by further processes perhaps.
    """
    done = 0
    for count in share(rebuild_part, cases_in_parts()):
        done += count
        progress(done)
    mend_all_days(share=share)
    return done


def cases_in_parts() -> Iterator[list[UUID]]:
    """The keys of all cases, some hundreds at a time, each by a question of its own.

    By receipt: what is written beside each other is what a month is read of.
    """
    for desk in Desk.objects.order_by("pk"):
        cases = Case.objects.filter(desk=desk).order_by("received_at", "pk").values_list("received_at", "pk")
        place: dict[str, Any] = {}
        while some := list(cases.filter(behind(place))[:AT_ONCE]):
            yield [key for _, key in some]
            place = dict(zip(("received_at", "pk"), some[-1], strict=True))


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


@dataclass(frozen=True, slots=True)
class Days:
    """Days of a desk that are mended at once: from one on, up to but not including another; None stands for no end."""

    desk: int
    first: date | None
    end: date | None

    def of(self, rows: QuerySet[Any, Any], day: str) -> QuerySet[Any, Any]:
        """The rows whose day is one of them."""
        begun = (
            rows.filter(desk_id=self.desk)
            if self.first is None
            else rows.filter(desk_id=self.desk, **{f"{day}__gte": self.first})
        )
        return begun if self.end is None else begun.filter(**{f"{day}__lt": self.end})


def mend_all_days(*, share: Sharing = map) -> None:
    """Add to the days what they lack, or take off what they have too much, against the rows of the cases.

    One statement reads rows and days as of one moment, and whoever writes changes both in one transaction, so that people may
    work meanwhile and what they do is counted once.
    """
    with connection.cursor() as cursor:
        # After a rebuild from nothing the database still plans for empty tables.
        for model in FIGURES:
            cursor.execute(f"ANALYZE {model._meta.db_table}")
    with transaction.atomic():
        # It waits here for those who mend a part each.
        _set_for_this_transaction("idle_in_transaction_session_timeout", "0")
        _one_at_a_time()
        for _ in share(mend_days, _days_in_parts()):
            pass


def _days_in_parts() -> Iterator[Days]:
    """All days of each desk, so many at a time that about AT_A_TIME cases were received on them."""
    for desk in Desk.objects.order_by("pk"):
        received = CaseFact.objects.filter(desk=desk).order_by("received_on").values_list("received_on", flat=True)
        firsts = [received[place] for place in range(AT_A_TIME, received.count(), AT_A_TIME)]
        for first, end in pairwise([None, *dict.fromkeys(firsts), None]):
            yield Days(desk.pk, first, end)


def mend_days(days: Days) -> None:
    """Mend some days of a desk, for `mend_all_days`."""
    with transaction.atomic(), connection.cursor() as cursor:
        # A page may not take long; adding up many cases may.
        _set_for_this_transaction("statement_timeout", "0")
        _set_for_this_transaction("work_mem", ROOM)
        # It takes every row for a day of its own, and would sort them all on the disk.
        _set_for_this_transaction("enable_sort", "off")
        cursor.execute(*_difference(days))


def _one_at_a_time() -> None:
    """Two who mend would both add what is lacking. Whoever reads or writes figures does not wait."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {DayFact._meta.db_table} IN SHARE UPDATE EXCLUSIVE MODE")


def _difference(days: Days) -> tuple[str, list[Any]]:
    """The statement that adds to some days what the rows count more than they hold."""
    asked = [rows.query.sql_with_params() for rows in _counted(days)]
    found = " UNION ALL ".join(text for text, _ in asked)
    keys, columns = ", ".join(DAY_KEYS), ", ".join((*DAY_KEYS, *DAY_COUNTS))
    sums = ", ".join(f"SUM({name})" for name in DAY_COUNTS)
    lacking = " OR ".join(f"SUM({name}) <> 0" for name in DAY_COUNTS)
    text = (
        f"INSERT INTO {DayFact._meta.db_table} ({columns}) WITH found ({columns}) AS ({found}) "  # noqa: S608 - names of code
        f"SELECT {keys}, {sums} FROM found GROUP BY {keys} HAVING {lacking}"
    )
    return text, [value for _, values in asked for value in values]


def _counted(days: Days) -> Iterator[QuerySet[Any, Any]]:
    """What each row adds to which count of which day, as `rows.days` says it of one case; days that are kept already are taken off."""
    yield _rows(days.of(DayFact.objects.all(), "day"), "day", {}, {name: -F(name) for name in DAY_COUNTS})
    of_a_day = {"state": ""}
    for day, counts in _DAYS_OF_A_CASE.items():
        yield _rows(days.of(CaseFact.objects.filter(**{f"{day}__isnull": False}), day), day, of_a_day, counts)
    standing = CaseFact.objects.filter(closed_at=None).exclude(state_category__in=RESTING)
    yield _rows(days.of(standing, "received_on"), "received_on", NO_KIND, {"standing": ONE})
    visits = days.of(StepFact.objects.filter(seconds__isnull=False, case__figures__isnull=False), "entered_on")
    yield _rows(visits, "entered_on", NO_KIND, {"visits": ONE, "visit_seconds": F("seconds")}, of="case__figures__")


def _is(**condition: Any) -> Any:
    return expressions.Case(When(**condition, then=ONE), default=NONE)


NONE, ONE = Value(0), Value(1)
_DAYS_OF_A_CASE: Mapping[str, Mapping[str, Any]] = {
    "received_on": {
        "received": ONE, "ended": _is(closed_on__isnull=False), "scored": _is(score__isnull=False), "score_sum": Coalesce("score", NONE),
    },
    "responded_on": {"responded": ONE},
    "resolved_on": {"resolved": ONE},
    "closed_on": {"closed": ONE},
    "limit_stopped_on": {"completed": ONE, "in_time": _is(in_time=True)},
}  # fmt: skip


def _rows(
    rows: QuerySet[Any, Any], day: str, fixed: Mapping[str, Any], counts: Mapping[str, Any], of: str = ""
) -> QuerySet[Any, Any]:
    """The dimensions of a day and all of its counts; `fixed` are dimensions that these rows are not split by, `of` leads to those of the case."""
    keys: dict[str, Any] = {name: F(name if name in ("desk_id", "state") else f"{of}{name}") for name in DAY_KEYS}
    keys |= {"day": F(day), **{name: Value(value) for name, value in fixed.items()}}
    return rows.order_by().values_list(*keys.values(), *(counts.get(name, NONE) for name in DAY_COUNTS))
