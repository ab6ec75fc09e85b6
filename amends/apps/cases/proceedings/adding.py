"""What an app above adds to a step of a proceeding: the figures of a document, drawn from the data in the transaction of the step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.policies.models import Desk
from amends.core.decision import Decision
from amends.core.documents import DRAWING
from amends.core.policy.pack import Pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step that draws figures: `values` are what the form and the steps before say, `texts` what this step says."""

    desk: Desk
    pack: Pack
    kind: str
    values: Mapping[str, Any]
    texts: Mapping[str, str]
    now: datetime
    proceeding: Proceeding | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is added to the event: facts, and texts beside it."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


Drawer = Callable[[Step], Drawn]
_DRAWERS: list[Drawer] = []


def drawer(function: Drawer) -> Drawer:
    """Register who draws the figures of documents."""
    if function not in _DRAWERS:
        _DRAWERS.append(function)
    return function


def add_what_is_drawn(decision: Decision, step: Step) -> None:
    """Complete the event of a step that draws figures; every other step stays as it is."""
    if decision.verb not in DRAWING or step.pack.reports.of_kind(step.kind) is None:
        return
    for run in _DRAWERS:
        drawn = run(step)
        decision.payload["set"].update(drawn.facts)
        decision.texts.update(drawn.texts)
