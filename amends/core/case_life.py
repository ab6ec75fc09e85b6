"""The life of one case as figures see it: its moments and its visits to states, a fold over its events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from amends.core.conversation import CONTACTED_AT, CONTACTING_VERBS, TOLD_AT
from amends.core.facts import EMPTY, Event, GrowingFacts
from amends.core.policy.conditions import holds
from amends.core.policy.pack import Pack
from amends.core.verbs import TAKE_OVER

RESULT_VERBS = frozenset({"tell", "answer", "decline"})
"""Verbs by which the customer hears the result; the latest one counts."""


@dataclass(slots=True)
class Visit:
    """That a case stood in a state: from which event on, until which one, and with whom it lay when it came there."""

    no: int
    state: str
    entered_at: datetime
    entered_by: str
    left_at: datetime | None
    left_by: str
    cycle: int
    round: int
    department: int | None
    handler: int | None


@dataclass(slots=True)
class Life:
    """What one case adds to figures. A moment that never came is None."""

    first_told_at: datetime | None = None
    responded_at: datetime | None = None
    told_at: datetime | None = None
    resolved_at: datetime | None = None
    is_resolved: bool = False
    reopened: int = 0
    facts: GrowingFacts = field(default_factory=GrowingFacts)
    verbs: set[str] = field(default_factory=set)
    visits: list[Visit] = field(default_factory=list)


def life_of(events: Iterable[Event], pack_at: Callable[[int], Pack]) -> Life:
    """The life of a case over its events; `pack_at` gives the version of the policy under which an event was done.

    The first response is the first word of a person of the house; automatic messages only count as told. A case is resolved from the
    event on since which the condition of its policy holds without a break, so that a reopened case runs until its final resolution. Of a
    case that was taken over, the moments are those that its source stated, and there are no visits but the present one. Source: REP-5.1.1, REP-5.1.2
    """
    life = Life()
    for event in events:
        _take_in(life, event, pack_at(event.seq))
    return life


def _take_in(life: Life, event: Event, pack: Pack) -> None:
    facts, entered = life.facts, event.payload.get("set", EMPTY)
    state, cycle = facts.state, facts.cycle
    facts.take_in(event)
    life.verbs.add(event.verb)
    if life.first_told_at is None:
        life.first_told_at = _stated(entered, TOLD_AT)
    if life.responded_at is None:
        life.responded_at = _stated(entered, CONTACTED_AT) or (event.at if _speaks(event, entered) else None)
    if event.verb in RESULT_VERBS:
        life.told_at = event.at
    if event.verb == "reopen" or (facts.cycle > cycle > 0):
        life.reopened += 1
    _note_resolution(life, event, pack)
    if facts.state != state:
        _note_visit(life, event)


def _speaks(event: Event, entered: Mapping[str, Any]) -> bool:
    """Whether a person spoke with the customer in an event of the time before that moment was kept as a fact."""
    is_ours = event.actor.startswith("person:") and entered.get("contact_direction") != "incoming"
    return event.verb in CONTACTING_VERBS and is_ours and entered.get("reached") is not False


def _stated(entered: Mapping[str, Any], name: str) -> datetime | None:
    value = entered.get(name)
    return _moment(value) if isinstance(value, str) else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def _note_resolution(life: Life, event: Event, pack: Pack) -> None:
    was_resolved, rule = life.is_resolved, pack.kpis.reads.resolved
    life.is_resolved = rule is not None and holds(rule, life.facts)
    if not life.is_resolved:
        life.resolved_at = None
    elif not was_resolved:
        # Where the source of an old case did not say when, it is not known: the day of the import is no day of resolution.
        life.resolved_at = _stated(life.facts.values, "source_closed_at") if event.verb == TAKE_OVER else event.at


def _note_visit(life: Life, event: Event) -> None:
    visits, facts = life.visits, life.facts
    if visits:
        visits[-1].left_at, visits[-1].left_by = event.at, event.verb
    visits.append(
        Visit(
            len(visits) + 1, facts.state or "", event.at, event.verb, None, "", facts.cycle, facts.round, facts.department,
            facts.handler,
        )
    )  # fmt: skip
