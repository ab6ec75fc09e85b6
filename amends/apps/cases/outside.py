"""What a complainant may do on a case now: asked by the portal and by mail."""

from __future__ import annotations

from datetime import datetime

from amends.apps.cases.facts import facts_of
from amends.apps.cases.models import Case
from amends.apps.cases.queries import complainant_caller
from amends.apps.people.directory import OrganisationOfDesk
from amends.core.decide import Action, allowed_actions
from amends.core.policy.pack import Pack
from amends.core.roles import actor_on_case


def actions_for(case: Case, pack: Pack, *, now: datetime) -> list[Action]:
    """What the complainant may do on the case now."""
    facts = facts_of(case)
    directory = OrganisationOfDesk(case.desk, pack, now)
    actor = actor_on_case(pack, complainant_caller(case), facts, directory)
    found = allowed_actions(pack=pack, process=pack.lifecycle, facts=facts, actor=actor)
    return [action for action in found if not action.needs_unmet]
