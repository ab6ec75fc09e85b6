"""Whose turn it is in an approval chain, who may not decide, and whether the chain is complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from amends.core.directory import Actor
from amends.core.facts import TEXT_GIVEN, CaseFacts
from amends.core.policy.approvals import ApprovalChain, ApprovalStep
from amends.core.policy.conditions import holds
from amends.core.refusals import AlreadyDecided, NotPermitted, WrongState

DECISIONS = "decisions"
"""The list of facts that holds what was decided since the chain was last opened or reset."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a chain stands: the steps that are due now by number (from 1), and whether nothing is left to decide."""

    due: tuple[int, ...]
    is_complete: bool


def progress(chain_id: str, chain: ApprovalChain, facts: CaseFacts) -> Progress:
    """Where the chain stands after the decisions so far; steps whose condition does not hold are left out."""
    agreed = _agreed(chain_id, facts)
    due: list[int] = []
    for number, step in _needed(chain, facts):
        if len(agreed.get(number, ())) >= step.quorum:
            continue
        if due and not step.beside:
            break
        due.append(number)
    return Progress(tuple(due), is_complete=not due)


@dataclass(frozen=True, slots=True)
class StepStanding:
    """One step that is needed: its number (from 1), what was decided on it so far, and whether it is due now."""

    number: int
    step: ApprovalStep
    decisions: tuple[Mapping[str, Any], ...]
    is_due: bool

    @property
    def is_refused(self) -> bool:
        return any(item["verdict"] != "approve" for item in self.decisions)

    @property
    def is_done(self) -> bool:
        return bool(self.decisions) and not self.is_due and not self.is_refused


def standing_of(chain_id: str, chain: ApprovalChain, facts: CaseFacts, *, is_asked: bool) -> list[StepStanding]:
    """Every step of the chain that is needed, in order; none is due while the chain is not asked."""
    due = progress(chain_id, chain, facts).due if is_asked else ()
    decided = _decisions(chain_id, facts)
    return [
        StepStanding(number, step, tuple(d for d in decided if d["step"] == number), number in due)
        for number, step in _needed(chain, facts)
    ]


def roles_due(chain_id: str, chain: ApprovalChain, facts: CaseFacts) -> tuple[str, ...]:
    """The roles whose decision is awaited now, in the order of the chain."""
    steps = (chain.steps[number - 1] for number in progress(chain_id, chain, facts).due)
    return tuple(dict.fromkeys(role for step in steps for role in step.by))


def step_for(chain_id: str, chain: ApprovalChain, facts: CaseFacts, actor: Actor, *, applicant: str | None) -> int:
    """The number of the step that the actor decides now.

    Refuses the applicant and whoever decided an earlier step (NotPermitted), somebody whose step is already decided
    (AlreadyDecided) and somebody whose step comes later (WrongState, naming the step before it).
    """
    if actor.id == applicant:
        raise NotPermitted("申请人不能审批自己的申请。", verb="批准")
    if any(actor.id == item["by"] for item in _decisions(chain_id, facts)):
        raise AlreadyDecided("您已经作出过审批意见，不能再次审批。")
    found = progress(chain_id, chain, facts)
    for number in found.due:
        if actor.roles.intersection(chain.steps[number - 1].by):
            return number
    if _is_behind(chain, facts, found, actor):
        raise AlreadyDecided
    missing = [chain.steps[number - 1].title for number in found.due]
    raise WrongState(verb="批准", missing=missing)


def _is_behind(chain: ApprovalChain, facts: CaseFacts, found: Progress, actor: Actor) -> bool:
    """Whether every step that the actor's roles could decide lies before the ones that are due."""
    first = min(found.due, default=len(chain.steps) + 1)
    theirs = [number for number, step in _needed(chain, facts) if actor.roles.intersection(step.by)]
    return bool(theirs) and max(theirs) < first


def _needed(chain: ApprovalChain, facts: CaseFacts) -> list[tuple[int, ApprovalStep]]:
    return [(number, step) for number, step in enumerate(chain.steps, start=1) if holds(step.when, facts)]


def _decisions(chain_id: str, facts: CaseFacts) -> list[Mapping[str, Any]]:
    return [item for item in facts.lists.get(DECISIONS, ()) if item.get("chain") == chain_id]


def _agreed(chain_id: str, facts: CaseFacts) -> dict[int, set[str]]:
    """By step, the different people who agreed."""
    found: dict[int, set[str]] = {}
    for item in _decisions(chain_id, facts):
        found.setdefault(item["step"], set()).add(item["by"])
    return found


def is_reset_by(chain: ApprovalChain, facts: CaseFacts, changed: Mapping[str, Any]) -> bool:
    """Whether one of the facts on which the decisions rest is about to change its value.

    Texts lie beside the events and are not compared here: entering one again counts as a change.
    """
    entered = (name for name in chain.resets_on if name in changed)
    return any(changed[name] == TEXT_GIVEN or changed[name] != facts.value(name) for name in entered)


def chains_of_state(transitions: Iterable[Any], state: str | None) -> list[str]:
    """The chains that are being decided in a state: those of the approving transitions that leave it."""
    return list(dict.fromkeys(t.approves for t in transitions if t.approves and state in t.from_))
