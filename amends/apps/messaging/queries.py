"""Reads of notices."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from amends.apps.messaging.models import Notice, OutboxMessage
from amends.apps.people.models import Person


def held_texts(cases: Iterable[str], *, now: datetime) -> dict[str, tuple[datetime, datetime]]:
    """The latest text of each of these cases that quiet hours hold back: when it was written and when it leaves, by key."""
    held = OutboxMessage.objects.filter(case_key__in=list(cases), state=OutboxMessage.State.WAITING, not_before__gt=now)
    rows = held.order_by("pk").values_list("case_key", "created_at", "not_before")
    return {key: (written, until) for key, written, until in rows if until is not None}


def notices_of(
    person: Person, *, only_new: bool = True, before: tuple[datetime, int] | None = None, size: int = 50
) -> list[Notice]:
    """The notices of a person, newest first, at most `size`; `before` is the moment and id of the last one shown."""
    found = Notice.objects.filter(person=person)
    if only_new:
        found = found.filter(acknowledged_at=None)
    if before is not None:
        at, pk = before
        found = found.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))
    return list(found.order_by("-created_at", "-pk")[:size])
