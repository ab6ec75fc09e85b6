"""What happened in a proceeding, event by event, as somebody with certain roles may read it."""

from __future__ import annotations

from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.timeline import Entry, entries_of
from amends.apps.ledger.queries import events_of
from amends.core.policy.pack import Pack


def proceeding_entries(
    proceeding: Proceeding, pack: Pack, *, roles: frozenset[str], revealed: frozenset[str] = frozenset()
) -> list[Entry]:
    """Every event of the proceeding, oldest first; fields that are `seen_by` other roles are left out, personal ones masked
    unless their id is in `revealed`.
    """
    return entries_of(proceeding, events_of(proceeding.chain), pack, roles=roles, revealed=revealed)
