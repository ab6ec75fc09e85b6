"""From holiday files and a pack's opening hours to a working calendar.

A region's year comes as the mapping that calendars/<region>/<year>.yaml holds; reading files is not done
here.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from amends.core.canonical import canonical_json, digest
from amends.core.policy.clock_rules import WEEKDAYS, HoursRule, PackCalendar
from amends.core.working_time import DayRule, Spans, WorkingCalendar, read_spans

YEAR_END_DAYS = 3
"""A notice may change the last three days of the year before it (29 December 2018 by the notice for 2019)."""


class CalendarError(ValueError):
    """Holiday years that do not fit together; the text says which."""


class HolidayDay(BaseModel):
    """One listed date: a day off, or a make-up working day; either names its holiday."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    date: dt.date
    closed: str | None = None
    open: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.closed is None) == (self.open is None):
            raise ValueError(f"{self.date}: say either closed or open, with the holiday")
        return self

    @property
    def holiday(self) -> str:
        """Return the code of the holiday that the day belongs to."""
        return self.closed or self.open or ""


class RegionYear(BaseModel):
    """The published holidays and make-up working days of a region's year; may list days of neighbouring
    years.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    region: str = Field(min_length=1)
    year: int = Field(ge=1900, le=2300)
    sources: tuple[str, ...] = ()
    holidays: dict[str, dict[str, str]] = {}
    days: tuple[HolidayDay, ...]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        dates = [day.date for day in self.days]
        doubled = sorted({date for date in dates if dates.count(date) > 1})
        if doubled:
            raise ValueError(f"listed twice: {', '.join(map(str, doubled))}")
        for day in self.days:
            if day.holiday not in self.holidays:
                raise ValueError(f"{day.date}: holiday {day.holiday!r} has no name")
            if abs(day.date.year - self.year) > 1:
                raise ValueError(f"{day.date} does not belong to {self.year} or a neighbouring year")
        return self


def read_region_year(content: Mapping[str, object]) -> RegionYear:
    """Return a region's year from the content of its file. Refuses with pydantic's ValidationError."""
    return RegionYear.model_validate(content)


def refuse_disagreement(years: Iterable[RegionYear]) -> None:
    """Refuse (`CalendarError`) years of a region of which one has a day off where another has people work."""
    said: dict[tuple[str, dt.date], tuple[bool, int]] = {}
    for year in years:
        for day in year.days:
            is_open, by = said.setdefault((year.region, day.date), (day.closed is None, year.year))
            if is_open != (day.closed is None):
                raise CalendarError(f"{year.region}: the years {by} and {year.year} disagree about {day.date}")


def compose_calendar(
    pack: PackCalendar, hours_name: str, years: Iterable[RegionYear], *, tzdata_version: str
) -> WorkingCalendar:
    """Return the working calendar of one of the pack's named hours under the region's published years.

    Its version is a hash of everything that decides a date, `tzdata_version` included. Years without a file
    count weekends only and make due dates provisional. Refuses (`CalendarError`) a year given twice or two
    years that disagree about a date.
    """
    hours = pack.hours_named(hours_name)
    zone = hours.zone or pack.zone
    weekly = tuple(read_spans(hours.week.get(day, ())) for day in WEEKDAYS)
    region = (hours.region or pack.region) if hours.holidays == "observe" else None
    used = [year for year in years if year.region == region]
    days = {**_public_days(used, weekly, hours), **_own_days(hours)}
    published = frozenset(year.year for year in used) if region else None
    return WorkingCalendar(
        weekly=weekly,
        zone=zone,
        days=days,
        published_years=published,
        year_end_days=YEAR_END_DAYS,
        version=_version(weekly, zone, days, published, tzdata_version),
    )


def days_that_differ(old: WorkingCalendar, new: WorkingCalendar) -> list[dt.date]:
    """Return the dates whose hours or standing differ between two calendars of the same weekly hours, in
    order.
    """
    dates = {*old.days, *new.days}
    return sorted(date for date in dates if _standing(old, date) != _standing(new, date))


def _standing(calendar: WorkingCalendar, date: dt.date) -> tuple[Spans, str]:
    return calendar.spans_on(date), calendar.kind_of(date)


def _public_days(years: Iterable[RegionYear], weekly: tuple[Spans, ...], hours: HoursRule) -> dict[dt.date, DayRule]:
    makeup = read_spans(hours.makeup) or next(spans for spans in weekly if spans)
    days: dict[dt.date, DayRule] = {}
    seen: set[int] = set()
    for year in sorted(years, key=lambda year: year.year):
        if year.year in seen:
            raise CalendarError(f"{year.region} {year.year} is given twice")
        seen.add(year.year)
        for day in year.days:
            rule = _day_rule(day, year, makeup)
            if days.setdefault(day.date, rule).kind != rule.kind:
                raise CalendarError(f"{day.date}: the files of two years disagree")
    return days


def _day_rule(day: HolidayDay, year: RegionYear, makeup: Spans) -> DayRule:
    name = year.holidays[day.holiday]
    return DayRule("holiday", (), name) if day.closed else DayRule("makeup", makeup, name)


def _own_days(hours: HoursRule) -> dict[dt.date, DayRule]:
    return {
        day.date: DayRule("closed" if day.closed else "special_hours", read_spans(day.hours), day.title)
        for day in hours.days
    }


def _version(
    weekly: tuple[Spans, ...],
    zone: str,
    days: Mapping[dt.date, DayRule],
    published: frozenset[int] | None,
    tzdata_version: str,
) -> str:
    content = {
        "weekly": weekly,
        "zone": zone,
        "tzdata": tzdata_version,
        "published": published,
        "days": {date.isoformat(): [rule.kind, rule.spans, dict(rule.name)] for date, rule in days.items()},
    }
    return digest(canonical_json(content), "calendar")
