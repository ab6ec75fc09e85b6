"""What burns first: the bands that a queue is sorted by, before the order that a pack gives and before due dates."""

from __future__ import annotations

from enum import IntEnum

from amends.core.policy.lifecycle import RESTING, Process


class Band(IntEnum):
    """Where a case stands in every queue, smaller first.

    A case past its due date stands before one that is not, whatever their levels; among those the ones that nobody has
    graded come first, because nobody knows yet how serious they are. `TO_ARCHIVE` is done and only has to be filed.
    """

    URGENT_AND_LATE = 0
    URGENT = 1
    LATE_UNGRADED = 2
    LATE = 3
    OPEN = 4
    TO_ARCHIVE = 5
    AT_REST = 9


def band_of(process: Process, *, state: str, urgent: bool, late: bool, graded: bool) -> Band:
    """The band of a case in this state; `graded` is true also where the pack has no level to give."""
    if process.states[state].category in RESTING:
        return Band.TO_ARCHIVE if is_to_be_archived(process, state) else Band.AT_REST
    if urgent:
        return Band.URGENT_AND_LATE if late else Band.URGENT
    if late:
        return Band.LATE if graded else Band.LATE_UNGRADED
    return Band.OPEN


def is_to_be_archived(process: Process, state: str) -> bool:
    """Whether the state is done and a step leads from it into the archive."""
    if process.states[state].category != "done":
        return False
    return any(process.states[t.target(state)].category == "archived" for t in process.from_state(state))
