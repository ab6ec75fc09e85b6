"""Periods for which something is handed in: tens of days, weeks, months."""

from datetime import date

import pytest

from amends.core.periods import name_of, period_around


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        ("2026-02-01", "2026-02-01", "2026-02-10"), ("2026-02-10", "2026-02-01", "2026-02-10"),
        ("2026-02-11", "2026-02-11", "2026-02-20"), ("2026-02-21", "2026-02-21", "2026-02-28"),
        ("2026-03-31", "2026-03-21", "2026-03-31"),
    ],
)  # fmt: skip
def test_every_day_lies_in_one_of_three_parts_of_its_month(day, first, last):
    period = period_around(date.fromisoformat(day), "ten_days")
    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)


def test_weeks_begin_on_monday_and_months_on_the_first():
    day = date(2026, 3, 1)
    assert period_around(day, "week").first == date(2026, 2, 23)
    assert period_around(day, "month").last == date(2026, 3, 31)


def test_periods_are_called_as_people_call_them():
    second = period_around(date(2026, 11, 15), "ten_days")
    assert name_of(second, "ten_days") == ("2026年11月中旬", "11 to 20 November 2026")
