"""The stretches of time behind a due date: what was counted, what was not, and why."""

import datetime as dt
from typing import NamedTuple

from amends.core.policy.clock_rules import ClockRule, Limit
from amends.core.working_time import SECOND, Segment, WorkingCalendar, merged, micros_of


class Paused(NamedTuple):
    """One pause; open while `to_at` is None."""

    from_at: dt.datetime
    to_at: dt.datetime | None
    reason: str


def segments_of(
    rule: ClockRule,
    limit: Limit | None,
    calendar: WorkingCalendar,
    start: dt.datetime,
    base: dt.datetime | None,
    original: dt.datetime | None,
    due: dt.datetime | None,
    pauses: list[Paused],
    until: dt.datetime,
) -> tuple[Segment, ...]:
    """Return the segments of a clock from its start to its due date, and on to `until` when that is later.

    They follow each other without gap or overlap. `base` is the due date without pauses, `original` without
    extensions. Without a due date the time is only measured.
    """
    if due is None or limit is None:
        return _cut([_elapsed(start, until, "measured")], pauses)
    found = list(_base_segments(rule, limit, calendar, start, base or due))
    if limit.is_amount:
        found = list(_cut(found, pauses))
    last = found[-1].to_at if found else start
    if original is not None and original > last:
        found += _cut(_shift_segments(limit, calendar, last, original), pauses)
    last = found[-1].to_at if found else start
    if due > last:
        found.append(Segment(last, due, "extended"))
    # A promise may name a time that was over when it was given: the clock is late from its first moment on.
    if until > max(start, due):
        found.append(_elapsed(max(start, due), until, "late"))
    return merged(found)


def segments_set_outside(start: dt.datetime, due: dt.datetime, until: dt.datetime) -> tuple[Segment, ...]:
    """Return the segments of a clock that a deadline from outside cuts short, and on to `until` when that is later."""
    found = [Segment(start, due, "set_outside")] if due > start else []
    return (*found, _elapsed(max(start, due), until, "late")) if until > due else tuple(found)


def _base_segments(
    rule: ClockRule, limit: Limit, calendar: WorkingCalendar, start: dt.datetime, base: dt.datetime
) -> tuple[Segment, ...]:
    if limit.working_days is not None:
        ends = rule.ends or "close_of_business"
        return calendar.explain_working_days(start, limit.working_days, rule.counts, ends)[1]
    if limit.working_hours is not None:
        return calendar.segments_between(start, base)
    if limit.calendar_days is not None:
        return _calendar_day_segments(rule, limit, calendar, start, base)
    if limit.is_amount:
        return (_elapsed(start, base, "elapsed"),)
    reason = "promised" if limit.promise else "month_day" if limit.month_day else "fixed_date"
    return (Segment(start, base, reason),) if base > start else ()


def _calendar_day_segments(
    rule: ClockRule, limit: Limit, calendar: WorkingCalendar, start: dt.datetime, base: dt.datetime
) -> tuple[Segment, ...]:
    days = limit.calendar_days or 0
    plain = calendar.add_calendar_days(start, days, rule.counts, "midnight")
    found, at = [], start
    if rule.counts == "from_next_day" and days:
        at = min(calendar.midnight_after(calendar.local_date(start)), base)
        found.append(Segment(start, at, "received_not_counted"))
    if min(plain, base) > at:
        found.append(Segment(at, min(plain, base), "calendar_days", None, None, {"days": days}))
    if base > plain:
        found.append(Segment(plain, base, "rolled"))
    return tuple(found)


def _shift_segments(limit: Limit, calendar: WorkingCalendar, start: dt.datetime, end: dt.datetime) -> list[Segment]:
    """Return the time by which pauses moved the due date."""
    if not limit.is_working:
        return [_elapsed(start, end, "carried_over")]
    return [
        part._replace(reason="carried_over") if part.counted else part for part in calendar.segments_between(start, end)
    ]


def _elapsed(start: dt.datetime, end: dt.datetime, reason: str) -> Segment:
    return Segment(start, end, reason, (micros_of(end) - micros_of(start)) // SECOND)


def _cut(segments: list[Segment], pauses: list[Paused]) -> tuple[Segment, ...]:
    """Return the segments with the pauses laid over them."""
    found: list[Segment] = []
    for segment in segments:
        at = segment.from_at
        for pause in pauses:
            begins, ends = max(pause.from_at, at), min(pause.to_at or segment.to_at, segment.to_at)
            if begins >= ends:
                continue
            if begins > at:
                found.append(_part(segment, at, begins))
            found.append(Segment(begins, ends, "paused", None, None, {"reason": pause.reason}))
            at = ends
        if at < segment.to_at:
            found.append(_part(segment, at, segment.to_at))
    return merged(found)


def _part(segment: Segment, start: dt.datetime, end: dt.datetime) -> Segment:
    if segment.counted is None or (start, end) == (segment.from_at, segment.to_at):
        return segment._replace(from_at=start, to_at=end)
    counted = (micros_of(end) - micros_of(start)) // SECOND if segment.counted else 0
    return segment._replace(from_at=start, to_at=end, counted=counted)
