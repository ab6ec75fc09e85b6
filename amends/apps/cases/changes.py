"""That something about cases changed beside their own events: a payout, an answer to a survey, a due date, an old case taken over."""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

Watcher = Callable[[Collection[UUID]], None]
_WATCHERS: list[Watcher] = []


def watcher(function: Watcher) -> Watcher:
    """Register what an app above keeps of cases: run with the changed ones, in the transaction of the change."""
    if function not in _WATCHERS:
        _WATCHERS.append(function)
    return function


def note_change(cases: Collection[UUID]) -> None:
    """Tell every watcher that these cases changed. A verb on a case needs no note: projectors follow it."""
    if cases:
        for run in _WATCHERS:
            run(cases)
