"""Calls announced by a telephone system: a short-lived secret address carries the number to the page, and no address does."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from amends.apps.cases.models import IncomingCall
from amends.apps.people.sealing import CannotOpen, opened, seal
from amends.apps.policies.models import Desk

WAITS = timedelta(minutes=5)
"""How long a call can be taken; a caller does not wait longer."""

LONGEST_LINE = 80
LONGEST_SECRET = 1000
PURPOSE = "call"

KEY = re.compile(r"[A-Za-z0-9_-]{22}")


def announce_call(*, desk: Desk, phone: str, line: str, by: str, now: datetime) -> str:
    """Keep the number of a call and return the secret that opens it: 128 random bits, of which only the hash is stored."""
    secret = secrets.token_urlsafe(16)
    IncomingCall.objects.create(
        key_hash=_hash_of(secret), desk=desk, phone=phone, line=line, announced_by=by, created_at=now
    )
    return secret


def sealed_call(*, desk: Desk, phone: str, line: str, by: str, now: datetime) -> str:
    """The same for a call that was told by opening an address: nothing is stored before it is taken, the secret itself holds it."""
    told = {"desk": desk.code, "phone": phone, "line": line, "by": by, "at": now.isoformat()}
    return seal(json.dumps(told, ensure_ascii=False).encode(), purpose=PURPOSE)


def _opened_call(secret: str, *, now: datetime) -> IncomingCall | None:
    """The call that a secret holds, while it can be taken; it is no row yet."""
    try:
        told = json.loads(opened(secret, purpose=PURPOSE))
    except CannotOpen:
        return None
    at, desk = datetime.fromisoformat(told["at"]), Desk.objects.filter(code=told["desk"]).first()
    if desk is None or at <= now - WAITS or IncomingCall.objects.filter(key_hash=_hash_of(secret)).exists():
        return None
    return IncomingCall(
        key_hash=_hash_of(secret),
        desk=desk,
        phone=told["phone"],
        line=told["line"],
        announced_by=told["by"],
        created_at=at,
    )


def waiting_call(secret: str, *, now: datetime) -> IncomingCall | None:
    """The call of that secret while it can be taken. Looking at it takes nothing and writes nothing."""
    if len(secret) > LONGEST_SECRET:
        return None
    if not KEY.fullmatch(secret):
        return _opened_call(secret, now=now)
    found = IncomingCall.objects.filter(key_hash=_hash_of(secret), taken_at=None, created_at__gt=now - WAITS)
    return found.select_related("desk").first()


def take_call(secret: str, *, now: datetime) -> IncomingCall | None:
    """The call, for the first who takes it; None when it was taken, is over, or never was."""
    call = waiting_call(secret, now=now)
    if call is None:
        return None
    if call.pk is None:
        return _written_as_taken(call, now)
    return call if IncomingCall.objects.filter(pk=call.pk, taken_at=None).update(taken_at=now) else None


def _written_as_taken(call: IncomingCall, now: datetime) -> IncomingCall | None:
    """The row of a sealed call: whoever writes it first has the call."""
    call.taken_at = now
    try:
        with transaction.atomic():
            call.save(force_insert=True)
    except IntegrityError:
        return None
    return call


def _hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
