"""The one-time code behind a partner's link: it goes to the contact on the register, so that a link passed on opens nothing."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.utils.crypto import constant_time_compare, salted_hmac

from amends.apps.cases.facts import pack_of
from amends.apps.cases.portal_keys import digits_of, normal_contact, takes_texts
from amends.apps.cases.proceeding_models import PartnerKey
from amends.apps.cases.proceedings.partners import Reached, proceeding_at_hand
from amends.apps.cases.proceedings.telling import values_of_proceeding
from amends.apps.messaging.actions import write_to_outbox
from amends.apps.messaging.allowances import Allowance, spend

MESSAGE = "partner_code"
LASTS = timedelta(minutes=10)
SENT = Allowance("partner-code", limit=5, within=timedelta(hours=1))
TRIES = Allowance("partner-code-tries", limit=5, within=LASTS)


def asks_for_code(key: PartnerKey) -> bool:
    """Whether the policy has a code confirm who opens the link."""
    rules = pack_of(key.proceeding).proceedings[key.proceeding.kind].for_partners
    return rules is not None and rules.asks_code


def contact_for_code(key: PartnerKey) -> Reached:
    """Where the code goes: to the registered contact, by another way than the letter went if there is one.

    A partner registered without any gets it where the letter went.
    """
    partner = key.partner
    phone = normal_contact("phone", partner.phone)
    ways = [Reached(partner.pk, "sms", phone)] if phone and takes_texts(phone) else []
    ways += [Reached(partner.pk, "email", partner.email)] if partner.email else []
    other = [way for way in ways if way.channel != key.channel]
    return next(iter([*other, *ways, Reached(partner.pk, key.channel, key.address)]))


def send_partner_code(key: PartnerKey, *, language: str, now: datetime) -> str:
    """Send a code that is good for ten minutes; returns what is kept to compare with. Raises TooMany after five within an hour."""
    spend([SENT], subject=str(key.pk), now=now)
    code, way, root = f"{secrets.randbelow(10**6):06d}", contact_for_code(key), key.proceeding
    pack, at_hand = pack_of(root), proceeding_at_hand(key)
    write_to_outbox(
        pack=pack, message=MESSAGE, channel=way.channel, address=way.address, language=language,
        values={**values_of_proceeding(at_hand, pack), "complainant_name": "", "case_title": ""},
        secrets={"code": code}, case_key=str(root.pk), now=now, expires_at=now + LASTS, desk=root.desk,
    )  # fmt: skip
    return _hash_of(key, code)


def partner_code_fits(key: PartnerKey, typed: str, kept: str, *, now: datetime) -> bool:
    """Whether it is the code that was sent for this link. Raises TooMany after five tries within ten minutes."""
    spend([TRIES], subject=str(key.pk), now=now)
    return bool(kept) and constant_time_compare(_hash_of(key, digits_of(typed)), kept)


def _hash_of(key: PartnerKey, code: str) -> str:
    return salted_hmac("amends.partner.code", f"{key.pk}:{code}", algorithm="sha256").hexdigest()
