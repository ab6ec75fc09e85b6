"""The register of partners of a desk: companies outside that its policy lets complaints be about and ask for answers.

Every change is an event of the desk. What a partner may be registered as is said by the policy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from amends.apps.ledger.actions import append_in_turn
from amends.apps.people.grounds import Manager
from amends.apps.people.models import Partner
from amends.apps.policies.models import Desk
from amends.core.form_data import options_of, read_phone
from amends.core.policy.base import Title
from amends.core.policy.forms import Field
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, NotPermitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """What is entered about a partner."""

    name: str
    kind: str
    contact: str = ""
    email: str = ""
    phone: str = ""


def names_partners(pack: Pack) -> bool:
    """Whether any form of the policy asks for a partner."""
    return any(f.type == "partner" for beside in _fields_beside_each_other(pack) for f in beside)


def kinds_of_partners(pack: Pack) -> dict[str, Title]:
    """What a partner may be registered as: the choices of the fields that say the kind of a partner beside them."""
    found: dict[str, Title] = {}
    for beside in _fields_beside_each_other(pack):
        saying = {f.of_kind for f in beside if f.of_kind}
        for f in beside:
            if f.id in saying:
                found |= options_of(f, pack)
    return found


def _fields_beside_each_other(pack: Pack) -> Iterator[tuple[Field, ...]]:
    for form in pack.forms.values():
        yield form.fields
        yield from (f.fields for f in form.fields if f.fields)


@transaction.atomic
def add_partner(desk: Desk, given: Company, *, by: Manager) -> Partner:
    """A new partner of the desk. Raises NotPermitted, and InvalidData for a name taken there, a kind it does not know or
    a number that is none: codes and links go to it.
    """
    by.check_desk(desk)
    _check_kind(desk, given, by)
    partner = Partner(desk=desk)
    _save(partner, given)
    _record(partner, "partner_added", at=by.now, actor=by.person.actor_id)
    return partner


@transaction.atomic
def change_partner(partner: Partner, given: Company, *, by: Manager) -> None:
    """Another name, kind or address; cases name it as it is called now. Refuses as `add_partner` does."""
    check_partner(partner, by=by)
    _check_kind(partner.desk, given, by)
    before = partner.name
    _save(partner, given)
    kind = "partner_changed" if before == given.name else "partner_renamed"
    _record(partner, kind, at=by.now, actor=by.person.actor_id)


@transaction.atomic
def retire_partner(partner: Partner, *, by: Manager) -> None:
    """Nobody chooses the partner any more; cases that name it and links it was sent stay as they are."""
    check_partner(partner, by=by)
    if partner.retired_at is None:
        _retire(partner, at=by.now, actor=by.person.actor_id)


@transaction.atomic
def take_back_partner(partner: Partner, *, by: Manager) -> None:
    """Put a retired partner to use again."""
    check_partner(partner, by=by)
    if partner.retired_at is None:
        return
    partner.retired_at = None
    partner.save(update_fields=["retired_at"])
    _record(partner, "partner_taken_back", at=by.now, actor=by.person.actor_id)


def retire_partners_of(desk: Desk, *, now: datetime, actor: str) -> int:
    """Retire all partners of a desk that is given up; returns how many there were."""
    partners = list(Partner.objects.filter(desk=desk, retired_at=None).select_related("desk").order_by("pk"))
    for partner in partners:
        _retire(partner, at=now, actor=actor)
    return len(partners)


def check_partner(partner: Partner, *, by: Manager) -> None:
    """Raises NotPermitted unless they manage the desk of the partner; one of every desk is the administrator's."""
    if partner.desk is not None:
        by.check_desk(partner.desk)
    elif not by.is_administrator:
        raise NotPermitted(verb="管理部门和人员")


def _check_kind(desk: Desk | None, given: Company, by: Manager) -> None:
    pack = by.pack_of(desk) if desk else None
    if pack is not None and given.kind not in (kinds_of_partners(pack) or [""]):
        raise InvalidData([FieldError("/kind", "unknown_choice", {"field": "类别", "value": given.kind[:60]})])


def _save(partner: Partner, given: Company) -> None:
    if given.phone:
        read_phone(given.phone, pointer="/phone")
    partner.name, partner.kind, partner.contact = given.name, given.kind, given.contact
    partner.email, partner.phone = given.email, given.phone
    try:
        with transaction.atomic():
            partner.save()
    except IntegrityError as taken:
        raise InvalidData([FieldError("/name", "taken", {"field": "名称", "value": given.name})]) from taken


def _retire(partner: Partner, *, at: datetime, actor: str) -> None:
    partner.retired_at = at
    partner.save(update_fields=["retired_at"])
    _record(partner, "partner_retired", at=at, actor=actor)


def _record(partner: Partner, kind: str, *, at: datetime, actor: str) -> None:
    """On the chain of the desk, with the name as it is then beside the event."""
    chain_kind, key = ("desk", f"desk:{partner.desk.code}") if partner.desk else ("installation", "installation")
    append_in_turn(
        chain_key=key, chain_kind=chain_kind, kind=kind, at=at, recorded_at=at, actor=actor,
        payload={"partner": partner.pk, "kind": partner.kind}, details={"name": partner.name},
    )  # fmt: skip
