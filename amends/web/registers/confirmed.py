"""What staff have to know: who has not confirmed a record yet, and the records in force at a step of a case."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from amends.apps.cases.proceeding_models import Involved, RegisterLine, RegisterValue
from amends.apps.cases.proceedings.projection import CONFIRMED
from amends.apps.cases.proceedings.queries import visible_proceedings
from amends.apps.people.directory import holders_of
from amends.apps.people.models import Person
from amends.web.case.seeing import CaseView
from amends.web.proceedings.seeing import ProceedingView


def not_confirmed(seen: ProceedingView) -> list[Person] | None:
    """Who has still to confirm the version in force, by name; None where nobody has to."""
    rule = seen.kind.acknowledged
    if rule is None or seen.proceeding.state not in rule.in_:
        return None
    confirmed = set(
        Involved.objects.filter(proceeding=seen.proceeding, role=CONFIRMED).values_list("person_id", flat=True)
    )
    people = holders_of(rule.by, desk=seen.proceeding.desk, now=seen.viewer.now)
    return sorted((person for person in people if person.pk not in confirmed), key=lambda person: person.sort_key)


def shown_at_step(seen: CaseView) -> list[RegisterLine]:
    """The records in force at the step where the case stands, as far as the viewer may read them; no query where there are none."""
    pack, case = seen.pack, seen.case
    rules = {name: kind.shown_at for name, kind in pack.proceedings.items() if kind.shown_at}
    found: list[RegisterLine] = []
    for name, rule in rules.items():
        at_step = RegisterValue.objects.filter(line=OuterRef("pk"), field=rule.field, value=case.state)
        lines = RegisterLine.objects.filter(
            Exists(at_step), desk=case.desk_id, kind=name, proceeding__state__in=rule.in_
        )
        visible = visible_proceedings(seen.viewer).values("pk")
        found += lines.filter(proceeding__in=visible).select_related("proceeding").order_by("-day", "-pk")[:5]
    return found
