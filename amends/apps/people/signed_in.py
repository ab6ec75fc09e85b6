"""Who is signed in, read by a prepared question: every page begins with it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend

from amends.apps.people.models import Person
from amends.apps.prepared import Prepared, given_number

_PERSON = Prepared(
    lambda: Person.objects.filter(pk=given_number("person"), is_active=True).select_related("department")
)


class SignedIn(BaseBackend):
    """Finds whoever signed in earlier, with their department. Whether somebody may sign in is asked of other backends."""

    def get_user(self, user_id: Any) -> Person | None:
        """The person; None for one who is inactive by now, or does not exist."""
        return _PERSON.first(person=user_id)
