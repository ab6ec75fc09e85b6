"""Who answers from outside, on what, and what is open to them now: a complainant on a case, a partner in a proceeding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from amends.apps.cases.actions.perform import facts_at_moment
from amends.apps.cases.clocks import process_of
from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.outside import actions_for
from amends.apps.cases.proceeding_models import PartnerKey, Proceeding
from amends.apps.cases.proceedings.partners import partner_caller
from amends.apps.cases.queries import complainant_caller
from amends.apps.people.directory import OrganisationOfDesk
from amends.core.decide import Action, allowed_actions, why_not
from amends.core.directory import Caller
from amends.core.facts import CaseFacts
from amends.core.policy.lifecycle import Process, Transition
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import ProceedingKind
from amends.core.refusals import Refusal
from amends.core.roles import actor_on_case, complainant_roles
from amends.doors.wording import words


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a case or proceeding that has no account; `actions` are the verbs that it may use now."""

    row: Case | Proceeding
    pack: Pack
    facts: CaseFacts
    caller: Caller
    roles: frozenset[str]
    actions: tuple[Action, ...]

    @property
    def is_partner(self) -> bool:
        return self.caller.partner is not None

    @property
    def process(self) -> Process:
        return process_of(self.row, self.pack)

    @property
    def called(self) -> str:
        """What the matter is called towards this side, before its number."""
        if not isinstance(self.process, ProceedingKind):
            return gettext("编号")
        told = self.process.for_partners
        return words(told.title if told and told.title else self.process.title)

    def transition(self, verb: str) -> Transition | None:
        """The transition of a verb that is this side's own, one out of the present state first; it need not be open now."""
        here, anywhere = self.process.from_state(self.facts.state), self.process.with_verb(verb)
        own = (t for t in (*here, *anywhere) if t.verb == verb and self.roles.intersection(t.by))
        return next(own, None)

    def why_not(self, verb: str, now: datetime) -> Refusal | None:
        """Why a verb that the present state knows is not open to this side: the time is over, or they did it before. None where it
        is another state: its name is for the staff.
        """
        if not any(t.verb == verb for t in self.process.from_state(self.facts.state)):
            return None
        actor = actor_on_case(self.pack, self.caller, self.facts, OrganisationOfDesk(self.row.desk, self.pack, now))
        return why_not(pack=self.pack, process=self.process, facts=self.facts, actor=actor, verb=verb)

    @property
    def seen(self) -> str:
        """What they decide about: the state in its round. Notes of the staff in between do not matter."""
        return f"{self.facts.cycle}.{self.facts.round}.{self.facts.state}"


def side_of_complainant(case: Case, *, now: datetime) -> Side:
    pack = pack_of(case)
    actions = tuple(actions_for(case, pack, now=now))
    return Side(case, pack, facts_of(case), complainant_caller(case), complainant_roles(pack), actions)


def side_of_partner(key: PartnerKey, proceeding: Proceeding, *, now: datetime) -> Side:
    """The partner of a private link in one of its proceedings: with the roles that partners have there, and no others."""
    pack = pack_of(proceeding)
    facts, caller = facts_at_moment(proceeding, pack, now), partner_caller(key)
    actor = actor_on_case(pack, caller, facts, OrganisationOfDesk(proceeding.desk, pack, now))
    found = allowed_actions(pack=pack, process=pack.proceedings[proceeding.kind], facts=facts, actor=actor)
    actions = tuple(action for action in found if not action.needs_unmet)
    return Side(proceeding, pack, facts, caller, actor.roles, actions)
