"""Reply addresses that name a case and can not be forged: `service+<case><signature>@example.com`."""

from __future__ import annotations

import base64
import binascii
import re
import uuid

from django.utils.crypto import constant_time_compare

from amends.apps.people.sealing import digests

PURPOSE = "mail.reply"
SIGNED = re.compile(r"\+([a-z2-7]{26})([0-9a-f]{16})$")
LONGEST_LOCAL = 64


def reply_address(mailbox: str, case_key: str) -> str:
    """The mailbox's address with the case and its signature; the plain address where there is no room for them."""
    local, _, domain = mailbox.rpartition("@")
    signed = f"{local.partition('+')[0]}+{_named(case_key)}{digests(case_key, purpose=PURPOSE)[0][:16]}"
    return f"{signed}@{domain}" if len(signed) <= LONGEST_LOCAL else mailbox


def case_named_by(address: str) -> str | None:
    """The key of the case that a reply address names; None when it names none or its signature is not ours."""
    found = SIGNED.search(address.rpartition("@")[0].lower())
    key = _key(found[1]) if found else None
    if found is None or key is None:
        return None
    ours = (digest[:16] for digest in digests(key, purpose=PURPOSE))
    return key if any(constant_time_compare(found[2], digest) for digest in ours) else None


def _named(case_key: str) -> str:
    return base64.b32encode(uuid.UUID(case_key).bytes).decode().rstrip("=").lower()


def _key(named: str) -> str | None:
    try:
        key = str(uuid.UUID(bytes=base64.b32decode(named.upper() + "======")))
    except (binascii.Error, ValueError):
        return None
    # The last sign holds two bits more than a key: four spellings read the same, and only one of them is ours.
    return key if _named(key) == named else None
