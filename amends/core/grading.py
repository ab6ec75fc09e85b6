"""What level is proposed and why, and where a case stands in the queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amends.core.canonical import canonical_json
from amends.core.facts import CaseFacts
from amends.core.form_data import Entered
from amends.core.policy.conditions import Known, holds
from amends.core.policy.levels import Axis, Grading
from amends.core.policy.lifecycle import Transition
from amends.core.refusals import FieldError

LAST_RANK = 9
REASONS = frozenset({"grade_reason", "reason"})
"""The fields that say why a level is another one than proposed: alone they are no news."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value proposed for an axis, with the criteria that matched (most serious first); `value` None proposes nothing."""

    axis: str
    value: str | None
    criteria: tuple[str, ...] = ()


def propose(axis: Axis, known: Known) -> Proposal:
    """The most serious value with a matching criterion, else the axis' `otherwise`, else its `unknown`."""
    matched = sorted((c for c in axis.criteria if holds(c.when, known)), key=lambda c: axis.rank_of(c.value))
    if matched:
        best = matched[0].value
        return Proposal(axis.id, best, tuple(c.id for c in matched if c.value == best))
    return Proposal(axis.id, axis.otherwise or axis.unknown)


def idle_grading(
    grading: Grading, transition: Transition, facts: CaseFacts, entered: Entered, graded: Mapping[str, Any]
) -> FieldError | None:
    """The fault of grading again in the same round and place while neither level nor anything else of the form differs."""
    if transition.verb != "grade" or not facts.was_done("grade", within="round"):
        return None
    if transition.target(facts.state) != facts.state or entered.rows or set(entered.texts) - REASONS:
        return None
    said = {**entered.codes, **{name: value["value"] for name, value in graded.items()}}
    if not graded or any(canonical_json(value) != canonical_json(facts.value(name)) for name, value in said.items()):
        return None
    axis = grading.axis(next(iter(graded)))
    return FieldError(f"/{axis.id}", "same_grade", {"field": axis.title}) if axis else None


def priority_of(grading: Grading, values: Mapping[str, Any]) -> int:
    """The place in the queue as one number, smaller first: one digit for each key of the rule, in its order."""
    number = 0
    for step in grading.priority:
        number = number * 10 + rank_in_step(grading, step.by, values.get(step.by))
    return number


def rank_in_step(grading: Grading, by: str, value: Any) -> int:
    """The rank 1 to 9 of `value` under the priority key `by`, as written in the pack or by the order of the axis."""
    step = next(s for s in grading.priority if s.by == by)
    name = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
    if name in step.ranks:
        return step.ranks[name]
    axis = grading.axis(by)
    if axis is None or name is None:
        return step.otherwise
    return min(axis.rank_of(str(name)), LAST_RANK)


def explain_priority(grading: Grading, values: Mapping[str, Any]) -> list[tuple[str, Any, int]]:
    """Each key of the queue order with the case's value and its rank: why the case stands where it stands."""
    return [
        (step.by, values.get(step.by), rank_in_step(grading, step.by, values.get(step.by))) for step in grading.priority
    ]
