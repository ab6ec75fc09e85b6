"""The kinds of complaints over time: which are new, which rise, how much fits nowhere. Source: EXP-7.3.2"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from django.db.models import Count
from django.db.models.functions import TruncMonth

from amends.apps.outlook.counting import counted_cases, months_before
from amends.apps.policies.models import Desk
from amends.core.diversity import Mix, effective_classes, mix_of

QUARTER = 3
QUARTERS = 8


@dataclass(frozen=True, slots=True)
class QuarterMix:
    """The diversity of one quarter; `first` is its first day."""

    first: date
    total: int
    effective: float | None


@dataclass(frozen=True, slots=True)
class MixView:
    """The present quarter, and how mixed the ones before it were, the oldest first."""

    first: date
    now: Mix
    quarters: tuple[QuarterMix, ...]


def mix_view(desk: Desk, today: date) -> MixView:
    """The mix of the present calendar quarter so far beside the one before and the two years before; one query."""
    first = date(today.year, (today.month - 1) // QUARTER * QUARTER + 1, 1)
    begin = months_before(first, QUARTER * QUARTERS)
    rows = (
        counted_cases(desk)
        .filter(received_on__gte=begin, received_on__lte=today)
        .values("category", month=TruncMonth("received_on"))
        .annotate(count=Count("pk"))
    )
    by_quarter: dict[date, Counter[str]] = {}
    for row in rows:
        month = row["month"]
        quarter = date(month.year, (month.month - 1) // QUARTER * QUARTER + 1, 1)
        by_quarter.setdefault(quarter, Counter())[row["category"] or ""] += row["count"]
    earlier: Counter[str] = Counter()
    for quarter, counts in by_quarter.items():
        if quarter < first:
            earlier += counts
    line = [months_before(first, QUARTER * n) for n in range(QUARTERS, -1, -1)]
    quarters = [QuarterMix(q, sum(by_quarter.get(q, Counter()).values()), effective_classes(list(by_quarter.get(q, Counter()).values()))) for q in line]  # fmt: skip
    with_cases = tuple(one for one in quarters if one.total)
    now, before = by_quarter.get(first, Counter()), by_quarter.get(months_before(first, QUARTER), Counter())
    return MixView(first, mix_of(now, before, earlier), with_cases)
