"""Spans of days that figures are about, and the spans they are compared with."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

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

    @classmethod
    def of_texts(cls, first: str, last: str) -> Period:
        """The span between two days as they are stored."""
        return cls(date.fromisoformat(first[:10]), date.fromisoformat(last[:10]))

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


def begun(period: Period, today: date, *, at: str = "/from") -> Period:
    """The same period. Raises InvalidData at a field for one that begins after today: its figures would read as if nothing had happened in it."""
    if period.first > today:
        raise InvalidData([FieldError(at, "period_not_begun")])
    return period


def month_of(day: date) -> Period:
    """The calendar month in which a day lies."""
    first = day.replace(day=1)
    return Period(first, _months_later(first, 1) - timedelta(days=1))


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


Rhythm = Literal["ten_days", "week", "month"]
"""How often something is handed in: by 旬 (1st to 10th, 11th to 20th, 21st to the end of the month), by week from Monday, by month."""


def period_around(day: date, every: Rhythm) -> Period:
    """The period of the rhythm in which a day lies. Source: SVC-3.2a"""
    if every == "week":
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + timedelta(days=6))
    month = month_of(day)
    if every == "month":
        return month
    if day.day > 20:
        return Period(day.replace(day=21), month.last)
    first = day.replace(day=1 if day.day <= 10 else 11)
    return Period(first, first + timedelta(days=9))


_CALLED = {
    "month": "%(year)s年%(month)s月", "week": "%(year)s年%(month)s月%(day)s日当周",
    1: "%(year)s年%(month)s月上旬", 11: "%(year)s年%(month)s月中旬", 21: "%(year)s年%(month)s月下旬",
}  # fmt: skip


def name_of(period: Period, every: Rhythm) -> tuple[str, str]:
    """What a period of the rhythm is called, in Chinese and in English: 2026年11月中旬, 11 to 20 November 2026."""
    first, last = period.first, period.last
    called = _CALLED[first.day if every == "ten_days" else every]
    chinese = called % {"year": first.year, "month": first.month, "day": first.day}
    if every == "month":
        return chinese, f"{first:%B %Y}"
    return chinese, f"{first.day}{f' {first:%B}' if every == 'week' else ''} to {last.day} {last:%B %Y}"
