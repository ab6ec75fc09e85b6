"""Clocks: what the policy's time limits say about a case, read from its events and nothing else.

A reading is a pure function of rule, events, calendar and `now`.

A limit is half-open: stopped before it is due the clock was kept; at the due moment itself it is broken.
"""

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from amends.core.canonical import canonical_json
from amends.core.clock_fold import (
    GAP,
    ClockEvent,
    Known,
    Run,
    StopCause,
    as_time,
    runs_of,
    steps_of,
)
from amends.core.clock_segments import Paused, segments_of, segments_set_outside
from amends.core.policy.clock_rules import STEP, Amount, ClockRule, LadderStep, Limit
from amends.core.working_time import SECOND, NaiveTimeError, Segment, WorkingCalendar, micros_of, moment_of

__all__ = [
    "ClockEvent",
    "ClockReading",
    "DueChange",
    "Known",
    "LadderMoment",
    "may_extend",
    "promises_of",
    "read_clock",
    "readings",
    "readings_text",
    "steps_to_take",
]

Status = Literal["running", "paused", "kept", "broken", "stopped_no_limit"]
_HOUR = 3600 * SECOND
_DAY = 24 * _HOUR
_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)


class DueChange(NamedTuple):
    """A due date that held for a while: from which event on, and why."""

    seq: int
    at: dt.datetime
    due_at: dt.datetime | None
    cause: Literal["started", "reclassified", "extended"]


class LadderMoment(NamedTuple):
    """One step of the ladder at its moment. `key` is the same in every reading, so each step happens once."""

    key: str
    at: dt.datetime
    tell_at: dt.datetime
    step: LadderStep


class ClockReading(NamedTuple):
    """What one instance of a clock says at `now`; durations are microseconds of its own counted time.

    `left` is negative when late. `due_at` is when it falls due if nothing else happens: None without a
    limit or in a pause without a cap. `original_due_at` leaves extensions out; `kept_original` judges by
    that date.
    """

    rule: ClockRule
    cycle: int
    n: int
    started_at: dt.datetime
    start_seq: int
    starts_case: bool
    due_at: dt.datetime | None
    original_due_at: dt.datetime | None
    stopped_at: dt.datetime | None
    stop_seq: int | None
    stop_cause: StopCause | None
    breached_at: dt.datetime | None
    status: Status
    kept_original: bool | None
    spent: int
    left: int | None
    paused_total: int
    measure: Literal["elapsed", "working"]
    provisional: bool
    limit: Limit | None
    choice: str | None
    clause: tuple[str, ...]
    zone: str
    calendar_version: str
    extensions: int
    due_history: tuple[DueChange, ...]
    ladder: tuple[LadderMoment, ...]
    next_at: dt.datetime | None
    segments: tuple[Segment, ...] = ()

    @property
    def rule_id(self) -> str:
        return self.rule.id

    @property
    def key(self) -> str:
        """Return the name of this instance: rule, cycle and number."""
        return f"{self.rule_id}/{self.cycle}/{self.n}"

    def as_data(self) -> dict[str, Any]:
        """Return the reading as plain data for the API, the cache and canonical JSON."""
        return {
            "clock": self.rule_id,
            "cycle": self.cycle,
            "n": self.n,
            "status": self.status,
            "started_at": self.started_at,
            "due_at": self.due_at,
            "original_due_at": self.original_due_at,
            "stopped_at": self.stopped_at,
            "stop_cause": self.stop_cause,
            "breached_at": self.breached_at,
            "kept_original": self.kept_original,
            "spent_seconds": self.spent // SECOND,
            "left_seconds": None if self.left is None else self.left // SECOND,
            "paused_seconds": self.paused_total // SECOND,
            "measure": self.measure,
            "provisional": self.provisional,
            "choice": self.choice,
            "clause": self.clause,
            "zone": self.zone,
            "calendar_version": self.calendar_version,
            "extensions": self.extensions,
            "due_history": [
                {"seq": change.seq, "at": change.at, "due_at": change.due_at, "cause": change.cause}
                for change in self.due_history
            ],
            "ladder": [
                {
                    "key": moment.key,
                    "at": moment.at,
                    "tell_at": moment.tell_at,
                    "tell": moment.step.tell,
                    "marks": moment.step.marks,
                }
                for moment in self.ladder
            ],
            "next_at": self.next_at,
            "segments": [segment._asdict() for segment in self.segments],
        }


# -- the reading -------------------------------------------------------------------------------


def read_clock(
    rule: ClockRule,
    events: Iterable[ClockEvent],
    calendar: WorkingCalendar,
    now: dt.datetime,
    *,
    with_segments: bool = True,
) -> list[ClockReading]:
    """Return what a clock says at `now`: one reading for each instance, oldest first.

    Order comes from `seq`, never from times. Refuses naive times. For many clocks of a case see `clockwork`.
    """
    return readings(runs_of(rule, steps_of(events)), rule, calendar, now, with_segments=with_segments)


def readings(
    runs: Iterable[Run],
    rule: ClockRule,
    calendar: WorkingCalendar,
    now: dt.datetime,
    *,
    with_segments: bool = True,
) -> list[ClockReading]:
    """Return the readings of a folded clock at `now`; instances to which the clock does not apply are left
    out.
    """
    if now.tzinfo is None:
        raise NaiveTimeError(f"time without offset: {now}")
    return [_reading(run, rule, calendar, now, with_segments) for run in runs if run.applies]


def _reading(
    run: Run, rule: ClockRule, calendar: WorkingCalendar, now: dt.datetime, with_segments: bool
) -> ClockReading:
    change = run.changes[-1]
    limit = change.limit
    dates = _dates(run, rule, calendar)
    span, pauses, resumes_at = dates.span, dates.pauses, dates.resumes_at
    due, original, base, is_capped = dates.due, dates.original, dates.base, dates.is_capped
    until = run.stopped_at or max(now.astimezone(dt.UTC), run.started_at)
    paused = _paused_before(until, pauses, span)
    spent = span.of(run.started_at, until) - paused
    budget = _budget(run, base, original, due, pauses, span)
    status = _status(run, due, pauses, now)
    ladder = _ladder(run, rule, due, budget, pauses, span) if due is not None else ()
    segments: tuple[Segment, ...] = ()
    if with_segments and due is not None and is_capped:
        segments = segments_set_outside(run.started_at, due, until)
    elif with_segments:
        segments = segments_of(rule, limit, calendar, run.started_at, base, original, due, pauses, until)
    return ClockReading(
        rule=rule,
        cycle=run.cycle,
        n=run.n,
        started_at=run.started_at,
        start_seq=run.start_seq,
        starts_case=run.starts_case,
        due_at=due,
        original_due_at=original,
        stopped_at=run.stopped_at,
        stop_seq=run.stop_seq,
        stop_cause=run.stop_cause,
        breached_at=due if status == "broken" else None,
        status=status,
        kept_original=_was_kept(run, original, until),
        spent=spent,
        left=_left(limit, budget, spent, until, due, span),
        paused_total=paused,
        measure="working" if span.working else "elapsed",
        provisional=_is_provisional(run, rule, limit, due, calendar),
        limit=limit,
        choice=change.choice,
        clause=(limit.clause if limit is not None else ()) or rule.clause,
        zone=calendar.zone,
        calendar_version=calendar.version,
        extensions=len(run.extensions),
        due_history=_history(run, rule, calendar, pauses, due if is_capped else base),
        ladder=ladder,
        next_at=None if run.stopped_at else _next_at(now, due, ladder, resumes_at),
        segments=segments,
    )


def _earlier(due: dt.datetime | None, latest: dt.datetime | None) -> dt.datetime | None:
    """Return the due date, or the one set from outside where that is earlier or the only one."""
    return min((moment for moment in (due, latest) if moment is not None), default=None)


def _paused_before(until: dt.datetime, pauses: list[Paused], span: "_Span") -> int:
    return sum(span.of(pause.from_at, min(pause.to_at or _NEVER, until)) for pause in pauses if pause.from_at < until)


def _left(
    limit: Limit | None, budget: int | None, spent: int, until: dt.datetime, due: dt.datetime | None, span: "_Span"
) -> int | None:
    if limit is not None and due is not None and not limit.is_amount:
        return span.of(until, due)
    return None if budget is None else budget - spent


def _was_kept(run: Run, original: dt.datetime | None, until: dt.datetime) -> bool | None:
    """Tell whether the date without extensions was kept; None while that is still open."""
    if original is None or (run.stopped_at is None and until < original):
        return None
    return until < original


class _Span:
    """The clock's own measure: working time or plain elapsed time, in microseconds."""

    __slots__ = ("calendar", "working")

    def __init__(self, calendar: WorkingCalendar, working: bool) -> None:
        self.calendar = calendar
        self.working = working

    def of(self, a: dt.datetime, b: dt.datetime) -> int:
        if self.working:
            return self.calendar.working_micros_between(a, b)
        return micros_of(b) - micros_of(a)

    def after(self, start: dt.datetime, amount: int) -> dt.datetime:
        if self.working:
            return self.calendar.add_working_time(start, dt.timedelta(0, 0, amount))
        return moment_of(micros_of(start) + amount)


class _Dates(NamedTuple):
    """The dates of one instance, and what they rest on; `is_capped` tells that a date set from outside governs."""

    span: _Span
    pauses: list[Paused]
    resumes_at: dt.datetime | None
    base: dt.datetime | None
    original: dt.datetime | None
    due: dt.datetime | None
    is_capped: bool


def _dates(run: Run, rule: ClockRule, calendar: WorkingCalendar) -> _Dates:
    change = run.changes[-1]
    limit = change.limit
    span = _Span(calendar, limit is not None and limit.is_working)
    pauses, resumes_at = _effective(run, rule, calendar)
    base = _base_due(limit, change.fixed, run.started_at, rule, calendar)
    latest = _fixed_due(change.latest, rule, calendar)
    original = _shifted(base, pauses, limit, rule, span)
    due = _extended(original, run)
    if latest is not None and (due is None or latest < due):
        return _Dates(span, pauses, resumes_at, None, _earlier(original, latest), latest, True)
    return _Dates(span, pauses, resumes_at, base, original, due, False)


def due_of(run: Run, rule: ClockRule, calendar: WorkingCalendar) -> dt.datetime | None:
    """Return when an instance falls due if nothing else happens, as its reading has it."""
    change = run.changes[-1]
    if run.pauses or run.extensions or change.latest is not None:
        return _dates(run, rule, calendar).due
    return _base_due(change.limit, change.fixed, run.started_at, rule, calendar)


def _base_due(
    limit: Limit | None,
    fixed: str | None,
    start: dt.datetime,
    rule: ClockRule,
    calendar: WorkingCalendar,
) -> dt.datetime | None:
    """Return when a clock would fall due without pauses and extensions."""
    if limit is None or limit.unset or limit.blank:
        return None
    if limit.working_days is not None:
        ends = rule.ends or "close_of_business"
        return calendar.add_working_days(start, limit.working_days, rule.counts, ends)
    if limit.calendar_days is not None:
        ends = rule.ends or "midnight"
        return calendar.add_calendar_days(start, limit.calendar_days, rule.counts, ends, rule.roll)
    if limit.working_hours is not None:
        return calendar.add_working_time(start, limit.working_hours * 3600)
    if limit.month_day is not None:
        date = _month_date(limit, calendar.local_date(start))
        return calendar.end_of_date(date, rule.ends or "midnight", rule.roll)
    if limit.until or limit.promise:
        return _fixed_due(fixed, rule, calendar)
    return start.astimezone(dt.UTC) + dt.timedelta(hours=limit.hours or 0, minutes=limit.minutes or 0)


def _fixed_due(fixed: str | None, rule: ClockRule, calendar: WorkingCalendar) -> dt.datetime | None:
    time = as_time(fixed)
    if time is None or isinstance(time, dt.datetime):
        return time
    return calendar.end_of_date(time, rule.ends or "midnight", rule.roll)


def _month_date(limit: Limit, start: dt.date) -> dt.date:
    years, month = divmod(start.month - 1 + limit.months, 12)
    first = dt.date(start.year + years, month + 1, 1)
    length = ((first + dt.timedelta(31)).replace(day=1) - first).days
    date = first.replace(day=min(limit.month_day or 1, length))
    return date if limit.inclusive else date - dt.timedelta(1)


def _effective(run: Run, rule: ClockRule, calendar: WorkingCalendar) -> tuple[list[Paused], dt.datetime | None]:
    """Return the pauses after caps, neighbours joined, and when an open one ends by itself."""
    joined: list[Paused] = []
    for pause in run.pauses:
        last = joined[-1] if joined else None
        if last is not None and last.to_at == pause.from_at and (last.reason == GAP) == (pause.reason == GAP):
            joined[-1] = Paused(last.from_at, pause.to_at, pause.reason)
        elif pause.to_at is None or pause.to_at > pause.from_at:
            joined.append(pause)
    if rule.pause is None:
        return joined, None
    found: list[Paused] = []
    total = _cap_of(rule.pause.cap.total, calendar)
    each = _cap_of(rule.pause.cap.each, calendar)
    used = 0
    for pause in joined:
        ends = [pause.to_at or _NEVER]
        if pause.reason != GAP:
            if each is not None:
                ends.append(each[0].after(pause.from_at, each[1]))
            if total is not None:
                ends.append(total[0].after(pause.from_at, max(total[1] - used, 0)))
        end = min(ends)
        if total is not None and pause.reason != GAP and end != _NEVER:
            used += total[0].of(pause.from_at, end)
        if end > pause.from_at:
            found.append(Paused(pause.from_at, None if end == _NEVER else end, pause.reason))
    is_open = bool(joined) and joined[-1].to_at is None and found and found[-1].from_at == joined[-1].from_at
    return found, found[-1].to_at if is_open else None


def _cap_of(cap: Amount | None, calendar: WorkingCalendar) -> tuple[_Span, int] | None:
    """Return a cap as an additive measure: a working day is the calendar's standard day of working time."""
    if cap is None:
        return None
    size = {
        "minutes": 60 * SECOND,
        "hours": _HOUR,
        "calendar_days": _DAY,
        "working_hours": _HOUR,
        "working_days": calendar.standard_day * SECOND,
    }[cap.unit]
    return _Span(calendar, cap.unit in ("working_hours", "working_days")), cap.number * size


def _shifted(
    base: dt.datetime | None, pauses: list[Paused], limit: Limit | None, rule: ClockRule, span: _Span
) -> dt.datetime | None:
    """Return the due date moved by the counted time of each pause that began before it; None in an endless
    pause.
    """
    if base is None or limit is None or not limit.is_amount:
        return base
    due, shift = base, 0
    for pause in pauses:
        if pause.from_at >= due:
            break
        if pause.to_at is None:
            return None
        shift += span.of(pause.from_at, pause.to_at)
        due = _after_shift(base, shift, rule, span)
    return due


def _after_shift(base: dt.datetime, shift: int, rule: ClockRule, span: _Span) -> dt.datetime:
    if not shift:
        return base
    due = span.after(base, shift)
    if not span.working or rule.ends != "midnight":
        return due
    # Whole paused days leave the end of a day at its midnight, not at its close of business.
    date = span.calendar.local_date(due)
    is_close = span.calendar.is_working(date) and span.calendar.close_of(date) == due
    return span.calendar.midnight_after(date) if is_close else due


def _extended(original: dt.datetime | None, run: Run) -> dt.datetime | None:
    """Return the due date with the latest extension; an extension never shortens."""
    if not run.extensions or original is None and run.pauses and run.pauses[-1].to_at is None:
        return original
    granted = run.extensions[-1][2]
    return granted if original is None else max(original, granted)


def _budget(
    run: Run,
    base: dt.datetime | None,
    original: dt.datetime | None,
    due: dt.datetime | None,
    pauses: list[Paused],
    span: _Span,
) -> int | None:
    if base is None and due is None:
        return None
    if due is None or due == original and base is not None:
        return span.of(run.started_at, base or run.started_at)
    return span.of(run.started_at, due) - _paused_before(due, pauses, span)


def _status(run: Run, due: dt.datetime | None, pauses: list[Paused], now: dt.datetime) -> Status:
    if run.stopped_at is not None:
        if due is None:
            return "stopped_no_limit"
        return "kept" if run.stopped_at < due else "broken"
    if due is not None and now >= due:
        return "broken"
    is_paused = any(pause.from_at <= now and (pause.to_at is None or now < pause.to_at) for pause in pauses)
    return "paused" if is_paused else "running"


def _is_provisional(
    run: Run, rule: ClockRule, limit: Limit | None, due: dt.datetime | None, calendar: WorkingCalendar
) -> bool:
    if limit is None or due is None:
        return False
    leans = limit.is_working or rule.roll != "none" or rule.ends == "close_of_business"
    leans = leans and limit.shape not in ("hours", "minutes")
    return leans and calendar.leans_on_unpublished_year(run.started_at, due)


def _history(
    run: Run, rule: ClockRule, calendar: WorkingCalendar, pauses: list[Paused], base: dt.datetime | None
) -> tuple[DueChange, ...]:
    """Return every due date that held, oldest first, each with the pauses that were over by then."""
    if len(run.changes) == 1 and not run.extensions:
        return (DueChange(run.start_seq, run.started_at, base, "started"),)
    found = []
    for i, change in enumerate(run.changes):
        over = [pause for pause in pauses if pause.to_at is not None and pause.to_at <= change.at]
        limit = change.limit
        due = _base_due(limit, change.fixed, run.started_at, rule, calendar)
        due = _shifted(due, over, limit, rule, _Span(calendar, limit is not None and limit.is_working))
        due = _earlier(due, _fixed_due(change.latest, rule, calendar))
        found.append(DueChange(change.seq, change.at, due, "reclassified" if i else "started"))
    found += [DueChange(seq, at, due, "extended") for seq, at, due in run.extensions]
    return tuple(sorted(found, key=lambda change: change.seq))


# -- the ladder --------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _step_of(text: str) -> tuple[str, int]:
    """Return unit (percent, elapsed, working, working_day, calendar_day) and signed amount of a ladder
    step.
    """
    match = STEP.match(text)
    if match is None:
        raise ValueError(f"not a moment of a clock: {text!r}")
    if match["percent"]:
        return "percent", int(match["percent"])
    amount = int(match["amount"]) * (-1 if match["sign"] == "-" else 1)
    unit = match["unit"].rstrip("s")
    if unit in ("working_day", "calendar_day"):
        return unit, amount
    size = 60 * SECOND if unit in ("m", "min", "minute") else _HOUR
    return ("working" if unit == "working_hour" else "elapsed"), amount * size


def _ladder(
    run: Run, rule: ClockRule, due: dt.datetime, budget: int | None, pauses: list[Paused], span: _Span
) -> tuple[LadderMoment, ...]:
    found = []
    for step in rule.ladder:
        at = _moment_of_step(step.at, run.started_at, due, budget or 0, pauses, span)
        # A step that would lie before the start is left out: no reminder at once, none from the past.
        if at <= run.started_at and at != due:
            continue
        if run.stopped_at is not None and at > run.stopped_at:
            continue
        tell_at = at if step.delivery == "at_once" else _in_working_hours(at, span.calendar)
        key = f"{rule.id}/{run.cycle}/{run.n}/{step.at.replace(' ', '')}"
        found.append(LadderMoment(key, at, tell_at, step))
    return tuple(sorted(found, key=lambda moment: (moment.at, moment.key)))


def _in_working_hours(at: dt.datetime, calendar: WorkingCalendar) -> dt.datetime:
    """Return the moment itself in working hours, their last moment included, else the next opening."""
    if calendar.is_open_at(moment_of(micros_of(at) - 1)):
        return at
    return calendar.next_working_moment(at)


def _moment_of_step(
    text: str, start: dt.datetime, due: dt.datetime, budget: int, pauses: list[Paused], span: _Span
) -> dt.datetime:
    unit, amount = _step_of(text)
    if unit == "percent":
        if amount == 100 or budget <= 0:
            return due
        part = budget * amount // 100
        return _moment_when_spent(part, start, pauses, span) if amount < 100 else span.after(due, part - budget)
    if unit == "working":
        return span.calendar.add_working_time(due, dt.timedelta(0, 0, amount))
    if unit == "working_day":
        return span.calendar.shift_working_days(due, amount)
    if unit == "calendar_day":
        local = span.calendar.local(due)
        seconds = local.hour * 3600 + local.minute * 60 + local.second
        return span.calendar.moment_at(local.date() + dt.timedelta(amount), seconds)
    return moment_of(micros_of(due) + amount)


def _moment_when_spent(part: int, start: dt.datetime, pauses: list[Paused], span: _Span) -> dt.datetime:
    at, shift = span.after(start, part), 0
    for pause in pauses:
        if pause.from_at >= at or pause.to_at is None:
            break
        shift += span.of(pause.from_at, pause.to_at)
        at = span.after(start, part + shift)
    return at


def _next_at(
    now: dt.datetime,
    due: dt.datetime | None,
    ladder: tuple[LadderMoment, ...],
    resumes_at: dt.datetime | None,
) -> dt.datetime | None:
    moments = [moment.at for moment in ladder]
    moments += [moment for moment in (due, resumes_at) if moment is not None]
    return min((moment for moment in moments if moment > now), default=None)


# -- questions about readings -------------------------------------------------------------------


def steps_to_take(reading: ClockReading, now: dt.datetime, taken: Iterable[str]) -> list[LadderMoment]:
    """Return the ladder steps that have come by `now` and are not among the keys already taken, oldest first.

    Nobody is reminded of a clock that has stopped; what marks it late is still taken.
    """
    done = set(taken)
    return [
        moment
        for moment in reading.ladder
        if moment.at <= now and moment.key not in done and (reading.stopped_at is None or moment.step.marks)
    ]


def promises_of(found: Iterable[ClockReading]) -> dict[str, int]:
    """Return how many promises (or other repeated duties) were kept, broken and are still open."""
    counts = {"kept": 0, "broken": 0, "open": 0}
    for reading in found:
        counts[reading.status if reading.status in counts else "open"] += 1
    return counts


def may_extend(rule: ClockRule, reading: ClockReading, now: dt.datetime) -> bool:
    """Tell whether an extension may still be applied for: allowed, before due, and not too often."""
    allowed = rule.extend is not None and reading.extensions < rule.extend.times
    return allowed and reading.stopped_at is None and reading.due_at is not None and now < reading.due_at


def readings_text(found: Iterable[ClockReading]) -> str:
    """Return readings as canonical JSON: the form in which they are compared."""
    return canonical_json([reading.as_data() for reading in found])
