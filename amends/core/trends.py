"""Whether counts rise, fall or stay: by the Mann-Kendall test and a tolerance, never by two points."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, median
from typing import Literal

Direction = Literal["rising", "falling", "stable", "insufficient"]

LEAST = 3
COUNTED_EXACTLY = 10
"""Up to so many values without ties the chance is counted over all orders; beyond, the normal curve is close enough."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A direction with what it was judged by.

    `chance` is the probability that values in random order point so far to this side; it has to be at most `limit`. `change` is how much
    the fitted line moves from the first to the last value, as a share of the mean; it has to be at least `tolerance`. None where
    there were too few values.
    """

    direction: Direction
    values: int
    needed: int
    tolerance: float
    chance: float | None = None
    limit: float | None = None
    slope: float | None = None
    change: float | None = None


def trend_of(
    values: Sequence[float], *, tolerance: float = 0.1, significance: float = 0.05, least: int = LEAST
) -> Trend:
    """The trend of values in order of time.

    Rising or falling when both hold: the Mann-Kendall chance is at most `significance`, or the least that so few values can reach
    (three in a row that all go one way); and Sen's line moves at least by `tolerance` of the mean. Source: REP-2.3.2
    """
    needed = max(least, LEAST)
    if len(values) < needed:
        return Trend("insufficient", len(values), needed, tolerance)
    score = sum(_sign(later - earlier) for earlier, later in combinations(values, 2))
    chance = _chance(abs(score), values)
    limit = max(significance, 1 / math.factorial(len(values)) if len(values) < COUNTED_EXACTLY else 0.0)
    slope = sens_slope(values)
    mean = fmean(values)
    change = slope * (len(values) - 1) / mean if mean else 0.0
    moves = chance <= limit + 1e-9 and abs(change) >= tolerance and _sign(slope) == _sign(score)
    direction: Direction = "stable" if not moves else "rising" if score > 0 else "falling"
    return Trend(direction, len(values), needed, tolerance, chance, limit, slope, change)


def sens_slope(values: Sequence[float]) -> float:
    """The median of all slopes between two values: one wild value does not turn it."""
    slopes = [(values[j] - values[i]) / (j - i) for i, j in combinations(range(len(values)), 2)]
    return median(slopes) if slopes else 0.0


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _chance(score: int, values: Sequence[float]) -> float:
    """The probability of a score at least so high when order means nothing."""
    if not score:
        return 1.0
    ties = [count for count in Counter(values).values() if count > 1]
    if len(values) <= COUNTED_EXACTLY and not ties:
        return _counted_chance(score, len(values))
    n = len(values)
    spread = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    return math.erfc((score - 1) / math.sqrt(2 * spread)) / 2 if spread > 0 else 1.0


def _counted_chance(score: int, n: int) -> float:
    """The share of all orders of `n` different values with at least this score; counted by their inversions."""
    orders = [1]
    for size in range(2, n + 1):
        longer = [0] * (len(orders) + size - 1)
        for inversions, count in enumerate(orders):
            for added in range(size):
                longer[inversions + added] += count
        orders = longer
    pairs = n * (n - 1) // 2
    reached = sum(count for inversions, count in enumerate(orders) if pairs - 2 * inversions >= score)
    return reached / math.factorial(n)
