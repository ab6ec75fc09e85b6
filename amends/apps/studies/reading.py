"""Many cases in turn, a batch at a time, each by a question of its own: nothing stays open while others write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import QuerySet

from amends.apps.cases.models import Case
from amends.apps.keyset import behind

Row = TypeVar("Row")


def place_of(case: Case) -> tuple[datetime, UUID]:
    """Where a case stands among those in turn."""
    return case.received_at, case.pk


def in_turn(
    cases: QuerySet[Case, Row], size: int, *, place: Callable[[Any], tuple[datetime, UUID]] = place_of
) -> Iterator[list[Row]]:
    """The cases by receipt, so many at a time: whole, or as tuples of which `place` tells when a case was received and its key.

    A cursor that stays open would hold SQLite to the moment at which it began, and every write after it.
    """
    ordered = cases.order_by("received_at", "pk")
    some = list(ordered[:size])
    while some:
        yield some
        if len(some) < size:
            return
        received_at, key = place(some[-1])
        some = list(ordered.filter(behind({"received_at": received_at, "pk": key}))[:size])
