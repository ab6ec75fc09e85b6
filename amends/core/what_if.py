"""What if another policy had held: the events of a case under a draft, and what is different: level, route, due dates, breaches, indicators.

Nothing is decided anew by people: what they entered stands. At each event that graded or routed, the draft proposes from the facts of
that moment; a level that somebody chose against the proposal stays as long as the draft knows it. Clocks of the draft read the same events. A
step that the draft does not know can not be replayed: it is counted, and its event still counts as a moment in time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from amends.core.clocks import ClockEvent
from amends.core.clockwork import Clockwork, Dated
from amends.core.facts import CaseFacts, Event, GrowingFacts
from amends.core.grading import propose
from amends.core.indicators import Result, Tally, result_of
from amends.core.policy.conditions import Condition, Known, holds
from amends.core.policy.kpis import LENGTHS, Indicator
from amends.core.policy.lifecycle import RESTING, Transition
from amends.core.policy.pack import Pack
from amends.core.routing import propose_route
from amends.core.verbs import MOVE_VERSION, NOTE_PROCEEDING, TAKE_OVER
from amends.core.working_time import WorkingCalendar

NOTED = frozenset({MOVE_VERSION, NOTE_PROCEEDING, TAKE_OVER})
"""Events that no policy gives or takes: they are no steps, so that nothing of them has to be replayed."""
UNASKED = frozenset({"repeat"})
"""Facts of indicators that rest on other cases; an indicator that asks for one is not replayed, and says so."""


Stood = Dated
"""A clock of a case as it was read under its own policy."""


@dataclass(frozen=True, slots=True)
class Past:
    """One case as it is known: its events, its clocks as they stood, and its row of figures by the names that indicators ask."""

    id: str
    version: int
    events: Sequence[Event]
    clocks: Sequence[Stood]
    figures: Mapping[str, Any]
    days: Mapping[str, date | None]
    measures: Mapping[str, int | None]
    is_judged: bool = True


@dataclass(slots=True)
class Replayed:
    """What differs for one case. Pairs are before and after; `due` lists clocks whose due time, or existence, differs."""

    id: str
    level: tuple[str | None, str | None]
    route: tuple[str | None, str | None]
    clocks_before: Sequence[Stood]
    clocks_after: Sequence[Stood]
    due: list[tuple[str, datetime | None, datetime | None]] = field(default_factory=list)
    late_before: Sequence[bool] = ()
    late_after: Sequence[bool] = ()
    """Of each of the clocks whether it is broken."""
    unknown_verbs: Counter[str] = field(default_factory=Counter)
    unknown_states: set[str] = field(default_factory=set)

    @property
    def broken(self) -> tuple[int, int]:
        """How many clocks are broken."""
        return sum(self.late_before), sum(self.late_after)

    @property
    def differs(self) -> bool:
        return self.level[0] != self.level[1] or self.route[0] != self.route[1] or bool(self.due)


class Draft:
    """A policy to be tried over cases of other versions; what is equal to a version is found out once for each."""

    def __init__(
        self, pack: Pack, calendars: Mapping[str, WorkingCalendar], versions: Mapping[int, Pack], now: datetime
    ) -> None:
        self.pack, self.calendars, self.versions, self.now = pack, calendars, versions, now
        self._verbs = {t.verb for t in pack.lifecycle.transitions}
        self._all = Clockwork(pack.clocks)
        self._compared = {number: _Compared(version, pack) for number, version in versions.items()}

    def replay(self, past: Past) -> Replayed:
        """The case under the draft. A case that was taken over and not reopened has no clocks before and none after."""
        compared = self._compared[past.version]
        old = compared.old
        changed, level, route = _placed(past, old, self.pack, compared)
        found = Replayed(past.id, level, route, past.clocks, past.clocks)
        _note_unknown(found, past.events, self.pack, self._verbs, compared)
        if past.is_judged:
            found.clocks_after = self._clocks(past, old, compared, changed)
        _compare_clocks(found, self.now)
        return found

    def _clocks(
        self, past: Past, old: Pack, compared: _Compared, changed: Mapping[int, Mapping[str, Any]]
    ) -> list[Stood]:
        """Rules that are the same over the same facts are not read again: their clocks stand as they stood."""
        again = self._all if changed or not compared.same_states else compared.other
        kept = [one for one in past.clocks if one.rule in self._all.ids and one.rule not in again.ids]
        if not again.rules:
            return kept
        events = _clock_events(past.events, old, self.pack, changed)
        return kept + again.dues(events, self.calendars.__getitem__)


class _Compared:
    """A version beside the draft: what is the same, so that it need not be worked out for each case."""

    def __init__(self, old: Pack, draft: Pack) -> None:
        self.old = old
        self.same_places = old.grading == draft.grading and old.routing == draft.routing
        states = {name: state.category for name, state in old.lifecycle.states.items()}
        self.same_states = states == {name: state.category for name, state in draft.lifecycle.states.items()}
        rules = {rule.id: rule for rule in old.clocks}
        is_same_calendar = old.calendar == draft.calendar
        self.other = Clockwork(rule for rule in draft.clocks if not is_same_calendar or rules.get(rule.id) != rule)
        verbs = {(t.verb, state) for t in draft.lifecycle.transitions for state in (t.from_ or (None,))}
        self.knows_all_steps = all(
            (t.verb, state) in verbs for t in old.lifecycle.transitions for state in (t.from_ or (None,))
        )


def _placed(
    past: Past, old: Pack, draft: Pack, compared: _Compared
) -> tuple[dict[int, dict[str, Any]], tuple[str | None, str | None], tuple[str | None, str | None]]:
    """Values that the draft grades otherwise, by event; the last level and the last route, before and after."""
    level = old.grading.level
    changed: dict[int, dict[str, Any]] = {}
    overlay: dict[str, Any] = {}
    route: tuple[str | None, str | None] = (None, None)
    last: str | None = None
    # As it was decided: the state before a step, with everything that the step entered.
    before = GrowingFacts()
    for event in past.events:
        graded, routed = event.payload.get("graded", {}), event.payload.get("routed")
        if level and level in event.payload.get("set", {}):
            last = event.payload["set"][level]
        if compared.same_places:
            if routed:
                route = (_route_at(old, routed), _route_at(old, routed))
            continue
        if graded or routed:
            given = event.payload.get("set", {})
            overlay = {name: value for name, value in overlay.items() if name not in given}
            other = _graded_otherwise(draft, graded, before.with_values({**given, **overlay}))
            overlay |= other
            changed |= {event.seq: other} if other else {}
            if routed:
                proposed = propose_route(draft, before.with_values({**given, **overlay}), None)
                route = (_route_at(old, routed), proposed.route.to if proposed else None)
        before.take_in(event)
    if compared.same_places:
        return changed, (last, last), route
    after = draft.grading.level
    return changed, (last, overlay.get(after or "", last if after == level else None)), route


def _graded_otherwise(draft: Pack, graded: Mapping[str, Mapping[str, Any]], known: CaseFacts) -> dict[str, Any]:
    """The values that the draft gives other than those recorded: its proposal where people had followed theirs."""
    found: dict[str, Any] = {}
    for name, recorded in graded.items():
        axis = draft.grading.axis(name)
        if axis is None:
            continue
        chosen = recorded["value"] != recorded.get("proposed")
        if chosen and any(value.id == recorded["value"] for value in axis.values):
            continue
        proposed = propose(axis, known).value
        if proposed is not None and proposed != recorded["value"]:
            found[name] = proposed
    return found


def _route_at(pack: Pack, routed: Mapping[str, Any]) -> str | None:
    """The function to which the recorded rule sends; None where no rule did, or the version has none of that number."""
    place = routed.get("rule")
    return pack.routing.routes[place].to if isinstance(place, int) and place < len(pack.routing.routes) else None


def _note_unknown(found: Replayed, events: Iterable[Event], draft: Pack, verbs: set[str], compared: _Compared) -> None:
    """Steps that the draft does not know in the state in which they were done, and states it does not have."""
    if compared.knows_all_steps and compared.same_states:
        return
    state: str | None = None
    for event in events:
        to = event.payload.get("to", state)
        if event.verb not in NOTED and not _knows(draft, event.verb, state, verbs):
            found.unknown_verbs[event.verb] += 1
        if to is not None and to not in draft.lifecycle.states:
            found.unknown_states.add(to)
        state = to


def _knows(draft: Pack, verb: str, state: str | None, verbs: set[str]) -> bool:
    if verb not in verbs:
        return False
    steps: list[Transition] = draft.lifecycle.with_verb(verb)
    return any((not t.from_ and state is None) or (state is not None and state in t.from_) for t in steps)


def _clock_events(
    events: Iterable[Event], old: Pack, draft: Pack, changed: Mapping[int, Mapping[str, Any]]
) -> list[ClockEvent]:
    found = []
    for event in events:
        payload = event.payload
        to = payload["to"]
        state = draft.lifecycle.states.get(to) or old.lifecycle.states.get(to)
        values = payload.get("set", {})
        if event.seq in changed:
            values = {**values, **changed[event.seq]}
        found.append(
            ClockEvent(
                event.seq, event.at, event.recorded_at, event.verb, to, payload["cycle"], payload["round"], values,
                values.get("pause_reason"), event.verb == "resume", state is not None and state.category in RESTING,
            )
        )  # fmt: skip
    return found


def is_broken(clock: Stood, now: datetime) -> bool:
    """Stopped at its due time or later, or running past it: at the due moment itself it is broken."""
    return clock.due_at is not None and (clock.stopped_at or now) >= clock.due_at


def _compare_clocks(found: Replayed, now: datetime) -> None:
    found.late_before = found.late_after = [is_broken(one, now) for one in found.clocks_before]
    if found.clocks_before is found.clocks_after:
        return
    found.late_after = [is_broken(one, now) for one in found.clocks_after]
    after = {one.key: one for one in found.clocks_after}
    for one in found.clocks_before:
        other = after.pop(one.key, None)
        if other is None or other.due_at != one.due_at:
            found.due.append((one.key, one.due_at, other.due_at if other else None))
    found.due += [(key, None, one.due_at) for key, one in after.items()]


# Indicators


def timeliness(clocks: Iterable[Stood], rules: Collection[str], now: datetime) -> tuple[bool | None, bool]:
    """Whether a case is in time by the clocks of its policy, None while they run; and whether it is overdue."""
    dated = [one for one in clocks if one.rule in rules and one.due_at is not None]
    running = [one for one in dated if one.stopped_at is None]
    if not dated or running:
        last = running[-1] if running else None
        return None, last is not None and last.due_at is not None and last.due_at <= now
    return all(one.stopped_at <= one.due_at for one in dated), False  # type: ignore[operator]


@dataclass(frozen=True, slots=True)
class _Figures:
    """The row of figures of a case as conditions ask it."""

    values: Mapping[str, Any]

    def value(self, name: str) -> Any:
        return self.values.get(name)

    def was_done(self, verb: str, *, within: str = "cycle") -> bool:
        return False


@dataclass(slots=True)
class Sum:
    """A tally that grows, and that can be put together with another."""

    population: int = 0
    counted: int = 0
    measured: int = 0
    total: int = 0
    values: list[int] = field(default_factory=list)

    def result(self, indicator: Indicator) -> Result:
        return result_of(indicator, Tally(self.population, self.counted, self.measured, self.total, self.values))

    def add(self, other: Sum) -> None:
        self.population += other.population
        self.counted += other.counted
        self.measured += other.measured
        self.total += other.total
        self.values += other.values


def can_be_replayed(indicator: Indicator) -> bool:
    """Indicators over business volumes, and those that ask for other cases, can not be told from one case alone."""
    asked = {name for _, condition in indicator.conditions() for _, name in condition.names()}
    return indicator.kind != "per_volume" and not asked & UNASKED


def count_in(total: Sum, indicator: Indicator, past: Past, known: Known, since: date) -> None:
    """Add one case to an indicator, by what is known of it."""
    day = past.days.get(indicator.by)
    if day is None or day < since or not _holds(indicator.population, known):
        return
    if indicator.exclude is not None and holds(indicator.exclude, known):
        return
    if indicator.kind in ("share", "count"):
        total.population += 1
        total.counted += _holds(indicator.counted, known)
        return
    measure = past.measures.get(measure_of(indicator))
    if measure is None:
        return
    total.population += 1
    total.counted += 1
    total.measured += 1
    total.total += measure
    if indicator.kind in ("median", "percentile"):
        total.values.append(measure)


def _holds(condition: Condition | None, known: Any) -> bool:
    return condition is None or holds(condition, known)


def measure_of(indicator: Indicator) -> str:
    """The name under which a case keeps what an indicator measures."""
    name = indicator.of or ""
    return f"{name}_work" if name in LENGTHS and indicator.working else name


# Sums over many cases


@dataclass(slots=True)
class ClockSum:
    """One rule over all cases: how many clocks it started and how many of them broke, before and after."""

    before: int = 0
    broken_before: int = 0
    after: int = 0
    broken_after: int = 0
    moved: int = 0


@dataclass(slots=True)
class Sums:
    """What a draft changes in sum; sums of parts add up to the sum of the whole."""

    cases: int = 0
    differing: int = 0
    levels: dict[str, list[int]] = field(default_factory=dict)
    routes: dict[str, list[int]] = field(default_factory=dict)
    clocks: defaultdict[str, ClockSum] = field(default_factory=lambda: defaultdict(ClockSum))
    unknown_verbs: dict[str, list[int]] = field(default_factory=dict)
    unknown_states: Counter[str] = field(default_factory=Counter)
    before: dict[str, Sum] = field(default_factory=dict)
    after: dict[str, Sum] = field(default_factory=dict)

    def take(self, one: Replayed) -> None:
        """Add one case, without its indicators."""
        self.cases += 1
        self.differing += one.differs
        _pair(self.levels, *one.level)
        _pair(self.routes, *one.route)
        for clock, is_late in zip(one.clocks_before, one.late_before, strict=True):
            total = self.clocks[clock.rule]
            total.before += 1
            total.broken_before += is_late
        for clock, is_late in zip(one.clocks_after, one.late_after, strict=True):
            total = self.clocks[clock.rule]
            total.after += 1
            total.broken_after += is_late
        for key, _, _ in one.due:
            self.clocks[key.partition("/")[0]].moved += 1
        for verb, times in one.unknown_verbs.items():
            found = self.unknown_verbs.setdefault(verb, [0, 0])
            found[0] += 1
            found[1] += times
        self.unknown_states.update(one.unknown_states)

    def add(self, other: Sums) -> None:
        """Put the sums of another part to these."""
        self.cases += other.cases
        self.differing += other.differing
        for mine, others in (
            (self.levels, other.levels),
            (self.routes, other.routes),
            (self.unknown_verbs, other.unknown_verbs),
        ):
            for name, counts in others.items():
                found = mine.setdefault(name, [0, 0])
                found[0] += counts[0]
                found[1] += counts[1]
        for name, one in other.clocks.items():
            mine_of = self.clocks[name]
            mine_of.before += one.before
            mine_of.broken_before += one.broken_before
            mine_of.after += one.after
            mine_of.broken_after += one.broken_after
            mine_of.moved += one.moved
        self.unknown_states.update(other.unknown_states)
        for tallies, of_others in ((self.before, other.before), (self.after, other.after)):
            for name, tally in of_others.items():
                tallies.setdefault(name, Sum()).add(tally)


def _pair(found: dict[str, list[int]], before: str | None, after: str | None) -> None:
    for place, name in enumerate((before, after)):
        if name is not None:
            found.setdefault(name, [0, 0])[place] += 1


class Simulation:
    """A draft over many cases, one after the other: sums, and what differs for each case that differs."""

    def __init__(self, draft: Draft, present: Pack, since: date) -> None:
        self.draft, self.since = draft, since
        self.before = [one for one in present.kpis.indicators if can_be_replayed(one)]
        self.after = [one for one in draft.pack.kpis.indicators if can_be_replayed(one)]
        self._same = frozenset(one.id for one in self.after if one in self.before)
        self._limits = (frozenset(present.kpis.reads.limit), frozenset(draft.pack.kpis.reads.limit))

    def over(self, pasts: Iterable[Past]) -> tuple[Sums, list[Replayed]]:
        """The sums over these cases, and those among them that differ."""
        sums, differing = Sums(), []
        sums.before = {one.id: Sum() for one in self.before}
        sums.after = {one.id: Sum() for one in self.after}
        alike = {name: Sum() for name in self._same}
        for past in pasts:
            one = self.draft.replay(past)
            sums.take(one)
            self._count(sums, alike, past, one)
            if one.differs or one.unknown_verbs or one.unknown_states:
                differing.append(one)
        for name, total in alike.items():
            sums.before[name].add(total)
            sums.after[name].add(total)
        return sums, differing

    def _count(self, sums: Sums, alike: Mapping[str, Sum], past: Past, one: Replayed) -> None:
        """Add the case to the indicators; an indicator and facts that are the same before and after are counted once, in `alike`."""
        before = after = self._read(one.clocks_before, 0, past.figures.get("level"))
        if one.differs or self._limits[0] != self._limits[1]:
            level = one.level[1] if one.level[0] != one.level[1] else past.figures.get("level")
            after = self._read(one.clocks_after, 1, level)
        known = _Figures({**past.figures, **before})
        known_after = known if after == before else _Figures({**past.figures, **after})
        once = self._same if known_after is known else frozenset()
        for indicator in self.before:
            total = alike[indicator.id] if indicator.id in once else sums.before[indicator.id]
            count_in(total, indicator, past, known, self.since)
        for indicator in self.after:
            if indicator.id not in once:
                count_in(sums.after[indicator.id], indicator, past, known_after, self.since)

    def _read(self, clocks: Iterable[Stood], place: int, level: Any) -> dict[str, Any]:
        """The facts that a draft may change."""
        in_time, overdue = timeliness(clocks, self._limits[place], self.draft.now)
        return {"level": level, "in_time": in_time, "overdue": overdue}


HOURS, MINUTES = Decimal(3600), Decimal(60)


def figures_asked(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row of figures of a case by the names that indicators ask, in their units; what is not known is None."""
    escalations, minor = row["escalations"], row["compensation_minor"]
    return {
        **{name: row[name] for name in ("kind", "counts", "internal", "channel", "channel_group", "category", "cause", "product",
           "product_version", "region", "level", "urgent", "outcome", "state", "state_category", "taken_over", "rounds", "cycles",
           "escalations", "asked", "score", "satisfied", "praise")},
        "reopened": row["reopened"] > 0, "escalated": None if escalations is None else escalations > 0,
        "compensation": None if minor is None else Decimal(minor) / 100,
        **{name: row[f"{name}_at"] is not None for name in ("responded", "told", "resolved", "closed")},
        "response_minutes": _per(row["response_seconds"], MINUTES), "response_working_minutes": _per(row["response_work_seconds"], MINUTES),
        "handling_hours": _per(row["handling_seconds"], HOURS), "handling_working_hours": _per(row["handling_work_seconds"], HOURS),
    }  # fmt: skip


def _per(seconds: int | None, unit: Decimal) -> Decimal | None:
    return None if seconds is None else Decimal(seconds) / unit
