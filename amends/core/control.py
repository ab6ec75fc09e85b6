"""Control charts on daily and weekly counts: which days stand out from what is usual, counted as one burst until it is over.

Counts of complaints vary more than chance alone would make them, so limits come from a negative binomial whose extra spread is
measured in the same history. Standard library alone; false alarms on real counts stand in docs/forecast.md.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean, median
from typing import Literal, TypeVar

Sign = Literal["burst", "drift"]
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Chart:
    """How a control chart is set up.

    Usual is the mean of the last `level` spans before a gap of `gap` spans, by what the day of a `cycle` (7 for days, 1 for weeks) is
    beside others over `looks_back` spans. A burst is a count that chance exceeds at most once in `once_in` spans, and at least `least`
    above the usual; a drift is a smoothed count beyond `drift_at` of its own deviations.
    """

    cycle: int = 7
    level: int = 28
    looks_back: int = 84
    gap: int = 7
    once_in: int = 1000
    least: int = 3
    smoothing: float = 0.2
    drift_at: float = 4.0


DAILY = Chart()
WEEKLY = Chart(cycle=1, level=8, looks_back=26, gap=2, once_in=500)


@dataclass(frozen=True, slots=True)
class Span:
    """One day or week on a chart: what came, what is usual, the limit that it has to exceed, and whether it stands out."""

    place: int
    count: int
    usual: float
    limit: int
    sign: Sign | None = None


def watch(counts: Sequence[int], chart: Chart = DAILY, *, first: int | None = None) -> list[Span]:
    """Every span from `first` on, judged by those before it alone; none while the history is too short to say what is usual.

    `first` defaults to the first span that can be judged. Source: EXP-8.1.3
    """
    start = max(chart.looks_back + chart.gap, first or 0)
    seen: list[Span] = []
    smoothed = 0.0
    for place in range(start, len(counts)):
        usual, spread = usual_at(counts, place, chart)
        limit = max(limit_of(usual, spread, 1 / chart.once_in), math.ceil(usual + chart.least) - 1)
        # A burst is cut to its limit before it is smoothed: one wild day is no drift.
        off = (min(counts[place], limit) - usual) / math.sqrt(max(usual * spread, 0.5))
        smoothed = (1 - chart.smoothing) * smoothed + chart.smoothing * off
        deviation = math.sqrt(chart.smoothing / (2 - chart.smoothing))
        sign: Sign | None = None
        if counts[place] > limit:
            sign = "burst"
        elif smoothed > chart.drift_at * deviation and counts[place] > usual:
            sign = "drift"
        seen.append(Span(place, counts[place], usual, limit, sign))
    return seen


def usual_at(counts: Sequence[int], place: int, chart: Chart) -> tuple[float, float]:
    """What is usual at a place, and by how much the spread exceeds that of chance (1 is chance alone).

    Spans are cut at three times the middle of their day, so that an earlier burst does not hide the next one.
    """
    end = place - chart.gap
    before = range(max(0, end - chart.looks_back), end)
    by_day: dict[int, list[int]] = {}
    for earlier in before:
        by_day.setdefault(earlier % chart.cycle, []).append(counts[earlier])
    cut = {day: max(3 * median(found), median(found) + 5) for day, found in by_day.items()}
    calm = [min(counts[earlier], cut[earlier % chart.cycle]) for earlier in before]
    whole = max(fmean(calm), 0.05)
    shares = {
        day: fmean(min(value, cut[day]) for value in found) / whole for day, found in by_day.items()
    }  # fmt: skip
    level = max(fmean(calm[-chart.level :]), 0.05)
    # Differences of spans one cycle apart: a level that moves over the weeks is no spread.
    apart = [(later - earlier) ** 2 / 2 for earlier, later in zip(calm, calm[chart.cycle :], strict=False)]
    usual = max(level * shares.get(place % chart.cycle, 1.0), 0.05)
    return usual, max(1.0, fmean(apart) / max(fmean(calm), 0.25)) if apart else 1.0


def limit_of(usual: float, spread: float, chance: float) -> int:
    """The least count that is exceeded with at most this chance, when counts have this mean and `spread` times the variance of chance."""
    if spread <= 1.01:
        probability = math.exp(-usual)

        def step(count: int) -> float:
            return usual / count
    else:
        size = usual / (spread - 1)
        probability = spread**-size

        def step(count: int) -> float:
            return (size + count - 1) / count * (spread - 1) / spread

    if probability <= 0.0:
        return math.ceil(usual + 4 * math.sqrt(usual * spread))
    count, reached = 0, probability
    while 1 - reached > chance and count < 100_000:
        count += 1
        probability *= step(count)
        reached += probability
    return count


def episodes(spans: Iterable[Span], *, quiet: int = 7) -> list[list[Span]]:
    """Spans that stand out, joined while fewer than `quiet` spans lie between them: one cause, one warning."""
    found: list[list[Span]] = []
    for span in spans:
        if span.sign is None:
            continue
        if found and span.place - found[-1][-1].place <= quiet:
            found[-1].append(span)
        else:
            found.append([span])
    return found


def repeated(
    happened: Iterable[tuple[Key, datetime]], *, times: int, within: timedelta
) -> Mapping[Key, list[datetime]]:
    """Whatever happened at least `times` within some span of `within`: its moments in order, the most frequent first."""
    by_key: dict[Key, list[datetime]] = {}
    for key, at in happened:
        by_key.setdefault(key, []).append(at)
    found = {key: sorted(moments) for key, moments in by_key.items()}
    close = {key: moments for key, moments in found.items() if _ever_so_close(moments, times, within)}
    return dict(sorted(close.items(), key=lambda pair: -len(pair[1])))


def _ever_so_close(moments: Sequence[datetime], times: int, within: timedelta) -> bool:
    return any(moments[place + times - 1] - moments[place] <= within for place in range(len(moments) - times + 1))
