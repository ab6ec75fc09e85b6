"""Grading: axes of values, what proposes each value and why, and the queue order that follows."""

from __future__ import annotations

from pydantic import Field, model_validator

from amends.core.policy.base import Name, Piece, Ruled, Title
from amends.core.policy.conditions import Condition


class AxisValue(Ruled):
    """One value of an axis. `common` maps it to the reporting scale shared by all packs."""

    id: Name
    title: Title
    meaning: Title | None = None
    common: str | None = Field(default=None, pattern="^(critical|serious|ordinary|minor)$")


class Criterion(Ruled):
    """A reason for a value: when the condition holds, the value is proposed and this title is the reason shown."""

    id: Name
    value: Name
    title: Title
    when: Condition


class Axis(Ruled):
    """One dimension of grading. Values stand most serious first; the most serious criterion that matches wins.

    `otherwise` is proposed when nothing matches; None leaves the axis without a proposal. `unknown` is the value that
    stands before anything is known (for example satisfaction before the customer answered). `asks_first` are
    conditions that block a proposal and name what must be entered first. `told_in` is the field that says where the value
    comes from; it is shown beside it.
    """

    id: Name
    title: Title
    values: tuple[AxisValue, ...]
    criteria: tuple[Criterion, ...] = ()
    otherwise: Name | None = None
    unknown: Name | None = None
    told_in: Name | None = None

    @model_validator(mode="after")
    def _speaks_of_its_own_values(self) -> Axis:
        known = {v.id for v in self.values}
        for name in [c.value for c in self.criteria] + [n for n in (self.otherwise, self.unknown) if n]:
            if name not in known:
                raise ValueError(f"{self.id}: “{name}” is not one of its values")
        return self

    def rank_of(self, value: str | None) -> int:
        """1 for the most serious; values that are not set rank last."""
        ids = [v.id for v in self.values]
        return ids.index(value) + 1 if value in ids else len(ids) + 1

    def title_of(self, value: str) -> Title | None:
        return next((v.title for v in self.values if v.id == value), None)


class PriorityStep(Ruled):
    """One key of the queue order: an axis (or a fact) and the rank of each value, 1 first. Unnamed axis values rank as listed."""

    by: Name
    ranks: dict[Name, int] = {}
    otherwise: int = Field(default=5, ge=1, le=9)


class Grading(Piece):
    """levels.yaml: the axes, which of them is called the level, and the rule of the queue order (first key first)."""

    axes: tuple[Axis, ...] = ()
    level: Name | None = None
    priority: tuple[PriorityStep, ...] = Field(max_length=6)

    def axis(self, axis_id: str) -> Axis | None:
        return next((a for a in self.axes if a.id == axis_id), None)
