"""Rows that hardly ever change and that nobody is kept from: a process keeps them for some seconds.

What another process writes is seen when they are over, what this one writes at once. Nothing that decides what somebody may see or
do is kept here.
"""

from __future__ import annotations

import time
from typing import Any, Generic

from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save

from amends.apps.prepared import Prepared, Row

KEPT_FOR = 5.0


class Kept(Generic[Row]):
    """The rows of a question without given values; whoever asks may not change them."""

    def __init__(self, question: Prepared[Row], *, of: type[Model]) -> None:
        self._question = question
        self._rows: list[Row] | None = None
        self._read_at = 0.0
        self._changes = 0
        for signal in (post_save, post_delete):
            signal.connect(self._changed, sender=of)
        _every.append(self)

    def ask(self) -> list[Row]:
        """The rows as they are now, or were some seconds ago."""
        rows = self._rows
        if rows is None or time.monotonic() - self._read_at > KEPT_FOR:
            read_at, changes = time.monotonic(), self._changes
            rows = self._question.ask()
            if changes == self._changes and not self._is_changing():
                self._rows, self._read_at = rows, read_at
        return rows

    def forget(self) -> None:
        """Read them again when they are asked for next, and once more when the transaction is over that changes them."""
        self.drop()
        transaction.on_commit(self.drop)

    def drop(self) -> None:
        """Nothing that is being read at this moment is kept either: somebody began to read it before the change."""
        self._changes += 1
        self._rows = None

    def _is_changing(self) -> bool:
        """Whether the transaction under way has changed the rows: nobody knows yet whether it will stand."""
        return any(told == self.drop for _, told, *_ in transaction.get_connection().run_on_commit)

    def _changed(self, **what: Any) -> None:
        self.forget()


_every: list[Kept[Any]] = []


def forget_what_is_kept() -> None:
    """Read everything again; for tests, whose rows vanish."""
    for kept in _every:
        kept.drop()
