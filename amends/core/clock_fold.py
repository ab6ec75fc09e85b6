"""The fold under every clock: what one rule needs to know of a case's events so far, event by event."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from amends.core.canonical import canonical_json, utc_text
from amends.core.clock_segments import Paused
from amends.core.policy.clock_rules import ClockRule, Limit, Trigger
from amends.core.working_time import NaiveTimeError, WorkingTimeError

StopCause = Literal["stop", "restart", "ended", "reopened"]
DecideWhen = Callable[[Mapping[str, Any], "Known"], bool]

EXTENSION = "extension"
"""Key of an event's values that extends a clock: {clock: id, due_at: time}."""
EVIDENCE = "pause_evidence"
"""Key of an event's values that shows evidence for a pause."""
GAP = "closed_meanwhile"
"""Reason of the uncounted time between closing and reopening in a clock of the whole life."""


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
class Change:
    """From this event on this limit holds; `fixed` is the date or time that a field gave, as text, and `latest` the one that
    the clock may not go beyond.
    """

    seq: int
    at: dt.datetime
    limit: Limit | None
    choice: str | None
    fixed: str | None
    latest: str | None = None


@dataclass(slots=True)
class Run:
    """One instance of a clock as folded so far."""

    cycle: int
    n: int
    started_at: dt.datetime
    start_seq: int
    starts_case: bool
    changes: list[Change]
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
    runs: tuple[Run, ...] = ()


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


def advance(
    state: ClockState, event: ClockEvent, *, rule: ClockRule, decide_when: DecideWhen | None = None
) -> ClockState:
    """Return the state after one more event; the given state stays as it was."""
    after = copy(state)
    after.runs = tuple(_copied(run) for run in state.runs)
    take_in(after, event, rule, decide_when)
    return after


def _copied(run: Run) -> Run:
    twin = copy(run)
    twin.changes, twin.pauses, twin.extensions = run.changes[:], run.pauses[:], run.extensions[:]
    return twin


def take_in(state: ClockState, event: ClockEvent, rule: ClockRule, decide_when: DecideWhen | None) -> None:
    if event.at.tzinfo is None:
        raise NaiveTimeError(f"event {event.seq} has a time without offset: {event.at}")
    run = state.runs[-1] if state.runs and state.runs[-1].stopped_at is None else None
    entered = event.state if event.state != state.state else None
    ends_case = event.done and not state.done
    new_cycle = state.started and event.cycle > state.cycle
    known_limit = run is not None and run.changes[-1].limit is not None
    trigger = _starting(state, event, rule, entered)
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
        restarts = trigger is not None and rule.repeats == "each_start"
        stopped_now = _follow(run, state, event, rule, entered, ends_case, known_limit, restarts, decide_when)
    if trigger is not None and (run is None or stopped_now):
        _start(state, event, rule, trigger, entered, first, stopped_now, decide_when)


def _continue_life(state: ClockState, event: ClockEvent) -> Run | None:
    run = state.runs[-1] if state.runs else None
    if run is not None and run.stopped_at is not None:
        run.pauses.append(Paused(run.stopped_at, max(event.at, run.stopped_at), GAP))
        run.stopped_at = run.stop_seq = run.stop_cause = None
    return run


def _follow(
    run: Run,
    state: ClockState,
    event: ClockEvent,
    rule: ClockRule,
    entered: str | None,
    ends_case: bool,
    known_limit: bool,
    restarts: bool,
    decide_when: DecideWhen | None,
) -> bool:
    """Take an event into a running instance; tell whether it stopped."""
    trigger = _matching(rule.stop, event, entered)
    if trigger is not None and rule.limit.promise and _states_earlier(trigger, event, run):
        # What was done before a promise was given does not keep it.
        trigger = None
    cause: StopCause | None = "stop" if trigger else None
    if cause is None and restarts:
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
    trigger: Trigger,
    entered: str | None,
    first: bool,
    stopped_now: bool,
    decide_when: DecideWhen | None,
) -> None:
    n = 1 + sum(run.cycle == event.cycle for run in state.runs)
    if rule.repeats == "never" and (n > 1 or (rule.cycle == "life" and state.runs)):
        return
    started_at = _moment_of_trigger(trigger, event, state).astimezone(dt.UTC)
    run = Run(event.cycle, n, started_at, event.seq, first, [])
    _choose_limit(run, state, event, rule, decide_when)
    state.runs = (*state.runs, run)
    stop = None if stopped_now or rule.repeats == "each_start" else _matching(rule.stop, event, entered)
    if stop is not None:
        _stop(run, event, _moment_of_trigger(stop, event, state), "stop")
    else:
        _pause_or_resume(run, event, rule)


def _starting(before: ClockState, event: ClockEvent, rule: ClockRule, entered: str | None) -> Trigger | None:
    """Return what in an event starts the clock; a field counts only where the event gives it another value."""
    for trigger in rule.start:
        if _matching((trigger,), event, entered) is None:
            continue
        if trigger.field_set is None or _is_news(trigger.field_set, before, event, rule):
            return trigger
    return None


def _is_news(name: str, before: ClockState, event: ClockEvent, rule: ClockRule) -> bool:
    """Tell whether setting a field may start the clock: a promise binds each time it is given, and what a new cycle
    sets first is new to it; apart from that a value that was said again changes nothing.
    """
    if rule.limit.promise == name or (rule.cycle == "cycle" and not _has_run_in(before, event.cycle)):
        return True
    now, then = event.values.get(name), before.facts.get(name)
    if isinstance(now, str) and isinstance(then, str):
        return now != then
    return canonical_json(now) != canonical_json(then)


def _has_run_in(state: ClockState, cycle: int) -> bool:
    return bool(state.runs) and state.runs[-1].cycle == cycle


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
    moment = None if given is None else as_time(given)
    return moment if isinstance(moment, dt.datetime) else event.at


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
    run.pauses = list(_pauses_before(run.stopped_at, run.pauses))


def _pauses_before(stop: dt.datetime, pauses: list[Paused]) -> Iterator[Paused]:
    """What of the pauses lies before the stop: an event may state a time before that of an event that came earlier."""
    for pause in pauses:
        if pause.from_at < stop:
            yield Paused(pause.from_at, stop if pause.to_at is None else min(pause.to_at, stop), pause.reason)


def _choose_limit(
    run: Run, state: ClockState, event: ClockEvent, rule: ClockRule, decide_when: DecideWhen | None
) -> None:
    if rule.when is not None:
        if decide_when is None:
            raise TypeError(f"{rule.id} has a condition; give decide_when")
        run.applies = decide_when(rule.when, Known(state))
    last = run.changes[-1] if run.changes else None
    if last is not None and not event.values:
        return
    limit, choice = _chosen(rule.limit, state.facts, None)
    if limit is not None and limit.promise is not None:
        # A promise binds as it was given; a later one opens an instance of its own.
        fixed = last.fixed if last is not None else _fixed_text(event.values.get(limit.promise))
    else:
        fixed = _fixed_text(state.facts.get(limit.until)) if limit is not None and limit.until else None
    latest = _fixed_text(state.facts.get(rule.no_later_than)) if rule.no_later_than else None
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
    run.extensions.append((event.seq, event.at, due.astimezone(dt.UTC)))


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
        run.pauses.append(Paused(begins, None, event.pause_reason or ""))
        run.paused_in = event.state


def _resume(run: Run, at: dt.datetime) -> None:
    last = run.pauses[-1]
    run.pauses[-1] = Paused(last.from_at, max(at.astimezone(dt.UTC), last.from_at), last.reason)


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


def _run_data(run: Run) -> dict[str, Any]:
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
                change.latest,
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


def _run_from_data(data: Mapping[str, Any]) -> Run:
    changes = [
        Change(seq, _moment(at), None if limit is None else Limit.model_validate(limit), choice, fixed, latest)
        for seq, at, limit, choice, fixed, latest in data["changes"]
    ]
    run = Run(data["cycle"], data["n"], _moment(data["started_at"]), data["start_seq"], data["starts_case"], changes)
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
