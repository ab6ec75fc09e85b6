"""What staff have to know: who has not confirmed a record yet, and the records in force at a step of a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from amends.apps.cases.proceeding_models import Involved, RegisterLine, RegisterValue
from amends.apps.cases.proceedings.projection import CONFIRMED
from amends.apps.cases.proceedings.queries import visible_proceedings
from amends.apps.cases.proceedings.registers import Kept
from amends.apps.cases.queries import Viewer
from amends.apps.people.directory import holders_of
from amends.apps.people.models import Person
from amends.apps.prepared import Asked, Prepared, given_number, given_text, prepared
from amends.core.policy.keeping import once_a_pack
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import ShownAt
from amends.web.case.seeing import CaseView
from amends.web.proceedings.seeing import ProceedingView

MOST_AT_STEP = 5
"""Of each kind; the register has the others."""


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


def not_confirmed_of(kept: Kept, lines: Sequence[RegisterLine], now: datetime) -> dict[UUID, list[str]]:
    """Who has still to confirm each of these records, by name; only records in force stand in it. Two queries, however many lines."""
    rule = kept.kind.acknowledged
    waiting = [line.proceeding_id for line in lines if rule and line.proceeding.state in rule.in_]
    if rule is None or not waiting:
        return {}
    people = sorted(holders_of(rule.by, desk=kept.desk, now=now), key=lambda person: person.sort_key)
    done = set(
        Involved.objects.filter(proceeding__in=waiting, role=CONFIRMED).values_list("proceeding_id", "person_id")
    )
    return {key: [person.name for person in people if (key, person.pk) not in done] for key in waiting}


def shown_at_step(seen: CaseView) -> list[RegisterLine]:
    """The records in force at the step where the case stands, as far as the viewer may read them; no query where there are none."""
    return [line for asked in asked_for_records(seen) for line in asked.ask()]


def asked_for_records(seen: CaseView) -> list[Asked[RegisterLine]]:
    """What `shown_at_step` asks, one question for each kind of record that the policy shows at steps, to be sent along with
    others: the latest in force at the step of the case, of those that the viewer sees. None where the policy shows no kind.
    """
    return [
        _records_at_step(seen.viewer, name, rule).given(
            desk=seen.case.desk_id, step=seen.case.state, now=seen.viewer.now
        )
        for name, rule in _shown_at_steps(seen.pack).items()
    ]


@once_a_pack
def _shown_at_steps(pack: Pack) -> Mapping[str, ShownAt]:
    return {name: kind.shown_at for name, kind in pack.proceedings.items() if kind.shown_at}


def _records_at_step(viewer: Viewer, name: str, rule: ShownAt) -> Prepared[RegisterLine]:
    """The latest records of a kind that are in force at a `step` of a `desk`, within what the viewer sees."""

    def asks() -> QuerySet[RegisterLine]:
        at_step = RegisterValue.objects.filter(line=OuterRef("pk"), field=rule.field, value=given_text("step"))
        lines = RegisterLine.objects.filter(
            Exists(at_step), desk=given_number("desk"), kind=name, proceeding__state__in=rule.in_
        )
        visible = visible_proceedings(viewer.at_any_moment()).values("pk")
        return lines.filter(proceeding__in=visible).select_related("proceeding").order_by("-day", "-pk")[:MOST_AT_STEP]

    return prepared(("records_at_step", viewer.standpoint(), name, rule.field, tuple(rule.in_)), asks)
