"""Reads of notices."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from amends.apps.messaging.models import Notice
from amends.apps.people.models import Person


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
