"""How hard cases are, how long they take beside what customers expect, and whether those at hand can do what is coming."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from statistics import median_high
from typing import Any

from django.db.models import Avg, Count, F, Q
from django.db.models.functions import TruncMonth

from amends.apps.cases.models import CaseAsked, ClockRow, Proceeding
from amends.apps.outlook.counting import counted_cases, months_before, months_between
from amends.apps.policies.models import Desk
from amends.core.forecasting import Forecast
from amends.core.policy.pack import Pack
from amends.core.trends import Trend, sens_slope, trend_of

MONTHS = 12
LATELY = 3
TO_NEXT_MONTH = 2
"""From the last month that is over it is two steps to the next one."""
PERCENT = 100


@dataclass(frozen=True, slots=True)
class MonthEffort:
    """What cases received in a month took, on average: the parts of the figure, each as it is."""

    month: date
    cases: int
    rounds: float
    departments: float
    proceedings: float
    days: float | None
    points: float


@dataclass(frozen=True, slots=True)
class Difficulty:
    """The months with cases, the trend of those that are over, and what the next month would be on its line. Source: EXP-7.3.3"""

    months: tuple[MonthEffort, ...]
    trend: Trend
    next_points: float | None


def difficulty_of(desk: Desk, pack: Pack, today: date) -> Difficulty:
    """The difficulty of the cases received in the last twelve months, the present one among them; three queries.

    A month that is not over tells nothing of the trend: most of its cases are still at their beginning. Days of handling are those of the cases that were closed; a month without any closed has none and counts by its other parts.
    """
    weights = pack.warnings.difficulty
    begin = months_before(today.replace(day=1), MONTHS - 1)
    cases = counted_cases(desk).filter(received_on__gte=begin)
    rows = list(
        cases.values(month=TruncMonth("received_on"))
        .annotate(n=Count("pk"), rounds=Avg("rounds"), taken=Avg("closing_seconds"))
        .order_by("month")
    )
    asked = _by_month(CaseAsked.objects.filter(case__in=cases.values("pk")))
    opened = _by_month(Proceeding.objects.filter(case__in=cases.values("pk")))
    months = tuple(_effort(row, asked, opened, weights) for row in rows)
    points = [one.points for one in months if one.month < today.replace(day=1)]
    rule = pack.warnings.trend
    trend = trend_of(points, tolerance=rule.tolerance / PERCENT, significance=rule.significance / PERCENT)
    ahead = (
        max(0.0, points[-1] + TO_NEXT_MONTH * sens_slope(points)) if trend.direction in ("rising", "falling") else None
    )
    return Difficulty(months, trend, points[-1] if trend.direction == "stable" and points else ahead)


def _by_month(rows: Any) -> Counter[date]:
    counted = rows.order_by().values(month=TruncMonth("case__received_on")).annotate(n=Count("pk"))
    return Counter({row["month"]: row["n"] for row in counted})


def _effort(row: Mapping[str, Any], asked: Counter[date], opened: Counter[date], weights: Any) -> MonthEffort:
    cases, month = row["n"], row["month"]
    days = row["taken"] / 86_400 if row["taken"] is not None else None
    departments, proceedings = asked[month] / cases, opened[month] / cases
    points = (
        (row["rounds"] - 1) * weights.round
        + departments * weights.department
        + proceedings * weights.proceeding
        + (days or 0.0) * weights.day
    )
    return MonthEffort(month, cases, row["rounds"], departments, proceedings, days, points)


@dataclass(frozen=True, slots=True)
class Load:
    """What is expected next month beside what can be done, with everything that was assumed. Source: EXP-7.3.4

    `each` is what one person closes in a month: as the policy says, or what the more productive half of those who closed cases lately
    did. Values are None where nothing is known.
    """

    expected: float | None
    high: int | None
    people: int
    each: int | None
    is_by_policy: bool
    backlog: int
    first: date
    last: date

    @property
    def capacity(self) -> int | None:
        return self.people * self.each if self.each is not None else None

    @property
    def use(self) -> float | None:
        """The share of the capacity that the expected cases take."""
        return self.expected / self.capacity if self.expected is not None and self.capacity else None

    @property
    def missing(self) -> int | None:
        """How many more people the upper end of the range would need."""
        if self.high is None or self.capacity is None or not self.each:
            return None
        return max(0, ceil((self.high - self.capacity) / self.each))


def load_of(desk: Desk, pack: Pack, said: Forecast | None, today: date) -> Load:
    """The load of the coming month against capacity by the last three complete months; two queries."""
    this = today.replace(day=1)
    first = months_before(this, LATELY)
    closed = (
        counted_cases(desk)
        .filter(closed_on__gte=first, closed_on__lt=this, handler__isnull=False)
        .values("handler", month=TruncMonth("closed_on"))
        .annotate(n=Count("pk"))
    )
    monthly = [row["n"] for row in closed]
    people = len({row["handler"] for row in closed})
    each = pack.warnings.capacity.cases or (median_high(monthly) if monthly else None)
    point = said.points[0] if said is not None else None
    return Load(
        expected=point.expected if point else None, high=point.high if point else None, people=people, each=each,
        is_by_policy=pack.warnings.capacity.cases is not None,
        backlog=counted_cases(desk).filter(closed_at=None).count(), first=first, last=this - timedelta(days=1),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class MonthTimes:
    """What customers expected in a month and what they got: promises given and kept, complaints that it is too slow, days it took."""

    month: date
    cases: int
    slow: int
    promised: int
    kept: int
    days: float | None


def times_of(desk: Desk, pack: Pack, today: date, *, now: datetime) -> tuple[MonthTimes, ...]:
    """Expected beside actual times of the last twelve months, the present one among them; two queries. Source: EXP-7.3.4"""
    begin = months_before(today.replace(day=1), MONTHS - 1)
    slow = Q(pk__in=[])
    for path in pack.warnings.capacity.slowness:
        slow |= Q(category=path) | Q(category__startswith=f"{path}/")
    cases = counted_cases(desk).filter(received_on__gte=begin)
    rows = cases.values(month=TruncMonth("received_on")).annotate(
        n=Count("pk"), slow=Count("pk", filter=slow), taken=Avg("closing_seconds")
    )
    given = ClockRow.objects.filter(given_in__isnull=False, case__in=cases.values("pk")).order_by()
    over = Q(stopped_at__isnull=False) | Q(due_at__lte=now)
    promises = {
        row["month"]: row
        for row in given.values(month=TruncMonth("case__received_on")).annotate(
            promised=Count("pk", filter=over), kept=Count("pk", filter=Q(stopped_at__lte=F("due_at")))
        )
    }
    found = {row["month"]: row for row in rows}
    return tuple(
        _times(month, found[month], promises.get(month, {}))
        for month in months_between(begin, months_before(today.replace(day=1), -1))
        if month in found
    )


def _times(month: date, row: Mapping[str, Any], promised: Mapping[str, Any]) -> MonthTimes:
    days = row["taken"] / 86_400 if row["taken"] is not None else None
    return MonthTimes(month, row["n"], row["slow"], promised.get("promised", 0), promised.get("kept", 0), days)
