"""Writes to people: who is there, in which department, with which roles; each an event, effective on the next request."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from amends.apps.people.actions import (
    LastAdministrator,
    deactivate,
    grant_role,
    hash_of_secret,
    revoke_role,
    sort_key_of,
)
from amends.apps.people.grounds import Manager
from amends.apps.people.models import Department, Invitation, Membership, Person, PersonSkill
from amends.apps.people.organising import record_on
from amends.apps.policies.models import Desk
from amends.core.form_data import read_phone
from amends.core.refusals import CHOSEN, FieldError, InvalidData, NotPermitted, Refusal, not_given

INVITATION_LASTS = timedelta(hours=72)


class LinkNotGood(Refusal):
    """The link was used, is too old or never was one: told apart by nobody."""

    code = "link_not_good"
    status = 404
    sentence = "这个链接无效，或者已经用过、已经过期。请联系管理员重新发送。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """What is entered about a person."""

    username: str
    name: str
    department: Department | None
    email: str = ""
    phone: str = ""


@transaction.atomic
def add_person(given: Staff, *, by: Manager) -> tuple[Person, str]:
    """A new person who can not sign in yet, and the secret of the link with which they set a password.

    Raises NotPermitted outside what the manager manages, InvalidData for a user name that is taken and for what is no telephone number.
    """
    by.check_department(given.department)
    _check_phone(given)
    try:
        with transaction.atomic():
            person = Person.objects.create_person(
                username=given.username, name=given.name, sort_key=sort_key_of(given.name), department=given.department,
                email=given.email, phone=given.phone,
            )  # fmt: skip
    except IntegrityError as taken:
        raise InvalidData([FieldError("/username", "taken", {"field": "用户名", "value": given.username})]) from taken
    record_person(person, "person_added", {"department": person.department_id}, {"name": person.name}, by=by)
    return person, _invitation(person, by.now)


@transaction.atomic
def change_person(person: Person, given: Staff, *, by: Manager) -> None:
    """Another name, department or address. Roles stay; a department outside what the manager manages is refused, as is what is no telephone number."""
    by.check_person(person)
    if given.phone != person.phone:
        _check_phone(given)
    moved = person.department_id != (given.department.pk if given.department else None)
    if moved:
        by.check_department(given.department)
    before = person.department_id
    person.name, person.sort_key, person.department = given.name, sort_key_of(given.name), given.department
    person.email, person.phone = given.email, given.phone
    person.save(update_fields=["name", "sort_key", "department", "email", "phone"])
    facts = {"department": person.department_id, "before": before}
    record_person(person, "person_moved" if moved else "person_changed", facts, {"name": person.name}, by=by)


def _check_phone(given: Staff) -> None:
    if given.phone:
        read_phone(given.phone, pointer="/phone")


@transaction.atomic
def invite_again(person: Person, *, by: Manager) -> str:
    """A fresh link to set a password; earlier ones stop working. Returns its secret, which is shown once.

    Whoever holds the link can become the person: the manager must be able to grant every role that the person holds.
    """
    _check_standing(person, by)
    if not person.is_active:
        raise NotPermitted(verb="重设密码")
    record_person(person, "person_invited", {}, {}, by=by)
    return _invitation(person, by.now)


def _invitation(person: Person, now: datetime) -> str:
    person.invitations.filter(used_at=None).update(used_at=now)
    secret = secrets.token_urlsafe(32)
    Invitation.objects.create(
        person=person, hashed=hash_of_secret(secret), created_at=now, expires_at=now + INVITATION_LASTS
    )
    return secret


def invited_by(secret: str, *, now: datetime) -> Person:
    """Whom a link invites. Looking consumes nothing. Raises LinkNotGood."""
    found = Invitation.objects.filter(hashed=hash_of_secret(secret), used_at=None, expires_at__gt=now).first()
    if found is None or not found.person.is_active:
        raise LinkNotGood
    return found.person


@transaction.atomic
def accept_invitation(secret: str, *, password: str, now: datetime) -> Person:
    """Set the password with a link, which is used up by it; whatever session the person had ends. Raises LinkNotGood."""
    person = invited_by(secret, now=now)
    claimed = Invitation.objects.filter(hashed=hash_of_secret(secret), used_at=None).update(used_at=now)
    if not claimed:
        raise LinkNotGood
    person.set_password(password)
    person.save(update_fields=["password"])
    manager = Manager(person, now)
    record_person(person, "password_set", {}, {}, by=manager)
    return person


@transaction.atomic
def change_own_password(person: Person, *, password: str, now: datetime) -> None:
    """Another password, set by the person themselves; links to set one stop working."""
    person.invitations.filter(used_at=None).update(used_at=now)
    person.set_password(password)
    person.save(update_fields=["password"])
    record_person(person, "password_set", {}, {}, by=Manager(person, now))


@transaction.atomic
def deactivate_person(person: Person, *, by: Manager) -> None:
    """Shut somebody out at once. Their open cases stay with them, listed as left behind, until they are handed over.

    Raises NotPermitted (also for oneself) and LastAdministrator.
    """
    by.check_person(person)
    if person.pk == by.person.pk:
        raise NotPermitted("不能停用自己的账号，请由其他管理员办理。")
    person.invitations.filter(used_at=None).update(used_at=by.now)
    deactivate(person=person, by=by.person.actor_id, now=by.now)


def _check_standing(person: Person, by: Manager) -> None:
    """Refuses a manager who does not manage the person, or could not grant one of their roles."""
    by.check_person(person)
    for held in Membership.objects.filter(person=person).select_related("desk"):
        by.check_grant(held.desk, held.role)


@transaction.atomic
def reactivate_person(person: Person, *, by: Manager) -> None:
    """Let somebody in again; the roles they still hold count again, which the manager must be able to grant."""
    _check_standing(person, by)
    person.is_active, person.deactivated_at = True, None
    person.save(update_fields=["is_active", "deactivated_at"])
    record_person(person, "person_reactivated", {}, {}, by=by)


@transaction.atomic
def give_role(
    person: Person, *, desk: Desk, role: str, department: Department | None, by: Manager
) -> Membership:  # fmt: skip
    """Give a role on the desk or in a department. Raises NotPermitted, RightNotHeld, and InvalidData where the role needs a
    department or takes none.
    """
    pack = by.pack_of(desk)
    rule = pack.roles.roles.get(role) if pack else None
    if rule is None or rule.counts in ("complainant", "employee", "handler", "named", "partner", "system"):
        raise InvalidData([FieldError("/role", "unknown_choice", {"field": "角色", "value": role[:60]})])
    by.check_grant(desk, role)
    if not person.is_active:
        raise InvalidData([FieldError("/person", "no_such_person", {"field": "人员"})])
    if rule.counts != "desk" and department is None:
        raise InvalidData([not_given("/department", "部门", way=CHOSEN)])
    if department is not None and department.retired_at is not None:
        raise InvalidData([FieldError("/department", "no_such_department", {"field": "部门"})])
    held_in = None if rule.counts == "desk" else department
    return grant_role(person=person, desk=desk, role=role, department=held_in, by=by.person.actor_id, now=by.now)


@transaction.atomic
def take_role(membership: Membership, *, by: Manager) -> None:
    """Take a role away. Raises NotPermitted outside the desks one manages."""
    by.check_desk(membership.desk)
    revoke_role(membership=membership, by=by.person.actor_id, now=by.now)


@transaction.atomic
def set_skills(person: Person, desk: Desk, skills: Iterable[str], *, by: Manager) -> None:
    """Enter what somebody can do for cases of a desk; whatever is not named they have no more.

    Raises NotPermitted outside the desks one manages, InvalidData for a skill that the policy does not know. Source: REP-6.1.1
    """
    by.check_desk(desk)
    pack, wanted = by.pack_of(desk), set(skills)
    if unknown := sorted(wanted - set(pack.routing.skills if pack else ())):
        raise InvalidData([FieldError("/skills", "unknown_choice", {"field": "技能", "value": unknown[0][:60]})])
    had = set(PersonSkill.objects.filter(person=person, desk=desk).values_list("skill", flat=True))
    if had == wanted:
        return
    PersonSkill.objects.filter(person=person, desk=desk, skill__in=had - wanted).delete()
    PersonSkill.objects.bulk_create(PersonSkill(person=person, desk=desk, skill=name) for name in sorted(wanted - had))
    record_on([desk.code], "skills_set", {"person": person.pk, "skills": sorted(wanted)}, by=by)


@transaction.atomic
def make_administrator(person: Person, *, wanted: bool, by: Manager) -> None:
    """Let somebody administer the installation, or no more. Administrators only; the last one stays."""
    if not by.is_administrator:
        raise NotPermitted(verb="任免系统管理员")
    if person.is_administrator == wanted:
        return
    others = Person.objects.filter(is_administrator=True, is_active=True).exclude(pk=person.pk)
    if not wanted and not others.exists():
        raise LastAdministrator
    person.is_administrator = wanted
    person.save(update_fields=["is_administrator"])
    record_on([], "administrator_added" if wanted else "administrator_removed", {"person": person.pk}, by=by)


def record_person(
    person: Person, kind: str, facts: Mapping[str, Any], texts: Mapping[str, str], *, by: Manager
) -> None:
    """On the chains of the desks on which the person holds a role; on that of the installation where there is none."""
    codes = Membership.objects.filter(person=person).order_by("desk__code").values_list("desk__code", flat=True)
    record_on(dict.fromkeys(codes), kind, {"person": person.pk, **facts}, texts, by=by)
