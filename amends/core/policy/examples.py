"""Worked cases of a pack, run against its own rules: what `pack check` and the tests ask of examples.yaml.

Nothing is stored and no form is filled: an example states the facts and asks what the rules make of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, ValidationError

from amends.core.clocks import ClockEvent, ClockReading, read_clock
from amends.core.decide import allowed_actions, decide, marks_on_acceptance
from amends.core.decision import Request
from amends.core.directory import Actor
from amends.core.facts import CaseFacts, Doing
from amends.core.grading import propose
from amends.core.policy.base import Name, Piece, Title
from amends.core.policy.conditions import holds
from amends.core.policy.lifecycle import RESTING, Transition
from amends.core.policy.pack import Example, Pack
from amends.core.refusals import Refusal, WrongState
from amends.core.routing import owner_rank, propose_route
from amends.core.verbs import VERBS
from amends.core.working_time import WorkingCalendar

Calendars = Callable[[str], WorkingCalendar]

SELF, ANOTHER = "person:1", "person:2"
SOME_DAY = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


class GivenEvent(Piece):
    """Something that happened after receipt. Without `state` the pack's own transition decides where it leads."""

    verb: Name
    at: AwareDatetime
    state: Name | None = None
    values: dict[Name, Any] = {}


class Given(Piece):
    """What an example takes as known. `done` lists verbs done in this cycle, `done_by_self` those by the actor."""

    received: AwareDatetime | None = None
    kind: Name | None = None
    channel: Name | None = None
    values: dict[Name, Any] = {}
    state: Name | None = None
    role: Name | None = None
    done: tuple[Name, ...] = ()
    done_by_self: tuple[Name, ...] = ()
    cycle: int = 1
    round: int = 1
    events: tuple[GivenEvent, ...] = ()


class RouteExpected(Piece):
    to: Name | None
    owner: Name | None = None


class DueExpected(Piece):
    """`at` null says that the clock has no due date; `n` chooses among the instances of a clock that repeats."""

    clock: Name
    at: AwareDatetime | None
    provisional: bool | None = None
    n: int | None = None


class RefusalExpected(Piece):
    verb: Name
    code: Literal["wrong_state", "not_permitted", "invalid", "already_decided"]
    missing: tuple[str, ...] | None = None
    data: dict[str, Any] = {}


class MoveExpected(Piece):
    verb: Name
    state: Name


class Expected(Piece):
    """What the rules must say: one thing or several."""

    axes: dict[Name, Name | None] = {}
    criteria: dict[Name, tuple[Name, ...]] = {}
    route: RouteExpected | None = None
    due: DueExpected | tuple[DueExpected, ...] = ()
    may: tuple[Name, ...] = ()
    may_not: tuple[Name, ...] = ()
    refuses: RefusalExpected | tuple[RefusalExpected, ...] = ()
    goes_to: MoveExpected | tuple[MoveExpected, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """What an example expected and the rules did not say. `path` is the key under the example."""

    path: tuple[str | int, ...]
    message: str
    message_en: str


def failures(example: Example, pack: Pack, calendars: Calendars) -> list[Failure]:
    """What is wrong with an example: keys it can not have, names the pack does not have, expectations not met."""
    try:
        given, expected = Given.model_validate(example.given), Expected.model_validate(example.expect)
    except ValidationError as error:
        return [_misspelt(item, example) for item in error.errors()]
    unknown = list(_unknown_names(given, expected, pack))
    if unknown:
        return unknown
    if expected == Expected():
        return [Failure(("expect",), "没有写明预期结果。", "it expects nothing.")]
    return list(_Run(pack, given, expected, calendars).failures())


def _misspelt(error: Any, example: Example) -> Failure:
    steps = [step for step in error["loc"] if not (isinstance(step, str) and step[:1].isupper())]
    part = "given" if steps and steps[0] in example.given else "expect"
    name = ".".join(map(str, steps))
    if error["type"] == "extra_forbidden":
        return Failure((part, *steps[:1]), f"不认识“{name}”这一项。", f'there is no key "{name}".')
    return Failure((part, *steps[:1]), f"“{name}”不合规定：{error['msg']}。", f"{name}: {error['msg']}.")


def _unknown_names(given: Given, expected: Expected, pack: Pack) -> Iterator[Failure]:
    used = {t.verb for t in pack.lifecycle.transitions}
    moves, refusals = _tuple(expected.goes_to), _tuple(expected.refuses)
    verbs = [*given.done, *given.done_by_self, *(event.verb for event in given.events), *expected.may]
    verbs += [*expected.may_not, *(m.verb for m in moves), *(r.verb for r in refusals)]
    lookups: list[tuple[str, str, list[str | None], Any]] = [
        ("动作", "verb", [*verbs], used | set(VERBS)),
        (
            "状态",
            "state",
            [given.state, *(e.state for e in given.events), *(m.state for m in moves)],
            pack.lifecycle.states,
        ),
        ("角色", "role", [given.role], pack.roles.roles),
        ("个案种类", "kind", [given.kind], pack.channels.kinds),
        ("渠道", "channel", [given.channel], pack.channels.channels),
        ("分级维度", "axis", [*expected.axes, *expected.criteria], {axis.id for axis in pack.grading.axes}),
        ("时限", "clock", [due.clock for due in _tuple(expected.due)], {clock.id for clock in pack.clocks}),
        ("部门职能", "function", [expected.route.to if expected.route else None], pack.routing.functions),
    ]
    for noun, noun_en, names, table in lookups:
        for name in names:
            if name is not None and name not in table:
                yield Failure((), f"没有{noun}“{name}”。", f'there is no {noun_en} "{name}".')
    needs_role = expected.may or expected.may_not or refusals
    if needs_role and given.role is None:
        yield Failure(("given",), "需要写明 role。", "it needs a role.")


def _tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def facts_of_given(pack: Pack, given: Given) -> CaseFacts:
    """The facts that an example states, with what follows from them: channel class, category and acceptance marks, and
    the proposal for every axis that is not given.
    """
    values: dict[str, Any] = {}
    if given.kind is not None:
        kind = pack.channels.kinds[given.kind]
        values |= {"kind": given.kind, "counts": kind.counts, "internal": kind.internal}
    if given.channel is not None:
        channel = pack.channels.channels[given.channel]
        values |= {"channel": given.channel, "channel_group": channel.group, "written": channel.written}
    values |= {**_category_marks(pack, given.values), **given.values}
    doing = [(verb, ANOTHER) for verb in given.done] + [(verb, SELF) for verb in given.done_by_self]
    at = given.received or SOME_DAY
    facts = CaseFacts(
        state=given.state,
        cycle=given.cycle,
        round=given.round,
        values=values,
        done={verb: Doing(1, at, actor, given.cycle, given.round) for verb, actor in doing},
        lists={name: tuple(rows) for name, rows in values.items() if isinstance(rows, list) and _are_rows(rows)},
    )
    facts = facts.with_values({**marks_on_acceptance(pack, facts), **values})
    for axis in pack.grading.axes:
        proposal = propose(axis, facts).value
        if facts.value(axis.id) is None and proposal is not None:
            facts = facts.with_values({axis.id: proposal})
    return facts


def _are_rows(rows: list[Any]) -> bool:
    return bool(rows) and all(isinstance(row, Mapping) for row in rows)


def _category_marks(pack: Pack, values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        field = pack.fields.get(name)
        scheme = pack.categories.scheme(field.scheme or "") if field else None
        for path in _paths(value) if scheme else ():
            node = scheme.node(path) if scheme else None
            if node is not None:
                found |= {**node.maps_to, **node.marks}
    return found


def _paths(value: Any) -> Iterator[str]:
    """A category and those above it, top first."""
    for chosen in value if isinstance(value, list | tuple) else (value,):
        parts = str(chosen).split("/")
        yield from ("/".join(parts[: depth + 1]) for depth in range(len(parts)))


class _Run:
    """One example against one pack."""

    def __init__(self, pack: Pack, given: Given, expected: Expected, calendars: Calendars) -> None:
        self.pack, self.given, self.expected, self.calendars = pack, given, expected, calendars
        self.facts = facts_of_given(pack, given)

    def failures(self) -> Iterator[Failure]:
        yield from self._axes()
        yield from self._route()
        for due in _tuple(self.expected.due):
            yield from self._due(due)
        yield from self._permissions()
        for refusal in _tuple(self.expected.refuses):
            yield from self._refusal(refusal)
        for move in _tuple(self.expected.goes_to):
            yield from self._move(move)

    # Grading and routing

    def _axes(self) -> Iterator[Failure]:
        for name, value in self.expected.axes.items():
            proposed = self._proposal(name).value
            if proposed != value:
                yield _differs(("expect", "axes"), name, value, proposed)
        for name, criteria in self.expected.criteria.items():
            matched = self._proposal(name).criteria
            if set(matched) != set(criteria):
                yield _differs(("expect", "criteria"), name, ", ".join(criteria), ", ".join(matched))

    def _proposal(self, name: str) -> Any:
        axis = self.pack.grading.axis(name)
        known = {key: value for key, value in self.facts.values.items() if key != name}
        return propose(axis, CaseFacts(**{**_plain(self.facts), "values": known})) if axis else None

    def _route(self) -> Iterator[Failure]:
        route = self.expected.route
        if route is None:
            return
        proposal = propose_route(self.pack, self.facts, None)
        to = proposal.route.to if proposal else None
        if to != route.to:
            yield _differs(("expect", "route"), "to", route.to, to)
        owner = owner_rank(self.pack, self.facts, proposal.route if proposal else None)
        if route.owner is not None and owner != route.owner:
            yield _differs(("expect", "route"), "owner", route.owner, owner)

    # Clocks

    def _due(self, due: DueExpected) -> Iterator[Failure]:
        path = ("expect", "due")
        if self.given.received is None:
            yield Failure(("given",), "计算期限需要写明 received。", "a due date needs `received`.")
            return
        reading = self._reading(due)
        if reading is None:
            yield Failure(path, f"时限“{due.clock}”没有开始。", f"the clock {due.clock} did not start.")
            return
        if reading.due_at != due.at:
            yield _differs(path, due.clock, self._local(due.at), self._local(reading.due_at))
        if due.provisional is not None and reading.provisional != due.provisional:
            yield _differs(path, f"{due.clock} provisional", due.provisional, reading.provisional)

    def _reading(self, due: DueExpected) -> ClockReading | None:
        rule = next(clock for clock in self.pack.clocks if clock.id == due.clock)
        events = self._clock_events()
        readings = read_clock(
            rule,
            events,
            self.calendars(rule.calendar),
            events[-1].at,
            with_segments=False,
        )
        if due.n is not None:
            return next((reading for reading in readings if reading.n == due.n), None)
        return readings[-1] if readings else None

    def _clock_events(self) -> list[ClockEvent]:
        received = self.given.received or SOME_DAY
        state = self._first_state()
        values = {**self.facts.values}
        events = [self._clock_event(1, "register", received, state, values)]
        for seq, event in enumerate(self.given.events, start=2):
            values = {**values, **event.values}
            before = events[-1]
            transition = self._taken(event.verb, before.state, values, role=None)
            target = event.state or (transition.target(before.state) if transition else before.state)
            opens = transition.opens if transition else None
            events.append(
                self._clock_event(
                    seq, event.verb, event.at, target, event.values,
                    cycle=before.cycle + (opens == "cycle"),
                    round_=1 if opens == "cycle" else before.round + (opens == "round"),
                )
            )  # fmt: skip
        return events

    def _clock_event(
        self,
        seq: int,
        verb: str,
        at: datetime,
        state: str,
        values: Mapping[str, Any],
        *,
        cycle: int = 1,
        round_: int = 1,
    ) -> ClockEvent:
        known = self.pack.lifecycle.states.get(state)
        return ClockEvent(
            seq=seq, at=at, recorded_at=at, verb=verb, state=state, cycle=cycle, round=round_, values=values,
            pause_reason=values.get("pause_reason"), resumes=verb == "resume",
            done=known is not None and known.category in RESTING,
        )  # fmt: skip

    def _first_state(self) -> str:
        transition = self._taken("register", None, self.facts.values, role=None)
        return transition.to if transition else ""

    def _local(self, moment: datetime | None) -> str:
        return moment.astimezone(self._zone()).isoformat(timespec="minutes") if moment else "—"

    def _zone(self) -> Any:
        return ZoneInfo(self.pack.head.zone)

    # Verbs

    def _actor(self) -> Actor:
        return Actor(id=SELF, person=1, roles=frozenset(filter(None, (self.given.role,))))

    def _permissions(self) -> Iterator[Failure]:
        if not self.expected.may and not self.expected.may_not:
            return
        actions = allowed_actions(pack=self.pack, process=self.pack.lifecycle, facts=self.facts, actor=self._actor())
        allowed = {action.verb for action in actions}
        who, state = self.given.role, self.given.state
        for verb in self.expected.may:
            if verb not in allowed:
                yield Failure(
                    ("expect", "may"), f"“{who}”在“{state}”不能“{verb}”。", f"{who} may not {verb} in {state}."
                )
        for verb in self.expected.may_not:
            if verb in allowed:
                yield Failure(
                    ("expect", "may_not"), f"“{who}”在“{state}”可以“{verb}”。", f"{who} may {verb} in {state}."
                )

    def _refusal(self, expected: RefusalExpected) -> Iterator[Failure]:
        path = ("expect", "refuses")
        request = Request(
            verb=expected.verb,
            data=expected.data,
            actor=self._actor(),
            now=(self.given.received or SOME_DAY) + timedelta(days=1),
            form=self.pack.channels.kinds[self.given.kind].form if self.given.kind else None,
        )
        try:
            decide(
                pack=self.pack,
                process=self.pack.lifecycle,
                facts=self.facts,
                request=request,
                directory=_AnyOrganisation(self.pack),
            )
        except Refusal as refusal:
            yield from self._compare_refusal(expected, refusal)
        else:
            yield Failure(path, f"“{expected.verb}”没有被拒绝。", f"{expected.verb} is not refused.")

    def _compare_refusal(self, expected: RefusalExpected, refusal: Refusal) -> Iterator[Failure]:
        path = ("expect", "refuses")
        if refusal.code != expected.code:
            yield _differs(path, f"{expected.verb} code", expected.code, refusal.code)
        elif expected.missing is not None and isinstance(refusal, WrongState):
            named = [m.zh_hans if isinstance(m, Title) else str(m) for m in refusal.missing]
            wanted = [self._words_of(name) for name in expected.missing]
            if len(wanted) != len(named) or not all(words & set(named) for words in wanted):
                first = "、".join(sorted(words)[0] for words in wanted)
                yield _differs(path, f"{expected.verb} missing", first, "、".join(named))

    def _words_of(self, missing: str) -> set[str]:
        """What a missing stage may be called: a verb by its button or by the titles the pack gives it."""
        if missing not in VERBS:
            return {missing}
        titles = {t.title.zh_hans for t in self.pack.lifecycle.with_verb(missing) if t.title}
        return {VERBS[missing].button, *titles}

    def _move(self, expected: MoveExpected) -> Iterator[Failure]:
        transition = self._taken(expected.verb, self.given.state, self.facts.values, role=self.given.role)
        target = transition.target(self.given.state) if transition else None
        if target != expected.state:
            yield _differs(("expect", "goes_to"), expected.verb, expected.state, target)

    def _taken(self, verb: str, state: str | None, values: Mapping[str, Any], *, role: str | None) -> Transition | None:
        """The transition that the verb takes out of `state` under these facts, for `role` or for anybody."""
        known = self.facts.with_values(values)
        offered = [
            t for t in self.pack.lifecycle.from_state(state) if t.verb == verb and (role is None or role in t.by)
        ]
        return next((t for t in offered if holds(t.when, known)), None)


def _plain(facts: CaseFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in ("state", "cycle", "round", "version", "lists", "done")}


def _differs(path: tuple[str | int, ...], what: str, expected: Any, found: Any) -> Failure:
    return Failure(
        path, f"{what} 应为“{_text(expected)}”，规则得出“{_text(found)}”。",
        f"{what} should be {_text(expected)}, but the rules say {_text(found)}.",
    )  # fmt: skip


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "—" if value is None or value == "" else str(value)


class _AnyOrganisation:
    """An organisation in which every function has a department, every department a head, and everybody is at work."""

    def __init__(self, pack: Pack) -> None:
        self._functions = list(pack.routing.functions)

    def department_for(self, function: str) -> int | None:
        return self._functions.index(function) + 1 if function in self._functions else None

    def function_of(self, department: int) -> str | None:
        return self._functions[department - 1] if 0 < department <= len(self._functions) else None

    def name_of_department(self, department: int) -> str:
        return self.function_of(department) or str(department)

    def department_exists(self, department: int) -> bool:
        return self.function_of(department) is not None

    def person_is_active(self, person: int) -> bool:
        return True

    def is_present(self, person: int) -> bool:
        return True

    def deputy_of(self, person: int) -> int | None:
        return None

    def name_of_person(self, person: int) -> str:
        return str(person)

    def head_of(self, department: int) -> int | None:
        return 1000 + department

    def department_of(self, person: int) -> int | None:
        return None

    def is_member(self, person: int, department: int) -> bool:
        return True

    def holds_one_of(self, person: int, roles: Sequence[str]) -> bool:
        return True

    def least_loaded(
        self, department: int, roles: Sequence[str], skills: Sequence[str], *, apart_from: int | None = None
    ) -> int | None:
        return None

    def lies_within(self, department: int, ancestor: int) -> bool:
        return department == ancestor

    def partner_exists(self, partner: int) -> bool:
        return True

    def partner_kind(self, partner: int) -> str | None:
        return None
