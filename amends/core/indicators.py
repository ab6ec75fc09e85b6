"""What an indicator comes to: exact arithmetic over counts and measures, and the verdict against its target. No zero stands for "not known"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction

from amends.core.policy.kpis import Indicator, Unit

SECONDS_IN = {"minutes": 60, "hours": 3600, "days": 86400}
"""A day of a span is twenty-four hours; spans in working time are given in minutes or hours."""


LONG_IN_MINUTES = 120
"""So many minutes and more are said in hours. Not in days: a span may be of working time, whose days are shorter."""


class Verdict(StrEnum):
    """How a figure stands against its target."""

    MET = "met"
    MISSED = "missed"
    NO_TARGET = "no_target"
    TOO_FEW = "too_few"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted: how many cases the figure is about, how many of them count, and the measures of those that have one.

    `values` are only needed for medians and percentiles; `volume` is the business volume of the period, None while it is not known.
    """

    population: int = 0
    counted: int = 0
    measured: int = 0
    total: int = 0
    values: Sequence[int] = ()
    volume: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The figure: None is "not applicable". Numerator and denominator are those of the division that was made; `sample` is how many cases it rests on."""

    value: Decimal | None
    numerator: int
    denominator: int
    sample: int
    verdict: Verdict


def result_of(indicator: Indicator, tally: Tally) -> Result:
    """The value of an indicator, rounded half up to its digits, and how it stands against the target.

    Nothing divided by zero is a figure: it is not applicable. Source: ESC-6.1.1 to ESC-6.1.4, REP-5.1.1
    """
    exact, numerator, denominator, sample = _exact(indicator, tally)
    value = None if exact is None else rounded(exact, indicator.digits)
    return Result(
        value, numerator, denominator, sample, _verdict(indicator, value, _rests_on(indicator, denominator, sample))
    )


def _exact(indicator: Indicator, tally: Tally) -> tuple[Fraction | None, int, int, int]:
    kind = indicator.kind
    if kind == "share":
        part = Fraction(100 * tally.counted, tally.population) if tally.population else None
        return part, tally.counted, tally.population, tally.population
    if kind == "count":
        return Fraction(tally.counted), tally.counted, tally.population, tally.population
    if kind == "per_volume":
        part = Fraction(1000 * tally.counted, tally.volume) if tally.volume else None
        return part, tally.counted, tally.volume or 0, tally.population
    if not tally.measured:
        return None, 0, 0, 0
    return _of_measures(indicator, tally), tally.total, tally.measured, tally.measured


def _of_measures(indicator: Indicator, tally: Tally) -> Fraction:
    if indicator.kind == "mean":
        raw = Fraction(tally.total, tally.measured)
    elif indicator.kind == "sum":
        raw = Fraction(tally.total)
    elif indicator.kind == "median":
        raw = median(tally.values)
    else:
        raw = Fraction(percentile(tally.values, indicator.percent))
    return raw / (100 if indicator.unit == "money" else SECONDS_IN.get(indicator.unit, 1))


def median(values: Sequence[int]) -> Fraction:
    """The middle value, or the mean of the two in the middle; of at least one value."""
    ordered, half = sorted(values), len(values) // 2
    return Fraction(ordered[half]) if len(ordered) % 2 else Fraction(ordered[half - 1] + ordered[half], 2)


def percentile(values: Sequence[int], percent: int) -> int:
    """The least value that so many percent of the values do not exceed (nearest rank); of at least one value."""
    return sorted(values)[max(-(-len(values) * percent // 100), 1) - 1]


def rounded(exact: Fraction, digits: int) -> Decimal:
    """Half up, as people round."""
    step = Decimal(1).scaleb(-digits)
    # Exact also where the fraction has no finite decimal: whole units and the rest are compared as integers.
    units, rest = divmod(abs(exact) * 10**digits, 1)
    whole = int(units) + (1 if rest * 2 >= 1 else 0)
    return (Decimal(-whole if exact < 0 else whole) * step).quantize(step, rounding=ROUND_HALF_UP)


def as_said(unit: Unit, *values: Decimal | None) -> tuple[Unit, tuple[Decimal | None, ...]]:
    """The values of one indicator in the unit in which people say them: minutes, as soon as one is long, in hours with one digit."""
    if unit != "minutes" or all(value is None or abs(value) < LONG_IN_MINUTES for value in values):
        return unit, values
    return "hours", tuple(None if value is None else rounded(Fraction(value) / 60, 1) for value in values)


def _rests_on(indicator: Indicator, denominator: int, sample: int) -> int | None:
    """What has to reach the minimum: the denominator of a rate, the sample of a share or an average. A count rests on nothing: none is none."""
    if indicator.kind == "count":
        return None
    return denominator if indicator.kind == "per_volume" else sample


def _verdict(indicator: Indicator, value: Decimal | None, rests_on: int | None) -> Verdict:
    if value is None:
        return Verdict.NOT_APPLICABLE
    if rests_on is not None and rests_on < indicator.minimum:
        return Verdict.TOO_FEW
    if indicator.target is None:
        return Verdict.NO_TARGET
    wanted = indicator.target.value
    is_met = value >= wanted if indicator.direction == "up" else value <= wanted
    return Verdict.MET if is_met else Verdict.MISSED
