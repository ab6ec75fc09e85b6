"""What the queue remembers of somebody: which columns they want, and up to when they have seen it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from amends.apps.lists.models import Habit
from amends.apps.people.models import Person
from amends.apps.prepared import Prepared, given_number

_HABIT = Prepared(lambda: Habit.objects.filter(person_id=given_number("person")))


def habit_of(person: Person) -> Habit:
    """What is remembered; a new person has chosen nothing and seen nothing."""
    return _HABIT.first(person=person.pk) or Habit(person=person)


def keep_columns(person: Person, columns: Iterable[str]) -> None:
    """Remember the columns in this order; none means those that are usual."""
    Habit.objects.update_or_create(person=person, defaults={"columns": ",".join(columns)})


def mark_seen(person: Person, *, at: datetime, now: datetime) -> None:
    """Remember that the queue was seen as it stood at a moment; never a later one than now, never an earlier one again."""
    at = min(at, now)
    _, is_new = Habit.objects.get_or_create(person=person, defaults={"seen_at": at})
    if not is_new:
        Habit.objects.filter(person=person).exclude(seen_at__gt=at).update(seen_at=at)
