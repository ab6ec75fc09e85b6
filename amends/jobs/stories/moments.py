"""When the steps of a story happen: spans of working time and of the clock, read back from today."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from amends.core.working_time import WorkingCalendar

_SPAN = re.compile(r"(?P<sign>[+-]?)(?P<n>\d{1,4})(?P<unit>m|h|wh|wd|d)(?: (?P<hour>\d{1,2}):(?P<minute>\d{2}))?")
_CLOCK_UNITS = {"m": 60, "h": 3600}


class BadSpan(ValueError):
    """A time that nobody understands."""


@dataclass(frozen=True, slots=True)
class Span:
    """A number of minutes, hours, working hours, working days or days, and for days the time of the day."""

    count: int
    unit: str
    seconds: int | None

    @property
    def is_of_days(self) -> bool:
        return self.unit in ("wd", "d")


def read_span(text: str) -> Span:
    """`25m`, `3h`, `2wh`, `1wd 10:30`, `-2d 21:15`. Raises BadSpan."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise BadSpan(text)
    seconds = None if found["hour"] is None else int(found["hour"]) * 3600 + int(found["minute"]) * 60
    count = int(found["n"]) * (-1 if found["sign"] == "-" else 1)
    if seconds is not None and (found["unit"] not in ("wd", "d") or seconds >= 24 * 3600):
        raise BadSpan(text)
    return Span(count, found["unit"], seconds)


def first_moment(text: str, *, now: datetime, calendar: WorkingCalendar) -> datetime:
    """When a story began: `34wd 09:12` is 34 working days before today, `12d 21:40` as many days, `25m` before now."""
    span = read_span(text)
    if not span.is_of_days:
        return now - timedelta(seconds=span.count * _seconds_of(span, text))
    if span.seconds is None or span.count < 1:
        raise BadSpan(text)
    day = _day_from(now, -span.count, span.unit, calendar)
    return calendar.moment_at(day, span.seconds)


def next_moment(text: str, *, before: datetime, calendar: WorkingCalendar) -> datetime:
    """When the next step follows: `0wd 15:20` is later the same day, `2wh` counts working hours."""
    span = read_span(text)
    moment = moment_from(span, before, calendar, text)
    if moment <= before:
        raise BadSpan(text)
    return moment


def moment_from(span: Span, at: datetime, calendar: WorkingCalendar, text: str = "") -> datetime:
    """The moment that lies a span after `at`, or before it for a negative one."""
    if span.unit == "wh":
        return calendar.add_working_time(at, span.count * 3600)
    if not span.is_of_days:
        return at + timedelta(seconds=span.count * _seconds_of(span, text))
    if span.seconds is None:
        raise BadSpan(text)
    return calendar.moment_at(_day_from(at, span.count, span.unit, calendar), span.seconds)


def day_from(text: str, *, at: datetime, calendar: WorkingCalendar) -> date:
    """The day that lies some days or working days from a moment."""
    span = read_span(text)
    if not span.is_of_days:
        raise BadSpan(text)
    return _day_from(at, span.count, span.unit, calendar)


def _day_from(at: datetime, count: int, unit: str, calendar: WorkingCalendar) -> date:
    if unit == "d" or count == 0:
        return calendar.local_date(at) + timedelta(days=count)
    return calendar.local_date(calendar.shift_working_days(at, count))


def _seconds_of(span: Span, text: str) -> int:
    if span.unit not in _CLOCK_UNITS:
        raise BadSpan(text)
    return _CLOCK_UNITS[span.unit]
