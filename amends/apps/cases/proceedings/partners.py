"""Partners outside: the private link that reaches them, what it opens, and until when. No account, nothing to remember."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from amends.apps.cases.facts import pack_of
from amends.apps.cases.proceeding_models import PartnerKey, Proceeding
from amends.apps.cases.proceedings.facts import facts_of_proceeding
from amends.apps.cases.proceedings.telling import values_of_proceeding
from amends.apps.messaging.actions import write_to_outbox
from amends.apps.people.models import Partner
from amends.core.directory import Caller
from amends.core.facts import CaseFacts
from amends.core.policy.pack import Pack

SECRET = re.compile(r"[A-Za-z0-9_-]{22}")
EMAIL, PHONE = "partner_email", "partner_phone"
"""The fields of a form that say where a partner is reached."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A partner and where messages reach it."""

    partner: int
    channel: str
    address: str


def tell_partners(
    proceeding: Proceeding, messages: Iterable[str], *, facts: CaseFacts, pack: Pack, texts: Mapping[str, str],
    now: datetime,
) -> None:  # fmt: skip
    """Write to the partner that the proceeding asks, or to all that were asked in it, each with a private link of its own.

    Nothing of the complainant is in the message.
    """
    messages = list(messages)
    root = proceeding.parent or proceeding
    for reached in _reached(root, facts, texts) if messages else ():
        values = values_of_proceeding(proceeding, pack)
        values |= {"complainant_name": "", "case_title": ""}
        for message in messages:
            write_to_outbox(
                pack=pack, message=message, channel=reached.channel, address=reached.address, language="zh-hans",
                values=values, secrets={"link": new_partner_link(root, reached, now=now)},
                case_key=str(root.pk), now=now, desk=root.desk,
            )  # fmt: skip


def _reached(root: Proceeding, facts: CaseFacts, texts: Mapping[str, str]) -> list[Reached]:
    known = {key.partner_id: key for key in PartnerKey.objects.filter(proceeding=root).order_by("pk")}
    asked = facts.values.get("partner")
    if asked is None:
        return [Reached(partner, key.channel, key.address) for partner, key in known.items()]
    if texts.get(EMAIL):
        return [Reached(asked, "email", texts[EMAIL])]
    if texts.get(PHONE):
        return [Reached(asked, "sms", texts[PHONE])]
    return [Reached(asked, known[asked].channel, known[asked].address)] if asked in known else []


def address_to_propose(proceeding: Proceeding, facts: CaseFacts) -> dict[str, str]:
    """Where a first letter would go by the register of partners: the address for the field that asks for it."""
    asked = facts.values.get("partner")
    root = proceeding.parent or proceeding
    if asked is None or PartnerKey.objects.filter(proceeding=root, partner_id=asked).exists():
        return {}
    partner = Partner.objects.filter(pk=asked).first()
    if partner is None:
        return {}
    return {EMAIL: partner.email} if partner.email else {PHONE: partner.phone} if partner.phone else {}


def new_partner_link(root: Proceeding, reached: Reached, *, now: datetime) -> str:
    """The address of a new private link: 128 random bits, of which only the hash is stored.

    Links of this partner that went to another address end: writing to the right one takes back what went to a wrong one.
    """
    secret = secrets.token_urlsafe(16)
    earlier = PartnerKey.objects.filter(proceeding=root, partner_id=reached.partner, revoked_at=None)
    earlier.exclude(address=reached.address).update(revoked_at=now)
    PartnerKey.objects.create(
        proceeding=root, partner_id=reached.partner, link_hash=_hash_of(secret), channel=reached.channel,
        address=reached.address, created_at=now,
    )  # fmt: skip
    return f"{settings.BASE_URL}/portal/partner/{secret}/"


def _hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def partner_key(secret: str, *, now: datetime) -> PartnerKey | None:
    """The key of a private link; None alike when it is malformed, unknown, revoked, or past what the pack lets be read."""
    if not SECRET.fullmatch(secret):
        return None
    related = ("partner", "proceeding__desk", "proceeding__chain", "proceeding__pack", "proceeding__case")
    key = PartnerKey.objects.filter(link_hash=_hash_of(secret), revoked_at=None).select_related(*related).first()
    return key if key is not None and _can_be_read(key.proceeding, now) and key.partner.retired_at is None else None


def _can_be_read(root: Proceeding, now: datetime) -> bool:
    """Whether a proceeding is open, or ended not longer ago than partners may read it."""
    rules = pack_of(root).proceedings[root.kind].for_partners
    if rules is None:
        return False
    return root.ended_at is None or now < root.ended_at + timedelta(days=rules.readable_days)


def partner_caller(key: PartnerKey) -> Caller:
    """Whoever uses the link, as the rules see them: the partner, and nobody in particular of it."""
    return Caller(id=f"partner:{key.partner_id}", partner=key.partner_id)


def proceedings_for(key: PartnerKey) -> list[Proceeding]:
    """The proceeding of the link and those that it started for this partner, in the order they began."""
    root = key.proceeding
    started = root.children.select_related("desk", "chain", "pack", "case", "parent").order_by("begun_at", "number")
    return [root, *(one for one in started if _is_for(one, key.partner_id))]


def proceeding_at_hand(key: PartnerKey) -> Proceeding:
    """What the partner knows the link by: the talks that were opened with it while they are open, then the proceeding itself."""
    root, *started = proceedings_for(key)
    return next((one for one in reversed(started) if one.is_open), root)


def _is_for(proceeding: Proceeding, partner: int) -> bool:
    kind = pack_of(proceeding).proceedings[proceeding.kind]
    return kind.for_partners is not None and facts_of_proceeding(proceeding).values.get("partner") == partner
