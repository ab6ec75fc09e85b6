"""Print how many working-time additions a second one core does, without explanation.

Random starts over six years, amounts of up to 200 working hours, the Chinese office calendar with holidays; seconds
of processor time, best of three runs.
Usage: python -m tools.bench_working_time
"""

import datetime as dt
import random
import time
from pathlib import Path

from ruamel.yaml import YAML

from amends.core.calendars import compose_calendar, read_region_year
from amends.core.policy.clock_rules import PackCalendar
from amends.core.working_time import WorkingCalendar

COUNT = 300_000
CALENDAR = {
    "zone": "Asia/Shanghai",
    "region": "CN",
    "hours": {"office": {"week": {"mon-fri": ["09:00-12:00", "13:00-18:00"]}}},
}


def additions_per_second() -> float:
    """Return the best rate of three runs, after first additions have built the tables."""
    folder = Path(__file__).parents[1] / "calendars" / "CN"
    years = [read_region_year(YAML(typ="safe").load(path)) for path in sorted(folder.glob("*.yaml"))]
    calendar = compose_calendar(PackCalendar.model_validate(CALENDAR), "office", years, tzdata_version="bench")
    chance = random.Random(7)  # noqa: S311
    first = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    starts = [first + dt.timedelta(seconds=chance.randrange(6 * 365 * 86_400)) for _ in range(COUNT)]
    amounts = [chance.randrange(1, 200 * 3600) for _ in range(COUNT)]
    calendar.add_working_time(first, 1)
    calendar.add_working_time(first, 8 * 3600 * 250 * 7)
    return max(_rate(calendar, starts, amounts) for _ in range(3))


def _rate(calendar: WorkingCalendar, starts: list[dt.datetime], amounts: list[int]) -> float:
    begun = time.process_time()
    for start, amount in zip(starts, amounts, strict=True):
        calendar.add_working_time(start, amount)
    return len(starts) / (time.process_time() - begun)


if __name__ == "__main__":
    print(f"{additions_per_second():,.0f} working-time additions a second")
