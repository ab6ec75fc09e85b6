"""Registering: how a case comes into being, from whichever door."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from amends.apps.cases.actions.perform import Followed, Wish, count_files, follow
from amends.apps.cases.contacts import CONTACT_FIELDS, remember_contacts
from amends.apps.cases.facts import facts_of
from amends.apps.cases.models import Case
from amends.apps.cases.numbers import next_number, pattern_on
from amends.apps.cases.portal_keys import normal_contact
from amends.apps.cases.proceedings.chosen_records import check_records
from amends.apps.cases.queries import earlier_cases_of, open_cases
from amends.apps.ledger.actions import append
from amends.apps.ledger.models import Chain
from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.people.models import Complainant, ContactPoint, Person
from amends.apps.policies.models import Desk, PackVersion
from amends.apps.policies.queries import calendar_for, read_version, version_in_force
from amends.core.decide import decide
from amends.core.decision import Decision, Request
from amends.core.directory import Caller
from amends.core.facts import CaseFacts
from amends.core.filling import filled_in
from amends.core.form_data import checked_text
from amends.core.guidance import Used
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData
from amends.core.roles import actor_on_case, has_right


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A first contact as a door hands it over. `data` is the kind's form; times without offset are read in `local_zone`.

    With `is_receipt_noted` a machine of the company noted the time of receipt: it is no backdating and asks for no reason.
    Without `is_vouched` nobody has checked who it is: a name and number that are on file count as an earlier case, but
    the case gets a complainant of its own, so that a stranger's address never joins somebody else's. `linked_cases` says
    how many cases it is linked to from the start.
    """

    desk: Desk
    kind: str
    channel: str
    data: Mapping[str, Any]
    caller: Caller
    now: datetime
    received_at: datetime | None = None
    backdate_reason: str = ""
    local_zone: ZoneInfo | None = None
    complainant: Complainant | None = None
    uploads_of: str = ""
    is_vouched: bool = True
    language: str = "zh-hans"
    linked_cases: int = 0
    is_receipt_noted: bool = False
    used: Used = Used()


@transaction.atomic
def register_case(contact: Contact) -> Case:
    """Register a contact: a number, the first event, clocks running from receipt, the acknowledgement in the outbox.

    Raises InvalidData with every fault at its field, NotPermitted when the caller may not register here. A time of
    receipt in the past needs the right `backdate` and a reason; the moment of entry is always kept.
    """
    version = version_in_force(contact.desk, contact.received_at or contact.now)
    pack = read_version(version.pk)
    _check_way_in(pack, contact)
    directory = OrganisationOfDesk(contact.desk, pack, contact.now)
    actor = actor_on_case(pack, contact.caller, CaseFacts(), directory)
    _check_backdating(pack, contact, may=has_right(pack, actor, "backdate"))
    complainant = contact.complainant or (None if contact.desk.is_practice else known_complainant(contact.data))
    given = facts_of_contact(pack, contact, complainant)
    by_itself = filled_by_itself(pack, contact)
    request = Request(
        verb="register", data={**contact.data, **by_itself}, actor=actor, now=contact.now, given=given,
        local_zone=contact.local_zone, form=pack.channels.kinds[contact.kind].form, used=contact.used,
    )  # fmt: skip
    with _faults_of_what_was_sent(by_itself):
        decision = decide(pack=pack, process=pack.lifecycle, facts=CaseFacts(), request=request, directory=directory)
    check_records(decision.payload, pack, contact.desk)
    _refuse_receipt_reason(contact)
    return _store(contact, version, pack, decision, complainant if contact.is_vouched else contact.complainant)


def filled_by_itself(pack: Pack, contact: Contact) -> dict[str, Any]:
    """What the channel fills in of fields that were left open."""
    channel, person = pack.channels.channels[contact.channel], contact.caller.person
    if not channel.fills:
        return {}
    home = Person.objects.filter(pk=person).values_list("department_id", flat=True).first() if person else None
    received_at = (contact.received_at or contact.now).isoformat()
    known = {"person": person, "department": home, "received_at": received_at}
    return filled_in(channel, pack.forms[pack.channels.kinds[contact.kind].form], contact.data, known)


@contextmanager
def _faults_of_what_was_sent(by_itself: Mapping[str, Any]) -> Iterator[None]:
    """What was copied from a faulty field is no second fault."""
    try:
        yield
    except InvalidData as refusal:
        sent = [error for error in refusal.errors if error.pointer.lstrip("/") not in by_itself]
        raise InvalidData(sent or refusal.errors) from refusal


def _check_way_in(pack: Pack, contact: Contact) -> None:
    errors = []
    channel = pack.channels.channels.get(contact.channel)
    if contact.kind not in pack.channels.kinds:
        errors.append(FieldError("/kind", "unknown_choice", {"field": "个案类型", "value": contact.kind[:60]}))
    if channel is None or channel.retired:
        errors.append(FieldError("/channel", "unknown_choice", {"field": "受理渠道", "value": contact.channel[:60]}))
    if errors:
        raise InvalidData(errors)


def _check_backdating(pack: Pack, contact: Contact, *, may: bool) -> None:
    if contact.received_at is None or contact.received_at >= contact.now - timedelta(minutes=1):
        if contact.received_at is not None and contact.received_at > contact.now + timedelta(minutes=1):
            raise InvalidData([FieldError("/received_at", "in_future", {"field": "收到时间"})])
        return
    if contact.is_receipt_noted:
        return
    if not may:
        raise InvalidData([FieldError("/received_at", "right_needed", {"field": "收到时间"})])
    if not contact.backdate_reason.strip():
        raise InvalidData([FieldError("/backdate_reason", "reason_needed", {"field": "补录理由"})])


def _refuse_receipt_reason(contact: Contact) -> None:
    """The reason for backdating is a text like any other."""
    checked_text(contact.backdate_reason, pointer="/backdate_reason", field="补录理由", limit=500)


def facts_of_contact(pack: Pack, contact: Contact, complainant: Complainant | None) -> dict[str, Any]:
    """What the rules may ask about a contact and only the tables know: the way in, earlier cases, files."""
    kind, channel = pack.channels.kinds[contact.kind], pack.channels.channels[contact.channel]
    spoken = {} if contact.language == "zh-hans" else {"language": contact.language}
    has_contact = (
        any(contact.data.get(name) for name in ("complainant_phone", "complainant_email")) or complainant is not None
    )
    return {
        **spoken,
        **_out_of_hours(pack, contact),
        "kind": contact.kind,
        "counts": kind.counts,
        "internal": kind.internal,
        "channel": contact.channel,
        "channel_group": channel.group,
        "written": channel.written,
        "has_contact": has_contact,
        "linked_cases": contact.linked_cases,
        "earlier_cases": count_earlier_cases(pack, contact, complainant),
        "received_at": (contact.received_at or contact.now).isoformat().replace("+00:00", "Z"),
        "evidence_count": count_files(pack, contact.data),
    }


def _out_of_hours(pack: Pack, contact: Contact) -> dict[str, Any]:
    """Whether it came in while nobody read that channel, where the pack says when somebody does."""
    hours = pack.channels.channels[contact.channel].attended
    if hours is None or calendar_for(pack, hours).is_open_at(contact.received_at or contact.now):
        return {}
    return {"out_of_hours": True}


def known_complainant(data: Mapping[str, Any]) -> Complainant | None:
    """The complainant on file under the telephone number or address given; None when there is none or the name differs."""
    points = [(kind, normal_contact(kind, str(data[name]))) for kind, name in CONTACT_FIELDS if data.get(name)]
    for kind, normal in points:
        found = ContactPoint.objects.filter(kind=kind, normal=normal, complainant__erased_at=None).select_related(
            "complainant"
        )
        for point in found[:5]:
            if point.complainant.name == str(data.get("complainant_name", "")).strip():
                return point.complainant
    return None


def count_earlier_cases(pack: Pack, contact: Contact, complainant: Complainant | None) -> int:
    """How many earlier cases of the same complainant agree in the facts that the pack compares."""
    rule = pack.head.repeats
    if rule is None or complainant is None:
        return 0
    cases = earlier_cases_of([complainant.pk], desk=contact.desk, since=contact.now - timedelta(days=rule.within_days))
    if rule.unresolved_only:
        cases = open_cases(cases)
    wanted = {name: contact.data.get(name) for name in rule.same}
    return sum(1 for case in cases[:200] if _agrees(facts_of(case), wanted))


def _agrees(facts: CaseFacts, wanted: Mapping[str, Any]) -> bool:
    return all(facts.value(name) == value for name, value in wanted.items())


def _store(
    contact: Contact, version: PackVersion, pack: Pack, decision: Decision, complainant: Complainant | None
) -> Case:
    received_at = contact.received_at or contact.now
    complainant = complainant or create_complainant(decision.texts, decision.payload["set"], now=contact.now)
    if not contact.desk.is_practice:
        remember_contacts(complainant, decision.texts)
    day = received_at.astimezone(ZoneInfo(pack.head.zone)).date()
    key = uuid.uuid4()
    chain = Chain(kind=Chain.Kind.CASE, key=f"case:{key}")
    decision.payload["complainant"] = complainant.pk
    if contact.backdate_reason:
        decision.texts["backdate_reason"] = contact.backdate_reason
    event = append(
        chain=chain, kind="register", at=received_at, recorded_at=contact.now, actor=contact.caller.id,
        payload=decision.payload, details=decision.texts,
    )  # fmt: skip
    case = Case(
        id=key, chain=chain, desk=contact.desk, pack=version, 
        number=next_number(pattern_on(contact.desk, pack.head.number), day=day),
        complainant=complainant, registered_by_id=contact.caller.person, subject=decision.texts.get("subject", "")[:200],
        received_at=received_at, received_on=day, registered_at=contact.now,
    )  # fmt: skip
    wish = Wish(verb="register", data={}, caller=contact.caller, now=contact.now, uploads_of=contact.uploads_of)
    registered: Case = follow(
        Followed(row=case, pack=pack, before=CaseFacts(), event=event, decision=decision, wish=wish)
    )
    return registered


def create_complainant(texts: Mapping[str, str], values: Mapping[str, Any], *, now: datetime) -> Complainant:
    """A new complainant from what the form said."""
    return Complainant.objects.create(
        name=texts.get("complainant_name", "")[:120],
        kind=str(values.get("complainant_kind") or "customer")[:30],
        created_at=now,
    )
