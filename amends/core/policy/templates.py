"""templates.yaml: the steps by which a recurring kind of complaint is handled, each of which becomes a task."""

from __future__ import annotations

from pydantic import Field

from amends.core.policy.base import Name, Piece, Ruled, Title
from amends.core.policy.conditions import Condition

STEP_CHOICES = "template_steps"
"""The list of choices under which a form can ask for a step of a template: its path is `template/step`."""


class TemplateStep(Ruled):
    """One step: what is to be done, which function does it, and within how many days from the day it is applied."""

    id: Name
    title: Title
    to: Name
    days: int = Field(ge=0, le=90)


class TaskFields(Piece):
    """The fields of the task's form that a step fills in: its path among the choices, its title, department and due date."""

    step: Name
    text: Name
    department: Name
    due: Name


class Template(Ruled):
    """A way of handling, offered on cases for which `when` holds: each of its steps begins a proceeding of the kind `proceeding`.

    Whoever may begin such a proceeding may apply it, once on a case where the kind is `once_per` its step. Source: EXP-7.1.1, EXP-7.1.2
    """

    title: Title
    say: Title
    when: Condition
    proceeding: Name
    fields: TaskFields
    steps: tuple[TemplateStep, ...] = Field(min_length=1)


class Templates(Piece):
    """templates.yaml as a whole."""

    handling: dict[Name, Template] = {}

    def step_titles(self) -> dict[str, Title]:
        """Every step of every template by its path."""
        return {f"{name}/{step.id}": step.title for name, template in self.handling.items() for step in template.steps}
