"""Measure forecasts and warnings on real counts, and write the tables of docs/forecast.md between its marks.

Usage: python -m tools.forecast_study FOLDER [--write]
FOLDER holds nyc_council, zh_gov_repeats and cn_postal_appeals. Only figures leave it, no texts.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import fmean

from amends.core.control import DAILY, WEEKLY, Chart, episodes, repeated, watch
from amends.core.forecasting import (
    FIRST_ORIGIN,
    SEASON,
    SIX,
    combined_at,
    errors_ahead,
    forecast,
    range_around,
    replay,
)
from amends.core.trends import trend_of

HELD_BACK = 24
HORIZON = 3
LEAST_A_MONTH = 10
OURS = "combined"
DOCUMENT = Path(__file__).parents[1] / "docs" / "forecast.md"

Series = Mapping[str, list[int]]


def monthly_series(folder: Path) -> dict[str, list[int]]:
    """Total, types and boroughs with at least ten cases a month before the held-back months."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    with (folder / "nyc_council" / "monthly_counts.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for name in ("total", f"type {row['complaint_type'] or '(none)'}", f"borough {row['borough'] or '(none)'}"):
                found[name][row["month"]] += int(row["count"])
    months = sorted(found["total"])
    series = {name: [counts[month] for month in months] for name, counts in found.items()}
    return {name: v for name, v in series.items() if fmean(v[:-HELD_BACK]) >= LEAST_A_MONTH}


class Measured:
    """Errors of all methods on the held-back months of all series, and whether the range held the month."""

    def __init__(self, series: Series) -> None:
        self.series = series
        self.off: dict[tuple[str, str, int], list[float]] = defaultdict(list)
        self.inside: list[bool] = []
        for name, counts in series.items():
            self._measure(name, [float(count) for count in counts])

    def _measure(self, name: str, counts: list[float]) -> None:
        said, simple = replay(counts, HORIZON), replay(counts, HORIZON, SIX)
        past = [combined_at(said, counts, origin)[0] for origin in range(FIRST_ORIGIN, len(counts) + 1)]
        for origin in range(len(counts) - HELD_BACK, len(counts)):
            ours = past[origin - FIRST_ORIGIN]
            for step in range(min(HORIZON, len(counts) - origin)):
                actual = counts[origin + step]
                for method, rows in simple.items():
                    self.off[name, method, step].append(abs(rows[origin][step] - actual))
                self.off[name, OURS, step].append(abs(ours[step] - actual))
                point = range_around(ours[step], errors_ahead(past, counts, step + 1, origin), 0.9)
                self.inside.append(point.low <= actual <= point.high)

    def scaled(self, name: str, method: str, steps: Iterable[int]) -> float:
        """MASE: the mean error by that of the seasonal naive method before the held-back months."""
        return fmean(self._errors(name, method, steps)) / self._scale(name)

    def share_off(self, method: str, steps: Iterable[int], names: Iterable[str]) -> float:
        """WAPE over some series."""
        steps, off, actual = list(steps), 0.0, 0.0
        for name in names:
            off += sum(self._errors(name, method, steps))
            held = self.series[name][-HELD_BACK:]
            actual += sum(sum(held[step:]) for step in steps)
        return off / actual

    def better(self, method: str, steps: Iterable[int]) -> int:
        steps = list(steps)
        return sum(self.scaled(n, OURS, steps) < self.scaled(n, method, steps) for n in self.series)

    def better_than_all(self, steps: Iterable[int]) -> int:
        steps = list(steps)
        return sum(self.scaled(n, OURS, steps) < min(self.scaled(n, m.name, steps) for m in SIX) for n in self.series)

    def mean(self, method: str, steps: Iterable[int]) -> float:
        steps = list(steps)
        return fmean(self.scaled(name, method, steps) for name in self.series)

    def _errors(self, name: str, method: str, steps: Iterable[int]) -> list[float]:
        return [error for step in steps for error in self.off[name, method, step]]

    def _scale(self, name: str) -> float:
        before = self.series[name][:-HELD_BACK]
        return fmean(abs(before[i] - before[i - SEASON]) for i in range(SEASON, len(before)))


def forecast_table(measured: Measured) -> list[str]:
    names, nxt, three = list(measured.series), (0,), tuple(range(HORIZON))
    types = [name for name in names if name.startswith("type ")]
    lines = [
        "| method | next month: MASE | total, WAPE | types, WAPE | 1 to 3 months: MASE | total, WAPE | types, WAPE | combination better on, next / 1 to 3 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for method in (*(m.name for m in SIX), OURS):
        cells = []
        for steps in (nxt, three):
            cells += [
                f"{measured.mean(method, steps):.3f}",
                f"{measured.share_off(method, steps, ['total']):.1%}",
                f"{measured.share_off(method, steps, types):.1%}",
            ]
        better = "" if method == OURS else f"{measured.better(method, nxt)} / {measured.better(method, three)}"
        lines.append(f"| {method} | {' | '.join(cells)} | {better} |")
    return [
        *lines, "",
        f"{len(names)} series, {HELD_BACK} held-back months. The combination is better than every one of the six at once on "
        f"{measured.better_than_all(nxt)} series for the next month and on {measured.better_than_all(three)} for 1 to 3 months. "
        f"Its range of 90 % held {fmean(measured.inside):.1%} of {len(measured.inside)} months.",
    ]  # fmt: skip


def series_table(measured: Measured) -> list[str]:
    lines = ["| series | mean a month, held back | best of the six, 1 to 3 months | its MASE | combination |", "| --- | --- | --- | --- | --- |"]  # fmt: skip
    steps = tuple(range(HORIZON))
    for name in sorted(measured.series, key=lambda one: -fmean(measured.series[one][-HELD_BACK:])):
        best = min(SIX, key=lambda method: measured.scaled(name, method.name, steps)).name
        ours = measured.scaled(name, OURS, steps)
        lines.append(
            f"| {name} | {fmean(measured.series[name][-HELD_BACK:]):.0f} | {best} | {measured.scaled(name, best, steps):.3f} | {ours:.3f} |"
        )
    return lines


def daily_counts(folder: Path) -> list[int]:
    with (folder / "nyc_council" / "daily_counts.csv").open(encoding="utf-8") as file:
        by_day = {date.fromisoformat(row["date"]): int(row["count"]) for row in csv.DictReader(file)}
    first, last = min(by_day), max(by_day)
    return [by_day.get(first + timedelta(days=n), 0) for n in range((last - first).days + 1)]


def by_week(days: Sequence[int]) -> list[int]:
    return [sum(days[start : start + 7]) for start in range(0, len(days) - 6, 7)]


def calm_days(days: Sequence[int], seed: int) -> list[int]:
    """The same days with every burst taken out: each is drawn from days of its weekday within four weeks around it."""
    chance = random.Random(seed)  # noqa: S311
    drawn = []
    for place in range(len(days)):
        around = [
            days[place + 7 * week] for week in range(-4, 5) if 0 <= place + 7 * week < len(days)
        ]  # fmt: skip
        around.sort()
        drawn.append(chance.choice(around[:-1] if len(around) > 5 else around))
    return drawn


def planted(days: Sequence[int], starts: Sequence[int], times: float, length: int) -> list[int]:
    counts = list(days)
    for start in starts:
        for place in range(start, start + length):
            counts[place] = round(counts[place] * times)
    return counts


def warning_table(folder: Path) -> list[str]:
    """False alarms where nothing happened, and how soon planted bursts are seen."""
    real = daily_counts(folder)
    lines = [
        "| chart | counts | warnings | a year | planted ×1.5: seen, days after | planted ×2 | planted ×3 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for title, chart, week in (("days", DAILY, 1), ("weeks", WEEKLY, 7)):
        found = episodes(watch(_spans(real, week), chart), quiet=_quiet(chart))
        years = (len(real) - (chart.looks_back + chart.gap) * week) / 365.25
        lines.append(f"| {title} | as they were | {len(found)} | {len(found) / years:.1f} | | | |")
        calm = [calm_days(real, seed) for seed in range(3)]
        alarms = fmean(len(episodes(watch(_spans(one, week), chart), quiet=_quiet(chart))) for one in calm)
        seen = [_seen(calm[0], times, chart, week) for times in (1.5, 2.0, 3.0)]
        lines.append(
            f"| {title} | bursts taken out, three draws | {alarms:.1f} | {alarms / years:.1f} | {' | '.join(seen)} |"
        )
    return lines


def _quiet(chart: Chart) -> int:
    return 7 if chart.cycle == 7 else 3


def _spans(days: Sequence[int], week: int) -> Sequence[int]:
    return by_week(days) if week == 7 else days


def _seen(calm: Sequence[int], times: float, chart: Chart, week: int) -> str:
    starts = list(range(280, len(calm) - 60, 140))
    length = 14
    counts = planted(calm, starts, times, length)
    marked = {span.place: span for span in watch(_spans(counts, week), chart) if span.sign}
    delays = []
    for start in starts:
        places = [place for place in range(start // week, (start + length - 1) // week + 1) if place in marked]
        if places:
            delays.append(max(0, places[0] * week + (week - 1) - start if week > 1 else places[0] - start))
    return f"{len(delays)} of {len(starts)}, {fmean(delays):.1f}" if delays else f"0 of {len(starts)}"


def messages(folder: Path) -> list[dict[str, str]]:
    with gzip.open(folder / "zh_gov_repeats" / "messages.csv.gz", "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _at(row: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(row["time"].replace("/", "-"))


def repeats_table(folder: Path) -> list[str]:
    """Repeated complaints of one person, and of one matter, against the groups that teams put together."""
    rows = messages(folder)
    lines = [
        "| rule | warnings | right | false alarms |",
        "| --- | --- | --- | --- |",
    ]
    for times, days in ((2, 30), (3, 30), (3, 90)):
        found = repeated(((row["user"], _at(row)) for row in rows), times=times, within=timedelta(days=days))
        right = sum(_same_matter(rows, user) for user in found)
        share = f"{1 - right / len(found):.0%}" if found else "—"
        lines.append(f"| one person, at least {times} messages in {days} days | {len(found)} | {right} | {share} |")
    return [*lines, "", *_bursts_of_matters(rows)]


def _same_matter(rows: Sequence[Mapping[str, str]], user: str) -> bool:
    groups = Counter(row["repeat_group"] for row in rows if row["user"] == user and row["repeat_group"])
    return any(count >= 2 for count in groups.values())


def _bursts_of_matters(rows: Sequence[Mapping[str, str]]) -> list[str]:
    days = sorted(_at(row).date() for row in rows if _at(row).year == 2019)
    counts = Counter(days)
    first, last = days[0], days[-1]
    series = [counts[first + timedelta(days=n)] for n in range((last - first).days + 1)]
    found = episodes(watch(series))
    hot = _hot_days(rows)
    right = sum(any(first + timedelta(days=span.place) in hot for span in one) for one in found)
    return [
        f"Daily counts of {first} to {last} ({sum(series)} messages, {len(series)} days, {len(series) - DAILY.looks_back - DAILY.gap} judged): "
        f"{len(found)} warnings, {right} of them on days when a matter that was reported again and again (five times or more in a month) "
        f"made up at least a fifth of what came.",
    ]


def _hot_days(rows: Sequence[Mapping[str, str]]) -> set[date]:
    moments = [(row["repeat_group"], _at(row)) for row in rows if row["repeat_group"]]
    hot = set(repeated(moments, times=5, within=timedelta(days=30)))
    all_day, hot_day = Counter(_at(row).date() for row in rows), Counter()
    for group, at in moments:
        if group in hot:
            hot_day[at.date()] += 1
    return {day for day, count in hot_day.items() if count * 5 >= all_day[day]}


def appeals_lines(folder: Path) -> list[str]:
    with (folder / "cn_postal_appeals" / "figures.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    counts = [int(row["appeals"]) for row in rows if row["appeals"]]
    together = [int(row["appeals"]) for row in rows if row["month"] in ("2021-02", "2021-03")]
    change = together[1] / together[0] - 1
    said = "no forecast: not enough data" if forecast(counts) is None else "a forecast"
    trend = trend_of(together).direction
    return [
        f"{len(rows)} single months between {rows[0]['month']} and {rows[-1]['month']}: {said}. The two months that follow each other "
        f"(2021-02, 2021-03) changed by {change:+.1%}, published as +42.2 %; their trend is “{trend}”, as two months never are one.",
    ]


def document(folder: Path) -> dict[str, list[str]]:
    measured = Measured(monthly_series(folder))
    return {
        "errors": forecast_table(measured),
        "series": series_table(measured),
        "alarms": warning_table(folder),
        "repeats": repeats_table(folder),
        "appeals": appeals_lines(folder),
    }


def written(text: str, parts: Mapping[str, Sequence[str]]) -> str:
    for name, lines in parts.items():
        before, _, rest = text.partition(f"<!-- {name} -->")
        _, _, after = rest.partition("<!-- end -->")
        text = f"{before}<!-- {name} -->\n" + "\n".join(lines) + f"\n<!-- end -->{after}"
    return text


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--write", action="store_true", help="write the tables into docs/forecast.md")
    given = asked.parse_args()
    parts = document(given.folder)
    for name, lines in parts.items():
        print(f"== {name}", *lines, "", sep="\n")
    if given.write:
        DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8"), parts), encoding="utf-8")


if __name__ == "__main__":
    main()
