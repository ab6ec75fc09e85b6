"""The proceedings of a case: those that were begun, and those that may be begun now, with why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from amends.apps.cases.proceedings.facts import facts_at
from amends.apps.cases.proceedings.offering import quoted
from amends.apps.cases.proceedings.queries import Possible, possible_on_case, proceedings_of
from amends.apps.cases.proceedings.templates import templates_for
from amends.apps.cases.timeline import ShownValue
from amends.core.policy.templates import Template
from amends.web.case.seeing import CaseView
from amends.web.proceedings.lines import lines_of


@dataclass(frozen=True, slots=True)
class Suggested:
    """A proceeding that the policy offers or demands now; `quoted` is what somebody said that speaks for it."""

    possible: Possible
    quoted: ShownValue | None


def _templates(seen: CaseView, possible: list[Possible]) -> dict[str, Template]:
    """The templates of handling that the viewer may apply: whose tasks they may begin."""
    kinds = {one.kind_id for one in possible}
    return {name: one for name, one in templates_for(seen.pack, seen.facts).items() if one.proceeding in kinds}


def proceedings_on(seen: CaseView) -> dict[str, Any]:
    """What the tab of proceedings shows."""
    facts = facts_at(seen.case, seen.viewer.now)
    possible = possible_on_case(seen.pack, facts, seen.actor)
    return {
        "lines": lines_of(proceedings_of(seen.viewer, seen.case)),
        "offered": [Suggested(one, quoted(one, seen.entries)) for one in possible if one.offer],
        "possible": [one for one in possible if not one.offer],
        "templates": _templates(seen, possible),
    }
