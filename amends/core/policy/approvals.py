"""approvals.yaml: who has to agree to something, in which order, and what makes them decide again."""

from __future__ import annotations

from pydantic import Field, model_validator

from amends.core.policy.base import Name, Piece, Ruled, Title
from amends.core.policy.conditions import Condition


class ApprovalStep(Ruled):
    """One step of a chain: anybody who holds one of the roles decides, or `quorum` different people of them.

    With `when` the step is needed only if the condition holds (by amount, by level). `beside` steps run at the same time as
    the step before them; all others wait until everything before them is decided.
    """

    title: Title
    by: tuple[Name, ...] = Field(min_length=1)
    when: Condition | None = None
    quorum: int = Field(default=1, ge=1, le=20)
    beside: bool = False


class ApprovalChain(Ruled):
    """The steps in order. `asks` names the message to whoever is due next.

    A change of one of the facts in `resets_on` takes back every decision made before it.
    """

    title: Title
    steps: tuple[ApprovalStep, ...] = Field(min_length=1)
    resets_on: tuple[Name, ...] = ()
    asks: Name | None = None

    @model_validator(mode="after")
    def _first_step_stands_alone(self) -> ApprovalChain:
        if self.steps[0].beside:
            raise ValueError("the first step of a chain has no step before it to stand beside")
        return self

    def roles(self) -> frozenset[str]:
        """Every role that some step asks."""
        return frozenset(role for step in self.steps for role in step.by)


class Approvals(Piece):
    """approvals.yaml as a whole."""

    chains: dict[Name, ApprovalChain] = {}
