"""Rehearses a desk: registers contacts and performs verbs as the people of the pack would, with forms filled in.

Demo desks are filled with it, and tests drive any pack through it, also packs that nobody here knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from amends.apps.cases.actions import Contact, Wish, perform, register_case
from amends.apps.cases.evidence import Given, rules_of, store_upload
from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.queries import Viewer, complainant_caller
from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.core.decide import allowed_actions
from amends.core.directory import SYSTEM, Caller
from amends.core.facts import CaseFacts
from amends.core.policy.lifecycle import Transition
from amends.core.policy.pack import Pack
from amends.core.policy.people import Role
from amends.core.refusals import Refusal
from amends.core.roles import actor_on_case
from amends.core.routing import propose_route
from amends.core.verbs import EXITS
from amends.jobs.organisation import Organisation
from amends.jobs.samples import Filler

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


class NotPossible(LookupError):
    """No way is open to what was asked for."""


@dataclass(slots=True)
class DeskWorld:
    """One desk with its pack and its people."""

    desk: Desk
    pack: Pack
    organisation: Organisation
    now: datetime
    wishes: dict[str, Any] = field(default_factory=dict)
    callers: list[Caller] = field(default_factory=list)
    sparing: bool = False

    def person(self, role: str, function: str = "") -> Person:
        return self.organisation.person(role, function)

    def caller(self, role: str, function: str = "") -> Caller:
        return self.viewer(role, function).caller(self.desk, self.pack)

    def viewer(self, role: str, function: str = "") -> Viewer:
        return Viewer(person=self.person(role, function), now=self.now)

    def later(self, **delta: float) -> datetime:
        """Move this world's clock on and return the new moment."""
        self.now += timedelta(**delta)
        return self.now

    def register(
        self, *, kind: str | None = None, channel: str | None = None, by: str | None = None, **wishes: Any
    ) -> Case:
        """Register a contact with every asked field filled; `wishes` fix single fields (None leaves one out)."""
        kind = kind or next(iter(self.pack.channels.kinds))
        channel = channel or next(iter(self.pack.channels.channels))
        rule = next(t for t in self.pack.lifecycle.transitions if t.verb == "register")
        role = by or next(r for r in rule.by if self._is_staff(r))
        caller = self.caller(role)
        facts = CaseFacts(values={"kind": kind, "channel": channel})
        data = self.answers(self.pack.channels.kinds[kind].form, facts, wishes, owner=caller.id)
        contact = Contact(
            desk=self.desk, kind=kind, channel=channel, data=data, caller=caller, now=self.later(minutes=1)
        )
        return register_case(contact)

    def _is_staff(self, role: str) -> bool:
        return any(held == role for held, _ in self.organisation.people)

    def answers(self, form: str, facts: CaseFacts, wishes: Mapping[str, Any], *, owner: str) -> dict[str, Any]:
        filler = Filler(
            self.pack,
            now=self.now,
            people=self.ids_for(facts),
            wishes={**self.wishes, **wishes},
            upload=lambda: self.upload(owner),
            sparing=self.sparing,
        )
        return filler.fill(self.pack.forms[form], facts)

    def upload(self, owner: str, content: bytes = PICTURE, name: str = "现场照片.png") -> str:
        """The id of a small picture that `owner` has uploaded."""
        file = SimpleUploadedFile(name, content)
        given = Given(owner=owner, given_by=owner)
        return str(store_upload(file, rules=rules_of(self.pack), given=given, now=self.now).pk)

    def ids_for(self, facts: CaseFacts) -> dict[str, int]:
        """Ids that person and department fields may take: the responsible department and its people."""
        departments = self.organisation.departments
        home = next((d for d in departments.values() if d.pk == facts.department), next(iter(departments.values())))
        members = [p for p in self.organisation.people.values() if p.department_id == home.pk]
        person = members[0] if members else next(iter(self.organisation.people.values()))
        team = next((d for d in departments.values() if d.parent_id == home.pk), home)
        return {"person": person.pk, "department": home.pk, "team": team.pk}

    def do(self, case: Case, verb: str, *, by: str | Caller | None = None, **wishes: Any) -> Case:
        """Perform a verb as whoever may, with its form filled; `wishes` fix single fields."""
        facts = facts_of(case)
        rule = self._rule(facts, verb)
        caller = by if isinstance(by, Caller) else self.caller(by) if by else self.whoever_may(case, verb, facts)
        data = (
            self.answers(rule.form, self._as_routed(facts, rule), wishes, owner=caller.id)
            if rule.form
            else dict(wishes)
        )
        return perform(case, Wish(verb=verb, data=data, caller=caller, now=self.later(minutes=5), version=case.version))

    def _as_routed(self, facts: CaseFacts, rule: Transition) -> CaseFacts:
        """The facts with the department that the case is about to go to: its new handler belongs there."""
        if not rule.routes:
            return facts
        proposal = propose_route(self.pack, facts, OrganisationOfDesk(self.desk, self.pack, self.now))
        return replace(facts, department=proposal.department) if proposal and proposal.department else facts

    def _rule(self, facts: CaseFacts, verb: str) -> Transition:
        here = [t for t in self.pack.lifecycle.from_state(facts.state) if t.verb == verb]
        return here[0] if here else self.pack.lifecycle.with_verb(verb)[0]

    def everybody(self) -> list[Caller]:
        """Everybody of the desk as a caller, read once: nobody's roles change during a rehearsal."""
        if not self.callers:
            people = self.organisation.people.values()
            self.callers += [Viewer(person=p, now=self.now).caller(self.desk, self.pack) for p in people]
        return self.callers

    def whoever_may(self, case: Case, verb: str, facts: CaseFacts | None = None) -> Caller:
        """Somebody of this desk, or the complainant, to whom the verb is open now; the facts of the case are read where they are not known."""
        facts, pack = facts or facts_of(case), pack_of(case)
        by = {role for t in pack.lifecycle.from_state(facts.state) if t.verb == verb for role in t.by}
        directory = OrganisationOfDesk(self.desk, pack, self.now)
        for caller in [*self.everybody(), complainant_caller(case), SYSTEM]:
            if not any(_could_have(pack.roles.roles[role], role, caller, facts) for role in by):
                continue
            actor = actor_on_case(pack, caller, facts, directory)
            if actor.roles & by and any(
                a.verb == verb for a in allowed_actions(pack=pack, process=pack.lifecycle, facts=facts, actor=actor)
            ):
                return caller
        raise NotPossible(f"nobody may {verb} in {case.state}")


def _could_have(role: Role, name: str, caller: Caller, facts: CaseFacts) -> bool:
    """Whether it is worth asking if somebody has a role on the case: whoever neither holds it nor handles the case has not."""
    if role.counts == "handler":
        return caller.person is not None and caller.person == facts.held_by
    return role.counts not in HELD or any(holding.role == name for holding in caller.holdings)


HELD = ("desk", "department", "superior", "asked")
"""How roles count that are held by appointment."""

ASIDES_FIRST = ("complete_measure", "reply")


def drive_to_archive(world: DeskWorld, case: Case, *, most: int = 40) -> tuple[Case, list[str]]:
    """Take a case along the shortest open way to an archived state, as the people the pack names; returns the verbs done.

    Raises NotPossible with the last refusals when no way is open.
    """
    done: list[str] = []
    for _ in range(most):
        if case.state_category == "archived":
            return case, done
        case, verb = one_step(world, case, done)
        done.append(verb)
    raise NotPossible(f"not archived after {most} steps: {done}")


def one_step(world: DeskWorld, case: Case, done: list[str]) -> tuple[Case, str]:
    """The next verb on the way to the archive, as whoever may; returns the case and the verb."""
    refusals, facts = [], facts_of(case)
    item = next((i["no"] for name in facts.lists for i in facts.open_items(name)), None)
    for verb in _candidates(world.pack, facts, done):
        try:
            return world.do(case, verb, **({"item": item} if item and verb in ASIDES_FIRST else {})), verb
        except (Refusal, NotPossible) as refusal:
            details = (
                getattr(refusal, "errors", None) or getattr(refusal, "missing", None) or getattr(refusal, "params", "")
            )
            refusals.append(f"{verb}: {refusal} {details}")
    raise NotPossible(f"stuck in {case.state} after {done}:\n" + "\n".join(refusals))


def _candidates(pack: Pack, facts: CaseFacts, done: list[str]) -> list[str]:
    """Verbs worth trying, nearest to the archive first; open items are ticked off before anything else."""
    here = pack.lifecycle.from_state(facts.state)
    first = [
        v for v in ASIDES_FIRST if any(facts.open_items(n) for n in facts.lists) and any(t.verb == v for t in here)
    ]
    ranked = []
    for t in here:
        target = t.target(facts.state)
        distance = _distance(pack, target)
        if target != facts.state and distance is not None and t.verb not in EXITS:
            ranked.append((done.count(t.verb), distance, t.verb))
    # A side step may be what a later need asks for.
    asides = [t.verb for t in here if t.target(facts.state) == facts.state and t.verb not in done]
    return list(dict.fromkeys([*first, *(verb for _, _, verb in sorted(ranked)), *asides]))


def _distance(pack: Pack, state: str) -> int | None:
    """How many moves from a state to an archived one."""
    frontier, seen, steps = {state}, {state}, 0
    while frontier:
        if any(pack.lifecycle.states[s].category == "archived" for s in frontier):
            return steps
        frontier = {t.target(s) for s in frontier for t in pack.lifecycle.from_state(s) if t.verb not in EXITS} - seen
        seen |= frontier
        steps += 1
    return None
