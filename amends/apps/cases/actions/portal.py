"""What complainants do without an account: complain, ask for a code, enter it, get their receipt again.

Number and address together open nothing. Every request for a code writes one row and one job, whether they belong
together or not; the worker finds out, so the answer and its time tell nothing.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare

from amends.apps.cases.actions.register import Contact, register_case
from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case, PortalCode, PortalKey
from amends.apps.cases.once import Answer, OtherContent, answered_before, digest_of_form, key_of_form, once
from amends.apps.cases.portal_keys import (
    address_hash,
    addresses_of,
    code_hash,
    decoy_hash,
    digits_of,
    is_verified,
    new_link,
    new_link_with_pin,
)
from amends.apps.cases.telling import message_values
from amends.apps.deferred.actions import enqueue
from amends.apps.messaging.actions import write_to_outbox
from amends.apps.messaging.allowances import Allowance, spend
from amends.apps.policies.queries import pack_in_force
from amends.core.directory import Caller
from amends.core.facts import CaseFacts
from amends.core.refusals import Refusal

CODE_LIVES = timedelta(minutes=10)
CODE_TRIES = 5
CODES_TO_AN_ADDRESS = (
    Allowance("portal-code-address", limit=5, within=timedelta(hours=1)),
    Allowance("portal-code-address-day", limit=10, within=timedelta(days=1)),
)
CODES_FROM_A_NETWORK = Allowance("portal-code-network", limit=20, within=timedelta(hours=1))
CODE_MESSAGE = "portal_code"
NOBODY_YET = 0
"""Stands for the complainant of a case that is only being registered."""


class WrongCode(Refusal):
    """The code is not the one that was sent, or there was none to send: told apart by nobody."""

    code = "wrong_code"
    status = 422
    sentence = "验证码不正确，请核对后重新输入。还可以输入 %(left)s 次。"


class CodeOver(Refusal):
    """The code was used, ran out, or was tried too often."""

    code = "code_over"
    status = 422
    sentence = "这个验证码已经失效，请重新获取。"


class SentBefore(Refusal):
    """The form was sent before with other content; the first case stands."""

    code = "idempotency_mismatch"
    status = 422
    sentence = "这份表单已经提交过，编号为 %(number)s。如需补充，请在该编号下补充；如需反映另一件事，请重新填写一份。"

    def __init__(self, case: Case) -> None:
        self.case = case
        super().__init__(number=case.number)


def newcomer(session: str) -> Caller:
    """Somebody at the portal who is about to become the complainant of a case."""
    return Caller(id=portal_owner(session), complainant=NOBODY_YET)


def portal_owner(session: str) -> str:
    """Who owns the uploads of a browser session."""
    return f"portal:{session}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a complainant gets: the case, its private link, and a PIN where no address is on file. Shown, never stored."""

    case: Case
    link: str
    pin: str
    is_first: bool


@transaction.atomic
def complain(contact: Contact, *, token: str, session: str, limits: Mapping[Allowance, str]) -> Receipt:
    """Register what a customer filled in, once for the hidden token of the form; sending it again gives the first case.

    Raises every refusal of `register_case`, SentBefore for the same token with other content, and TooMany when one of
    `limits` (with its subject) is used up. A refused form uses neither its token nor a limit. A receipt that is asked
    for again by the same session carries a new link and PIN; those shown before end.
    """

    def do() -> Answer:
        for allowance, subject in limits.items():
            spend([allowance], subject=subject, now=contact.now)
        return Answer(str(register_case(contact).pk))

    pack = pack_in_force(contact.desk, contact.now)
    form = pack.forms[pack.channels.kinds[contact.kind].form]
    digest = digest_of_form(f"{contact.desk.pk}:{contact.kind}", form, contact.data)
    try:
        answer = once(caller=portal_owner(session), key=key_of_form(token), digest=digest, now=contact.now, do=do)
    except OtherContent as other:
        raise SentBefore(_case_answered(other.first)) from other
    return receipt_again(_case_answered(answer), now=contact.now, is_first=answer.is_first)


@transaction.atomic
def sent_before(*, token: str, session: str, now: datetime) -> Receipt | None:
    """The receipt of a form that this session sent with the token, with a new link; None when it was not sent."""
    body = answered_before(caller=portal_owner(session), key=key_of_form(token))
    return receipt_again(_case_answered(Answer(body)), now=now) if body else None


def _case_answered(answer: Answer) -> Case:
    return Case.objects.select_related("desk", "chain", "complainant").get(pk=answer.body)


def receipt_again(case: Case, *, now: datetime, is_first: bool = False) -> Receipt:
    """A receipt with a new link, and where no address is on file with a new PIN: the PIN given before ends."""
    if addresses_of(case):
        return Receipt(case, new_link(case, now=now), "", is_first)
    PortalKey.objects.filter(case=case, revoked_at=None).exclude(pin_hash="").update(revoked_at=now)
    link, pin = new_link_with_pin(case, now=now)
    return Receipt(case, link, pin, is_first)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for a code: the browser session, the network it comes from, and the language to answer in."""

    session: str
    network: str
    language: str
    now: datetime


@transaction.atomic
def ask_for_code(*, number: str, address: str, asking: Asking) -> PortalCode:
    """Note a request for a code. The answer is the same whether number and address belong together or not.

    Raises TooMany after five requests an hour for the address or twenty from the network.
    """
    spend([CODES_FROM_A_NETWORK], subject=asking.network, now=asking.now)
    hashed = address_hash(address)
    spend(CODES_TO_AN_ADDRESS, subject=hashed, now=asking.now)
    request = PortalCode.objects.create(
        number=_number_as_stored(number), address_hash=hashed, session=asking.session,
        network=address_hash(asking.network), language=asking.language, created_at=asking.now,
        expires_at=asking.now + CODE_LIVES,
    )  # fmt: skip
    enqueue("send_portal_code", {"request": request.pk}, now=asking.now, unique_key=f"portal_code:{request.pk}")
    return request


def _number_as_stored(number: str) -> str:
    """A case number as typed, without blanks and in ordinary characters."""
    return "".join(unicodedata.normalize("NFKC", number).split()).upper()[:40]


def ask_for_code_of(case: Case, *, asking: Asking) -> PortalCode | None:
    """As `ask_for_code` for somebody who has the private link: to the first address on file; None when there is none."""
    addresses = addresses_of(case)
    if not addresses:
        return None
    return ask_for_code(number=case.number, address=addresses[0][1], asking=asking)


@transaction.atomic
def send_code(request: PortalCode, *, now: datetime) -> bool:
    """Make the code of a request and put it into the outbox, if number and address belong together. Once."""
    if request.code_hash or now >= request.expires_at:
        return False
    case = _case_called(request.number)
    found = _address_asked_for(case, request.address_hash) if case else None
    if case is None or found is None:
        return False
    code = f"{secrets.randbelow(10**6):06d}"
    hashed = code_hash(request, code)
    claimed = PortalCode.objects.filter(pk=request.pk, code_hash="").update(case=case, code_hash=hashed)
    if not claimed:
        return False
    channel, address = found
    write_to_outbox(
        pack=pack_of(case), message=CODE_MESSAGE, channel=channel, address=address, language=request.language,
        values=values_for_code(case, language=request.language, to_stranger=not is_verified(address)),
        secrets={"code": code}, case_key=str(case.pk), now=now, expires_at=request.expires_at, desk=case.desk,
    )  # fmt: skip
    return True


def _case_called(number: str) -> Case | None:
    cases = Case.objects.select_related("desk", "chain", "complainant", "department", "handler")
    return cases.filter(number__in={number, number.lower()}).first()


def values_for_code(case: Case, *, language: str, to_stranger: bool) -> dict[str, str]:
    """What a code message says beside the code; nothing the submitter typed goes to an address nobody has verified."""
    return message_values(case, CaseFacts(), pack_of(case), language=language, to_stranger=to_stranger)


def _address_asked_for(case: Case, hashed: str) -> tuple[str, str] | None:
    return next((found for found in addresses_of(case) if constant_time_compare(address_hash(found[1]), hashed)), None)


def enter_code(request_id: int, *, session: str, typed: str, now: datetime) -> Case:
    """The case that a code opens. Each call is a try.

    Raises WrongCode with the tries left, CodeOver when the code was used, ran out or was tried five times; alike for
    requests that had no code to send.
    """
    alive = PortalCode.objects.filter(
        pk=request_id, session=session, used_at=None, tries__lt=CODE_TRIES, expires_at__gt=now
    )
    if not alive.update(tries=F("tries") + 1):
        raise CodeOver
    request = PortalCode.objects.select_related("case__desk", "case__chain", "case__complainant").get(pk=request_id)
    code = digits_of(typed)
    fits = constant_time_compare(code_hash(request, code), request.code_hash or decoy_hash())
    if not fits or request.case is None:
        if request.tries >= CODE_TRIES:
            raise CodeOver
        raise WrongCode(left=CODE_TRIES - request.tries)
    if not PortalCode.objects.filter(pk=request.pk, used_at=None).update(used_at=now):
        raise CodeOver
    return request.case


def portal_limit(name: str, usual: int) -> int:
    """A limit of the portal; settings may set another."""
    return int(getattr(settings, name, usual))


def data_of_complainant(data: Mapping[str, Any], shown: frozenset[str]) -> dict[str, Any]:
    """Of what was sent, only the fields that complainants may fill in."""
    return {name: value for name, value in data.items() if name in shown}
