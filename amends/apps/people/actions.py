"""Writes to the organisation: departments, people, roles, absences, tokens. What concerns rights is kept on the desk's chain."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from amends.apps.ledger.actions import append_all_in_turn, append_in_turn
from amends.apps.people.access import address_of_request, desk_looked_at
from amends.apps.people.models import (
    Absence,
    AccessEntry,
    ApiToken,
    Complainant,
    Department,
    DeskFunction,
    Membership,
    Person,
)
from amends.apps.policies.models import Desk
from amends.core.refusals import Refusal

TOKEN_PREFIX = "amd_"  # noqa: S105


class LastAdministrator(Refusal):
    """Somebody must be able to administer the installation."""

    code = "last_administrator"
    sentence = "至少须保留一名系统管理员。"


def sort_key_of(text: str) -> str:
    """The pinyin of a Chinese name: the order in which lists show it on every database."""
    # Its dictionaries take longer to load than a web process otherwise needs to start.
    from pypinyin import lazy_pinyin

    return " ".join(lazy_pinyin(text)).lower()[:240]


@transaction.atomic
def create_department(*, code: str, title: str, title_en: str = "", parent: Department | None = None) -> Department:
    """A new department under its parent."""
    department = Department.objects.create(
        code=code, title=title, title_en=title_en, parent=parent, sort_key=sort_key_of(title)
    )
    department.path = f"{parent.path if parent else ''}{department.pk}."
    department.save(update_fields=["path"])
    return department


def bind_function(*, desk: Desk, function: str, department: Department) -> None:
    """Say which department does a function of the pack on the desk."""
    DeskFunction.objects.update_or_create(desk=desk, function=function, defaults={"department": department})


@transaction.atomic
def grant_role(
    *, person: Person, desk: Desk, role: str, department: Department | None = None, by: str, now: datetime
) -> Membership:
    """Give a person a role on a desk or in a department; granting it again changes nothing."""
    membership, is_new = Membership.objects.get_or_create(person=person, desk=desk, role=role, department=department)
    if is_new:
        _record(
            desk, "role_granted", by, now, {"person": person.pk, "role": role, "department": membership.department_id}
        )
    return membership


@transaction.atomic
def grant_first_roles(memberships: Sequence[Membership], *, desk: Desk, by: str, now: datetime) -> None:
    """Give people who have no role on the desk yet their roles there, all at once; recorded like each by itself."""
    Membership.objects.bulk_create(memberships)
    append_all_in_turn(
        chain_key=f"desk:{desk.code}", chain_kind="desk", kind="role_granted", at=now, recorded_at=now, actor=by,
        payloads=[{"person": m.person_id, "role": m.role, "department": m.department_id} for m in memberships],
    )  # fmt: skip


@transaction.atomic
def revoke_role(*, membership: Membership, by: str, now: datetime) -> None:
    """Take a role away; it counts no more from the next request on."""
    facts = {"person": membership.person_id, "role": membership.role, "department": membership.department_id}
    _record(membership.desk, "role_revoked", by, now, facts)
    membership.delete()


@transaction.atomic
def deactivate(*, person: Person, by: str, now: datetime) -> None:
    """Shut a person out at once: sessions, tokens and roles stop counting. Refuses the last administrator."""
    others = Person.objects.filter(is_administrator=True, is_active=True).exclude(pk=person.pk)
    if person.is_administrator and not others.exists():
        raise LastAdministrator
    person.is_active = False
    person.deactivated_at = now
    person.save(update_fields=["is_active", "deactivated_at"])
    append_in_turn(
        chain_key="installation", chain_kind="installation", kind="person_deactivated", at=now, recorded_at=now, actor=by,
        payload={"person": person.pk},
    )  # fmt: skip


@transaction.atomic
def note_absence(
    *, person: Person, starts_at: datetime, ends_at: datetime, deputy: Person | None, by: str, now: datetime,
    keeps_working: bool = False,
) -> Absence:  # fmt: skip
    """Enter an absence with its deputy, or a standing delegation when the person keeps working."""
    absence = Absence.objects.create(
        person=person, deputy=deputy, starts_at=starts_at, ends_at=ends_at, keeps_working=keeps_working
    )
    facts = {"person": person.pk, "deputy": deputy.pk if deputy else None, "from": starts_at, "until": ends_at}
    append_in_turn(
        chain_key="installation", chain_kind="installation", kind="absence_noted", at=now, recorded_at=now, actor=by,
        payload=facts,
    )  # fmt: skip
    return absence


@transaction.atomic
def create_token(
    *, person: Person, name: str, scopes: Iterable[str], desks: Iterable[Desk], now: datetime, days: int = 90
) -> tuple[ApiToken, str]:
    """A bearer token for a person or machine account; the secret is returned once and only its hash kept.

    It is limited to the desks named, and to none when these go; without any it counts on all desks of its owner.
    """
    secret, limit = TOKEN_PREFIX + secrets.token_urlsafe(32), list(desks)
    token = ApiToken.objects.create(
        person=person, name=name, hashed=hash_of_secret(secret), scopes=" ".join(scopes), created_at=now,
        expires_at=now + timedelta(days=days), is_limited=bool(limit),
    )  # fmt: skip
    token.desks.set(limit)
    return token, secret


def hash_of_secret(secret: str) -> str:
    """What is stored of a secret with 128 bits or more of chance in it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def log_access(
    *, actor: str, action: str, object: str, now: datetime, field: str = "", reason: str = "", address: str = "",
    desk: int | None = None,
) -> None:  # fmt: skip
    """Note that somebody read personal data, on the desk and from the address of the present request."""
    AccessEntry.objects.create(
        at=now, desk_id=desk or desk_looked_at(), actor=actor, action=action, object=object, field=field, reason=reason[:300],
        address=(address or address_of_request())[:64],
    )  # fmt: skip


def _record(desk: Desk, kind: str, by: str, now: datetime, payload: dict[str, object]) -> None:
    append_in_turn(
        chain_key=f"desk:{desk.code}", chain_kind="desk", kind=kind, at=now, recorded_at=now, actor=by, payload=payload
    )


@transaction.atomic
def erase_complainant(*, complainant: Complainant, now: datetime) -> None:
    """Empty the name of a complainant and forget every way to reach them; the number stays in the chains."""
    complainant.contact_points.all().delete()
    complainant.name, complainant.erased_at = "", now
    complainant.save(update_fields=["name", "erased_at"])


def forget_reasons(objects: Iterable[str]) -> None:
    """Empty the reasons that were typed for looking at objects that are erased; that they were looked at stays."""
    AccessEntry.objects.filter(object__in=list(objects)).exclude(reason="").update(reason="")
