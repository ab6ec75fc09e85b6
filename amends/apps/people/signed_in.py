"""Who is signed in, read by prepared questions: every page begins with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.utils import timezone

from amends.apps.people.directory import Standing, asked_for_standing, standing_asked
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import asked_for_open_desks
from amends.apps.prepared import Prepared, asked_together, given_number

_PERSON = Prepared(
    lambda: Person.objects.filter(pk=given_number("person"), is_active=True).select_related("department")
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What was read along with somebody at the beginning of their request, and is right for that moment."""

    now: datetime
    standing: Standing
    open_desks: list[Desk]


class SignedIn(BaseBackend):
    """Finds whoever signed in earlier, with their department. Whether somebody may sign in is asked of other backends."""

    def get_user(self, user_id: Any) -> Person | None:
        """The person, with what every page asks of them, all of it asked at once; None for one who is inactive by now, or does not exist."""
        now = timezone.now()
        person, open_desks = _PERSON.given(person=user_id), asked_for_open_desks()
        with asked_together([person, open_desks, *asked_for_standing(user_id, now)]):
            found = person.first()
            if found is not None:
                found.arrival = Arrival(now, standing_asked(found, now), open_desks.ask())  # type: ignore[attr-defined]
        return found


def arrival_of(person: Person) -> Arrival | None:
    """What was read when the person was found as the one who is signed in; None for a person found otherwise."""
    return getattr(person, "arrival", None)
