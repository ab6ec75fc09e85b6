"""More time on a clock: applied for before it is due, limited in number and in length; the first due date stays beside the new one."""

from __future__ import annotations

import datetime as dt

from amends.core.clocks import ClockReading, as_time
from amends.core.policy.base import Title
from amends.core.policy.clock_rules import Amount, ClockRule
from amends.core.refusals import FieldError, InvalidData
from amends.core.working_time import WorkingCalendar

UNTIL = "extended_until"
"""The field with the last day of the time asked for."""

DUE_BEFORE = "due_before"
"""The fact that keeps when the clock was due before."""


def granted_until(
    rule: ClockRule,
    running: ClockReading | None,
    *,
    wanted: str,
    calendar: WorkingCalendar,
    now: dt.datetime,
    in_time: bool,
) -> dt.datetime:
    """When the clock is due once it is given the time until the day `wanted`.

    Raises InvalidData at the field when the clock does not run, was extended too often, the day is not later than the present
    due date or goes beyond what the policy allows; with `in_time` also when the clock is due already.
    """
    title = Title.model_validate(rule.title)
    if running is None or running.due_at is None or rule.extend is None:
        raise _refused("clock_not_running", clock=title)
    if running.extensions >= rule.extend.times:
        raise _refused("extensions_used_up", clock=title, limit=rule.extend.times)
    if in_time and now >= running.due_at:
        raise _refused("extension_past_due", clock=title, due=calendar.local(running.due_at))
    due = _end_of_day(rule, running, wanted, calendar)
    if due <= running.due_at:
        raise _refused("extension_not_later", due=calendar.local(running.due_at))
    latest = _latest(rule.extend.at_most, running, calendar)
    if latest is not None and due > latest:
        raise _refused("extension_too_far", limit=calendar.local(latest))
    return due


def _refused(code: str, **params: object) -> InvalidData:
    return InvalidData([FieldError(f"/{UNTIL}", code, params)])


def _end_of_day(rule: ClockRule, running: ClockReading, wanted: str, calendar: WorkingCalendar) -> dt.datetime:
    """The end of the day, as the clock itself ends its days."""
    given = as_time(wanted)
    if isinstance(given, dt.datetime):
        return given.astimezone(dt.UTC)
    if given is None:
        raise _refused("bad_date", field=Title.model_validate(rule.title))
    ends = rule.ends or ("close_of_business" if running.measure == "working" else "midnight")
    return calendar.end_of_date(given, ends, rule.roll, running.due_at)


def _latest(at_most: Amount | None, running: ClockReading, calendar: WorkingCalendar) -> dt.datetime | None:
    """The latest due date that the policy allows, counted from the first one."""
    first = running.original_due_at
    if at_most is None or first is None:
        return None
    if at_most.unit == "working_days":
        return calendar.add_working_days(first, at_most.number, "from_next_day", "close_of_business")
    if at_most.unit == "calendar_days":
        return calendar.add_calendar_days(first, at_most.number, "from_next_day", "midnight")
    if at_most.unit == "working_hours":
        return calendar.add_working_time(first, at_most.number * 3600)
    return first + dt.timedelta(**{at_most.unit: at_most.number})
