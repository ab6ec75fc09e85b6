"""Many clocks over the events of one case: what `read_clock` says of each, worked out together.

What costs time in reading every clock of many cases is that each rule folds each event. Most events mean nothing to most rules: they are no
trigger, set no fact that the rule asks for, and change neither cycle nor round. Which rules an event can mean something to rests on its verb, the
state that it entered and which of the facts that clocks ask for it set, so it is found out once for all events that are alike in these.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from amends.core.clock_fold import EXTENSION, ClockEvent, Known, Run, Step, judge_running, running, steps_of, take_in
from amends.core.clocks import ClockReading, due_of, readings
from amends.core.policy.clock_rules import ClockRule, Limit
from amends.core.working_time import WorkingCalendar

Calendars = Callable[[str], WorkingCalendar]
"""The working calendar of each name."""


class Dated(NamedTuple):
    """One instance of a clock: its key, its rule, when it falls due and when it stopped."""

    key: str
    rule: str
    due_at: dt.datetime | None
    stopped_at: dt.datetime | None


class Meaning(NamedTuple):
    """To which rule an event can mean something: while its clock does not run, and while it runs."""

    place: int
    may_start: bool
    concerns: bool


class _Watch:
    """What in an event can mean something to a rule."""

    def __init__(self, rule: ClockRule) -> None:
        triggers = (*rule.start, *rule.stop)
        self.verbs = frozenset(t.verb for t in triggers if t.verb)
        self.states = frozenset(t.state for t in triggers if t.state)
        self.names = frozenset(
            [
                *(t.field_set for t in triggers if t.field_set),
                *_asked_by(rule.limit),
                *([rule.no_later_than] if rule.no_later_than else []),
                EXTENSION,
            ]
        )
        self.start_verbs = frozenset(t.verb for t in rule.start if t.verb)
        self.start_states = frozenset(t.state for t in rule.start if t.state)
        self.start_names = frozenset(t.field_set for t in rule.start if t.field_set)
        self.is_life = rule.cycle == "life"
        self.pauses = rule.pause is not None

    def may_start(self, step: Step, turns: bool) -> bool:
        """Whether a step may matter to a clock that does not run: it may start, and one of the whole life may go on."""
        return (
            step.event.verb in self.start_verbs
            or step.entered in self.start_states
            or not self.start_names.isdisjoint(step.event.values)
            or (self.is_life and turns)
        )

    def concerns(self, step: Step, turns: bool) -> bool:
        """Whether a step may matter to a clock that runs."""
        return (
            self.pauses
            or turns
            or step.event.verb in self.verbs
            or step.entered in self.states
            or not self.names.isdisjoint(step.event.values)
        )


def _asked_by(limit: Limit) -> Iterator[str]:
    """Every fact that chooses a limit or holds its date."""
    yield from (name for name in (limit.by, limit.until, limit.promise) if name)
    for faster in limit.faster:
        yield faster.flag
        yield from _asked_by(faster.limit)
    for other in (*limit.table.values(), *([limit.otherwise] if limit.otherwise else [])):
        yield from _asked_by(other)


class Clockwork:
    """The clocks of a policy, or some of them, for the events of one case after the other."""

    def __init__(self, rules: Iterable[ClockRule]) -> None:
        self.rules: Sequence[ClockRule] = tuple(rules)
        self.ids = frozenset(rule.id for rule in self.rules)
        self._watches = [_Watch(rule) for rule in self.rules]
        self._names: frozenset[str] = frozenset().union(*(watch.names for watch in self._watches))
        self._meanings: dict[tuple[str, str | None, bool, frozenset[str]], list[Meaning]] = {}

    def readings(
        self, events: Iterable[ClockEvent], calendars: Calendars, now: dt.datetime, *, with_segments: bool = True
    ) -> Iterator[ClockReading]:
        """What every clock says at `now`, as `read_clock` says it: rule by rule, oldest first."""
        for rule, runs in zip(self.rules, self._runs(events), strict=True):
            if runs:
                yield from readings(runs, rule, calendars(rule.calendar), now, with_segments=with_segments)

    def dues(self, events: Iterable[ClockEvent], calendars: Calendars) -> list[Dated]:
        """When every instance of every clock falls due and stopped, as its reading has it: rule by rule, oldest first."""
        return [
            Dated(
                f"{rule.id}/{run.cycle}/{run.n}", rule.id, due_of(run, rule, calendars(rule.calendar)), run.stopped_at
            )
            for rule, runs in zip(self.rules, self._runs(events), strict=True)
            for run in runs
            if run.applies
        ]

    def _runs(self, events: Iterable[ClockEvent]) -> list[list[Run]]:
        """The instances of each clock after all events."""
        found: list[list[Run]] = [[] for _ in self.rules]
        known = Known()
        for step in steps_of(events):
            for place, may_start, concerns in self._meaning_of(step):
                if may_start if running(found[place]) is None else concerns:
                    take_in(found[place], step, self.rules[place])
            known = step.after
        for rule, runs in zip(self.rules, found, strict=True):
            judge_running(runs, rule, known)
        return found

    def _meaning_of(self, step: Step) -> list[Meaning]:
        event, before = step.event, step.before
        turns = not step.is_first and (event.cycle, event.round, event.done) != (
            before.cycle,
            before.round,
            before.done,
        )
        alike = (event.verb, step.entered, turns, self._names.intersection(event.values))
        found = self._meanings.get(alike)
        if found is None:
            found = self._meanings[alike] = list(self._meant_by(step, turns))
        return found

    def _meant_by(self, step: Step, turns: bool) -> Iterator[Meaning]:
        for place, watch in enumerate(self._watches):
            meaning = Meaning(place, watch.may_start(step, turns), watch.concerns(step, turns))
            if meaning.may_start or meaning.concerns:
                yield meaning
