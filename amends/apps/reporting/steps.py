"""Where the time of cases goes: how long they stand in each step of the process, and how much of that is waiting. Read from the rows of figures.

Handling is the working time in steps that wait for somebody of the house; everything else of a visit is waiting: outside working hours, and the whole
of steps in which the customer or somebody else has the ball. Source: REP-6.1.2
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Avg, Count, Q, QuerySet

from amends.apps.cases.models import Case
from amends.apps.policies.models import Desk
from amends.apps.reporting.models import StepFact
from amends.core.periods import Period


@dataclass(frozen=True, slots=True)
class StepTime:
    """One step over the closed cases of a period: in how many it was, how often, and the mean of its visits in seconds."""

    state: str
    cases: int
    visits: int
    mean: float
    waiting: float

    @property
    def handling(self) -> float:
        return self.mean - self.waiting


def visits(desk: Desk, period: Period, cases: QuerySet[Case] | None = None) -> QuerySet[StepFact]:
    """The ended visits of the cases of a desk that were closed in a period; with `cases`, of those among them."""
    found = StepFact.objects.filter(
        desk=desk, seconds__isnull=False, case__figures__closed_on__gte=period.first, case__figures__closed_on__lte=period.last,
        case__figures__taken_over=False,
    )  # fmt: skip
    return found if cases is None else found.filter(case__in=cases.values("pk"))


def step_times(desk: Desk, period: Period, cases: QuerySet[Case] | None = None) -> dict[str, StepTime]:
    """The times of every step; two sums that add up by construction, one query."""
    found: dict[str, StepTime] = {}
    is_theirs = Q(state_category="waiting") | Q(waits_for="complainant")
    rows = visits(desk, period, cases).order_by().values("state")
    for row in rows.annotate(
        cases=Count("case", distinct=True), number=Count("pk"), theirs=Count("pk", filter=is_theirs),
        mean=Avg("seconds"), working=Avg("work_seconds"),
    ):  # fmt: skip
        mean = float(row["mean"])
        working = 0.0 if row["theirs"] == row["number"] else float(row["working"] or 0)
        found[row["state"]] = StepTime(row["state"], row["cases"], row["number"], mean, mean - min(working, mean))
    return found


def total_of(times: Mapping[str, StepTime]) -> float:
    """The seconds of all visits together: what the share of a step is of."""
    return sum(one.mean * one.visits for one in times.values())
