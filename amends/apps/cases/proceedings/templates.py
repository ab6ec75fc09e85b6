"""Templates of handling: their steps become tasks of a case, all at once or none."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.beginning import Beginning, begin_within
from amends.apps.people.directory import OrganisationOfDesk
from amends.core.directory import Caller
from amends.core.facts import CaseFacts
from amends.core.policy.conditions import holds
from amends.core.policy.pack import Pack
from amends.core.policy.templates import Template
from amends.core.refusals import NotVisible


def templates_for(pack: Pack, facts: CaseFacts) -> dict[str, Template]:
    """The templates that fit a case and of which no step was begun on it."""
    return {
        name: template
        for name, template in pack.templates.handling.items()
        if holds(template.when, facts) and not _was_applied(name, template, facts)
    }


def _was_applied(name: str, template: Template, facts: CaseFacts) -> bool:
    steps = {f"{name}/{step.id}" for step in template.steps}
    return any(item.get(template.fields.step) in steps for item in facts.lists.get(template.proceeding, ()))


@transaction.atomic
def apply_template(case: Case, name: str, *, facts: CaseFacts, caller: Caller, now: datetime) -> list[Proceeding]:
    """Begin a task for each step of the template, in the caller's own name, due so many days from today.

    Raises NotVisible for a template that the policy does not have or that does not fit the case (any more), and whatever
    beginning such a task raises; then none of them was begun. Source: EXP-7.1.1, EXP-7.1.2
    """
    pack = pack_of(case)
    template = templates_for(pack, facts).get(name)
    if template is None:
        raise NotVisible
    directory = OrganisationOfDesk(case.desk, pack, now)
    today = now.astimezone(ZoneInfo(pack.head.zone)).date()
    begun = []
    for step in template.steps:
        data = {
            template.fields.step: f"{name}/{step.id}",
            template.fields.text: step.title.zh_hans,
            template.fields.department: directory.department_for(step.to),
            template.fields.due: (today + timedelta(days=step.days)).isoformat(),
        }
        begun.append(
            begin_within(
                Beginning(kind=template.proceeding, desk=case.desk, case=case, data=data, caller=caller, now=now)
            )
        )  # fmt: skip
    return begun
