"""The one way in: pages, portal, API, mail, import and timers all perform a verb here, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from amends.apps.cases.clocks import refresh_clocks
from amends.apps.cases.facts import core_event, facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.projection import project
from amends.apps.cases.telling import notify_staff, tell_complainant
from amends.apps.ledger.actions import append
from amends.apps.ledger.models import Event as LedgerEvent
from amends.apps.people.directory import OrganisationOfDesk
from amends.core.decide import Decision, Request, decide
from amends.core.directory import Caller
from amends.core.facts import CaseFacts, Event, evolve
from amends.core.policy.pack import Pack
from amends.core.refusals import Stale
from amends.core.roles import actor_on_case


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """What a projector learns: the case as it is now, the event, and what was decided."""

    case: Case
    pack: Pack
    facts: CaseFacts
    before: CaseFacts
    event: Event
    decision: Decision
    caller: Caller
    now: datetime
    uploads_of: str


Projector = Callable[[Performed], None]
_PROJECTORS: list[Projector] = []


def projector(function: Projector) -> Projector:
    """Register a projector: run after every verb, in its transaction, in order of registration."""
    if function not in _PROJECTORS:
        _PROJECTORS.append(function)
    return function


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A verb somebody wants to perform: what doors hand over.

    `version` is the case as they saw it; None asks for no check. `uploads_of` names whose uploads may be attached,
    the caller's own when it is empty.
    """

    verb: str
    data: Mapping[str, Any]
    caller: Caller
    now: datetime
    version: int | None = None
    local_zone: ZoneInfo | None = None
    at: datetime | None = None
    uploads_of: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def perform(case: Case, wish: Wish) -> Case:
    """Perform a verb on a case and return it as it is afterwards.

    In one transaction: the event, the row, the clocks, messages and notices. Raises Stale when the case moved on since
    `wish.version`, and every refusal of `amends.core.decide.decide`.
    """
    fresh = _as_stored(case)
    if wish.version is not None and wish.version != fresh.version:
        raise Stale
    pack, facts = pack_of(fresh), facts_of(fresh)
    directory = OrganisationOfDesk(fresh.desk, pack, wish.now)
    actor = actor_on_case(pack, wish.caller, facts, directory)
    request = Request(
        verb=wish.verb, data=wish.data, actor=actor, now=wish.now, given={**facts_found_out(fresh, pack, wish), **wish.given},
        local_zone=wish.local_zone,
    )  # fmt: skip
    decision = decide(pack=pack, process=pack.lifecycle, facts=facts, request=request, directory=directory)
    event = append(
        chain=fresh.chain, kind=wish.verb, at=wish.at or wish.now, recorded_at=wish.now, actor=wish.caller.id,
        payload=decision.payload, details=decision.texts,
    )  # fmt: skip
    return follow(fresh, pack=pack, before=facts, event=event, decision=decision, wish=wish)


def facts_found_out(case: Case, pack: Pack, wish: Wish) -> dict[str, Any]:
    """Facts that the rules may ask about and that only the tables know."""
    found: dict[str, Any] = {}
    if files := count_files(pack, wish.data):
        found["evidence_count"] = case.evidence.count() + files
    if wish.verb == "link" and (numbers := case_numbers_in(pack, wish.data)):
        others = set(case.links.filter(kind="similar").values_list("other__number", flat=True))
        found["linked_cases"] = len(others | set(numbers))
    return found


def case_numbers_in(pack: Pack, values: Mapping[str, Any]) -> list[str]:
    """The numbers of other cases that a form names."""
    return [str(values[f.id]) for f in pack.fields.values() if f.type == "case" and values.get(f.id)]


def count_files(pack: Pack, data: Mapping[str, Any]) -> int:
    """How many files the form names."""
    given = (data.get(field.id) for field in pack.fields.values() if field.type == "files")
    return sum(len(files) if isinstance(files, list) else 1 for files in given if files)


def _as_stored(case: Case) -> Case:
    related = ("desk", "chain", "complainant", "department", "handler")
    return Case.objects.select_related(*related).get(pk=case.pk)


def follow(case: Case, *, pack: Pack, before: CaseFacts, event: LedgerEvent, decision: Decision, wish: Wish) -> Case:
    """Bring the row, the clocks and everything told up to date with an event just appended."""
    happened = core_event(event)
    facts = evolve(before, happened)
    project(case, facts, pack)
    case.changed_at = wish.now
    clocks = refresh_clocks(case, pack=pack, now=wish.now)
    case.save()
    clocks.save()
    performed = Performed(
        case=case,
        pack=pack,
        facts=facts,
        before=before,
        event=happened,
        decision=decision,
        caller=wish.caller,
        now=wish.now,
        uploads_of=wish.uploads_of or wish.caller.id,
    )
    for run in _PROJECTORS:
        run(performed)
    outside = wish.caller.person is None and not wish.caller.is_system
    tell_complainant(
        case, decision.tells, facts=facts, pack=pack, texts=decision.texts, now=wish.now, to_stranger=outside
    )
    key = f"{case.pk}:{event.seq}"
    notify_staff(case, decision.notices, facts=facts, pack=pack, texts=decision.texts, now=wish.now, key=key)
    return case
