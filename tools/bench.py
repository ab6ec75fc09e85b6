"""`make bench`: the promised figures, measured on this machine.

`make bench ARGS="working_time"` measures one of them.
"""

import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ruamel.yaml import YAML

from amends.core.calendars import read_region_year
from amends.core.working_time import DayRule, WorkingCalendar, read_spans

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 5
SECONDS_A_ROUND = 1.0
STEPS_AT_ONCE = 1_000
Row = tuple[str, str, str]


def rate(step: Callable[[int], object]) -> float:
    """Steps a second on one core: the median of five rounds."""
    rates = []
    for _round in range(ROUNDS):
        done, started = 0, time.perf_counter()
        while (spent := time.perf_counter() - started) < SECONDS_A_ROUND:
            for number in range(done, done + STEPS_AT_ONCE):
                step(number)
            done += STEPS_AT_ONCE
        rates.append(done / spent)
    return sorted(rates)[ROUNDS // 2]


def chinese_office() -> WorkingCalendar:
    """Monday to Friday, 9 to 12 and 13 to 18 in Shanghai, with every published holiday and make-up day."""
    spans = read_spans([("09:00", "12:00"), ("13:00", "18:00")])
    years = [
        read_region_year(YAML(typ="safe").load(file.read_text(encoding="utf-8")))
        for file in sorted((ROOT / "calendars" / "CN").glob("*.yaml"))
    ]
    listed = {
        day.date: DayRule("makeup", spans) if day.open else DayRule("holiday") for year in years for day in year.days
    }
    return WorkingCalendar(weekly=(spans,) * 5 + ((), ()), zone="Asia/Shanghai", days=listed)


def working_time() -> Iterator[Row]:
    """Additions of one minute to ten days of working time, from moments all over four years."""
    calendar = chinese_office()
    first = datetime(2023, 1, 1, tzinfo=UTC)
    moments = [first + timedelta(minutes=521 * number) for number in range(4_000)]
    amounts = [60 * (1 + 37 * number % 4_800) for number in range(997)]
    additions = rate(lambda n: calendar.add_working_time(moments[n % 4_000], amounts[n % 997]))
    yield "working-time additions a second, one core", f"{additions:,.0f}", "≥ 200,000"


FIGURES: dict[str, Callable[[], Iterator[Row]]] = {"working_time": working_time}


def main(wanted: list[str]) -> int:
    unknown = [name for name in wanted if name not in FIGURES]
    if unknown:
        print(f"Not a figure: {', '.join(unknown)}. There are: {', '.join(FIGURES)}.")
        return 2
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name in wanted or FIGURES:
        for figure, measured, promised in FIGURES[name]():
            print(f"{figure:<60} {measured:>14}   promised {promised}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
