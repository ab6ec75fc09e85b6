"""Who has a form open on a case just now, so that two people do not do the same work. It expires by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from amends.apps.cases.models import Case, Presence
from amends.apps.people.models import Person
from amends.apps.prepared import Asked, Prepared, given_key, given_moment, given_number

LASTS = timedelta(seconds=50)
"""A page that is open says so every twenty seconds; one that was closed is forgotten after two it did not say."""


def note_presence(case: Case, person: Person, *, doing: str, now: datetime) -> None:
    """Say that somebody has the form of a verb open; one form a person and case."""
    values = {"doing": doing, "until": now + LASTS}
    Presence.objects.update_or_create(case=case, person=person, defaults=values)


def end_presence(case: Case, person: Person) -> None:
    """Say that somebody has closed the form, or sent it."""
    Presence.objects.filter(case=case, person=person).delete()


_PRESENT = Prepared(
    lambda: (
        Presence.objects.filter(case_id=given_key("case"), until__gt=given_moment("now"))
        .exclude(person_id=given_number("person"))
        .select_related("person")
        .order_by("person__sort_key", "pk")
    )
)


def others_present(case: Case, person: Person, *, now: datetime) -> list[Presence]:
    """Who else has a form open, with their names; one query over an index.

    Nobody is shown to the person complained about, and who reported a case in confidence is shown to nobody.
    """
    if case.accused_person_id == person.pk:
        return []
    found = asked_for_presence(case, person, now=now).ask()
    if not case.hides_reporter:
        return found
    reporters = (case.registered_by_id, case.complainant.person_id if case.complainant else None)
    return [one for one in found if one.person_id not in reporters]


def asked_for_presence(case: Case, person: Person, *, now: datetime) -> Asked[Presence]:
    """What `others_present` asks, to be sent along with other questions: everybody else with a form open at `now`, by name.

    It leaves nobody out and refuses nothing: whom the person may not be shown is taken out by `others_present`.
    """
    return _PRESENT.given(case=case.pk, person=person.pk, now=now)


def forget_ended(*, now: datetime) -> int:
    """Delete what has expired, and return how many there were."""
    return Presence.objects.filter(until__lt=now).delete()[0]
