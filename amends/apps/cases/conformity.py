"""Which clauses of the policy applied to a case, whether each was kept, and what shows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from amends.apps.cases.clocks import Timed, kind_of, read_clocks
from amends.apps.cases.facts import core_events, packs_through
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.ledger.queries import events_of
from amends.core.canonical import utc_text
from amends.core.facts import Event
from amends.core.policy.pack import Clause, Pack


@dataclass(slots=True)
class _Evidence:
    shown_by: list[dict[str, Any]] = field(default_factory=list)
    verdicts: set[str] = field(default_factory=set)


def conformity_of(case: Case, pack: Pack, now: datetime, *, proceedings: Iterable[Proceeding] = ()) -> dict[str, Any]:
    """Clause by clause: `kept`, `broken` or `running`, with the events and clocks of the case and of these proceedings that show it.

    A clause is kept by an event that was performed under it, broken by a clock that ran out, running while a clock of it
    still has time. Clauses that nothing on the case touched are not listed. A case that was taken over is not judged until it is
    reopened.
    """
    beneath = [(proceeding, core_events(events_of(proceeding.chain))) for proceeding in proceedings]
    return judged(case, pack, now, core_events(events_of(case.chain)), beneath)


def is_judged(case: Case) -> bool:
    """A case that was taken over is not judged until it is reopened."""
    return not (case.taken_over and case.cycle == 1)


def judged(
    case: Case, pack: Pack, now: datetime, events: list[Event], beneath: Iterable[tuple[Proceeding, list[Event]]] = ()
) -> dict[str, Any]:
    """What `conformity_of` says, from events that were read already: for many cases at once."""
    head: dict[str, Any] = {"number": case.number, "pack": pack.id, "version": pack.version}
    if not is_judged(case):
        return {**head, "note": "taken_over_not_judged", "clauses": []}
    found: dict[str, _Evidence] = defaultdict(_Evidence)
    _gather(case, events, pack, now, found)
    for proceeding, own in beneath:
        _gather(proceeding, own, pack, now, found)
    lines = [_line(clause, found[clause.id]) for clause in _clauses(events, pack) if clause.id in found]
    return {**head, "note": None, "clauses": lines}


def _gather(row: Timed, events: list[Event], pack: Pack, now: datetime, found: dict[str, _Evidence]) -> None:
    """What the events and clocks of a case or of one of its proceedings show."""
    of = {"proceeding": row.number} if isinstance(row, Proceeding) else {}
    for event in events:
        for clause in event.payload.get("clause", ()):
            found[clause].verdicts.add("kept")
            found[clause].shown_by.append({"event": event.seq, "verb": event.verb, "at": utc_text(event.at), **of})
    for reading in read_clocks(events, pack, now, kind=kind_of(row)):
        for clause in reading.clause:
            found[clause].verdicts.add(_verdict(reading.status))
            due = utc_text(reading.due_at) if reading.due_at else None
            found[clause].shown_by.append({"clock": reading.rule_id, "status": reading.status, "due_at": due, **of})


def _clauses(events: list[Event], pack: Pack) -> list[Clause]:
    """The clauses of every version the case stood under, in the words of the latest."""
    found = {clause.id: clause for _, policy in packs_through(events, pack) for clause in policy.clauses}
    return list(found.values())


def _verdict(status: str) -> str:
    return {"broken": "broken", "running": "running", "paused": "running"}.get(status, "kept")


def _line(clause: Clause, evidence: _Evidence) -> dict[str, Any]:
    verdict = next(v for v in ("broken", "running", "kept") if v in evidence.verdicts)
    return {"id": clause.id, "title": clause.title, "verdict": verdict, "shown_by": evidence.shown_by}
