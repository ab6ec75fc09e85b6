"""The overview of a desk: what came and went in a period beside another, what is open, where it stands and how long it takes.

All of it is read from the table of days, but for what is overdue: that is a matter of the moment, so those cases are read, by an index that holds no others. Always
the same few queries, whatever the number of cases. Cases that only few may see are left out, so everybody with the right sees the same figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Case, Count, DateField, IntegerField, Q, Sum, Value, When

from amends.apps.cases.queries import Viewer, desks_with_right
from amends.apps.policies.models import Desk
from amends.apps.prepared import Given, Prepared, given_number
from amends.apps.reporting.models import CaseFact, DayFact
from amends.core.indicators import rounded
from amends.core.periods import Period
from amends.core.policy.lifecycle import RESTING
from amends.core.policy.pack import Pack

RIGHT = "overview"
COUNTS = ("received", "closed", "completed", "in_time", "scored", "score_sum")
BY = ("department", "category", "channel")
COLUMNS = {"department": "department_id", "category": "category_top", "channel": "channel"}
"""By what the overview is split and filtered, and the column in which it stands."""

AGES = (3, 7, 14, 30)
"""Where one age of open cases ends and the next begins, in days since receipt."""

MOST_DAYS = 62
"""A longer period is drawn by months instead of days."""


@dataclass(slots=True)
class Sums:
    """What came and went: counts of one period."""

    received: int = 0
    closed: int = 0
    completed: int = 0
    in_time: int = 0
    scored: int = 0
    score_sum: int = 0

    def add(self, counts: Iterable[int]) -> None:
        for name, number in zip(COUNTS, counts, strict=True):
            setattr(self, name, getattr(self, name) + number)

    @property
    def timeliness(self) -> Decimal | None:
        """Of the cases whose limits stopped in the period the part that was in time, in percent; None where there are none."""
        return rounded(Fraction(100 * self.in_time, self.completed), 1) if self.completed else None

    @property
    def satisfaction(self) -> Decimal | None:
        """The mean score of the cases received in the period; None where nobody answered."""
        return rounded(Fraction(self.score_sum, self.scored), 2) if self.scored else None


@dataclass(slots=True)
class Part:
    """One department, category or channel: now, before, and what is open and overdue of it."""

    now: Sums = field(default_factory=Sums)
    before: Sums = field(default_factory=Sums)
    open: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """A state: how many cases stand there, and how long visits that began in the period and ended took on average, in hours."""

    state: str
    open: int
    late: int
    visits: int
    hours: Decimal | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: a desk over a period beside another, of one department, category or channel, or of all. None stands for what is not known."""

    desk: Desk
    pack: Pack
    period: Period
    before: Period
    today: date
    filters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the page shows; `ages` are the open cases by age, `map` received cases by category and department, `course` received and closed by day or month,
    `open_before` how many were open when the period began."""

    wanted: Wanted
    whole: Part
    parts: Mapping[str, Mapping[Any, Part]]
    map: Mapping[tuple[Any, Any], int]
    ages: tuple[tuple[int, int], ...]
    stages: tuple[Stage, ...]
    course: tuple[tuple[date, int, int], ...]
    by_month: bool
    open_before: int


def desks_overseen(viewer: Viewer) -> dict[Desk, Pack]:
    """The desks whose overview the viewer may see."""
    return desks_with_right(viewer, RIGHT)


def _given_day(name: str) -> Given:
    return Given(name, DateField())


_OF_PERIOD = Prepared(
    lambda: (
        DayFact.objects.filter(
            desk_id=given_number("desk"), day__gte=_given_day("first"), day__lte=_given_day("last"), state="", counts=True, restricted=False
        )
        .order_by()
        .values_list(*COLUMNS.values())
        .annotate(*(Sum(name) for name in COUNTS))
    )
)  # fmt: skip


def overview(viewer: Viewer, wanted: Wanted) -> Overview:
    """The overview; seven queries. Source: ISO 10002 8.3, issue “knowing”"""
    parts: dict[str, dict[Any, Part]] = {name: {} for name in BY}
    whole = Part()
    cells: dict[tuple[Any, Any], int] = {}
    for when, period in (("now", wanted.period), ("before", wanted.before)):
        for key, counts in _rows(wanted, period):
            for part in (whole, *(parts[name].setdefault(value, Part()) for name, value in zip(BY, key, strict=True))):
                getattr(part, when).add(counts)
            if when == "now" and counts[0]:
                cells[key[1], key[0]] = cells.get((key[1], key[0]), 0) + counts[0]
    ages, standing = _add_open(viewer, wanted, whole, parts)
    by_month = wanted.period.days > MOST_DAYS
    return Overview(
        wanted,
        whole,
        parts,
        cells,
        ages,
        _stages(wanted, standing),
        tuple(_course(wanted, by_month)),
        by_month,
        _open_when_it_began(wanted),
    )


Key = tuple[Any, Any, Any]


def _rows(wanted: Wanted, period: Period) -> list[tuple[Key, tuple[int, ...]]]:
    """The counts of a period by department, category and channel, of what the filters leave."""
    lines = _OF_PERIOD.ask(desk=wanted.desk.pk, first=period.first, last=period.last)
    width = len(BY)
    return [(line[:width], line[width:]) for line in lines if _is_wanted(wanted, line[:width])]


def _is_wanted(wanted: Wanted, key: Key) -> bool:
    return all(wanted.filters.get(name, value) == value for name, value in zip(BY, key, strict=True))


def _is_left(wanted: Wanted) -> Q:
    """The filters as a condition."""
    found = Q()
    for name, value in wanted.filters.items():
        found &= Q(**{f"{COLUMNS[name]}__isnull": True}) if value is None else Q(**{COLUMNS[name]: value})
    return found


# What is open


def _add_open(
    viewer: Viewer, wanted: Wanted, whole: Part, parts: Mapping[str, dict[Any, Part]]
) -> tuple[tuple[tuple[int, int], ...], dict[str, tuple[int, int]]]:
    """Add what is open to the parts; returns open and late by age, and by state."""
    ages = [[0, 0] for _ in range(len(AGES) + 1)]
    states: dict[str, list[int]] = {}
    for place, lines in enumerate((_standing(wanted), _late(viewer, wanted))):
        for *key, state, age, n in lines:
            if not n or not _is_wanted(wanted, (key[0], key[1], key[2])):
                continue
            for part in (whole, *(parts[name].setdefault(value, Part()) for name, value in zip(BY, key, strict=True))):
                part.open, part.late = part.open + n * (1 - place), part.late + n * place
            ages[age][place] += n
            states.setdefault(state, [0, 0])[place] += n
    return tuple((n, late) for n, late in ages), {state: (n, late) for state, (n, late) in states.items()}


def _standing(wanted: Wanted) -> Iterable[tuple[Any, ...]]:
    """How many cases are open by department, category, channel, state and age."""
    rows = DayFact.objects.filter(desk=wanted.desk, counts=True, restricted=False).exclude(standing=0)
    lines = rows.order_by().annotate(age=_age(wanted.today, "day")).values_list(*COLUMNS.values(), "state", "age")
    return lines.annotate(n=Sum("standing"))


def _late(viewer: Viewer, wanted: Wanted) -> Iterable[tuple[Any, ...]]:
    """The same of what is overdue at this moment."""
    rows = CaseFact.objects.filter(
        desk=wanted.desk, closed_at=None, limit_stopped_at=None, limit_due_at__lte=viewer.now, counts=True, restricted=False
    )  # fmt: skip
    rows = rows.exclude(state_category__in=RESTING)
    lines = (
        rows.order_by().annotate(age=_age(wanted.today, "received_on")).values_list(*COLUMNS.values(), "state", "age")
    )
    return lines.annotate(n=Count("pk"))


def _open_when_it_began(wanted: Wanted) -> int:
    """How many cases from before the period were open when it began: those that are open now, and those closed since.

    Of what was closed since, cases that came since are taken off: they count as ended on the day of their receipt.
    """
    first = wanted.period.first
    rows = DayFact.objects.filter(_is_left(wanted), desk=wanted.desk, counts=True, restricted=False)
    still = rows.filter(day__lt=first).exclude(standing=0).aggregate(n=Sum("standing"))["n"] or 0
    since = rows.filter(day__gte=first, state="").aggregate(closed=Sum("closed"), ended=Sum("ended"))
    return still + (since["closed"] or 0) - (since["ended"] or 0)


def _age(today: date, day: str) -> Case:
    """Which of the ages a case has, by the day of its receipt, which stands in a column of that name."""
    bounds = [When(**{f"{day}__gte": today - timedelta(days=days)}, then=Value(n)) for n, days in enumerate(AGES)]
    return Case(*bounds, default=Value(len(AGES)), output_field=IntegerField())


def days_of_age(n: int, today: date) -> Period:
    """The days of receipt of the n-th age."""
    last = today if n == 0 else today - timedelta(days=AGES[n - 1] + 1)
    return Period(today - timedelta(days=AGES[n] if n < len(AGES) else 3650), last)


def _stages(wanted: Wanted, standing: Mapping[str, tuple[int, int]]) -> tuple[Stage, ...]:
    """The states of the way in the order of the policy, with what stands there and the dwell; states that are neither are left out."""
    took = {state: (visits, seconds) for state, visits, seconds in _visits(wanted) if visits}
    known = [name for name, state in wanted.pack.lifecycle.states.items() if state.category not in RESTING]
    others = [name for name in standing if name not in wanted.pack.lifecycle.states]
    found = []
    for state in (*known, *others):
        (n, late), (times, seconds) = standing.get(state, (0, 0)), took.get(state, (0, 0))
        if n or times:
            hours = rounded(Fraction(seconds, times * 3600), 1) if times else None
            found.append(Stage(state, n, late, times, hours))
    return tuple(found)


def _visits(wanted: Wanted) -> Iterable[tuple[str, int, int]]:
    """How many visits of each state began in the period and ended, and how long they took together."""
    period = wanted.period
    rows = DayFact.objects.filter(
        _is_left(wanted), ~Q(state=""), desk=wanted.desk, day__gte=period.first, day__lte=period.last, counts=True, restricted=False
    )  # fmt: skip
    return rows.order_by().values_list("state").annotate(visits=Sum("visits"), took=Sum("visit_seconds"))


def _course(wanted: Wanted, by_month: bool) -> Iterable[tuple[date, int, int]]:
    """Received and closed of every day of the period until today, or of every month of a longer one; days without any are zero."""
    rows = (
        DayFact.objects.filter(
            _is_left(wanted), desk=wanted.desk, day__gte=wanted.period.first, day__lte=wanted.period.last, state="", counts=True, restricted=False
        )
        .order_by()
        .values_list("day")
        .annotate(came=Sum("received"), went=Sum("closed"))
    )  # fmt: skip
    found: dict[date, list[int]] = {}
    for day, came, went in rows:
        sums = found.setdefault(day.replace(day=1) if by_month else day, [0, 0])
        found[day.replace(day=1) if by_month else day] = [sums[0] + came, sums[1] + went]
    first = wanted.period.first
    days = wanted.period.months() if by_month else [first + timedelta(days=n) for n in range(wanted.period.days)]
    # A zero for a day that has not come would read as a day without a complaint.
    return ((day, *found.get(day, [0, 0])) for day in days if day <= wanted.today)  # type: ignore[misc]
