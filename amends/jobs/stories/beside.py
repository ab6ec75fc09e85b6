"""Proceedings of a story on paper: begun and taken on by the rules alone, with what the case learns of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from amends.core.decide import Request, decide
from amends.core.decision import Decision, Started
from amends.core.directory import Actor, Caller
from amends.core.facts import CaseFacts, Event, evolve
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
        item = {"id": kind, "open": state not in ("done", "archived"), "void": after.state in process.void}
        note = {"set": dict(decision.marks_case), "put": {"list": kind, "item": item}}
        return evolve(case, Event(case.version + 1, "note_proceeding", at, at, actor.id, note)), decision
