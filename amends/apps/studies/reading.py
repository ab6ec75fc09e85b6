"""Many cases in turn, a batch at a time, each by a question of its own: nothing stays open while others write."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from amends.apps.cases.models import Case
from amends.apps.keyset import behind


def in_turn(cases: QuerySet[Case], size: int) -> Iterator[list[Case]]:
    """The cases by receipt, so many at a time. A cursor that stays open would hold SQLite to the moment at which it began, and every write after it."""
    ordered = cases.order_by("received_at", "pk")
    some = list(ordered[:size])
    while some:
        yield some
        if len(some) < size:
            return
        last = some[-1]
        some = list(ordered.filter(behind({"received_at": last.received_at, "pk": last.pk}))[:size])
