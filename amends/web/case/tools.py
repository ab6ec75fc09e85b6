"""The tools of the step in which a case stands: each with a short instruction, and the step that uses it."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from amends.apps.cases.proceedings.facts import facts_at
from amends.apps.cases.proceedings.queries import possible_on_case
from amends.core.guidance import tools_in
from amends.core.policy.base import Title
from amends.core.policy.guidance import Guidance
from amends.web.case.buttons import Buttons
from amends.web.case.seeing import CaseView


@dataclass(frozen=True, slots=True)
class ToolShown:
    """A tool that the viewer may use now. `in_drawer` opens beside the page."""

    title: Title | None
    instruction: Title | None
    address: str
    in_drawer: bool


def tools_of(seen: CaseView, buttons: Buttons) -> list[ToolShown]:
    """The tools of the policy for this state whose step is open to the viewer. Source: EXP-10.2.2"""
    offered = tools_in(seen.pack, seen.facts, seen.case.state)
    beginnings = _beginnings(seen, offered)
    found = []
    for tool in offered:
        button = buttons.of(tool.next) if tool.next else None
        if button is not None:
            found.append(ToolShown(tool.title, tool.text, button.address, in_drawer=True))
        elif tool.begins in beginnings:
            address = reverse("begin_on_case", args=[seen.case.number, tool.begins])
            found.append(ToolShown(tool.title, tool.text, address, in_drawer=False))
    return found


def _beginnings(seen: CaseView, offered: list[Guidance]) -> set[str]:
    """The proceedings that the viewer may begin on the case now, as far as a tool begins one."""
    if not any(tool.begins for tool in offered):
        return set()
    return {one.kind_id for one in possible_on_case(seen.pack, facts_at(seen.case, seen.viewer.now), seen.actor)}
