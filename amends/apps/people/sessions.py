"""Where a person is signed in: the browsers, as they recognise them, and ending what is open elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session

from amends.apps.people.models import Person, SignedIn

LAST_USED = "last_used_at"


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One browser in which somebody is signed in."""

    pk: int
    key: str
    browser: str
    address: str
    began_at: datetime
    used_at: datetime


def note_session(person: Person, *, key: str, browser: str, address: str, now: datetime) -> None:
    """Remember that the person signed in with a browser, from an address."""
    SignedIn.objects.update_or_create(
        session_id=key, defaults={"person": person, "browser": browser[:200], "address": address[:64], "began_at": now}
    )


def open_sessions(person: Person, now: datetime) -> list[OpenSession]:
    """The person's sessions that still stand, the last used first; one query."""
    rows = SignedIn.objects.filter(person=person, session__expire_date__gt=now).select_related("session")
    found = [_in_use(row) for row in rows if row.session.get_decoded().get(SESSION_KEY) == str(person.pk)]
    return sorted(found, key=lambda one: one.used_at, reverse=True)


def _in_use(row: SignedIn) -> OpenSession:
    used = row.session.get_decoded().get(LAST_USED)
    used_at = datetime.fromisoformat(used) if used else row.began_at
    return OpenSession(row.pk, row.session_id, row.browser, row.address, row.began_at, used_at)


def end_sessions(person: Person, *, only: int | None = None, keep: str = "") -> int:
    """End one session of the person, or all but the one to keep; who works there signs in again. Returns how many."""
    chosen = Session.objects.filter(signed_in__person=person).exclude(session_key=keep)
    if only is not None:
        chosen = chosen.filter(signed_in__pk=only)
    keys = list(chosen.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    return len(keys)
