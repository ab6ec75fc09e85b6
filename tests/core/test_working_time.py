import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.core.working_time import (
    DayRule,
    EmptyCalendarError,
    NaiveTimeError,
    OutOfRangeError,
    WorkingCalendar,
    WorkingTimeError,
    read_spans,
)
from tests.core.clock_cast import at, china, daily, plain

HOUR = 3600


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2024-03-04T09:00", 3, "2024-03-04T12:00"),  # the end of a span, not the start of the next
        ("2024-03-04T09:00", 4, "2024-03-04T14:00"),  # over lunch
        ("2024-03-04T12:30", 1, "2024-03-04T14:00"),  # from within lunch
        ("2024-03-08T17:00", 2, "2024-03-11T10:00"),  # over a weekend
        ("2024-03-09T10:00", 8, "2024-03-11T18:00"),  # from a Saturday
        ("2024-03-04T08:00", 40, "2024-03-08T18:00"),
        ("2024-03-11T10:00", -2, "2024-03-08T17:00"),
        ("2024-03-11T09:00", -1, "2024-03-08T17:00"),
        ("2024-03-09T23:00", 0, "2024-03-09T23:00"),
    ],
)
def test_working_hours_are_added_only_while_open(start, hours, end):
    assert plain().add_working_time(at(start), dt.timedelta(hours=hours)) == at(end)


@pytest.mark.parametrize(
    ("start", "n", "counts", "ends", "end"),
    [
        ("2024-03-07T10:00", 3, "from_next_day", "close_of_business", "2024-03-12T18:00"),
        ("2024-03-07T10:00", 3, "from_next_day", "midnight", "2024-03-13T00:00"),
        ("2024-03-07T10:00", 3, "from_next_day", "same_time", "2024-03-12T10:00"),
        ("2024-03-07T10:00", 3, "same_day", "close_of_business", "2024-03-11T18:00"),
        ("2024-03-07T19:00", 3, "same_day", "close_of_business", "2024-03-11T18:00"),
        ("2024-03-07T10:00", 3, "next_working_moment", "close_of_business", "2024-03-11T18:00"),
        ("2024-03-07T19:00", 3, "next_working_moment", "close_of_business", "2024-03-12T18:00"),
        ("2024-03-09T10:00", 1, "same_day", "close_of_business", "2024-03-11T18:00"),
        ("2024-03-09T10:00", 1, "from_next_day", "close_of_business", "2024-03-11T18:00"),
        ("2024-03-07T10:00", 0, "from_next_day", "close_of_business", "2024-03-07T18:00"),
        ("2024-03-09T10:00", 0, "from_next_day", "close_of_business", "2024-03-11T18:00"),
        ("2024-03-07T19:00", 0, "from_next_day", "close_of_business", "2024-03-08T18:00"),
        ("2024-03-07T19:00", 0, "from_next_day", "midnight", "2024-03-08T00:00"),
    ],
)
def test_working_days_end_where_the_rule_says(start, n, counts, ends, end):
    assert plain().add_working_days(at(start), n, counts, ends) == at(end)


@pytest.mark.parametrize(
    ("start", "n", "counts", "ends", "roll", "end"),
    [
        ("2024-03-07T10:00", 7, "from_next_day", "midnight", "none", "2024-03-15T00:00"),
        ("2024-03-07T10:00", 7, "same_day", "midnight", "none", "2024-03-14T00:00"),
        ("2024-03-07T10:00", 2, "from_next_day", "midnight", "next_working_day", "2024-03-12T00:00"),
        ("2024-03-07T10:00", 2, "from_next_day", "close_of_business", "none", "2024-03-11T18:00"),
        ("2024-03-07T10:00", 2, "from_next_day", "same_time", "none", "2024-03-09T10:00"),
        ("2024-02-28T10:00", 1, "from_next_day", "midnight", "none", "2024-03-01T00:00"),
    ],
)
def test_calendar_days_count_every_day(start, n, counts, ends, roll, end):
    assert plain().add_calendar_days(at(start), n, counts, ends, roll) == at(end)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2024-03-04T21:00", 1, "2024-03-04T23:00"),
        ("2024-03-04T23:00", 7, "2024-03-05T06:00"),
        ("2024-03-04T23:00", 8, "2024-03-05T23:00"),
        ("2024-03-05T03:00", 4, "2024-03-05T23:00"),
    ],
)
def test_a_night_shift_runs_over_midnight(start, hours, end):
    assert china("night").add_working_time(at(start), hours * HOUR) == at(end)


def test_the_hours_of_a_night_shift_belong_to_the_day_it_starts_on():
    weekly = (read_spans([("22:00", "06:00")]), (), (), (), (), (), ())
    calendar = WorkingCalendar(weekly=weekly, zone="Asia/Shanghai")
    assert calendar.is_open_at(at("2024-03-05T05:59"))
    assert not calendar.is_working(dt.date(2024, 3, 5))
    assert calendar.close_of(dt.date(2024, 3, 4)) == at("2024-03-05T06:00")


def test_a_night_shift_that_meets_the_morning_counts_no_minute_twice():
    calendar = daily("Asia/Shanghai", ("22:00", "06:00"), ("05:00", "10:00"))
    assert calendar.working_time_between(at("2024-03-04T22:00"), at("2024-03-05T10:00")) == dt.timedelta(hours=12)


@pytest.mark.parametrize(
    ("zone", "start", "seconds", "end"),
    [
        # Spring: 02:00 to 03:00 does not exist; autumn: it exists twice.
        ("Europe/Berlin", "2024-03-31T00:00+01:00", 4 * HOUR, "2024-03-31T05:00+02:00"),
        ("Europe/Berlin", "2024-10-27T00:00+02:00", 4 * HOUR, "2024-10-27T03:00+01:00"),
        ("America/New_York", "2024-03-10T00:00-05:00", 4 * HOUR, "2024-03-10T05:00-04:00"),
        ("America/New_York", "2024-11-03T00:00-04:00", 4 * HOUR, "2024-11-03T03:00-05:00"),
    ],
)
def test_hours_are_real_hours_across_summer_time(zone, start, seconds, end):
    assert daily(zone, ("00:00", "24:00")).add_working_time(at(start), seconds) == at(end)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", dt.date(2024, 3, 31), 23),
        ("Europe/Berlin", dt.date(2024, 10, 27), 25),
        ("America/New_York", dt.date(2024, 3, 10), 23),
        ("America/New_York", dt.date(2024, 11, 3), 25),
        ("Asia/Shanghai", dt.date(2024, 3, 31), 24),
    ],
)
def test_a_whole_day_is_as_long_as_it_was(zone, day, hours):
    calendar = daily(zone, ("00:00", "24:00"))
    start, end = calendar.moment_at(day, 0), calendar.midnight_after(day)
    assert calendar.working_time_between(start, end) == dt.timedelta(hours=hours)


def test_opening_at_a_wall_time_that_does_not_exist_means_the_change_itself():
    calendar = daily("Europe/Berlin", ("02:30", "06:00"))
    assert calendar.next_working_moment(at("2024-03-31T00:00+01:00")) == at("2024-03-31T03:00+02:00")


def test_days_keep_their_wall_time_across_summer_time():
    calendar = plain("Europe/Berlin", ("09:00", "17:00"))
    assert calendar.add_working_days(at("2024-03-29T12:00+01:00"), 1) == at("2024-04-01T17:00+02:00")
    assert calendar.add_calendar_days(at("2024-03-29T12:00+01:00"), 3, ends="same_time") == at("2024-04-01T12:00+02:00")


def test_round_the_clock_is_open_at_midnight():
    assert china("always").is_open_at(at("2024-03-05T00:00"))
    assert china("always").is_open_at(at("2024-03-04T23:59:59"))


def test_a_calendar_without_hours_is_refused():
    with pytest.raises(EmptyCalendarError):
        WorkingCalendar(weekly=((),) * 7, zone="Asia/Shanghai")


def test_a_calendar_that_is_closed_for_centuries_ends_in_a_refusal_not_in_a_loop():
    monday = dt.date(1900, 1, 1)
    closed = {monday + dt.timedelta(7 * week): DayRule("closed") for week in range(21_000)}
    calendar = WorkingCalendar(weekly=(read_spans([("09:00", "10:00")]), *((),) * 6), zone="UTC", days=closed)
    with pytest.raises(OutOfRangeError):
        calendar.add_working_time(at("2024-03-04T09:00+00:00"), 1)


@pytest.mark.parametrize(
    "ask",
    [
        lambda calendar, naive: calendar.add_working_time(naive, 1),
        lambda calendar, naive: calendar.working_time_between(naive, naive),
        lambda calendar, naive: calendar.add_working_days(naive, 1),
        lambda calendar, naive: calendar.add_calendar_days(naive, 1),
        lambda calendar, naive: calendar.is_open_at(naive),
    ],
)
def test_a_time_without_offset_is_refused(ask):
    with pytest.raises(NaiveTimeError):
        ask(plain(), dt.datetime(2024, 3, 4, 9))  # noqa: DTZ001


@pytest.mark.parametrize(
    "pairs",
    [
        [("9", "12:00")],
        [("09:00", "25:00")],
        [("09:60", "12:00")],
        [("24:00", "01:00")],
        [("09:00", "12:00"), ("11:00", "13:00")],
    ],
)
def test_unreadable_or_overlapping_hours_are_refused(pairs):
    with pytest.raises(WorkingTimeError):
        read_spans(pairs)


def test_an_unknown_zone_is_refused():
    with pytest.raises(WorkingTimeError, match="Mars"):
        WorkingCalendar(weekly=(read_spans([("09:00", "10:00")]),) * 7, zone="Mars/Olympus")


@pytest.mark.parametrize(
    ("moment", "n", "end"),
    [
        ("2024-03-11T15:20", -1, "2024-03-08T15:20"),
        ("2024-03-10T15:20", -1, "2024-03-08T15:20"),
        ("2024-03-08T15:20", 1, "2024-03-11T15:20"),
        ("2024-03-08T15:20", 0, "2024-03-08T15:20"),
    ],
)
def test_a_moment_moves_by_working_days_at_the_same_time(moment, n, end):
    assert plain().shift_working_days(at(moment), n) == at(end)


def test_the_explanation_of_working_hours_has_no_gap_and_adds_up():
    start = at("2026-02-13T17:00")
    end, segments = china().explain_working_time(start, 10 * HOUR)
    assert end == at("2026-02-24T10:00")
    assert [(s.reason, s.counted) for s in segments] == [
        ("working_hours", 3600),
        ("outside_hours", 0),
        ("makeup_hours", 3 * HOUR),
        ("outside_hours", 0),
        ("makeup_hours", 5 * HOUR),
        ("outside_hours", 0),
        ("holiday", 0),
        ("outside_hours", 0),
        ("working_hours", 3600),
    ]
    assert [s.from_at for s in segments] == [start, *[s.to_at for s in segments[:-1]]]


moments = st.integers(0, 9 * 366 * 86_400_000).map(
    lambda millis: at("2019-01-01T00:00") + dt.timedelta(milliseconds=millis)
)
amounts = st.timedeltas(dt.timedelta(0), dt.timedelta(days=30))
calendars = st.sampled_from(
    [
        china(),
        china("service"),
        china("night"),
        plain("Europe/Berlin"),
        daily("America/New_York", ("00:00", "24:00")),
        daily("Europe/Berlin", ("02:30", "12:00"), ("22:00", "24:00")),
    ]
)


@given(calendars, moments, amounts, amounts)
def test_adding_working_time_is_additive(calendar, start, a, b):
    assert calendar.add_working_time(calendar.add_working_time(start, a), b) == calendar.add_working_time(start, a + b)


@given(calendars, moments, moments, amounts, amounts)
def test_adding_working_time_is_monotone(calendar, one, other, a, b):
    assert calendar.add_working_time(min(one, other), min(a, b)) <= calendar.add_working_time(
        max(one, other), max(a, b)
    )


@given(calendars, moments, amounts)
def test_what_was_added_lies_between_and_can_be_taken_back(calendar, start, amount):
    end = calendar.add_working_time(start, amount)
    assert calendar.working_time_between(start, end) == amount
    assert calendar.working_time_between(calendar.add_working_time(end, -amount), end) == amount


@given(calendars, moments, moments)
def test_segments_tile_the_time_and_count_what_lies_between(calendar, one, other):
    start, end = sorted((one.replace(microsecond=0), other.replace(microsecond=0)))
    end = min(end, start + dt.timedelta(days=60))
    segments = calendar.segments_between(start, end)
    assert [s.from_at for s in segments] == [start, *[s.to_at for s in segments[:-1]]][: len(segments)]
    assert sum(s.counted for s in segments) == calendar.working_time_between(start, end).total_seconds()


@given(moments, st.integers(0, 40), st.sampled_from(["from_next_day", "same_day", "next_working_moment"]))
def test_working_days_agree_with_counting_them_one_by_one(start, n, counts):
    calendar = china()
    day = calendar.local_date(start)
    if counts == "next_working_moment":
        day = calendar.local_date(calendar.next_working_moment(start))
    left = max(n, 1)
    day = day + dt.timedelta(1) if counts == "from_next_day" and n else day
    while True:
        left -= calendar.is_working(day)
        if not left:
            break
        day += dt.timedelta(1)
    assert calendar.working_day(start, n, counts) == day


@given(calendars, st.lists(moments, min_size=1, max_size=5))
def test_working_time_until_many_moments_is_that_until_each(calendar, several):
    found = calendar.working_micros_until(several)
    assert found == [calendar.working_micros_between(several[0], moment) for moment in several]


def test_what_starts_on_a_day_ends_together_and_what_starts_after_the_end_does_not():
    calendar = plain()
    for _ in range(2):
        asked = [calendar.add_working_days(at(f"2026-03-02T{hour}:00+08:00"), 0) for hour in ("09", "17", "23")]
        assert asked[0] == asked[1] == at("2026-03-02T18:00+08:00") < asked[2] == at("2026-03-03T18:00+08:00")
    for _ in range(2):
        kept = [
            calendar.add_working_days(at(f"2026-03-02T{hour}:00+08:00"), 1, "same_day", "midnight")
            for hour in ("09", "23")
        ]
        assert kept == [at("2026-03-03T00:00+08:00")] * 2
