"""Calendars, rules and events in a few words, for the tests of working time and clocks."""

import datetime as dt
from functools import cache
from pathlib import Path

import yaml

from amends.core.calendars import RegionYear, compose_calendar, read_region_year
from amends.core.clocks import ClockEvent
from amends.core.policy.clock_rules import ClockRule, PackCalendar
from amends.core.working_time import WorkingCalendar, read_spans

CALENDARS = Path(__file__).parents[2] / "calendars"
OFFICE = (("09:00", "12:00"), ("13:00", "18:00"))

PACK_CALENDAR = PackCalendar.model_validate(
    {
        "zone": "Asia/Shanghai",
        "region": "CN",
        "default": "office",
        "hours": {
            "office": {"week": {"mon-fri": ["09:00-12:00", "13:00-18:00"]}},
            "service": {"week": {"mon-sun": ["09:00-18:00"]}, "holidays": "ignore"},
            "always": {"week": {"mon-sun": ["00:00-24:00"]}, "holidays": "ignore"},
            "night": {"week": {"mon-sun": ["22:00-06:00"]}, "holidays": "ignore"},
        },
    }
)


@cache
def china_years() -> tuple[RegionYear, ...]:
    files = sorted((CALENDARS / "CN").glob("*.yaml"))
    return tuple(read_region_year(yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)) for file in files)


@cache
def china(hours: str = "office") -> WorkingCalendar:
    return compose_calendar(PACK_CALENDAR, hours, china_years(), tzdata_version="test")


@cache
def plain(zone: str = "Asia/Shanghai", *pairs: tuple[str, str]) -> WorkingCalendar:
    """A calendar of weekdays without holidays."""
    spans = read_spans(pairs or OFFICE)
    return WorkingCalendar(weekly=(spans,) * 5 + ((), ()), zone=zone)


@cache
def daily(zone: str, *pairs: tuple[str, str]) -> WorkingCalendar:
    return WorkingCalendar(weekly=(read_spans(pairs),) * 7, zone=zone)


def at(text: str) -> dt.datetime:
    """Beijing time unless the text names an offset."""
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone(dt.timedelta(hours=8)))


def event(seq: int, when: str, verb: str, state: str, **more: object) -> ClockEvent:
    moment = at(when)
    return ClockEvent(seq, moment, moment, verb, state, **more)


def clock(**content: object) -> ClockRule:
    """A clock from registration to closing unless said otherwise."""
    given = {
        "id": "handling",
        "title": {"zh-Hans": "处理时限", "en": "handling"},
        "start": "registered",
        "stop": "closed",
    }
    return ClockRule.model_validate({**given, **content})
