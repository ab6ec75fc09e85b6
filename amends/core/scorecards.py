"""Scorecards: what the figures of a month come to in points, less what was taken off, and whether a bonus is earned.

Points go by the values as they are shown, so that everybody can work a score out again by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from amends.core.indicators import Result, Verdict, rounded
from amends.core.policy.kpis import Bonus, Indicator, Threshold

FULL = 100
NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """One indicator in a scorecard: its weight as the policy has it, its points, and the share of the score that it really had.

    Without points it counted for nothing, and its share is none.
    """

    indicator: Indicator
    weight: int
    result: Result
    points: Decimal | None
    share: Decimal | None

    @property
    def is_known(self) -> bool:
        return self.points is not None


@dataclass(frozen=True, slots=True)
class Card:
    """The score of a month: what the figures come to, what was taken off, and what is left; None where no figure could be scored."""

    parts: tuple[Part, ...]
    earned: Decimal | None
    deducted: Decimal
    total: Decimal | None


@dataclass(frozen=True, slots=True)
class Earned:
    """Whether a bonus is earned: its points or none, and the thresholds that were missed."""

    bonus: Bonus
    points: Decimal
    missed: tuple[Threshold, ...]


def points_of(indicator: Indicator, result: Result, *, best: int) -> Fraction | None:
    """The points of a figure, from 0 to 100; None where there is no value, or fewer cases than the indicator's minimum.

    `best` is the best score of a satisfaction question. Source: ESC-6.2.1a
    """
    if result.value is None or result.verdict in (Verdict.NOT_APPLICABLE, Verdict.TOO_FEW):
        return None
    value = Fraction(result.value)
    how = indicator.scored_as
    if how == "share":
        return _within(value)
    if how == "inverse":
        return _within(FULL - value)
    if how == "of_best":
        return _within(value * FULL / best)
    return None if indicator.target is None else _within(_of_target(value, Fraction(indicator.target.value), indicator))


def _of_target(value: Fraction, target: Fraction, indicator: Indicator) -> Fraction:
    """The value in percent of its target; where less is wanted, the target in percent of the value."""
    part, whole = (target, value) if indicator.direction == "down" else (value, target)
    return Fraction(FULL) if whole <= 0 else part * FULL / whole


def _within(points: Fraction) -> Fraction:
    return min(max(points, Fraction(0)), Fraction(FULL))


Weighted = Sequence[tuple[Indicator, int]]


def card_of(
    weighted: Weighted, results: Mapping[str, Result], *, best: int, deducted: Decimal = NONE, at_most: int = FULL, digits: int = 1
) -> Card:  # fmt: skip
    """The scorecard of one department or person from the result of every weighted indicator.

    The weights of indicators that can not be scored are spread over the others in proportion. What is taken off is `at_most` so much, and
    a score never falls below nothing. Where no indicator can be scored there is no score, whatever was taken off. Source: ESC-6.2.1a
    """
    scored = [(one, weight, points_of(one, results[one.id], best=best)) for one, weight in weighted]
    whole = sum(weight for _, weight, points in scored if points is not None)
    parts = tuple(_part(one, weight, results[one.id], points, whole, digits) for one, weight, points in scored)
    taken = min(deducted, Decimal(at_most))
    if not whole:
        return Card(parts, None, taken, None)
    earned = sum((weight * points for _, weight, points in scored if points is not None), Fraction(0)) / whole
    left = max(rounded(earned, digits) - taken, rounded(Fraction(0), digits))
    return Card(parts, rounded(earned, digits), taken, left)


def _part(indicator: Indicator, weight: int, result: Result, points: Fraction | None, whole: int, digits: int) -> Part:
    if points is None:
        return Part(indicator, weight, result, None, None)
    return Part(indicator, weight, result, rounded(points, digits), rounded(Fraction(FULL * weight, whole), digits))


def bonus_of(bonus: Bonus, results: Mapping[str, Result]) -> Earned:
    """The points of a bonus, given only where every threshold is reached; what could not be measured was not reached.

    Source: ESC-6.3.2
    """
    missed = tuple(one for one in bonus.thresholds if not _is_reached(one, results.get(one.indicator)))
    return Earned(bonus, NONE if missed else bonus.points, missed)


def _is_reached(threshold: Threshold, result: Result | None) -> bool:
    if result is None or result.value is None or result.verdict is Verdict.TOO_FEW:
        return False
    if threshold.at_least is not None:
        return result.value >= threshold.at_least
    return threshold.at_most is not None and result.value <= threshold.at_most


def places(totals: Sequence[Decimal | None]) -> list[int | None]:
    """The place of each total, the highest first; the same total has the same place, and who has none has no place."""
    known = sorted((one for one in totals if one is not None), reverse=True)
    return [None if one is None else known.index(one) + 1 for one in totals]
