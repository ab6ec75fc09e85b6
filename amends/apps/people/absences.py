"""Absences and deputies: entering, ending and listing them. Routing and duties follow what stands here at the moment."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from amends.apps.people.actions import note_absence
from amends.apps.people.grounds import Manager
from amends.apps.people.models import Absence, Membership, Person
from amends.apps.people.organising import record_on
from amends.apps.policies.models import Desk
from amends.core.refusals import CHOSEN, FieldError, InvalidData, NotPermitted, not_given


@transaction.atomic
def enter_absence(
    *, person: Person, starts_at: datetime, ends_at: datetime, deputy: Person | None, reason: str, keeps_working: bool,
    by: Manager,
) -> Absence:  # fmt: skip
    """Enter when somebody is away and who stands in for them.

    Raises NotPermitted for people the manager neither is, leads nor manages, and InvalidData for an end before the start, a time
    that overlaps another absence of the person, or a deputy who is the person, has left or is away then.
    """
    if not by.staff().filter(pk=person.pk).exists():
        raise NotPermitted(verb="登记他人的缺勤")
    errors = [
        *_time_faults(person, starts_at, ends_at, by.now),
        *_deputy_faults(person, deputy, starts_at, ends_at, by),
    ]
    if keeps_working and deputy is None:
        errors.append(not_given("/deputy", "代理人", way=CHOSEN))
    if errors:
        raise InvalidData(errors)
    absence = note_absence(
        person=person, starts_at=starts_at, ends_at=ends_at, deputy=deputy, by=by.person.actor_id, now=by.now,
        keeps_working=keeps_working,
    )  # fmt: skip
    if reason:
        absence.reason = reason
        absence.save(update_fields=["reason"])
    return absence


def _time_faults(person: Person, starts_at: datetime, ends_at: datetime, now: datetime) -> list[FieldError]:
    if ends_at <= starts_at:
        return [FieldError("/ends", "ends_before_start", {"field": "结束"})]
    if ends_at <= now:
        return [FieldError("/ends", "in_past", {"field": "结束"})]
    if overlapping(person, starts_at, ends_at).exists():
        return [FieldError("/starts", "absence_overlaps", {"name": person.name})]
    return []


def _deputy_faults(
    person: Person, deputy: Person | None, starts_at: datetime, ends_at: datetime, by: Manager
) -> list[FieldError]:
    if deputy is None:
        return []
    if deputy.pk == person.pk:
        return [FieldError("/deputy", "deputy_is_self", {})]
    if not deputy.is_active or deputy.is_machine:
        return [FieldError("/deputy", "no_such_person", {"field": "代理人"})]
    if overlapping(deputy, starts_at, ends_at).filter(keeps_working=False).exists():
        return [FieldError("/deputy", "deputy_away", {"name": deputy.name})]
    if person.pk != by.person.pk and not by.staff().filter(pk=deputy.pk).exists():
        return [FieldError("/deputy", "deputy_not_yours", {"name": deputy.name})]
    return []


def overlapping(person: Person, starts_at: datetime, ends_at: datetime) -> QuerySet[Absence]:
    """The absences of somebody that share time with a span."""
    return Absence.objects.filter(person=person, starts_at__lt=ends_at, ends_at__gt=starts_at)


@transaction.atomic
def end_absence(absence: Absence, *, by: Manager) -> None:
    """End an absence that runs, now; take back one that has not begun. One that is over stays as it was.

    Raises NotPermitted like entering it.
    """
    if not by.staff().filter(pk=absence.person_id).exists():
        raise NotPermitted(verb="登记他人的缺勤")
    if absence.ends_at <= by.now:
        raise NotPermitted("这段缺勤已经结束，不能再改。")
    facts = {"person": absence.person_id, "from": absence.starts_at, "until": min(absence.ends_at, by.now)}
    if absence.starts_at >= by.now:
        record_on([], "absence_taken_back", facts, by=by)
        absence.delete()
        return
    absence.ends_at = by.now
    absence.save(update_fields=["ends_at"])
    record_on([], "absence_ended", facts, by=by)


def absences_between(people: QuerySet[Person], first: datetime, last: datetime) -> QuerySet[Absence]:
    """The absences of these people that touch a span, soonest first; whoever deputises is read with them."""
    rows = Absence.objects.filter(Q(person__in=people), starts_at__lt=last, ends_at__gt=first)
    return rows.select_related("person", "person__department", "deputy").order_by("starts_at", "pk")


def deputised_roles(person: Person, by: Manager) -> list[tuple[Desk, str, Membership]]:
    """Desk, role and membership of everything a deputy of the person takes over now."""
    rows = Membership.objects.filter(Membership.valid_at(by.now), person=person).select_related("desk", "department")
    found = []
    for row in rows.order_by("desk__code", "pk"):
        pack = by.pack_of(row.desk)
        rule = pack.roles.roles.get(row.role) if pack else None
        if rule is not None and rule.deputised:
            found.append((row.desk, row.role, row))
    return found
