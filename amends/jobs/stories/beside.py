"""Proceedings of a story on paper: begun and taken on by the rules alone, with what the case learns of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from amends.apps.cases.proceedings.expecting import found_out
from amends.core.decide import Request, decide
from amends.core.decision import Decision, Started
from amends.core.directory import Actor, Caller
from amends.core.facts import CaseFacts, Event, evolve
from amends.core.policy.lifecycle import RESTING
from amends.core.policy.pack import Pack
from amends.core.roles import actor_on_case
from amends.jobs.stories.cast import Cast
from amends.jobs.stories.filling import BadReference


def by_the_system(pack: Pack, caller: Caller) -> Actor:
    """The caller with the roles of the system: what a step starts by itself is done so, in their name."""
    system = frozenset(name for name, role in pack.roles.roles.items() if role.counts == "system")
    return Actor(id=caller.id, person=caller.person, roles=system)


class PaperProceedings:
    """The proceedings of one case on paper, the latest of each kind."""

    def __init__(self, pack: Pack, cast: Cast) -> None:
        self.pack, self.cast = pack, cast
        self.by_kind: dict[str, CaseFacts] = {}

    def facts(self, kind: str, case: CaseFacts) -> CaseFacts:
        """What is known in the proceeding: of one that is to begin, only what lies behind it."""
        return replace(self.by_kind.get(kind, CaseFacts()), behind=case)

    def start(self, starts: Iterable[Started], case: CaseFacts, caller: Caller, at: datetime) -> CaseFacts:
        """Begin what a step starts, by the roles of the system; returns the case with its notes."""
        for start in starts:
            self.by_kind.pop(start.proceeding, None)
            verb = self.pack.proceedings[start.proceeding].from_state(None)[0].verb
            actor = by_the_system(self.pack, caller)
            case, _ = self._decided(start.proceeding, verb, start.data, actor, case, at)
        return case

    def perform(
        self, kind: str, verb: str, data: Mapping[str, Any], caller: Caller, case: CaseFacts, at: datetime
    ) -> tuple[CaseFacts, Decision]:
        """Take a step; returns the case with what it learns, and the decision with what else follows on it."""
        actor = actor_on_case(self.pack, caller, self.facts(kind, case), self.cast.directory)
        case, decision = self._decided(kind, verb, data, actor, case, at)
        return self.start(decision.starts, case, caller, at), decision

    def _decided(
        self, kind: str, verb: str, data: Mapping[str, Any], actor: Actor, case: CaseFacts, at: datetime
    ) -> tuple[CaseFacts, Decision]:
        if kind not in self.pack.proceedings:
            raise BadReference(kind)
        process, facts = self.pack.proceedings[kind], self.facts(kind, case)
        request = Request(verb=verb, data=data, actor=actor, now=at)
        decision = decide(pack=self.pack, process=process, facts=facts, request=request, directory=self.cast.directory)
        after = evolve(facts, Event(facts.version + 1, verb, at, at, actor.id, decision.payload))
        self.by_kind[kind] = after
        state = process.states[after.state or ""].category
        shared = {name: after.values[name] for name in process.shares if name in after.values}
        item = {"id": kind, **shared, "open": state not in RESTING, "void": after.state in process.void}
        note = {"set": dict(decision.marks_case), "put": {"list": kind, "item": item}}
        return evolve(case, Event(case.version + 1, "note_proceeding", at, at, actor.id, note)), decision


@dataclass(slots=True, eq=False)
class _Sheet:
    """One proceeding of a record on paper, beneath another one."""

    kind: str
    above: _Sheet | None
    own: CaseFacts = field(default_factory=CaseFacts)
    texts: dict[str, str] = field(default_factory=dict)
    """What was said in it so far: later steps hand it on."""


class PaperRecord:
    """A record of no case on paper, with what lies beneath it: the same choices as on a desk."""

    def __init__(self, pack: Pack, cast: Cast) -> None:
        self.pack, self.cast = pack, cast
        self.sheets: list[_Sheet] = []

    def facts(self, kind: str, verb: str) -> CaseFacts:
        """What is known in the proceeding that takes the step; of one that is to begin, only what lies behind it."""
        return self._known(self._taking(kind, verb) or self._fresh(kind))

    def perform(self, kind: str, verb: str, data: Mapping[str, Any], caller: Caller, at: datetime) -> None:
        """Take a step, and begin what it starts."""
        sheet = self._taking(kind, verb) or self._fresh(kind)
        self._decided(sheet, verb, data, actor_on_case(self.pack, caller, self._known(sheet), self.cast.directory), at)

    def _decided(self, sheet: _Sheet, verb: str, data: Mapping[str, Any], actor: Actor, at: datetime) -> None:
        process, facts = self.pack.proceedings[sheet.kind], self._known(sheet)
        request = Request(
            verb=verb, data=data, actor=actor, now=at, texts=sheet.texts, given=self._found_out(sheet, data, actor, at)
        )
        decision = decide(pack=self.pack, process=process, facts=facts, request=request, directory=self.cast.directory)
        sheet.texts |= decision.texts
        sheet.own = evolve(sheet.own, Event(sheet.own.version + 1, verb, at, at, actor.id, decision.payload))
        if sheet not in self.sheets:
            self.sheets.append(sheet)
        for start in decision.starts:
            below = _Sheet(start.proceeding, sheet)
            first = self.pack.proceedings[start.proceeding].from_state(None)[0].verb
            system = by_the_system(self.pack, Caller(id=actor.id, person=actor.person))
            self._decided(below, first, start.data, system, at)

    def _found_out(self, sheet: _Sheet, data: Mapping[str, Any], actor: Actor, at: datetime) -> dict[str, Any]:
        """What the product finds out when something expected is handed in."""
        asked = self.pack.proceedings[sheet.kind].expected_from
        if asked is None or sheet.own.state is not None:
            return {}
        return found_out(asked, data, person=actor.person, now=at, zone=ZoneInfo(self.pack.head.zone))

    def _taking(self, kind: str, verb: str) -> _Sheet | None:
        if kind not in self.pack.proceedings:
            raise BadReference(kind)
        sheets = [sheet for sheet in self.sheets if sheet.kind == kind]
        process = self.pack.proceedings[kind]
        able = [sheet for sheet in sheets if any(t.verb == verb for t in process.from_state(sheet.own.state))]
        begins = verb == process.from_state(None)[0].verb
        return able[0] if able else None if begins or not sheets else sheets[-1]

    def _fresh(self, kind: str) -> _Sheet:
        under = self.pack.proceedings[kind].under
        above = next((s for s in reversed(self.sheets) if s.kind in under and self._is_open(s)), None)
        if under and above is None:
            raise BadReference(", ".join(under))
        return _Sheet(kind, above)

    def _known(self, sheet: _Sheet) -> CaseFacts:
        behind = self._known(sheet.above) if sheet.above else CaseFacts()
        return replace(sheet.own, behind=behind, beneath=self._counts(sheet))

    def _counts(self, sheet: _Sheet) -> dict[str, int]:
        found = {
            f"{name}_{what}": 0
            for name, kind in self.pack.kinds_under(sheet.kind).items()
            for what in ("count", "open", "late", *kind.states)
        }
        kinds = self.pack.kinds_under(sheet.kind)
        for below in (one for one in self.sheets if one.above is sheet and one.kind in kinds):
            found[f"{below.kind}_count"] += 1
            found[f"{below.kind}_open"] += self._is_open(below)
            found[f"{below.kind}_{below.own.state}"] += 1
        return found

    def _is_open(self, sheet: _Sheet) -> bool:
        return self.pack.proceedings[sheet.kind].states[sheet.own.state or ""].category not in RESTING
