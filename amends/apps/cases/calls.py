"""Calls announced by a telephone system: a short-lived secret address carries the number to the page, and no address does."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from amends.apps.cases.models import IncomingCall
from amends.apps.policies.models import Desk

WAITS = timedelta(minutes=5)
"""How long a call can be taken; a caller does not wait longer."""

LONGEST_LINE = 80

KEY = re.compile(r"[A-Za-z0-9_-]{22}")


def announce_call(*, desk: Desk, phone: str, line: str, by: str, now: datetime) -> str:
    """Keep the number of a call and return the secret that opens it: 128 random bits, of which only the hash is stored."""
    secret = secrets.token_urlsafe(16)
    IncomingCall.objects.create(
        key_hash=_hash_of(secret), desk=desk, phone=phone, line=line, announced_by=by, created_at=now
    )
    return secret


def waiting_call(secret: str, *, now: datetime) -> IncomingCall | None:
    """The call of that secret while it can be taken. Looking at it takes nothing."""
    if not KEY.fullmatch(secret):
        return None
    found = IncomingCall.objects.filter(key_hash=_hash_of(secret), taken_at=None, created_at__gt=now - WAITS)
    return found.select_related("desk").first()


def take_call(secret: str, *, now: datetime) -> IncomingCall | None:
    """The call, for the first who takes it; None when it was taken, is over, or never was."""
    call = waiting_call(secret, now=now)
    if call is None or not IncomingCall.objects.filter(pk=call.pk, taken_at=None).update(taken_at=now):
        return None
    return call


def _hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
