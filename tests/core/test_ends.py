"""Until when: midnight ends the day before."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from amends.core.ends import last_day, last_minute

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("due", "day", "clock"),
    [
        ("2026-12-02T00:00:00+08:00", date(2026, 12, 1), "24:00"),
        ("2026-12-01T16:00:00+00:00", date(2026, 12, 1), "24:00"),
        ("2026-12-01T18:00:00+08:00", date(2026, 12, 1), "18:00"),
        ("2026-12-01T00:01:00+08:00", date(2026, 12, 1), "00:01"),
    ],
)
def test_what_is_due_at_midnight_is_due_by_24_of_the_day_before(due, day, clock):
    moment = datetime.fromisoformat(due)

    assert (last_day(moment, SHANGHAI), last_minute(moment, SHANGHAI)) == (day, clock)
