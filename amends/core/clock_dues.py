"""When clocks fell due and stopped, for many rules over the events of one case: as `read_clock` says it, and nothing more.

What costs time in reading every clock of many cases is that each rule folds each event. Most events mean nothing to most rules: they are no trigger, set no
fact that the rule asks for, and change neither cycle nor round. Those are passed over; what every rule needs to know of them is worked out once for all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from amends.core.clock_fold import EXTENSION, ClockEvent, ClockState, DecideWhen, take_in
from amends.core.clocks import due_of
from amends.core.policy.clock_rules import ClockRule, Limit
from amends.core.policy.conditions import Condition
from amends.core.working_time import WorkingCalendar

PLACES = frozenset({"state", "cycle", "round"})
"""What a condition of a clock may ask that no event sets as a fact."""


class Dated(NamedTuple):
    """One instance of a clock: its key, its rule, when it falls due and when it stopped."""

    key: str
    rule: str
    due_at: dt.datetime | None
    stopped_at: dt.datetime | None


class Watched:
    """A rule with its calendar and its condition, and what in an event can mean something to it."""

    def __init__(
        self, rule: ClockRule, calendar: WorkingCalendar, when: Condition | None = None, decide_when: DecideWhen | None = None
    ) -> None:  # fmt: skip
        self.rule, self.calendar, self.decide_when = rule, calendar, decide_when
        triggers = (*rule.start, *rule.stop)
        asked = list(when.names()) if when is not None else []
        self.states = frozenset(t.state for t in triggers if t.state is not None)
        self.verbs = frozenset(
            [*(t.verb for t in triggers if t.verb), *(name for kind, name in asked if kind == "verb")]
        )
        facts = {name for kind, name in asked if kind == "fact"}
        self.names = frozenset(
            {*facts, *(t.field_set for t in triggers if t.field_set), *_asked_by(rule.limit), EXTENSION}
        )
        if rule.no_later_than:
            self.names |= {rule.no_later_than}
        self.start_verbs = frozenset(t.verb for t in rule.start if t.verb)
        self.start_states = frozenset(t.state for t in rule.start if t.state)
        self.start_names = frozenset(t.field_set for t in rule.start if t.field_set)
        self.is_life = rule.cycle == "life"
        self.asks_place = not facts.isdisjoint(PLACES)
        self.pauses = rule.pause is not None


def _asked_by(limit: Limit) -> Iterator[str]:
    """Every fact that chooses a limit or holds its date."""
    yield from (name for name in (limit.by, limit.until, limit.promise) if name)
    for faster in limit.faster:
        yield faster.flag
        yield from _asked_by(faster.limit)
    for other in (*limit.table.values(), *([limit.otherwise] if limit.otherwise else [])):
        yield from _asked_by(other)


class Line:
    """The events of one case in order, and what is known before each of them; the same for every rule."""

    def __init__(self, events: Iterable[ClockEvent]) -> None:
        self.events: Sequence[ClockEvent] = sorted(events, key=lambda event: event.seq)
        self.entered: list[str | None] = []
        self.turns: list[bool] = []
        self.before: list[tuple[Mapping[str, Any], Mapping[str, tuple[int, int]]]] = []
        facts: Mapping[str, Any] = {}
        verbs: Mapping[str, tuple[int, int]] = {}
        last: ClockEvent | None = None
        for event in self.events:
            self.before.append((facts, verbs))
            self.entered.append(event.state if last is None or event.state != last.state else None)
            self.turns.append(
                last is not None and (event.cycle, event.round, event.done) != (last.cycle, last.round, last.done)
            )
            if event.values:
                facts = {**facts, **event.values}
            verbs = {**verbs, event.verb: (event.cycle, event.round)}
            last = event
        self.verbs, self.names = verbs.keys(), facts.keys()

    def folded(self, watched: Watched) -> ClockState:
        """The clock after all events."""
        state, is_open = ClockState(), False
        if not self._ever_starts(watched):
            return state
        for place, event in enumerate(self.events):
            entered = self.entered[place]
            if not (
                self._concerns(watched, place, event, entered)
                if is_open
                else self._may_start(watched, place, event, entered)
            ):
                continue
            if place:
                last = self.events[place - 1]
                state.facts, state.verbs = self.before[place]
                state.started, state.state, state.done = True, last.state, last.done
                state.cycle, state.round = last.cycle, last.round
            take_in(state, event, watched.rule, watched.decide_when)
            is_open = bool(state.runs) and state.runs[-1].stopped_at is None
        return state

    def _ever_starts(self, watched: Watched) -> bool:
        return not (
            watched.start_verbs.isdisjoint(self.verbs)
            and watched.start_states.isdisjoint(self.entered)
            and watched.start_names.isdisjoint(self.names)
        )

    def _may_start(self, watched: Watched, place: int, event: ClockEvent, entered: str | None) -> bool:
        """Whether an event may matter to a clock that does not run: it may start, and one of the whole life may go on."""
        return (
            event.verb in watched.start_verbs
            or entered in watched.start_states
            or not watched.start_names.isdisjoint(event.values)
            or (watched.is_life and self.turns[place])
        )

    def _concerns(self, watched: Watched, place: int, event: ClockEvent, entered: str | None) -> bool:
        """Whether an event may matter to a clock that runs."""
        return (
            watched.pauses
            or self.turns[place]
            or event.verb in watched.verbs
            or entered in watched.states
            or not watched.names.isdisjoint(event.values)
            or (watched.asks_place and entered is not None)
        )


def dues(watched: Iterable[Watched], events: Iterable[ClockEvent]) -> list[Dated]:
    """Every instance of these clocks, rule by rule, oldest first."""
    line = Line(events)
    return [
        Dated(f"{one.rule.id}/{run.cycle}/{run.n}", one.rule.id, due_of(run, one.rule, one.calendar), run.stopped_at)
        for one in watched
        for run in line.folded(one).runs
        if run.applies
    ]
