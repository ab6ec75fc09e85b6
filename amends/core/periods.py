"""Spans of days that figures are about, and the spans they are compared with."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from amends.core.refusals import FieldError, InvalidData

LONGEST_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `first` to `last`, both included. Raises InvalidData for an end before the start, and for more than ten years."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InvalidData([FieldError("/last", "period_ends_before_it_starts")])
        if self.days > LONGEST_DAYS:
            raise InvalidData([FieldError("/last", "period_too_long")])

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def is_whole_months(self) -> bool:
        """Whether it begins with the first day of a month and ends with the last one of a month."""
        return self.first.day == 1 and (self.last + timedelta(days=1)).day == 1

    def before(self) -> Period:
        """The span of the same length right before: as many months for whole months, else as many days."""
        if self.is_whole_months():
            months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
            return Period(_months_later(self.first, -months), self.first - timedelta(days=1))
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def a_year_before(self) -> Period:
        """The same days of the year before; the 29th of February becomes the 28th, and a month stays whole."""
        last = _months_later(self.last, -12)
        if self.is_whole_months():
            last = last.replace(day=calendar.monthrange(last.year, last.month)[1])
        return Period(_months_later(self.first, -12), last)

    def months(self) -> list[date]:
        """The first day of every month that it touches."""
        found, month = [], self.first.replace(day=1)
        while month <= self.last:
            found.append(month)
            month = _months_later(month, 1)
        return found


def month_of(day: date) -> Period:
    """The calendar month in which a day lies."""
    first = day.replace(day=1)
    return Period(first, _months_later(first, 1) - timedelta(days=1))


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
