"""Clocks: what the policy's time limits say about a case, read from its events and nothing else.

A reading is a pure function of rule, events, calendar and `now`. `ClockState` is the same fold held open:
advanced event by event it gives the same readings, to the byte, as a rebuild.

A limit is half-open: stopped before it is due the clock was kept; at the due moment itself it is broken.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

from amends.core.canonical import canonical_json, utc_text
from amends.core.clock_segments import Paused, segments_of
from amends.core.policy.clock_rules import STEP, Amount, ClockRule, LadderStep, Limit, Trigger
from amends.core.working_time import (
    SECOND,
    NaiveTimeError,
    Segment,
    WorkingCalendar,
    WorkingTimeError,
    micros_of,
    moment_of,
)

Status = Literal["running", "paused", "kept", "broken", "stopped_no_limit"]
StopCause = Literal["stop", "restart", "ended", "reopened"]
DecideWhen = Callable[[Mapping[str, Any], "Known"], bool]

EXTENSION = "extension"
"""Key of an event's values that extends a clock: {clock: id, due_at: time}."""
EVIDENCE = "pause_evidence"
"""Key of an event's values that shows evidence for a pause."""
GAP = "closed_meanwhile"
"""Reason of the uncounted time between closing and reopening in a clock of the whole life."""

_HOUR = 3600 * SECOND
_DAY = 24 * _HOUR
_NEVER = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class ClockEvent:
    """One event as a clock sees it. `state` is the state after it, `values` the facts that it set.

    `pause_reason` asks for a pause, `resumes` ends one; `done` tells that the state after it ends the case.
    """

    seq: int
    at: dt.datetime
    recorded_at: dt.datetime
    verb: str
    state: str
    cycle: int = 1
    round: int = 1
    values: Mapping[str, Any] = field(default_factory=dict)
    pause_reason: str | None = None
    resumes: bool = False
    done: bool = False


@dataclass(frozen=True, slots=True)
class DueChange:
    """A due date that held for a while: from which event on, and why."""

    seq: int
    at: dt.datetime
    due_at: dt.datetime | None
    cause: Literal["started", "reclassified", "extended"]


@dataclass(frozen=True, slots=True)
class LadderMoment:
    """One step of the ladder at its moment. `key` is the same in every reading, so each step happens once."""

    key: str
    at: dt.datetime
    tell_at: dt.datetime
    step: LadderStep


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What one instance of a clock says at `now`; durations are microseconds of its own counted time.

    `left` is negative when late. `due_at` is when it falls due if nothing else happens: None without a
    limit or in a pause without a cap. `original_due_at` leaves extensions out; `kept_original` judges by
    that date.
    """

    rule_id: str
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


@dataclass(frozen=True, slots=True)
class _Change:
    """From this event on this limit holds; `fixed` is the date or time that a field gave, as text."""

    seq: int
    at: dt.datetime
    limit: Limit | None
    choice: str | None
    fixed: str | None


@dataclass(slots=True)
class _Run:
    """One instance of a clock as folded so far."""

    cycle: int
    n: int
    started_at: dt.datetime
    start_seq: int
    starts_case: bool
    changes: list[_Change]
    applies: bool = True
    pauses: list[Paused] = field(default_factory=list)
    paused_in: str | None = None
    extensions: list[tuple[int, dt.datetime, dt.datetime]] = field(default_factory=list)
    stopped_at: dt.datetime | None = None
    stop_seq: int | None = None
    stop_cause: StopCause | None = None


@dataclass(slots=True)
class ClockState:
    """Everything one clock needs to know of a case's past."""

    cycle: int = 0
    round: int = 0
    state: str | None = None
    done: bool = False
    started: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    verbs: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    runs: tuple[_Run, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What a condition may ask when it decides whether a clock applies."""

    state: ClockState

    def value(self, name: str) -> Any:
        """Return the latest value of a fact, None when unknown."""
        if name in ("state", "cycle", "round"):
            return getattr(self.state, name)
        return self.state.facts.get(name)

    def was_done(self, verb: str, *, within: str = "cycle") -> bool:
        """Tell whether a verb was done in this cycle, or in this round."""
        cycle, round_ = self.state.verbs.get(verb, (None, None))
        return cycle == self.state.cycle and (within == "cycle" or round_ == self.state.round)


# -- the fold ----------------------------------------------------------------------------------


def read_clock(
    rule: ClockRule,
    events: Iterable[ClockEvent],
    calendar: WorkingCalendar,
    now: dt.datetime,
    *,
    decide_when: DecideWhen | None = None,
    with_segments: bool = True,
) -> list[ClockReading]:
    """Return what a clock says at `now`: one reading for each instance, oldest first.

    `decide_when` answers the rule's `when`; a rule with one needs it. Order comes from `seq`, never from
    times. Refuses naive times.
    """
    state = ClockState()
    for event in sorted(events, key=_seq):
        _take_in(state, event, rule, decide_when)
    return readings(state, rule, calendar, now, with_segments=with_segments)


def advance(
    state: ClockState, event: ClockEvent, *, rule: ClockRule, decide_when: DecideWhen | None = None
) -> ClockState:
    """Return the state after one more event; the given state stays as it was."""
    after = copy(state)
    after.runs = tuple(_copied(run) for run in state.runs)
    _take_in(after, event, rule, decide_when)
    return after


def _copied(run: _Run) -> _Run:
    twin = copy(run)
    twin.changes, twin.pauses, twin.extensions = run.changes[:], run.pauses[:], run.extensions[:]
    return twin


def _seq(event: ClockEvent) -> int:
    return event.seq


def _take_in(state: ClockState, event: ClockEvent, rule: ClockRule, decide_when: DecideWhen | None) -> None:
    if event.at.tzinfo is None:
        raise NaiveTimeError(f"event {event.seq} has a time without offset: {event.at}")
    run = state.runs[-1] if state.runs and state.runs[-1].stopped_at is None else None
    entered = event.state if event.state != state.state else None
    ends_case = event.done and not state.done
    new_cycle = state.started and event.cycle > state.cycle
    known_limit = run is not None and run.changes[-1].limit is not None
    if event.values:
        state.facts = {**state.facts, **event.values}
    if rule.when is not None:
        state.verbs = {**state.verbs, event.verb: (event.cycle, event.round)}
    first = not state.started
    state.started, state.state, state.done = True, event.state, event.done
    state.cycle, state.round = event.cycle, event.round

    if new_cycle and rule.cycle == "life":
        run = _continue_life(state, event)
    elif new_cycle and run is not None:
        _stop(run, event, event.at, "reopened")
        run = None
    stopped_now = False
    if run is not None:
        stopped_now = _follow(run, state, event, rule, entered, ends_case, known_limit, decide_when)
    if run is None or stopped_now:
        _start(state, event, rule, entered, first, stopped_now, decide_when)


def _continue_life(state: ClockState, event: ClockEvent) -> _Run | None:
    run = state.runs[-1] if state.runs else None
    if run is not None and run.stopped_at is not None:
        run.pauses.append(Paused(run.stopped_at, max(event.at, run.stopped_at), GAP))
        run.stopped_at = run.stop_seq = run.stop_cause = None
    return run


def _follow(
    run: _Run,
    state: ClockState,
    event: ClockEvent,
    rule: ClockRule,
    entered: str | None,
    ends_case: bool,
    known_limit: bool,
    decide_when: DecideWhen | None,
) -> bool:
    """Take an event into a running instance; tell whether it stopped."""
    trigger = _matching(rule.stop, event, entered)
    cause: StopCause | None = "stop" if trigger else None
    if cause is None and rule.repeats == "each_start" and _matching(rule.start, event, entered):
        cause = "restart"
    if cause is None and ends_case and not rule.runs_after_end:
        cause = "ended"
    # What the stopping event itself says cannot make an overdue clock timely; it may only name a limit
    # that was missing.
    if cause is None or not known_limit:
        _choose_limit(run, state, event, rule, decide_when)
    if cause is None:
        _extend(run, event, rule)
        _pause_or_resume(run, event, rule)
        return False
    _stop(run, event, _moment_of_trigger(trigger, event, state), cause)
    return True


def _start(
    state: ClockState,
    event: ClockEvent,
    rule: ClockRule,
    entered: str | None,
    first: bool,
    stopped_now: bool,
    decide_when: DecideWhen | None,
) -> None:
    trigger = _matching(rule.start, event, entered)
    if trigger is None:
        return
    n = 1 + sum(run.cycle == event.cycle for run in state.runs)
    if rule.repeats == "never" and (n > 1 or (rule.cycle == "life" and state.runs)):
        return
    started_at = _moment_of_trigger(trigger, event, state).astimezone(dt.UTC)
    run = _Run(event.cycle, n, started_at, event.seq, first, [])
    _choose_limit(run, state, event, rule, decide_when)
    state.runs = (*state.runs, run)
    stop = None if stopped_now or rule.repeats == "each_start" else _matching(rule.stop, event, entered)
    if stop is not None:
        _stop(run, event, _moment_of_trigger(stop, event, state), "stop")
    else:
        _pause_or_resume(run, event, rule)


def _matching(triggers: tuple[Trigger, ...], event: ClockEvent, entered: str | None) -> Trigger | None:
    for trigger in triggers:
        if trigger.state is not None:
            if trigger.state == entered:
                return trigger
        elif trigger.verb is not None:
            if trigger.verb == event.verb:
                return trigger
        elif event.values.get(trigger.field_set or "") is not None:
            return trigger
    return None


def _moment_of_trigger(trigger: Trigger | None, event: ClockEvent, state: ClockState) -> dt.datetime:
    given = state.facts.get(trigger.at) if trigger is not None and trigger.at else None
    moment = None if given is None else _as_time(given)
    return moment if isinstance(moment, dt.datetime) else event.at


def _stop(run: _Run, event: ClockEvent, at: dt.datetime, cause: StopCause) -> None:
    run.stopped_at = max(at.astimezone(dt.UTC), run.started_at)
    run.stop_seq, run.stop_cause = event.seq, cause
    if run.pauses and run.pauses[-1].to_at is None:
        _resume(run, run.stopped_at)


def _choose_limit(
    run: _Run, state: ClockState, event: ClockEvent, rule: ClockRule, decide_when: DecideWhen | None
) -> None:
    if rule.when is not None:
        if decide_when is None:
            raise TypeError(f"{rule.id} has a condition; give decide_when")
        run.applies = decide_when(rule.when, Known(state))
    last = run.changes[-1] if run.changes else None
    limit, choice = _chosen(rule.limit, state.facts, None)
    if limit is not None and limit.promise is not None:
        # A promise binds as it was given; a later one opens an instance of its own.
        fixed = last.fixed if last is not None else _fixed_text(event.values.get(limit.promise))
    else:
        fixed = _fixed_text(state.facts.get(limit.until)) if limit is not None and limit.until else None
    if last is None or (last.limit is not limit and last.limit != limit) or last.fixed != fixed:
        run.changes.append(_Change(event.seq, event.at, limit, choice, fixed))


def _chosen(limit: Limit, facts: Mapping[str, Any], choice: str | None) -> tuple[Limit | None, str | None]:
    for faster in limit.faster:
        if facts.get(faster.flag) not in (None, False, "", "no"):
            return _chosen(faster.limit, facts, faster.flag)
    if limit.by is None:
        return limit, choice
    value = facts.get(limit.by)
    found = limit.table.get(str(value)) if value is not None else None
    if found is not None:
        return _chosen(found, facts, str(value))
    return (None, None) if limit.otherwise is None else _chosen(limit.otherwise, facts, choice)


def _extend(run: _Run, event: ClockEvent, rule: ClockRule) -> None:
    asked = event.values.get(EXTENSION) if event.values else None
    if not isinstance(asked, Mapping) or asked.get("clock") != rule.id:
        return
    due = _as_time(asked.get("due_at"))
    if not isinstance(due, dt.datetime):
        raise WorkingTimeError(f"event {event.seq} extends {rule.id} without a time")
    run.extensions.append((event.seq, event.at, due.astimezone(dt.UTC)))


def _pause_or_resume(run: _Run, event: ClockEvent, rule: ClockRule) -> None:
    pause = rule.pause
    if pause is None:
        return
    is_open = bool(run.pauses) and run.pauses[-1].to_at is None
    left = event.state not in pause.in_ if pause.in_ else event.state != run.paused_in
    if is_open and (event.resumes or left or event.pause_reason not in (None, run.pauses[-1].reason)):
        _resume(run, event.at)
        is_open = False
    asked = event.pause_reason in pause.reasons and (not pause.in_ or event.state in pause.in_)
    if not is_open and asked and (event.values.get(EVIDENCE) or not pause.needs_evidence):
        last_end = run.pauses[-1].to_at if run.pauses else None
        begins = max(event.at.astimezone(dt.UTC), last_end or run.started_at, run.started_at)
        run.pauses.append(Paused(begins, None, event.pause_reason or ""))
        run.paused_in = event.state


def _resume(run: _Run, at: dt.datetime) -> None:
    last = run.pauses[-1]
    run.pauses[-1] = Paused(last.from_at, max(at.astimezone(dt.UTC), last.from_at), last.reason)


def _as_time(value: object) -> dt.datetime | dt.date | None:
    if value is None or isinstance(value, dt.date):
        if isinstance(value, dt.datetime) and value.tzinfo is None:
            raise NaiveTimeError(f"time without offset: {value}")
        return value
    text = str(value)
    return dt.date.fromisoformat(text) if len(text) == 10 else _aware(dt.datetime.fromisoformat(text))


def _aware(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        raise NaiveTimeError(f"time without offset: {moment}")
    return moment


def _fixed_text(value: object) -> str | None:
    time = _as_time(value)
    if time is None:
        return None
    return utc_text(time) if isinstance(time, dt.datetime) else time.isoformat()


# -- the reading -------------------------------------------------------------------------------


def readings(
    state: ClockState,
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
    return [_reading(run, rule, calendar, now, with_segments) for run in state.runs if run.applies]


def _reading(
    run: _Run, rule: ClockRule, calendar: WorkingCalendar, now: dt.datetime, with_segments: bool
) -> ClockReading:
    change = run.changes[-1]
    limit = change.limit
    working = limit is not None and limit.is_working
    span = _Span(calendar, working)
    pauses, resumes_at = _effective(run, rule, calendar)
    base = _base_due(limit, change.fixed, run.started_at, rule, calendar)
    original = _shifted(base, pauses, limit, rule, span)
    due = _extended(original, run)
    until = run.stopped_at or max(now.astimezone(dt.UTC), run.started_at)
    paused = _paused_before(until, pauses, span)
    spent = span.of(run.started_at, until) - paused
    budget = _budget(run, base, original, due, pauses, span)
    status = _status(run, due, pauses, now)
    ladder = _ladder(run, rule, due, budget, pauses, span) if due is not None else ()
    segments: tuple[Segment, ...] = ()
    if with_segments:
        segments = segments_of(rule, limit, calendar, run.started_at, base, original, due, pauses, until)
    return ClockReading(
        rule_id=rule.id,
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
        left=None if budget is None else budget - spent,
        paused_total=paused,
        measure="working" if working else "elapsed",
        provisional=_is_provisional(run, rule, limit, due, calendar),
        limit=limit,
        choice=change.choice,
        clause=(limit.clause if limit is not None else ()) or rule.clause,
        zone=calendar.zone,
        calendar_version=calendar.version,
        extensions=len(run.extensions),
        due_history=_history(run, rule, calendar, pauses, base),
        ladder=ladder,
        next_at=None if run.stopped_at else _next_at(now, due, ladder, resumes_at),
        segments=segments,
    )


def _paused_before(until: dt.datetime, pauses: list[Paused], span: "_Span") -> int:
    return sum(span.of(pause.from_at, min(pause.to_at or _NEVER, until)) for pause in pauses if pause.from_at < until)


def _was_kept(run: _Run, original: dt.datetime | None, until: dt.datetime) -> bool | None:
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
    time = _as_time(fixed)
    if time is None or isinstance(time, dt.datetime):
        return time
    return calendar.end_of_date(time, rule.ends or "midnight", rule.roll)


def _month_date(limit: Limit, start: dt.date) -> dt.date:
    years, month = divmod(start.month - 1 + limit.months, 12)
    first = dt.date(start.year + years, month + 1, 1)
    length = ((first + dt.timedelta(31)).replace(day=1) - first).days
    date = first.replace(day=min(limit.month_day or 1, length))
    return date if limit.inclusive else date - dt.timedelta(1)


def _effective(run: _Run, rule: ClockRule, calendar: WorkingCalendar) -> tuple[list[Paused], dt.datetime | None]:
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
    if base is None or limit is None or not (limit.is_amount or pauses and pauses[0].reason == GAP):
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


def _extended(original: dt.datetime | None, run: _Run) -> dt.datetime | None:
    """Return the due date with the latest extension; an extension never shortens."""
    if not run.extensions or original is None and run.pauses and run.pauses[-1].to_at is None:
        return original
    granted = run.extensions[-1][2]
    return granted if original is None else max(original, granted)


def _budget(
    run: _Run,
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


def _status(run: _Run, due: dt.datetime | None, pauses: list[Paused], now: dt.datetime) -> Status:
    if run.stopped_at is not None:
        if due is None:
            return "stopped_no_limit"
        return "kept" if run.stopped_at < due else "broken"
    if due is not None and now >= due:
        return "broken"
    is_paused = any(pause.from_at <= now and (pause.to_at is None or now < pause.to_at) for pause in pauses)
    return "paused" if is_paused else "running"


def _is_provisional(
    run: _Run, rule: ClockRule, limit: Limit | None, due: dt.datetime | None, calendar: WorkingCalendar
) -> bool:
    if limit is None or due is None:
        return False
    leans = limit.is_working or rule.roll != "none" or rule.ends == "close_of_business"
    leans = leans and limit.shape not in ("hours", "minutes")
    return leans and calendar.leans_on_unpublished_year(run.started_at, due)


def _history(
    run: _Run, rule: ClockRule, calendar: WorkingCalendar, pauses: list[Paused], base: dt.datetime | None
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
    run: _Run, rule: ClockRule, due: dt.datetime, budget: int | None, pauses: list[Paused], span: _Span
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
    """Return readings as canonical JSON: the form in which rebuilt and incremental are compared."""
    return canonical_json([reading.as_data() for reading in found])


# -- keeping a state ----------------------------------------------------------------------------


def state_data(state: ClockState) -> dict[str, Any]:
    """Return a folded clock as plain data that `state_from_data` reads back."""
    return {
        "cycle": state.cycle,
        "round": state.round,
        "state": state.state,
        "done": state.done,
        "started": state.started,
        "facts": dict(state.facts),
        "verbs": {verb: list(where) for verb, where in state.verbs.items()},
        "runs": [_run_data(run) for run in state.runs],
    }


def _run_data(run: _Run) -> dict[str, Any]:
    return {
        "cycle": run.cycle,
        "n": run.n,
        "started_at": run.started_at,
        "start_seq": run.start_seq,
        "starts_case": run.starts_case,
        "applies": run.applies,
        "paused_in": run.paused_in,
        "stopped_at": run.stopped_at,
        "stop_seq": run.stop_seq,
        "stop_cause": run.stop_cause,
        "changes": [
            [
                change.seq,
                change.at,
                None if change.limit is None else change.limit.model_dump(mode="json", exclude_defaults=True),
                change.choice,
                change.fixed,
            ]
            for change in run.changes
        ],
        "pauses": [[pause.from_at, pause.to_at, pause.reason] for pause in run.pauses],
        "extensions": [list(extension) for extension in run.extensions],
    }


def state_from_data(data: Mapping[str, Any]) -> ClockState:
    """Return the folded clock that `state_data` wrote, also after a trip through JSON."""
    runs = tuple(_run_from_data(run) for run in data["runs"])
    verbs = {verb: (where[0], where[1]) for verb, where in data["verbs"].items()}
    return ClockState(**{**data, "runs": runs, "verbs": verbs})


def _run_from_data(data: Mapping[str, Any]) -> _Run:
    changes = [
        _Change(seq, _moment(at), None if limit is None else Limit.model_validate(limit), choice, fixed)
        for seq, at, limit, choice, fixed in data["changes"]
    ]
    run = _Run(data["cycle"], data["n"], _moment(data["started_at"]), data["start_seq"], data["starts_case"], changes)
    rest = {name: data[name] for name in ("applies", "paused_in", "stop_seq", "stop_cause")}
    return replace(
        run,
        **rest,
        stopped_at=_moment_or_none(data["stopped_at"]),
        pauses=[Paused(_moment(a), _moment_or_none(b), reason) for a, b, reason in data["pauses"]],
        extensions=[(seq, _moment(at), _moment(due)) for seq, at, due in data["extensions"]],
    )


def _moment(value: dt.datetime | str) -> dt.datetime:
    return value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value).astimezone(dt.UTC)


def _moment_or_none(value: dt.datetime | str | None) -> dt.datetime | None:
    return None if value is None else _moment(value)
