"""Private links of a case for its complainant, and the address on file: what opens the portal, as hashes only."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.utils.crypto import salted_hmac

from amends.apps.cases.models import Case, PortalCode, PortalKey
from amends.apps.messaging.allowances import Allowance, spend

VALID_AFTER_ARCHIVE = timedelta(days=90)
PIN_TRIES = Allowance("portal-pin", limit=5, within=timedelta(hours=1))
SECRET = re.compile(r"[A-Za-z0-9_-]{22}")
_DECOY = "0" * 64


def new_link(case: Case, *, now: datetime) -> str:
    """The address of a new private link: 128 random bits, of which only the hash is stored."""
    secret = secrets.token_urlsafe(16)
    PortalKey.objects.create(case=case, link_hash=_hash_of(secret), created_at=now)
    return link_address(secret)


def new_link_with_pin(case: Case, *, now: datetime) -> tuple[str, str]:
    """A new private link and the PIN that opens the case together with it, where no address is on file."""
    secret, pin = secrets.token_urlsafe(16), f"{secrets.randbelow(10**8):08d}"
    PortalKey.objects.create(case=case, link_hash=_hash_of(secret), pin_hash=make_password(pin), created_at=now)
    return link_address(secret), pin


def link_address(secret: str) -> str:
    return f"{settings.BASE_URL}/portal/s/{secret}/"


def key_of(secret: str, *, now: datetime) -> PortalKey | None:
    """The key of a private link; None when it is malformed, unknown, revoked, or 90 days past archiving."""
    if not SECRET.fullmatch(secret):
        return None
    key = (
        PortalKey.objects.filter(link_hash=_hash_of(secret), revoked_at=None)
        .select_related("case__desk", "case__chain", "case__complainant")
        .first()
    )
    if key is None or (key.case.archived_at and now >= key.case.archived_at + VALID_AFTER_ARCHIVE):
        return None
    return key


def _hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def revoke_links(case: Case, *, now: datetime) -> int:
    """Make every private link of a case useless; returns how many there were."""
    return PortalKey.objects.filter(case=case, revoked_at=None).update(revoked_at=now)


def pin_fits(key: PortalKey, pin: str, *, now: datetime) -> bool:
    """Whether a PIN opens the case of its link. Raises TooMany after five tries an hour, right ones included."""
    spend([PIN_TRIES], subject=str(key.pk), now=now)
    return bool(key.pin_hash) and check_password(digits_of(pin), key.pin_hash)


def digits_of(text: str) -> str:
    """What was typed, without blanks and in ordinary digits."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))[:40]


def code_hash(request: PortalCode, code: str) -> str:
    """What is stored of a code: bound to its request."""
    return salted_hmac("amends.portal.code", f"{request.pk}:{code}", algorithm="sha256").hexdigest()


def decoy_hash() -> str:
    """What a code is compared with when there is none, so that both take the same time."""
    return _DECOY


def normal_contact(kind: str, value: str) -> str:
    """A contact as it is compared: digits of a telephone number without the country's +86, an address in lower case."""
    text = unicodedata.normalize("NFKC", value).strip()
    if kind == "email":
        return text.lower()
    digits = re.sub(r"[^\d+]", "", text)
    return re.sub(r"^(?:\+?86|0086)(?=1\d{10}$)", "", digits)


def takes_texts(phone: str) -> bool:
    """Whether text messages reach a number: not a landline, a service number or an extension, however it is written (the
    digits of an extension stand behind those of its number once a contact is normal).
    """
    return not re.fullmatch(r"0[1-9]\d{8,}|[48]00\d{7,}|1[3-9]\d{10,}|\d{5,8}|.*[x转,].*", phone)


def addresses_of(case: Case) -> list[tuple[str, str]]:
    """Every way to reach the complainant as (channel, address), mail before text message, the newest first."""
    if case.complainant is None:
        return []
    points = sorted(case.complainant.contact_points.all(), key=lambda point: -point.pk)
    mails = [("email", p.value) for p in points if p.kind == "email"]
    texts = [("sms", p.normal) for p in points if p.kind == "phone" and takes_texts(p.normal)]
    return mails + texts


def address_hash(address: str) -> str:
    """A keyed digest of an address, the same however it was typed."""
    kind = "email" if "@" in address else "phone"
    return salted_hmac("amends.portal.address", normal_contact(kind, address), algorithm="sha256").hexdigest()


def is_verified(address: str) -> bool:
    """Whether somebody has shown that messages to the address reach them: a code sent there was entered."""
    return PortalCode.objects.filter(address_hash=address_hash(address)).exclude(used_at=None).exists()
