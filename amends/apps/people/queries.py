"""Reads about people: who looked at personal data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from amends.apps.people.models import AccessEntry, Person


@dataclass(frozen=True, slots=True)
class Access:
    """One access to personal data, or a refused attempt: `who` is a username, or the actor when it is no person."""

    at: str
    who: str
    action: str
    object: str
    field: str
    reason: str

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def accesses(objects: Iterable[str] | None = None, *, size: int) -> list[Access]:
    """The accesses to these objects, or all of them, newest first; two queries."""
    entries = AccessEntry.objects.order_by("-at", "-pk")
    if objects is not None:
        entries = entries.filter(object__in=list(objects))
    rows = list(entries[:size])
    numbers = [int(row.actor.removeprefix("person:")) for row in rows if row.actor.startswith("person:")]
    names = dict(Person.objects.filter(pk__in=numbers).values_list("pk", "username"))
    people = {f"person:{number}": name for number, name in names.items()}
    return [
        Access(row.at.isoformat(), people.get(row.actor, row.actor), row.action, row.object, row.field, row.reason)
        for row in rows
    ]
