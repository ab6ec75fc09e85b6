"""What every page about a proceeding shows of it: where it stands, what may be done, who decides, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amends.core.approvals import StepStanding, chains_of_state, standing_of
from amends.core.decide import Action
from amends.core.policy.pack import Pack
from amends.core.verbs import EXITS
from amends.doors.pack_words import waits_words
from amends.doors.reckoning import sheets_applied
from amends.doors.wording import button_of, listed, words
from amends.web.proceedings.lines import waits_of
from amends.web.proceedings.seeing import ProceedingView

LAST_KEY = 9
"""Single keys open the forms of the first steps."""


def shown(seen: ProceedingView) -> dict[str, Any]:
    """What the page of a proceeding and the inbox show alike."""
    moves, exits = buttons_of(seen)
    return {
        "area": "proceedings",
        "seen": seen,
        "proceeding": seen.proceeding,
        "case": seen.behind.case if seen.behind else None,
        "zone": seen.zone,
        "kind": words(seen.kind.title),
        "note": seen.kind.note,
        "state": seen.kind.states[seen.proceeding.state],
        "waits": waits_of(seen.proceeding),
        "moves": moves,
        "exits": exits,
        "chains": chains_of(seen),
        "sheets": sheets_applied(seen.pack, seen.facts),
        "weighed": weighed_amounts(seen),
    }


@dataclass(frozen=True, slots=True)
class Weighed:
    """An amount to decide by; `over` says by how much what is asked for lies above (or, negative, below) it, in minor units."""

    title: str
    amount: Mapping[str, Any]
    over: int | None = None


def weighed_amounts(seen: ProceedingView) -> list[Weighed]:
    """What is asked for, beside what the standard gives and what the customer was promised, for whoever decides on it now.

    Nothing for anybody else: what was promised may be kept from them. Nothing either where there is only one amount.
    """
    pays = seen.kind.pays
    asked = seen.facts.value(pays.amount) if pays else None
    if pays is None or not isinstance(asked, Mapping) or not _decides(seen):
        return []
    known = {name: seen.facts.value(name) for name in (pays.standard, pays.promised) if name}
    beside = [
        Weighed(words(seen.pack.fields[name].title), amount, asked["minor"] - amount["minor"])
        for name, amount in known.items()
        if isinstance(amount, Mapping)
    ]
    return [Weighed(words(seen.pack.fields[pays.amount].title), asked), *beside] if beside else []


def _decides(seen: ProceedingView) -> bool:
    deciding = {t.verb for t in seen.kind.from_state(seen.proceeding.state) if t.approves}
    return any(action.verb in deciding for action in seen.actions)


@dataclass(frozen=True, slots=True)
class StepButton:
    """One verb that is open now; `missing` says why it is not ready."""

    verb: str
    title: str
    missing: str
    key: str


def buttons_of(seen: ProceedingView) -> tuple[list[StepButton], list[StepButton]]:
    """The verbs that lead on and those that lead out, each with its key from 1 to 9."""
    moves = [action for action in seen.actions if action.verb not in EXITS]
    exits = [action for action in seen.actions if action.verb in EXITS]
    made = [_button(action, n) for n, action in enumerate((*moves, *exits), start=1)]
    return made[: len(moves)], made[len(moves) :]


def _button(action: Action, place: int) -> StepButton:
    title = words(action.title) if action.title else button_of(action.verb)
    missing = listed(words(need) for need in action.needs_unmet)
    return StepButton(action.verb, title, missing, str(place) if place <= LAST_KEY else "")


@dataclass(frozen=True, slots=True)
class ChainStep:
    """One step of an approval chain: what it is, who may decide it, where it stands, and who decided."""

    title: str
    roles: str
    mark: str
    decided_by: str


def chains_of(seen: ProceedingView) -> list[tuple[str, list[ChainStep]]]:
    """The approval chains of the kind with their steps: decided, due now, still to come."""
    names = {entry.actor: entry.actor_name for entry in seen.entries}
    found = []
    for name in dict.fromkeys(t.approves for t in seen.kind.transitions if t.approves):
        chain = seen.pack.approvals.chains[name]
        is_asked = name in chains_of_state(seen.kind.transitions, seen.proceeding.state)
        standing = standing_of(name, chain, seen.facts, is_asked=is_asked)
        found.append((words(chain.title), [_chain_step(seen.pack, one, names) for one in standing]))
    return found


def _chain_step(pack: Pack, standing: StepStanding, names: Mapping[str, str]) -> ChainStep:
    mark = (
        "is-refused" if standing.is_refused else "is-now" if standing.is_due else "is-done" if standing.is_done else ""
    )
    roles = listed(waits_words(pack, role) for role in standing.step.by)
    return ChainStep(
        words(standing.step.title), roles, mark, listed(names.get(d["by"], "") for d in standing.decisions)
    )


def facts_shown(seen: ProceedingView) -> list[Any]:
    """The latest value of every field that was filled in, in the order of the forms, without what only a step said."""
    latest: dict[str, Any] = {}
    for entry in seen.entries:
        for value in entry.values:
            latest[value.id] = value
    return list(latest.values())


def said_so_far(seen: ProceedingView) -> list[Any]:
    """The same, for whoever takes the next step: what was said last comes first."""
    found: dict[str, Any] = {}
    for entry in reversed(seen.entries):
        for value in entry.values:
            found.setdefault(value.id, value)
    return list(found.values())
