"""Forecasting monthly counts from their own history: six simple methods, a steady level, and their combination.

Every method is judged by rolling origin: it forecasts from each past month what was then still to come, and what it was off by
says how much it counts in the combination and how wide the range is. Standard library alone; figures in docs/forecast.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, product
from statistics import fmean, median

SEASON = 12
"""Months after which a year repeats."""

LEAST_MONTHS = 12
"""With fewer complete months nothing is forecast unless a policy says otherwise; never with fewer than six."""

FIRST_ORIGIN = 6
REMEMBERED = 12
FORGOTTEN_BY = 0.9
ERRORS_FOR_RANGE = 36

Rolling = Callable[[Sequence[float], int, int], list[list[float]]]
"""What a method said at each origin from `first` to the end of the history, for `horizon` months each."""


@dataclass(frozen=True, slots=True)
class Method:
    """A way of forecasting: the months that it needs before it says anything, and how it speaks from every origin."""

    name: str
    needs: int
    run: Rolling


@dataclass(frozen=True, slots=True)
class Point:
    """One month ahead: what is expected, and the range that holds `coverage` of months as they came before."""

    expected: float
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected, by which methods with which weight, and how far off it was on held-back months.

    `errors` are shares: the sum of absolute errors for the next month by the sum of counts, over the same `held_back` months for
    all methods; `error` is that of the forecast itself. `covered` is the share of those months that lay in the range of their time;
    None where nothing was held back.
    """

    points: tuple[Point, ...]
    weights: Mapping[str, float]
    held_back: int
    error: float | None
    errors: Mapping[str, float] = field(default_factory=dict)
    covered: float | None = None

    @property
    def beats_the_baseline(self) -> bool | None:
        """Whether it was closer than the same month of last year, or than the last month while there is no year to look back to."""
        baseline = self.errors.get("seasonal_naive", self.errors.get("last_value"))
        return None if self.error is None or baseline is None else self.error < baseline


def forecast(
    history: Sequence[float], *, horizon: int = 3, coverage: float = 0.9, least: int = LEAST_MONTHS
) -> Forecast | None:
    """The next `horizon` months after complete months of counts; None where that is too little to say anything.

    `coverage` is the share of months that the range shall hold. Source: EXP-7.3.1
    """
    counts = [float(count) for count in history]
    if len(counts) < max(least, FIRST_ORIGIN) or not any(counts[-SEASON:]):
        return None
    said = replay(counts, horizon)
    combined = [combined_at(said, counts, origin) for origin in range(FIRST_ORIGIN, len(counts) + 1)]
    expected, weights = combined[-1]
    past = [points for points, _ in combined]
    points = tuple(
        range_around(value, errors_ahead(past, counts, step, len(counts)), coverage)
        for step, value in enumerate(expected, start=1)
    )
    return _judged(points, weights, said, past, counts, coverage)


Said = Mapping[str, Mapping[int, list[float]]]
"""What each method said at each origin: `said[method][origin][step - 1]`."""


def replay(counts: Sequence[float], horizon: int, methods: Sequence[Method] | None = None) -> Said:
    """What every method would have said at every origin from which it speaks, the end of the history among them."""
    found: dict[str, dict[int, list[float]]] = {}
    for method in COMBINED if methods is None else methods:
        first = max(method.needs, FIRST_ORIGIN)
        rows = method.run(counts, first, horizon) if first <= len(counts) else []
        found[method.name] = {first + place: row for place, row in enumerate(rows)}
    return found


def combined_at(said: Said, counts: Sequence[float], origin: int) -> tuple[list[float], dict[str, float]]:
    """The combination as it stood at an origin, with the weights of its parts: what is known later plays no part.

    A method counts by the inverse square of its recent errors on the scale of ratios, so that a month with a wave does not decide alone.
    One that was never tried speaks only where no other was.
    """
    tried = {name: _recent_error(rows, counts, origin) for name, rows in said.items() if origin in rows}
    known = {name: error for name, error in tried.items() if error is not None}
    raw = {name: 1 / (error + 0.001) ** 2 for name, error in known.items()} or dict.fromkeys(tried, 1.0)
    whole = sum(raw.values())
    weights = {name: value / whole for name, value in raw.items()}
    horizon = len(next(iter(said[name][origin] for name in weights)))
    return [
        _unlog(sum(weight * _log(said[name][origin][step]) for name, weight in weights.items()))
        for step in range(horizon)
    ], weights


def _recent_error(rows: Mapping[int, list[float]], counts: Sequence[float], origin: int) -> float | None:
    """The mean error of the last origins over the months known by `origin`, the latest counting most; None when none is known."""
    total = whole = 0.0
    for past in range(origin - REMEMBERED, origin):
        weight = FORGOTTEN_BY ** (origin - past)
        for step, value in enumerate(rows.get(past, ())):
            if past + step < origin:
                total += weight * abs(_log(value) - _log(counts[past + step]))
                whole += weight
    return total / whole if whole else None


def errors_ahead(past: Sequence[list[float]], counts: Sequence[float], step: int, until: int) -> list[float]:
    """How far off the combination was `step` months ahead, on the scale of ratios, for the months known at `until`."""
    found = []
    for place, points in enumerate(past):
        month = FIRST_ORIGIN + place + step - 1
        if month < until and step <= len(points):
            found.append(abs(_log(points[step - 1]) - _log(counts[month])))
    return found[-ERRORS_FOR_RANGE:]


def range_around(expected: float, errors: Sequence[float], coverage: float) -> Point:
    """The range that `coverage` of the held-back errors stay within, and never narrower than chance makes single counts."""
    width = _quantile(errors, coverage)
    chance = 1.3 * math.sqrt(expected)
    low = min(_unlog(_log(expected) - width), expected - chance)
    high = max(_unlog(_log(expected) + width), expected + chance)
    return Point(round(expected, 1), max(0, math.floor(low)), math.ceil(high))


def _quantile(errors: Sequence[float], coverage: float) -> float:
    """The error that `coverage` of the next ones should not exceed: one place further than in the sample, as the next is not in it."""
    if not errors:
        return 0.0
    place = math.ceil(coverage * (len(errors) + 1)) - 1
    return sorted(errors)[min(place, len(errors) - 1)]


def _judged(
    points: tuple[Point, ...],
    weights: Mapping[str, float],
    said: Said,
    past: Sequence[list[float]],
    counts: Sequence[float],
    coverage: float,
) -> Forecast:
    """The forecast with what it and its baselines were off by on the last months, each as it would have been said the month before."""
    held = [origin for origin in range(len(counts) - SEASON, len(counts)) if origin >= FIRST_ORIGIN + 2]
    ours = {FIRST_ORIGIN + place: row for place, row in enumerate(past)}
    judged = {**said, **replay(counts, 1, SIX)}
    errors = {name: _share_off(rows, counts, held) for name, rows in judged.items()}
    inside = [_holds(ours[origin][0], counts, past, origin, coverage) for origin in held]
    return Forecast(
        points=points,
        weights=dict(sorted(weights.items(), key=lambda pair: -pair[1])),
        held_back=len(held),
        error=_share_off(ours, counts, held),
        errors={name: error for name, error in errors.items() if error is not None},
        covered=fmean(inside) if inside else None,
    )


def _holds(expected: float, counts: Sequence[float], past: Sequence[list[float]], origin: int, coverage: float) -> bool:
    point = range_around(expected, errors_ahead(past, counts, 1, origin), coverage)
    return point.low <= counts[origin] <= point.high


def _share_off(rows: Mapping[int, list[float]], counts: Sequence[float], held: Sequence[int]) -> float | None:
    actual = sum(counts[origin] for origin in held)
    if not held or not actual or any(origin not in rows for origin in held):
        return None
    return sum(abs(rows[origin][0] - counts[origin]) for origin in held) / actual


# --- the six simple methods -----------------------------------------------------------------------------------------


def last_value(history: Sequence[float], horizon: int) -> list[float]:
    """Every month like the last one."""
    return [history[-1]] * horizon


def mean_of_three(history: Sequence[float], horizon: int) -> list[float]:
    """Every month like the mean of the last three."""
    return [fmean(history[-3:])] * horizon


def seasonal_naive(history: Sequence[float], horizon: int) -> list[float]:
    """Every month like the same month a year before."""
    return [history[-SEASON + step % SEASON] for step in range(horizon)]


def seasonal_growth(history: Sequence[float], horizon: int) -> list[float]:
    """The same month a year before, by the growth of the last year over the one before."""
    before = sum(history[-2 * SEASON : -SEASON])
    growth = sum(history[-SEASON:]) / before if before else 1.0
    return [value * growth for value in seasonal_naive(history, horizon)]


def theta(history: Sequence[float], horizon: int) -> list[float]:
    """The theta method: exponential smoothing with half of the straight line's slope, freed of the season where there is one."""
    season = _season_ratios(history) if _is_seasonal(history) else [1.0] * SEASON
    free = [value / season[place % SEASON] for place, value in enumerate(history)]
    share = min(SHARES, key=lambda one: _smoothed(free, one)[1])
    level, n = _smoothed(free, share)[0], len(free)
    slope = _slope(free) / 2
    start = (1 - (1 - share) ** n) / share
    return [max(0.0, (level + slope * (step + start)) * season[(n + step) % SEASON]) for step in range(horizon)]


def damped_holt_winters(counts: Sequence[float], first: int, horizon: int) -> list[list[float]]:
    """Level, damped trend and season smoothed together; at each origin with the parameters that fitted best until then.

    All parameters run once through the history, so that every origin costs no more than one.
    """
    best: list[tuple[float, list[float]]] = [(math.inf, [])] * (len(counts) - first + 1)
    for parameters in _HOLT_WINTERS_GRID:
        _run_holt_winters(counts, first, horizon, parameters, best)
    return [points for _, points in best]


SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99)
"""The shares of news in a smoothed level that are tried."""

_HOLT_WINTERS_GRID = tuple(product((0.1, 0.3, 0.5, 0.7, 0.9), (0.01, 0.1, 0.3), (0.01, 0.1, 0.3), (0.8, 0.9, 0.98)))


def _run_holt_winters(
    counts: Sequence[float],
    first: int,
    horizon: int,
    parameters: tuple[float, float, float, float],
    best: list[tuple[float, list[float]]],
) -> None:
    alpha, beta, gamma, damping = parameters
    year, after = fmean(counts[:SEASON]), fmean(counts[SEASON : 2 * SEASON])
    level, trend, off = year, (after - year) / SEASON, 0.0
    season = [((counts[m] - year) + (counts[SEASON + m] - after)) / 2 for m in range(SEASON)]
    reach = list(accumulate(damping**step for step in range(1, horizon + 1)))
    for origin in range(len(counts) + 1):
        if origin >= first and off < best[origin - first][0]:
            ahead = [level + reach[step] * trend + season[(origin + step) % SEASON] for step in range(horizon)]
            best[origin - first] = (off, [max(0.0, value) for value in ahead])
        if origin < len(counts):
            month, carried = origin % SEASON, level + damping * trend
            missed = counts[origin] - carried - season[month]
            off += missed * missed
            level = carried + alpha * missed
            trend = damping * trend + alpha * beta * missed
            season[month] += gamma * (1 - alpha) * missed


def _is_seasonal(history: Sequence[float]) -> bool:
    """Whether a year shows in the history: its autocorrelation stands out at the 90 percent level."""
    if len(history) < 2 * SEASON:
        return False
    mean = fmean(history)
    spread = sum((value - mean) ** 2 for value in history)
    if not spread:
        return False
    lags = [
        sum((history[i] - mean) * (history[i - lag] - mean) for i in range(lag, len(history))) / spread
        for lag in range(1, SEASON + 1)
    ]
    return abs(lags[-1]) > 1.645 * math.sqrt((1 + 2 * sum(lag * lag for lag in lags[:-1])) / len(history))


def _around(values: Sequence[float]) -> list[float | None]:
    """The mean of the year around each month; None at both ends."""
    half = SEASON // 2
    return [
        (sum(values[i - half + 1 : i + half]) + (values[i - half] + values[i + half]) / 2) / SEASON
        if half <= i < len(values) - half
        else None
        for i in range(len(values))
    ]


def _season_ratios(history: Sequence[float]) -> list[float]:
    by_month: list[list[float]] = [[] for _ in range(SEASON)]
    for place, mean in enumerate(_around(history)):
        if mean:
            by_month[place % SEASON].append(history[place] / mean)
    ratios = [fmean(found) if found else 1.0 for found in by_month]
    whole = fmean(ratios) or 1.0
    return [max(ratio / whole, 0.01) for ratio in ratios]


def _smoothed(values: Sequence[float], share: float) -> tuple[float, float]:
    """The level after exponential smoothing, and the sum of squared errors on the way."""
    level, off = values[0], 0.0
    for value in values[1:]:
        missed = value - level
        off += missed * missed
        level += share * missed
    return level, off


def _slope(values: Sequence[float]) -> float:
    middle, mean = (len(values) - 1) / 2, fmean(values)
    across = sum((place - middle) ** 2 for place in range(len(values)))
    return sum((place - middle) * (value - mean) for place, value in enumerate(values)) / across if across else 0.0


# --- steady level and steady trend: on the scale of ratios, so that a wave of cases pulls them less ------------------------


def steady_level(history: Sequence[float], horizon: int) -> list[float]:
    """A level on the scale of ratios, by a careful season: what few years show of a month counts in part only."""
    season, free = _freed_of_season(history)
    level = min((_level_and_error(free, share) for share in SHARES), key=lambda pair: pair[1])[0]
    return [_unlog(level + season[(len(history) + step) % SEASON]) for step in range(horizon)]


def steady_trend(history: Sequence[float], horizon: int) -> list[float]:
    """A level with a damped trend, the season taken out as for the steady level."""
    season, _ = _freed_of_season(history)
    free = [max(0.0, _unlog(_log(value) - season[place % SEASON])) for place, value in enumerate(history)]
    level, trend, damping, _ = min((_trend_and_error(free, *one) for one in _TRENDS), key=lambda found: found[3])
    reach = list(accumulate(damping**step for step in range(1, horizon + 1)))
    return [
        _unlog(_log(max(0.0, level + reach[step] * trend)) + season[(len(history) + step) % SEASON])
        for step in range(horizon)
    ]


_TRENDS = tuple(product((0.2, 0.5, 0.9), (0.05, 0.2), (0.85, 0.98)))
_CAREFUL = 3.0
_OLD_ERRORS = 0.95


def _freed_of_season(history: Sequence[float]) -> tuple[list[float], list[float]]:
    logs = [_log(value) for value in history]
    season = _season_steps(logs) if len(logs) >= 2 * SEASON else [0.0] * SEASON
    return season, [value - season[place % SEASON] for place, value in enumerate(logs)]


def _season_steps(logs: Sequence[float]) -> list[float]:
    by_month: list[list[float]] = [[] for _ in range(SEASON)]
    for place, mean in enumerate(_around(logs)):
        if mean is not None:
            by_month[place % SEASON].append(logs[place] - mean)
    steps = [median(found) * len(found) / (len(found) + _CAREFUL) if found else 0.0 for found in by_month]
    whole = fmean(steps)
    return [step - whole for step in steps]


def _level_and_error(values: Sequence[float], share: float) -> tuple[float, float]:
    level, off = values[0], 0.0
    for value in values[1:]:
        missed = value - level
        off = off * _OLD_ERRORS + abs(missed)
        level += share * missed
    return level, off


def _trend_and_error(
    values: Sequence[float], alpha: float, beta: float, damping: float
) -> tuple[float, float, float, float]:
    level, trend, off = values[0], values[1] - values[0], 0.0
    for value in values[1:]:
        carried = level + damping * trend
        missed = value - carried
        off = off * _OLD_ERRORS + abs(missed)
        level = carried + alpha * missed
        trend = damping * trend + alpha * beta * missed
    return level, trend, damping, off


def _log(value: float) -> float:
    return math.log1p(max(0.0, value))


def _unlog(value: float) -> float:
    return max(0.0, math.expm1(value))


def _from_each_origin(one: Callable[[Sequence[float], int], list[float]]) -> Rolling:
    """A method that looks at a history, asked at every origin."""

    def run(counts: Sequence[float], first: int, horizon: int) -> list[list[float]]:
        return [one(counts[:origin], horizon) for origin in range(first, len(counts) + 1)]

    return run


LAST_VALUE = Method("last_value", 1, _from_each_origin(last_value))
THETA = Method("theta", 4, _from_each_origin(theta))
HOLT_WINTERS = Method("holt_winters", 2 * SEASON, damped_holt_winters)

SIX = (
    LAST_VALUE,
    Method("mean_of_three", 3, _from_each_origin(mean_of_three)),
    Method("seasonal_naive", SEASON, _from_each_origin(seasonal_naive)),
    Method("seasonal_growth", 2 * SEASON, _from_each_origin(seasonal_growth)),
    THETA,
    HOLT_WINTERS,
)
"""The simple methods that every forecast is compared with. Source: docs/forecast.md"""

COMBINED = (
    Method("steady_level", 4, _from_each_origin(steady_level)),
    Method("steady_trend", 4, _from_each_origin(steady_trend)),
    THETA,
    LAST_VALUE,
    HOLT_WINTERS,
)
"""The methods that the combination is made of; the others of the six only ever made it worse."""
