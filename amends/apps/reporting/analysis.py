"""What lies behind the complaints of a period: ranked classes with share and cost, steps that take time, and whom it concerns.

Source: ESC-7.4.1, EXP-4.3.4, REP-3.3.2, REP-5.3.2
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Avg, Count, F, QuerySet, Sum

from amends.apps.cases.queries import Viewer
from amends.apps.policies.models import Desk
from amends.apps.reporting.figures import OWN, Key, Question, cases_behind, grouped, many_figures
from amends.apps.reporting.models import CaseFact, StepFact
from amends.core.indicators import rounded
from amends.core.periods import Period
from amends.core.policy.lifecycle import RESTING
from amends.core.shares import Order, Share, shares

CLASSES = (
    "cause", "category", "category_path", "product", "product_version", "region", "department", "partner", "channel", "level", "kind",
)  # fmt: skip
"""What an analysis may rank: causes and places, never people."""

TOGETHER = 12
"""So many combinations of class, cause and department are shown, the most frequent first."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is analysed: the complaints of a desk that came in a period, ranked `by` a class, beside those of another period.

    With a filter on `kind` it is all cases of that kind, whether or not they count as complaints: feedback, enquiries. Source: REP-3.3.2
    """

    desk: Desk
    period: Period
    before: Period
    by: str
    order: Order = "count"
    filters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def counted_as(self) -> str:
        """The id of the count behind every number."""
        return "_all" if "kind" in self.filters else "_received"

    def question(self, *by: str, period: Period | None = None) -> Question:
        return Question(self.desk, OWN[self.counted_as], period or self.period, by, self.filters)


@dataclass(frozen=True, slots=True)
class Line:
    """One class: its share now and before, what was paid (in hundredths of the currency), and how long it took on average."""

    share: Share[Any]
    currency: str
    hours: Decimal | None


@dataclass(frozen=True, slots=True)
class Step:
    """A state through which the cases went: how many visits ended there, the hours of one on average, and its part of all the time."""

    state: str
    visits: int
    hours: Decimal
    working_hours: Decimal
    part: Decimal


@dataclass(frozen=True, slots=True)
class Analysed:
    """A period taken apart; every count adds up to `total`. `months` holds the counts of each class by month, `groups` of departments and partners."""

    look: Look
    total: int
    total_before: int
    lines: tuple[Line, ...]
    months: dict[date, dict[Any, int]]
    steps: tuple[Step, ...]
    departments: tuple[Share[Any], ...]
    partners: tuple[Share[Any], ...]
    together: tuple[tuple[Key, int], ...]


def analysed(viewer: Viewer, look: Look) -> Analysed:
    """The analysis, computed from the cases as they are now; a fixed number of queries. Raises InvalidData for an unknown class."""
    questions = [
        look.question(look.by), look.question(look.by, period=look.before), look.question(look.by, "month"),
        look.question("department"), look.question("partner"), look.question(*dict.fromkeys((look.by, "cause", "department"))),
    ]  # fmt: skip
    now, before, months, units, partners, together = (
        {one.group: one.result.numerator for one in found} for found in many_figures(viewer, questions)
    )
    rows = cases_behind(viewer, look.question())
    beside = _beside(rows, look)
    counts = {key[0]: number for key, number in now.items()}
    found = shares(
        counts, {key[0]: number for key, number in before.items()}, order=look.order,
        cost={name: cost for name, (cost, _, _) in beside.items()},
    )  # fmt: skip
    return Analysed(
        look, sum(now.values()), sum(before.values()), tuple(_line(one, beside.get(one.name)) for one in found), _by_month(months),
        tuple(_steps(rows)), _ranked(units), _ranked(partners),
        tuple(sorted(together.items(), key=lambda one: (-one[1], str(one[0])))[:TOGETHER]),
    )  # fmt: skip


def _ranked(found: Mapping[Key, int]) -> tuple[Share[Any], ...]:
    return tuple(shares({key[0]: number for key, number in found.items()}, {}))


def _by_month(found: Mapping[Key, int]) -> dict[date, dict[Any, int]]:
    months: dict[date, dict[Any, int]] = {}
    for (name, month), number in sorted(found.items(), key=lambda one: one[0][1]):
        months.setdefault(month, {})[name] = number
    return months


Beside = tuple[int, str, float | None]


def _beside(rows: QuerySet[CaseFact], look: Look) -> dict[Any, Beside]:
    """By class what was paid and how long it took; amounts of another currency than the most frequent one of the class are left out."""
    wanted = grouped(look.question(look.by))
    lines: Any = rows.values(**wanted, currency_of=F("compensation_currency")).annotate(
        paid=Sum("compensation_minor"), n=Count("pk"), took=Sum("handling_seconds"), ended=Count("handling_seconds")
    )
    found: dict[Any, list[dict[str, Any]]] = {}
    for line in lines:
        found.setdefault(line["group_0"], []).append(line)
    return {name: _added(some) for name, some in found.items()}


def _added(lines: Sequence[Mapping[str, Any]]) -> Beside:
    paid = max(
        (line for line in lines if line["currency_of"]), key=lambda line: (line["n"], line["currency_of"]), default=None
    )
    ended, took = sum(line["ended"] for line in lines), sum(line["took"] or 0 for line in lines)
    cost = (int(paid["paid"] or 0), str(paid["currency_of"])) if paid else (0, "")
    return (*cost, took / ended if ended else None)


def _line(one: Share[Any], beside: Beside | None) -> Line:
    seconds = beside[2] if beside else None
    hours = None if seconds is None else rounded(Fraction(seconds) / 3600, 1)
    return Line(one, beside[1] if beside else "", hours)


def _steps(rows: QuerySet[CaseFact]) -> list[Step]:
    """Where the time of these cases went, the longest part first; visits that have not ended and states at an end are left out. One query."""
    ended = StepFact.objects.filter(case__in=rows.values("pk"), seconds__isnull=False)
    visits = ended.exclude(state_category__in=RESTING).order_by().values("state")
    found = list(visits.annotate(n=Count("pk"), took=Sum("seconds"), mean=Avg("seconds"), work=Avg("work_seconds")))
    whole = sum(line["took"] for line in found)
    steps = [
        Step(
            line["state"], line["n"], _hours(line["mean"]), _hours(line["work"] or 0),
            rounded(Fraction(100 * line["took"], whole), 1) if whole else Decimal(0),
        )
        for line in found
    ]  # fmt: skip
    return sorted(steps, key=lambda one: (-one.part, one.state))


def _hours(seconds: float) -> Decimal:
    return rounded(Fraction(seconds) / 3600, 1)
