"""Reads about people: who looked at personal data, and how far a token reaches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from amends.apps.people.models import AccessEntry, ApiToken, Complainant, ContactPoint, Person
from amends.apps.prepared import Asked, Prepared, given_number, given_text


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


def person_of(actor: str) -> int | None:
    """The number of the person who acted; None for customers, rules and the clock."""
    kind, _, number = actor.partition(":")
    return int(number) if kind == "person" and number.isdecimal() else None


def accesses(objects: Iterable[str] | None = None, *, size: int) -> list[Access]:
    """The accesses to these objects, or all of them, newest first; two queries."""
    entries = AccessEntry.objects.order_by("-at", "-pk")
    if objects is not None:
        entries = entries.filter(object__in=list(objects))
    rows = list(entries[:size])
    numbers = [number for row in rows if (number := person_of(row.actor)) is not None]
    names = dict(Person.objects.filter(pk__in=numbers).values_list("pk", "username"))
    people = {f"person:{number}": name for number, name in names.items()}
    return [
        Access(row.at.isoformat(), people.get(row.actor, row.actor), row.action, row.object, row.field, row.reason)
        for row in rows
    ]


_TOKENS = Prepared(lambda: ApiToken.objects.select_related("person").filter(hashed=given_text("hashed")))
_DESKS_OF_TOKEN = Prepared(
    lambda: ApiToken.desks.through._default_manager.filter(apitoken_id=given_number("token")).values_list(
        "desk_id", flat=True
    )
)


def token_of(hashed: str) -> ApiToken | None:
    """The token whose secret has this hash, with its owner; one query."""
    return _TOKENS.first(hashed=hashed)


def desks_of_token(token: ApiToken) -> frozenset[int] | None:
    """The desks that a token is limited to, none when all of them are gone; None for a token without a limit."""
    limit = frozenset(_DESKS_OF_TOKEN.ask(token=token.pk))
    return limit if limit or token.is_limited else None


_WAYS = Prepared(lambda: ContactPoint.objects.filter(complainant_id=given_number("complainant")))


def ways_to_reach(complainant: Complainant) -> list[ContactPoint]:
    """The telephone numbers and addresses of a complainant; one query."""
    return asked_for_ways(complainant.pk).ask()


def asked_for_ways(complainant: int) -> Asked[ContactPoint]:
    """What `ways_to_reach` asks of the complainant with this key, to be sent along with other questions; none where nothing
    was left. Who may read the contacts is for whoever shows them: nothing is refused and nothing masked here.
    """
    return _WAYS.given(complainant=complainant)
