"""Who was praised: kept beside the case that says so, and read for the page of whoever it names."""

from __future__ import annotations

from django.db.models import QuerySet

from amends.apps.cases.actions.perform import Performed, projector
from amends.apps.cases.praise_models import Praised
from amends.apps.people.models import Person

NAMED = ("praised_person", "praised_department")
SHOWN = 20


@projector
def remember_who_was_praised(done: Performed) -> None:
    """The person and the department that the case names now, with the day of the praise, or of receipt where it names none."""
    if done.case.desk.is_practice or not set(done.event.payload.get("set", {})) & {*NAMED, "praised_on"}:
        return
    person, department = (done.facts.value(name) for name in NAMED)
    if person is None and department is None:
        return
    on = done.facts.value("praised_on") or done.case.received_on
    Praised.objects.update_or_create(
        case=done.case, defaults={"person_id": person, "department_id": department, "on": on}
    )


def praise_of(person: Person) -> QuerySet[Praised]:
    """What customers praised somebody for, the latest first."""
    return Praised.objects.filter(person=person).select_related("case__desk").order_by("-on", "-pk")
