"""From the row of a proceeding to what the rules see: its own facts, and behind them those of what it stands on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from amends.apps.cases.facts import core_events, facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.ledger.queries import events_of
from amends.core.facts import EMPTY, CaseFacts, facts_after, facts_from_data
from amends.core.policy.lifecycle import RESTING


def facts_of_proceeding(proceeding: Proceeding) -> CaseFacts:
    """The facts as kept beside the row, standing on those of its parent and its case."""
    own = facts_from_data(json.loads(proceeding.facts))
    behind = facts_behind(case=proceeding.case, parent=proceeding.parent)
    return replace(own, behind=behind, beneath=counts_beneath(proceeding))


LATE = "late"


def counts_beneath(proceeding: Proceeding) -> Mapping[str, int]:
    """How many proceedings of the kinds that lie under one of this kind there are: in all, open, late, and in each state."""
    kinds = pack_of(proceeding).kinds_under(proceeding.kind)
    if not kinds:
        return EMPTY
    found = {f"{name}_{what}": 0 for name, kind in kinds.items() for what in ("count", "open", LATE, *kind.states)}
    rows = Proceeding.objects.filter(parent=proceeding, kind__in=kinds)
    for name, state, category, is_late in rows.values_list("kind", "state", "state_category", "is_late"):
        is_open = category not in RESTING
        for what, counts in (("count", True), ("open", is_open), (LATE, is_open and is_late), (state, True)):
            found[f"{name}_{what}"] += counts
    return found


def rebuilt_facts_of_proceeding(proceeding: Proceeding) -> CaseFacts:
    """The proceeding's own facts worked out from all of its events."""
    return facts_after(core_events(events_of(proceeding.chain)))


def facts_behind(*, case: Case | None, parent: Proceeding | None) -> CaseFacts:
    """What a proceeding stands on; without case and parent there is nothing, which answers every question with unknown."""
    if parent is not None:
        return facts_of_proceeding(parent)
    if case is None:
        return CaseFacts()
    # Lateness is a reading of clocks at a moment, not an event: it is known here and never stored with the facts.
    return facts_of(case).with_values({"is_late": case.is_late})


def facts_at(case: Case, now: datetime) -> CaseFacts:
    """The facts of a case with what its clocks say at this moment: what offers of proceedings are asked of.

    A limit is near once three quarters of its time have passed.
    """
    return facts_of(case).with_values({"is_late": case.is_late, "is_due_soon": _is_due_soon(case, now)})


def _is_due_soon(case: Case, now: datetime) -> bool:
    if case.is_late or case.due_at is None:
        return False
    running = case.clocks.filter(rule=case.due_clock, due_at=case.due_at, stopped_at=None).first()
    return running is not None and now >= running.started_at + (case.due_at - running.started_at) * 3 / 4
