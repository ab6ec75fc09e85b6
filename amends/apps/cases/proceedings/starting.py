"""Proceedings that a verb on a case starts, in the same transaction."""

from __future__ import annotations

from amends.apps.cases.actions.perform import Performed, projector
from amends.apps.cases.proceedings.beginning import Beginning, begin_within
from amends.core.sampling import is_drawn


@projector
def start_proceedings(done: Performed) -> None:
    """Begin what the transition starts, as far as the case is drawn for it; the case then carries the notes of their beginning."""
    begun = [s for s in done.decision.starts if is_drawn(f"{done.case.pk}:{done.facts.cycle}:{s.proceeding}", s.share)]
    for start in begun:
        begin_within(
            Beginning(
                kind=start.proceeding, desk=done.case.desk, case=done.case, data=start.data, caller=done.caller, now=done.now,
                at=done.at, by_rule=True,
            )
        )  # fmt: skip
    if begun:
        done.case.refresh_from_db()
