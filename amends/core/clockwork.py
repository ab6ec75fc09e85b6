"""Many clocks over the events of one case: what `read_clock` says of each, worked out together.

What costs time in reading every clock of many cases is that each rule folds each event. Most events mean nothing to most rules: they are no
trigger, set no fact that the rule asks for, and change neither cycle nor round. Which rules an event can mean something to rests on its verb, the
state that it entered and which of the facts that clocks ask for it set, so it is found out once for all events that are alike in these.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from amends.core.clock_fold import (
    EXTENSION,
    ClockEvent,
    Fits,
    Known,
    Run,
    Step,
    fits_of,
    judge_running,
    steps_of,
    take_in,
)
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
    """To which rule an event can mean something: while its clock does not run, and while it runs; and what in the rule it fits."""

    place: int
    may_start: bool
    concerns: bool
    fits: Fits


class _Watch:
    """What in an event can mean something to a rule."""

    def __init__(self, rule: ClockRule) -> None:
        self.rule = rule
        self.asked = frozenset(
            [*_asked_by(rule.limit), *([rule.no_later_than] if rule.no_later_than else []), EXTENSION]
        )
        self.names = self.asked.union(t.field_set for t in (*rule.start, *rule.stop) if t.field_set)

    def meaning(self, place: int, step: Step, turns: bool) -> Meaning:
        """Whether a step may start a clock that does not run, or one of the whole life goes on; and whether it may matter to one that runs."""
        rule, fits = self.rule, fits_of(self.rule, step)
        may_start = bool(fits.starts) or (rule.cycle == "life" and turns)
        restarts = rule.repeats == "each_start" and bool(fits.starts)
        concerns = rule.pause is not None or turns or restarts or fits.stop is not None
        return Meaning(place, may_start, concerns or not self.asked.isdisjoint(step.event.values), fits)


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
        self._meanings: dict[tuple[str, str | None, bool, frozenset[str], tuple[str, ...]], list[Meaning]] = {}

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
            Dated(f"{rule.id}/{run.cycle}/{run.n}", rule.id, due_of(run, rule, calendar), run.stopped_at)
            for rule, runs in zip(self.rules, self._runs(events), strict=True)
            if runs
            for calendar in (calendars(rule.calendar),)
            for run in runs
            if run.applies
        ]

    def _runs(self, events: Iterable[ClockEvent]) -> list[list[Run]]:
        """The instances of each clock after all events."""
        found: list[list[Run]] = [[] for _ in self.rules]
        known = Known()
        for step in steps_of(events):
            for place, may_start, concerns, fits in self._meaning_of(step):
                runs = found[place]
                if concerns if runs and runs[-1].stopped_at is None else may_start:
                    take_in(runs, step, self.rules[place], fits)
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
        named = self._names.intersection(event.values)
        # A field that is emptied fits no trigger.
        emptied = tuple(name for name in named if event.values[name] is None) if named else ()
        alike = (event.verb, step.entered, turns, named, emptied)
        found = self._meanings.get(alike)
        if found is None:
            meant = (watch.meaning(place, step, turns) for place, watch in enumerate(self._watches))
            found = self._meanings[alike] = [one for one in meant if one.may_start or one.concerns]
        return found
