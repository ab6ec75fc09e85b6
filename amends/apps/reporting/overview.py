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

from django.db.models import Case, Count, DateField, IntegerField, Q, QuerySet, Sum, Value, When

from amends.apps.cases.queries import Viewer, desks_with_right
from amends.apps.policies.models import Desk
from amends.apps.prepared import Asked, Given, Prepared, given_moment, given_number, given_text, prepared
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
        received, closed, completed, in_time, scored, score_sum = counts
        self.received += received
        self.closed += closed
        self.completed += completed
        self.in_time += in_time
        self.scored += scored
        self.score_sum += score_sum

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


def overview(viewer: Viewer, wanted: Wanted) -> Overview:
    """The overview; six queries. Source: ISO 10002 8.3, issue “knowing”"""
    parts: dict[str, dict[Any, Part]] = {name: {} for name in BY}
    whole = Part()
    cells: dict[tuple[Any, Any], int] = {}
    for when, period in (("now", wanted.period), ("before", wanted.before)):
        for key, counts in _counts(wanted, period):
            for part in (whole, *(parts[name].setdefault(value, Part()) for name, value in zip(BY, key, strict=True))):
                getattr(part, when).add(counts)
            if when == "now" and counts[0]:
                cells[key[1], key[0]] = cells.get((key[1], key[0]), 0) + counts[0]
    standing = _standing(wanted)
    ages, states = _add_open(standing, _late(viewer, wanted), whole, parts)
    by_month, days = wanted.period.days > MOST_DAYS, _asked_for_days(wanted).ask()
    return Overview(
        wanted,
        whole,
        parts,
        cells,
        ages,
        _stages(wanted, states),
        tuple(_course(wanted, by_month, days)),
        by_month,
        _open_when_it_began(standing, days),
    )


def asked_for_overview(viewer: Viewer, wanted: Wanted) -> list[Asked[Any]]:
    """What an overview asks, to be asked together."""
    periods = (wanted.period, wanted.before)
    return [
        *(_asked_of(wanted, period) for period in periods),
        _asked_for_standing(wanted),
        _asked_for_late(viewer, wanted),
        _asked_for_days(wanted),
        _asked_for_visits(wanted),
    ]


Key = tuple[Any, Any, Any]
Line = tuple[Any, ...]
"""Department, category and channel, with what is known of them."""
Day = tuple[date, int, int, int]
"""A day with how many cases were received and closed, and how many of those received then have ended."""


def _asked_of(wanted: Wanted, period: Period) -> Asked[Line]:
    return _OF_PERIOD.given(desk=wanted.desk.pk, first=period.first, last=period.last)


def _counts(wanted: Wanted, period: Period) -> list[tuple[Key, tuple[int, ...]]]:
    """The counts of a period by department, category and channel, of what the filters leave."""
    width = len(BY)
    return [(line[:width], line[width:]) for line in _left(wanted, _asked_of(wanted, period).ask())]


def _left(wanted: Wanted, lines: list[Line]) -> list[Line]:
    """Of lines that begin with department, category and channel those that the filters leave."""
    chosen = [(place, wanted.filters[name]) for place, name in enumerate(BY) if name in wanted.filters]
    return [line for line in lines if all(line[place] == value for place, value in chosen)]


# What is open


def _add_open(
    standing: Iterable[Line], late: Iterable[Line], whole: Part, parts: Mapping[str, dict[Any, Part]]
) -> tuple[tuple[tuple[int, int], ...], dict[str, tuple[int, int]]]:
    """Add what is open to the parts; returns open and late by age, and by state."""
    ages = [[0, 0] for _ in range(len(AGES) + 1)]
    states: dict[str, list[int]] = {}
    for place, lines in enumerate((standing, late)):
        for department, category, channel, state, age, n, *_ in lines:
            key = (department, category, channel)
            for part in (whole, *(parts[name].setdefault(value, Part()) for name, value in zip(BY, key, strict=True))):
                part.open, part.late = part.open + n * (1 - place), part.late + n * place
            ages[age][place] += n
            states.setdefault(state, [0, 0])[place] += n
    return tuple((n, late) for n, late in ages), {state: (n, late) for state, (n, late) in states.items()}


def _asked_for_standing(wanted: Wanted) -> Asked[Line]:
    return _STANDING.given(desk=wanted.desk.pk, first=wanted.period.first, **_begins_of_ages(wanted.today))


def _standing(wanted: Wanted) -> list[Line]:
    """How many cases are open by department, category, channel, state and age, and how many of them are from before the period."""
    return [line for line in _left(wanted, _asked_for_standing(wanted).ask()) if line[-2]]


def _asked_for_late(viewer: Viewer, wanted: Wanted) -> Asked[Line]:
    return _LATE.given(desk=wanted.desk.pk, now=viewer.now, **_begins_of_ages(wanted.today))


def _late(viewer: Viewer, wanted: Wanted) -> list[Line]:
    """The same of what is overdue at this moment."""
    return _left(wanted, _asked_for_late(viewer, wanted).ask())


def _open_when_it_began(standing: Iterable[Line], days: Iterable[Day]) -> int:
    """How many cases from before the period were open when it began: those that are open now, and those closed since.

    Of what was closed since, cases that came since are taken off: they count as ended on the day of their receipt.
    """
    still = sum(line[-1] or 0 for line in standing)
    return still + sum(closed - ended for _, _, closed, ended in days)


def _begins_of_ages(today: date) -> dict[str, date]:
    return {f"age{n}": today - timedelta(days=days) for n, days in enumerate(AGES)}


def days_of_age(n: int, today: date) -> Period:
    """The days of receipt of the n-th age."""
    last = today if n == 0 else today - timedelta(days=AGES[n - 1] + 1)
    return Period(today - timedelta(days=AGES[n] if n < len(AGES) else 3650), last)


def _stages(wanted: Wanted, standing: Mapping[str, tuple[int, int]]) -> tuple[Stage, ...]:
    """The states of the way in the order of the policy, with what stands there and the dwell; states that are neither are left out."""
    took = {state: (visits, seconds) for state, visits, seconds in _asked_for_visits(wanted).ask() if visits}
    known = [name for name, state in wanted.pack.lifecycle.states.items() if state.category not in RESTING]
    others = [name for name in standing if name not in wanted.pack.lifecycle.states]
    found = []
    for state in (*known, *others):
        (n, late), (times, seconds) = standing.get(state, (0, 0)), took.get(state, (0, 0))
        if n or times:
            hours = rounded(Fraction(seconds, times * 3600), 1) if times else None
            found.append(Stage(state, n, late, times, hours))
    return tuple(found)


def _asked_for_visits(wanted: Wanted) -> Asked[tuple[str, int, int]]:
    """How many visits of each state began in the period and ended, and how long they took together."""
    return _asked_of_what_is_left("visits", wanted, last=wanted.period.last)


def _asked_for_days(wanted: Wanted) -> Asked[Day]:
    """What came and went on every day since the period began, and how many of those that came that day have ended."""
    return _asked_of_what_is_left("days", wanted)


def _course(wanted: Wanted, by_month: bool, since: Iterable[Day]) -> Iterable[tuple[date, int, int]]:
    """Received and closed of every day of the period until today, or of every month of a longer one; days without any are zero."""
    found: dict[date, list[int]] = {}
    for day, came, went, _ in since:
        if day <= wanted.period.last:
            sums = found.setdefault(day.replace(day=1) if by_month else day, [0, 0])
            sums[0] += came
            sums[1] += went
    first = wanted.period.first
    days = wanted.period.months() if by_month else [first + timedelta(days=n) for n in range(wanted.period.days)]
    # A zero for a day that has not come would read as a day without a complaint.
    return ((day, *found.get(day, [0, 0])) for day in days if day <= wanted.today)  # type: ignore[misc]


# Questions


def _given_day(name: str) -> Given:
    return Given(name, DateField())


def _days_of_desk(*conditions: Q, **more: Any) -> QuerySet[DayFact]:
    """The counts of a desk of what everybody with the right may see."""
    rows = DayFact.objects.filter(*conditions, desk_id=given_number("desk"), counts=True, restricted=False, **more)
    return rows.order_by()


def _age(day: str) -> Case:
    """Which of the ages a case has, by the day of its receipt, which stands in a column of that name."""
    bounds = [When(**{f"{day}__gte": _given_day(f"age{n}")}, then=Value(n)) for n in range(len(AGES))]
    return Case(*bounds, default=Value(len(AGES)), output_field=IntegerField())


_OF_PERIOD = Prepared(
    lambda: (
        _days_of_desk(day__gte=_given_day("first"), day__lte=_given_day("last"), state="")
        .values_list(*COLUMNS.values())
        .annotate(*(Sum(name) for name in COUNTS))
    ),
    planned_anew=True,
)
_STANDING = Prepared(
    lambda: (
        _days_of_desk(~Q(standing=0))
        .annotate(age=_age("day"))
        .values_list(*COLUMNS.values(), "state", "age")
        .annotate(n=Sum("standing"), from_before=Sum("standing", filter=Q(day__lt=_given_day("first"))))
    )
)
_LATE = Prepared(
    lambda: (
        CaseFact.objects.filter(
            desk_id=given_number("desk"), closed_at=None, limit_stopped_at=None, limit_due_at__lte=given_moment("now"), counts=True, restricted=False
        )
        .exclude(state_category__in=RESTING)
        .order_by()
        .annotate(age=_age("received_on"))
        .values_list(*COLUMNS.values(), "state", "age")
        .annotate(n=Count("pk"))
    )
)  # fmt: skip


def _visits_asked(left: Q) -> QuerySet[DayFact, Any]:
    rows = _days_of_desk(left, ~Q(state=""), day__gte=_given_day("first"), day__lte=_given_day("last"))
    return rows.values_list("state").annotate(visits=Sum("visits"), took=Sum("visit_seconds"))


def _days_asked(left: Q) -> QuerySet[DayFact, Any]:
    rows = _days_of_desk(left, day__gte=_given_day("first"), state="")
    return rows.values_list("day").annotate(Sum("received"), Sum("closed"), Sum("ended"))


_ASKED = {"visits": _visits_asked, "days": _days_asked}


def _asked_of_what_is_left(name: str, wanted: Wanted, **given: Any) -> Asked[Any]:
    """A question about what the filters leave: a question for each set of them, as one for what is not known has words of its own."""
    filters = {name: wanted.filters[name] for name in BY if name in wanted.filters}
    unknown = tuple((name, value is None) for name, value in filters.items())
    question = prepared(("overview", name, unknown), lambda: _ASKED[name](_is_left(unknown)), planned_anew=True)
    return question.given(desk=wanted.desk.pk, first=wanted.period.first, **filters, **given)


def _is_left(filters: Iterable[tuple[str, bool]]) -> Q:
    """The filters as a condition; for each of them whether it asks for what is not known."""
    found = Q()
    for name, is_unknown in filters:
        given = given_number(name) if name == "department" else given_text(name)
        found &= Q(**{f"{COLUMNS[name]}__isnull": True}) if is_unknown else Q(**{COLUMNS[name]: given})
    return found
