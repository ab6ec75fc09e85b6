"""From rows to what the rules see: facts of a case, and its events. One way; nothing here writes."""

from __future__ import annotations

import json
from collections.abc import Iterable

from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.ledger.models import Event as LedgerEvent
from amends.apps.ledger.queries import events_of
from amends.apps.policies.queries import read_published, read_version
from amends.core.canonical import canonical_json
from amends.core.facts import CaseFacts, Event, facts_after, facts_from_data
from amends.core.moving import Era, eras_of
from amends.core.policy.pack import Pack


def pack_of(row: Case | Proceeding) -> Pack:
    """The version of the policy a case or proceeding stands under: the one in force when it began, unless it was moved."""
    return read_version(row.pack_id)


def packs_through(events: list[Event], pack: Pack) -> list[tuple[Era, Pack]]:
    """The versions under which a case stood, with their packs, in order; `pack` is the present one."""
    eras = eras_of(events, pack.version)
    return [(era, pack if era.version == pack.version else read_published(pack.id, era.version)) for era in eras]


def pack_at(seq: int, eras: list[tuple[Era, Pack]]) -> Pack:
    """The pack under which an event was done."""
    # Most cases stand under one version all their life, and this is asked for every event.
    return eras[0][1] if len(eras) == 1 else next(pack for era, pack in eras if era.holds(seq))


def facts_of(case: Case) -> CaseFacts:
    """The facts as kept beside the row; `rebuilt_facts` works them out from the ledger again."""
    return facts_from_data(json.loads(case.facts))


def rebuilt_facts(case: Case) -> CaseFacts:
    """The facts worked out from all events of the case."""
    return facts_after(core_events(events_of(case.chain)))


def facts_text(facts: CaseFacts) -> str:
    """Facts as canonical text, comparable byte by byte."""
    return canonical_json(facts.as_data())


def core_events(events: Iterable[LedgerEvent]) -> list[Event]:
    """Ledger events as the rules see them."""
    return [core_event(event) for event in events]


def core_event(event: LedgerEvent) -> Event:
    return Event(
        seq=event.seq,
        verb=event.kind,
        at=event.at,
        recorded_at=event.recorded_at,
        actor=event.actor,
        payload=event.data,
    )
