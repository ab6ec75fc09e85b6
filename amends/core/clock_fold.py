"""The fold under every clock: what a case's events mean to each rule, event by event."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from amends.core.canonical import canonical_json, utc_text
from amends.core.clock_segments import Paused
from amends.core.facts import EMPTY
from amends.core.policy.clock_rules import ClockRule, Limit, Trigger
from amends.core.policy.conditions import holds
from amends.core.working_time import NaiveTimeError, WorkingTimeError

StopCause = Literal["stop", "restart", "ended", "reopened"]

EXTENSION = "extension"
"""Key of an event's values that extends a clock: {clock: id, due_at: time}."""
EVIDENCE = "pause_evidence"
"""Key of an event's values that shows evidence for a pause."""
GAP = "closed_meanwhile"
"""Reason of the uncounted time between closing and reopening in a clock of the whole life."""


class ClockEvent(NamedTuple):
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
    values: Mapping[str, Any] = EMPTY
    pause_reason: str | None = None
    resumes: bool = False
    done: bool = False


class Known(NamedTuple):
    """A case after its events so far, the same for every clock; the condition of a clock may ask it."""

    state: str | None = None
    cycle: int = 0
    round: int = 0
    done: bool = False
    facts: Mapping[str, Any] = EMPTY
    verbs: Mapping[str, tuple[int, int]] = EMPTY

    def value(self, name: str) -> Any:
        """Return the latest value of a fact, None when unknown."""
        if name in ("state", "cycle", "round"):
            return getattr(self, name)
        return self.facts.get(name)

    def was_done(self, verb: str, *, within: str = "cycle") -> bool:
        """Tell whether a verb was done in this cycle, or in this round."""
        cycle, round_ = self.verbs.get(verb, (None, None))
        return cycle == self.cycle and (within == "cycle" or round_ == self.round)


class Step(NamedTuple):
    """One event, what was known before it and what is known after it, and what it means to every clock."""

    event: ClockEvent
    before: Known
    after: Known
    is_first: bool
    entered: str | None
    """The state that the event entered, None where it left the state as it was."""
    ends_case: bool
    opens_cycle: bool


def steps_of(events: Iterable[ClockEvent]) -> list[Step]:
    """Return the steps of one case in the order of `seq`, never of times. Refuses naive times."""
    found: list[Step] = []
    before = Known()
    for event in sorted(events, key=_seq):
        if event.at.tzinfo is None:
            raise NaiveTimeError(f"event {event.seq} has a time without offset: {event.at}")
        after = Known(
            event.state,
            event.cycle,
            event.round,
            event.done,
            {**before.facts, **event.values} if event.values else before.facts,
            {**before.verbs, event.verb: (event.cycle, event.round)},
        )
        is_first = not found
        entered = event.state if event.state != before.state else None
        opens_cycle = not is_first and event.cycle > before.cycle
        found.append(Step(event, before, after, is_first, entered, event.done and not before.done, opens_cycle))
        before = after
    return found


def _seq(event: ClockEvent) -> int:
    return event.seq


class Change(NamedTuple):
    """From this event on this limit holds; `fixed` is the date or time that a field gave, as text, and `latest` the one that
    the clock may not go beyond.
    """

    seq: int
    at: dt.datetime
    limit: Limit | None
    choice: str | None
    fixed: str | None
    latest: str | None = None


@dataclass
class Run:
    """One instance of a clock as folded so far. What most never get is read of the class: a case has some twenty of them."""

    cycle: int
    n: int
    started_at: dt.datetime
    start_seq: int
    starts_case: bool
    changes: list[Change]
    applies: bool = field(default=True, init=False)
    pauses: tuple[Paused, ...] = field(default=(), init=False)
    paused_in: str | None = field(default=None, init=False)
    extensions: tuple[tuple[int, dt.datetime, dt.datetime], ...] = field(default=(), init=False)
    stopped_at: dt.datetime | None = field(default=None, init=False)
    stop_seq: int | None = field(default=None, init=False)
    stop_cause: StopCause | None = field(default=None, init=False)


class Fits(NamedTuple):
    """The triggers of a rule that a step fits: those that may start the clock, and the one that stops it."""

    starts: tuple[Trigger, ...]
    stop: Trigger | None


def fits_of(rule: ClockRule, step: Step) -> Fits:
    """Return which triggers fit: that rests on the verb, the state entered and the values given, not on what was before."""
    starts = tuple(trigger for trigger in rule.start if _fits(trigger, step))
    return Fits(starts, next((trigger for trigger in rule.stop if _fits(trigger, step)), None))


def _fits(trigger: Trigger, step: Step) -> bool:
    if trigger.state is not None:
        return trigger.state == step.entered
    if trigger.verb is not None:
        return trigger.verb == step.event.verb
    return step.event.values.get(trigger.field_set or "") is not None


# -- the fold ----------------------------------------------------------------------------------


def runs_of(rule: ClockRule, steps: Iterable[Step]) -> list[Run]:
    """Return every instance of one clock after these steps, oldest first."""
    runs: list[Run] = []
    known = Known()
    for step in steps:
        take_in(runs, step, rule, fits_of(rule, step))
        known = step.after
    judge_running(runs, rule, known)
    return runs


def running(runs: list[Run]) -> Run | None:
    """Return the instance that has not stopped."""
    return runs[-1] if runs and runs[-1].stopped_at is None else None


def judge_running(runs: list[Run], rule: ClockRule, known: Known) -> None:
    """Decide by what is known at last whether the clock that still runs applies at all."""
    run = running(runs)
    if run is not None:
        _judge(run, rule, known)


def _judge(run: Run, rule: ClockRule, known: Known) -> None:
    run.applies = rule.when is None or holds(rule.when, known)


def take_in(runs: list[Run], step: Step, rule: ClockRule, fits: Fits) -> None:
    """Take one step into the instances of a clock.

    Whether an instance applies is decided when it stops; `judge_running` does it for one that has not.
    """
    run = running(runs)
    known_limit = run is not None and run.changes[-1].limit is not None
    if step.opens_cycle and rule.cycle == "life":
        run = _continue_life(runs, step.event)
    elif step.opens_cycle and run is not None:
        _judge(run, rule, step.before)
        _stop(run, step.event, step.event.at, "reopened")
        run = None
    if run is None:
        stopped_now, trigger = False, _starting(runs, step, rule, fits)
    else:
        restarts = rule.repeats == "each_start" and _starting(runs, step, rule, fits) is not None
        stopped_now = _follow(run, step, rule, fits.stop, known_limit, restarts)
        # A clock that runs on is started by nothing, so that nobody has to ask.
        trigger = _starting(runs, step, rule, fits) if stopped_now else None
    if trigger is not None:
        _start(runs, step, rule, trigger, None if stopped_now else fits.stop)


def _continue_life(runs: list[Run], event: ClockEvent) -> Run | None:
    run = runs[-1] if runs else None
    if run is not None and run.stopped_at is not None:
        run.pauses = (*run.pauses, Paused(run.stopped_at, max(event.at, run.stopped_at), GAP))
        run.stopped_at = run.stop_seq = run.stop_cause = None
    return run


def _follow(run: Run, step: Step, rule: ClockRule, trigger: Trigger | None, known_limit: bool, restarts: bool) -> bool:
    """Take a step into a running instance, with the trigger that stops it; tell whether it stopped."""
    event = step.event
    if trigger is not None and rule.limit.promise and _states_earlier(trigger, event, run):
        # What was done before a promise was given does not keep it.
        trigger = None
    cause: StopCause | None = "stop" if trigger else None
    if cause is None and restarts:
        cause = "restart"
    if cause is None and step.ends_case and not rule.runs_after_end:
        cause = "ended"
    # What the stopping event itself says cannot make an overdue clock timely; it may only name a limit
    # that was missing.
    if cause is None or not known_limit:
        _choose_limit(run, step, rule)
    if cause is None:
        _extend(run, event, rule)
        _pause_or_resume(run, event, rule)
        return False
    _judge(run, rule, step.before if known_limit else step.after)
    _stop(run, event, _moment_of_trigger(trigger, step), cause)
    return True


def _start(runs: list[Run], step: Step, rule: ClockRule, trigger: Trigger, stop: Trigger | None) -> None:
    event = step.event
    n = 1 + sum(run.cycle == event.cycle for run in runs) if runs else 1
    if rule.repeats == "never" and (n > 1 or (rule.cycle == "life" and runs)):
        return
    run = Run(event.cycle, n, _moment_of_trigger(trigger, step).astimezone(dt.UTC), event.seq, step.is_first, [])
    _choose_limit(run, step, rule)
    runs.append(run)
    if stop is not None and rule.repeats != "each_start":
        _judge(run, rule, step.after)
        _stop(run, event, _moment_of_trigger(stop, step), "stop")
    else:
        _pause_or_resume(run, event, rule)


def _starting(runs: list[Run], step: Step, rule: ClockRule, fits: Fits) -> Trigger | None:
    """Return what in a step starts the clock; a field counts only where the event gives it another value."""
    for trigger in fits.starts:
        if trigger.field_set is None or _is_news(trigger.field_set, runs, step, rule):
            return trigger
    return None


def _is_news(name: str, runs: list[Run], step: Step, rule: ClockRule) -> bool:
    """Tell whether setting a field may start the clock: a promise binds each time it is given, and what a new cycle
    sets first is new to it; apart from that a value that was said again changes nothing.
    """
    if rule.limit.promise == name or (rule.cycle == "cycle" and not _has_run_in(runs, step.event.cycle)):
        return True
    now, then = step.event.values.get(name), step.before.facts.get(name)
    if isinstance(now, str) and isinstance(then, str):
        return now != then
    return canonical_json(now) != canonical_json(then)


def _has_run_in(runs: list[Run], cycle: int) -> bool:
    return bool(runs) and runs[-1].cycle == cycle


def _moment_of_trigger(trigger: Trigger | None, step: Step) -> dt.datetime:
    if trigger is None or not trigger.at:
        return step.event.at
    moment = as_time(step.after.facts.get(trigger.at))
    return moment if isinstance(moment, dt.datetime) else step.event.at


def _states_earlier(trigger: Trigger, event: ClockEvent, run: Run) -> bool:
    """Whether the field that stops an instance holds a moment before its first minute; forms say no more of a time than the minute."""
    try:
        stated = as_time(event.values.get(trigger.field_set or ""))
    except ValueError:
        return False
    return isinstance(stated, dt.datetime) and stated < run.started_at.replace(second=0, microsecond=0)


def _stop(run: Run, event: ClockEvent, at: dt.datetime, cause: StopCause) -> None:
    run.stopped_at = max(at.astimezone(dt.UTC), run.started_at)
    run.stop_seq, run.stop_cause = event.seq, cause
    if run.pauses:
        run.pauses = tuple(_pauses_before(run.stopped_at, run.pauses))


def _pauses_before(stop: dt.datetime, pauses: Iterable[Paused]) -> Iterator[Paused]:
    """What of the pauses lies before the stop: an event may state a time before that of an event that came earlier."""
    for pause in pauses:
        if pause.from_at < stop:
            yield Paused(pause.from_at, stop if pause.to_at is None else min(pause.to_at, stop), pause.reason)


def _choose_limit(run: Run, step: Step, rule: ClockRule) -> None:
    last = run.changes[-1] if run.changes else None
    event, facts = step.event, step.after.facts
    if rule.is_settled:
        if last is None:
            run.changes.append(Change(event.seq, event.at, rule.limit, None, None))
        return
    # What became known while a clock of the whole life stood still holds from where it goes on.
    if last is not None and not event.values and not step.opens_cycle:
        return
    limit, choice = _chosen(rule.limit, facts, None)
    if limit is not None and limit.promise is not None:
        # A promise binds as it was given; a later one opens an instance of its own.
        fixed = last.fixed if last is not None else _fixed_text(event.values.get(limit.promise))
    else:
        fixed = _fixed_text(facts.get(limit.until)) if limit is not None and limit.until else None
    latest = _fixed_text(facts.get(rule.no_later_than)) if rule.no_later_than else None
    is_same = last is not None and (last.limit is limit or last.limit == limit)
    if last is None or not is_same or (last.fixed, last.latest) != (fixed, latest):
        run.changes.append(Change(event.seq, event.at, limit, choice, fixed, latest))


def _chosen(limit: Limit, facts: Mapping[str, Any], choice: str | None) -> tuple[Limit | None, str | None]:
    for faster in limit.faster:
        if facts.get(faster.flag) not in (None, False, "", "no"):
            return _chosen(faster.limit, facts, faster.flag)
    if limit.by is None:
        return limit, choice
    key = _table_key(facts.get(limit.by))
    while key:
        if key in limit.table:
            return _chosen(limit.table[key], facts, key)
        # A category that has no limit of its own has that of the one above it.
        key = key.rpartition("/")[0]
    return (None, None) if limit.otherwise is None else _chosen(limit.otherwise, facts, choice)


def _table_key(value: object) -> str:
    """Return how a table of limits writes a value: yes and no as true and false, nothing for an unknown one."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _extend(run: Run, event: ClockEvent, rule: ClockRule) -> None:
    asked = event.values.get(EXTENSION)
    if asked is None or not isinstance(asked, Mapping) or asked.get("clock") != rule.id:
        return
    due = as_time(asked.get("due_at"))
    if not isinstance(due, dt.datetime):
        raise WorkingTimeError(f"event {event.seq} extends {rule.id} without a time")
    run.extensions = (*run.extensions, (event.seq, event.at, due.astimezone(dt.UTC)))


def _pause_or_resume(run: Run, event: ClockEvent, rule: ClockRule) -> None:
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
        run.pauses = (*run.pauses, Paused(begins, None, event.pause_reason or ""))
        run.paused_in = event.state


def _resume(run: Run, at: dt.datetime) -> None:
    last = run.pauses[-1]
    run.pauses = (*run.pauses[:-1], Paused(last.from_at, max(at.astimezone(dt.UTC), last.from_at), last.reason))


def as_time(value: object) -> dt.datetime | dt.date | None:
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
    time = as_time(value)
    if time is None:
        return None
    return utc_text(time) if isinstance(time, dt.datetime) else time.isoformat()
