"""A mail that is stored comes to one of four ends: an answer on a case, a case, a record of why it was ignored, or the
quarantine, where a person decides. `From` says who it is; nothing else gives anybody access.

Sources: S9 and S10 of the promises; RFC 3834.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files.base import File as Upload
from django.db import transaction
from django.db.models import F

from amends.apps.cases.actions.by_call import as_told
from amends.apps.cases.actions.perform import Wish, perform
from amends.apps.cases.actions.portal import NOBODY_YET
from amends.apps.cases.actions.register import Contact, register_case
from amends.apps.cases.evidence import FileRefused, Given, attach, open_evidence, rules_of, store_upload
from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case, CaseLink, EvidenceFile
from amends.apps.cases.outside import actions_for
from amends.apps.cases.portal_keys import normal_contact
from amends.apps.cases.previews import order_previews_of
from amends.apps.cases.queries import complainant_caller
from amends.apps.mail.headers import Address
from amends.apps.mail.limited import Letter, head_in, letter_in
from amends.apps.mail.models import IncomingMail, Mailbox
from amends.apps.mail.reading import Unreadable
from amends.apps.mail.reports import note_report
from amends.apps.mail.standing import Standing, standing_of, verdict_in
from amends.apps.mail.telling import tell_that_mail_waits
from amends.apps.messaging.allowances import Allowance, TooMany, spend
from amends.apps.people.models import Person
from amends.apps.policies.queries import pack_in_force
from amends.core.directory import Caller
from amends.core.form_data import DEFAULT_LENGTHS, storable
from amends.core.policy.forms import Form
from amends.core.policy.pack import Pack
from amends.core.refusals import InvalidData, Refusal

State = IncomingMail.State
ADDS = "add_information"
MOST_TRIES = 4
KEPT_TEXT = 200_000
FROM_A_SENDER = Allowance("mail-sender", limit=30, within=timedelta(hours=1))
"""Somebody who writes more is a program; a person looks at the rest."""

CHINESE = re.compile(r"[\u4e00-\u9fff]")
NO_TEXT = "（邮件没有正文）"
NOT_READ = "（正文无法读取，见原始邮件）"
SHORTENED = "…（全文见原始邮件）"
NOT_KEPT = "（以下附件未单独列为证据材料，可在原始邮件中查看：%s）"
NOBODY_KNOWN = "（发件人不明）"
NO_SUBJECT = "（邮件没有主题）"


@dataclass(frozen=True, slots=True)
class End:
    """What became of a mail, and why where it became no case."""

    state: str
    reason: str = ""
    detail: str = ""
    case: Case | None = None
    said: Mapping[str, Any] = field(default_factory=dict)


class NotNewAnyMore(Exception):
    """Somebody else brought the mail to its end meanwhile."""


def take_in(mail: IncomingMail, *, now: datetime) -> IncomingMail:
    """Bring a stored mail to its end; harmless to repeat. What fails again and again is put into quarantine, so that one
    bad mail never stops the others.
    """
    tried = IncomingMail.objects.filter(pk=mail.pk, state=State.NEW).update(attempts=F("attempts") + 1)
    mail = IncomingMail.objects.select_related("mailbox__desk", "raw").get(pk=mail.pk)
    if not tried:
        return mail
    try:
        if mail.attempts > MOST_TRIES:
            return _settle(mail, End(State.QUARANTINED, "failed", "again and again"), now)
        return _read_as_far_as_possible(mail, now)
    except NotNewAnyMore:
        return IncomingMail.objects.get(pk=mail.pk)


def _read_as_far_as_possible(mail: IncomingMail, now: datetime) -> IncomingMail:
    try:
        return _read_and_settle(mail, now)
    except Unreadable as unreadable:
        return _settle(mail, End(State.QUARANTINED, unreadable.code), now, _said_in_head(mail))


def _said_in_head(mail: IncomingMail) -> Mapping[str, Any]:
    """Who wrote and about what, where no more can be read: whoever decides has to know."""
    if mail.raw is None:
        return {}
    try:
        with open_evidence(mail.raw) as source, head_in(source.read()) as letter:
            return said_in(letter, mail.mailbox)
    except Unreadable:
        return {}


def _read_and_settle(mail: IncomingMail, now: datetime) -> IncomingMail:
    if mail.raw is None:
        return _settle(mail, End(State.QUARANTINED, "no_raw"), now)
    if mail.is_head_only:
        raise Unreadable("too_big")
    with open_evidence(mail.raw) as source:
        octets = source.read()
    with letter_in(octets) as letter:
        said = said_in(letter, mail.mailbox)
        try:
            with transaction.atomic():
                return _settle(mail, _end_of(mail, letter, said, octets, now), now, said)
        except Refusal as refusal:
            return _settle(mail, End(State.QUARANTINED, "refused", _in_codes(refusal)), now, said)


def _in_codes(refusal: Refusal) -> str:
    if isinstance(refusal, InvalidData):
        return ", ".join(f"{error.pointer.strip('/')}: {error.code}" for error in refusal.errors)[:300]
    return refusal.code[:300]


def _settle(mail: IncomingMail, end: End, now: datetime, said: Mapping[str, Any] | None = None) -> IncomingMail:
    """Write the end, once, and tell those who look after the mailbox where a person has to decide. Raises NotNewAnyMore."""
    values = {"state": end.state, "reason": end.reason, "detail": end.detail[:300], "case": end.case, **(said or {})}
    with transaction.atomic():
        if not IncomingMail.objects.filter(pk=mail.pk, state=State.NEW).update(**values):
            raise NotNewAnyMore
        if end.state == State.QUARANTINED:
            tell_that_mail_waits(mail, now=now)
    return IncomingMail.objects.select_related("mailbox__desk", "case").get(pk=mail.pk)


def said_in(letter: Letter, mailbox: Mailbox) -> dict[str, Any]:
    """What a mail says, as its row keeps it."""
    first = letter.sender[0] if letter.sender else None
    return {
        "message_id": storable(letter.message_id)[:250],
        "sender_name": storable(first.name if first else "")[:120],
        "sender": storable(first.address if first else "")[:254],
        "subject": storable(letter.subject)[:300],
        "text": storable(letter.text)[:KEPT_TEXT],
        "files": json.dumps([storable(file.name)[:200] for file in letter.files], ensure_ascii=False),
        "verdict": verdict_in(letter, mailbox),
    }


def _end_of(mail: IncomingMail, letter: Letter, said: Mapping[str, Any], octets: bytes, now: datetime) -> End:
    if letter.why_automatic:
        return _end_of_automatic(letter, octets, now)
    if len(letter.sender) != 1 or not letter.sender[0].address:
        return End(State.QUARANTINED, "no_sender")
    sender = normal_contact("email", letter.sender[0].address)
    if _is_ours(sender):
        return End(State.IGNORED, "loop")
    if Person.objects.filter(email__iexact=sender, is_active=True).exists():
        return End(State.QUARANTINED, "staff")
    try:
        spend([FROM_A_SENDER], subject=sender, now=now)
    except TooMany:
        return End(State.QUARANTINED, "too_many")
    standing = standing_of(letter, sender, mail.mailbox.desk, is_forged="dmarc=fail" in said["verdict"])
    if standing.case is not None and may_be_added_to(standing.case, now):
        return End(State.ANSWER, case=add_to_case(mail, letter, standing.case, now=now))
    return End(State.CASE, reason=standing.why, case=found_case(mail, letter, standing, now=now))


def _end_of_automatic(letter: Letter, octets: bytes, now: datetime) -> End:
    if letter.why_automatic in ("report", "daemon"):
        case = note_report(octets, now=now)
        return End(State.IGNORED, "bounce" if case else letter.why_automatic, case=case)
    return End(State.IGNORED, letter.why_automatic)


def _is_ours(address: str) -> bool:
    return address == settings.MAIL_FROM.lower() or Mailbox.objects.filter(address__iexact=_unsigned(address)).exists()


def _unsigned(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def may_be_added_to(case: Case, now: datetime) -> bool:
    """Whether the policy of the case takes something from its complainant in its present state."""
    return any(action.verb == ADDS for action in actions_for(case, pack_of(case), now=now))


def add_to_case(mail: IncomingMail, letter: Letter, case: Case, *, now: datetime) -> Case:
    """What the mail says anew becomes further information from the complainant, with its files."""
    pack = pack_of(case)
    form = next(action.form for action in actions_for(case, pack, now=now) if action.verb == ADDS)
    files, left_out = files_of(mail, letter, pack, by=complainant_caller(case).id, now=now)
    data = as_told(form, "", files)
    taking = next(name for name in as_told(form, "x", []))
    data[taking] = fitting(form, taking, with_note(letter.new_text, left_out))
    wish = Wish(verb=ADDS, data=data, caller=complainant_caller(case), now=now, uploads_of=mail.owner)
    case = perform(case, wish)
    attach_rest(mail, case, now)
    return case


def found_case(
    mail: IncomingMail, letter: Letter, standing: Standing, *, now: datetime, kind: str = "", given: Mapping[str, Any] | None = None
) -> Case:  # fmt: skip
    """A new case of the mail, received when it arrived; linked to those that it may belong to.

    Raises every refusal of `register_case`.
    """
    desk = mail.mailbox.desk
    pack = pack_in_force(desk, mail.arrived_at)
    rule = pack.channels.mail
    if rule is None:
        raise NoMailHere
    form = pack.forms[pack.channels.kinds[kind or rule.kind].form]
    caller = Caller(id=mail.owner, complainant=NOBODY_YET)
    files, left_out = files_of(mail, letter, pack, by=caller.id, now=now)
    data = {**_said_to(form, letter, left_out), **rule.fills, **(given or {})}
    if filed := next((f.id for f in form.fields if f.type == "files" and f.when is None), None):
        data[filed] = files
    contact = Contact(
        desk=desk, kind=kind or rule.kind, channel=mail.mailbox.channel, data=data, caller=caller, now=now,
        received_at=mail.arrived_at, is_receipt_noted=True, uploads_of=mail.owner, is_vouched=False,
        language=_language_of(letter, pack),
    )  # fmt: skip
    case = register_case(contact)
    attach_rest(mail, case, now)
    for other in standing.may_belong_to:
        pairs = ((case, other), (other, case))
        CaseLink.objects.bulk_create(
            [CaseLink(case=a, other=b, kind="perhaps", created_at=now) for a, b in pairs], ignore_conflicts=True
        )
    return case


class NoMailHere(Refusal):
    """The policy of the desk does not say what a mail founds."""

    code = "no_mail_here"
    sentence = "本受理台的制度没有规定来信如何立案，请在制度的 channels.yaml 中写明 mail。"


def _said_to(form: Form, letter: Letter, left_out: list[str]) -> dict[str, str]:
    sender = letter.sender[0] if letter.sender else Address(NOBODY_KNOWN, "")
    said = {
        "complainant_name": sender.name or sender.address.rpartition("@")[0],
        "complainant_email": sender.address,
        "subject": letter.subject or NO_SUBJECT,
        "description": with_note(letter.text, left_out),
    }
    known = {f.id for f in form.fields}
    return {name: fitting(form, name, text) for name, text in said.items() if name in known}


def with_note(text: str, left_out: list[str]) -> str:
    """The text of a mail, or that it has none, and which of its files are only in the raw mail."""
    note = NOT_KEPT % "、".join(left_out) if left_out else ""
    return "\n\n".join(part for part in (storable(text) or NO_TEXT, note) if part)


def fitting(form: Form, name: str, text: str) -> str:
    """The text as the field takes it: without characters that are refused, and shortened where the field is short."""
    f = next(f for f in form.fields if f.id == name)
    limit = f.max_length or DEFAULT_LENGTHS[f.type]
    clean = storable(text)
    if len(clean) <= limit or f.type == "email":
        return clean
    end = SHORTENED if f.type == "long_text" else "…"
    return clean[: limit - len(end)] + end


def _language_of(letter: Letter, pack: Pack) -> str:
    """English where somebody wrote without any Chinese, and the policy speaks it."""
    has_chinese = CHINESE.search(letter.subject + letter.text)
    return "en" if not has_chinese and letter.text.strip() and "en" in pack.head.languages else "zh-hans"


def files_of(mail: IncomingMail, letter: Letter, pack: Pack, *, by: str, now: datetime) -> tuple[list[str], list[str]]:
    """The raw mail and its files as evidence, and the names of those that the policy does not take: they stay in the raw one."""
    rules = rules_of(pack)
    files, left_out = [str(mail.raw_id)] if mail.raw_id else [], []
    for file in letter.files:
        given = Given(owner=mail.owner, given_by=by, source=mail.mailbox.address)
        try:
            if len(files) > rules.max_files:
                raise FileRefused("")
            with file.place.open("rb") as content:
                upload = Upload(content, name=file.name or "file")
                files.append(str(store_upload(upload, rules=rules, given=given, now=now).pk))
        except FileRefused:
            left_out.append(storable(file.name)[:80] or file.kind[:80])
    return files, left_out


def attach_rest(mail: IncomingMail, case: Case, now: datetime) -> None:
    """Attach to the case what the form had no place for."""
    waiting = EvidenceFile.objects.filter(owner=mail.owner, case=None, proceeding=None).values_list("pk", flat=True)
    files = [str(key) for key in waiting]
    attach(files, case=case, owner=mail.owner, now=now)
    order_previews_of(files, now=now)
