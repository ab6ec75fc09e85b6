"""A mail is kept before anybody looks into it: the octets, then the row, then the job that reads it.

The octets lie in the storage of evidence, not in a table: a mail may have 25 MB, the storage is what backups, S3 and
erasing know already, and a case takes the file over without copying it.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from amends.apps.cases.evidence import MAIL, Given, store_received
from amends.apps.deferred.actions import enqueue
from amends.apps.mail.models import IncomingMail, Mailbox

INGEST = "ingest_mail"
RAW_NAME = "来信原件.eml"
HEADS_OF_THE_SENDER = (b"message-id", b"from", b"to", b"cc", b"date", b"subject", b"content-type")
END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
FOLDED = re.compile(rb"\r?\n[ \t]+")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail as a mailbox or a command hands it over. `size` is larger than the octets where only the head was fetched."""

    octets: bytes
    at: datetime
    uid_validity: int | None = None
    uid: int | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """The row of a mail; one that was there before is not new."""

    mail: IncomingMail
    is_new: bool


def identity_of(octets: bytes) -> str:
    """What stays the same however often a mail is delivered: heads on its way differ, those of its sender do not."""
    head, *rest = END_OF_HEAD.split(octets, maxsplit=1)
    found: dict[bytes, bytes] = {}
    for line in FOLDED.sub(b" ", head).splitlines():
        name, _, value = line.partition(b":")
        found.setdefault(name.strip().lower(), value.strip())
    heads = b"\n".join(found.get(name, b"") for name in HEADS_OF_THE_SENDER)
    content = rest[0].replace(b"\r\n", b"\n").rstrip(b"\n") if rest else b""
    return hashlib.sha256(heads + b"\n\n" + content).hexdigest()


def store_mail(mailbox: Mailbox, arrived: Arrived, *, now: datetime) -> Stored:
    """Keep a mail and order its reading; committed when this returns, unless the caller has a transaction open.

    One that the mailbox had before comes back as it is; one that another mailbox had is kept as its twin, ignored.
    """
    identity = identity_of(arrived.octets)
    for _ in range(3):
        same = IncomingMail.objects.filter(identity=identity)
        first = same.filter(twin_of=None).first()
        known = same.filter(mailbox=mailbox).first() or (first if arrived.uid is None else None)
        if known is not None:
            return Stored(_renumbered(known, mailbox, arrived), is_new=False)
        try:
            with transaction.atomic():
                return Stored(_keep(mailbox, arrived, identity, first, now), is_new=True)
        except IntegrityError:
            if stored := _by_number(mailbox, arrived):
                return Stored(stored, is_new=False)
    raise RuntimeError("a mail could be stored neither as new nor as known")


def _by_number(mailbox: Mailbox, arrived: Arrived) -> IncomingMail | None:
    if arrived.uid is None:
        return None
    return IncomingMail.objects.filter(mailbox=mailbox, uid_validity=arrived.uid_validity, uid=arrived.uid).first()


def _renumbered(mail: IncomingMail, mailbox: Mailbox, arrived: Arrived) -> IncomingMail:
    """The server may have given its mails new numbers."""
    if arrived.uid is not None and mail.mailbox_id == mailbox.pk and _by_number(mailbox, arrived) is None:
        IncomingMail.objects.filter(pk=mail.pk).update(uid_validity=arrived.uid_validity, uid=arrived.uid)
    return mail


def _keep(mailbox: Mailbox, arrived: Arrived, identity: str, first: IncomingMail | None, now: datetime) -> IncomingMail:
    key = uuid.uuid4()
    given = Given(owner=f"{MAIL}{key.hex}", given_by=f"mailbox:{mailbox.pk}", source=mailbox.address)
    state, reason = IncomingMail.State.NEW, ""
    if first is not None:
        state, reason = IncomingMail.State.IGNORED, "twin"
    raw = store_received(arrived.octets, name=RAW_NAME, content_type="message/rfc822", given=given, now=now)
    mail = IncomingMail.objects.create(
        id=key, mailbox=mailbox, uid_validity=arrived.uid_validity, uid=arrived.uid, identity=identity, twin_of=first, raw=raw,
        size=max(arrived.size, len(arrived.octets)), arrived_at=min(arrived.at, now), stored_at=now, state=state, reason=reason,
        case_id=first.case_id if first else None,
    )  # fmt: skip
    if state == IncomingMail.State.NEW:
        order_reading(mail, now=now)
    return mail


def order_reading(mail: IncomingMail, *, now: datetime) -> None:
    """Let the worker read the mail."""
    enqueue(INGEST, {"mail": str(mail.pk)}, now=now, unique_key=f"mail:{mail.pk}:{mail.attempts}:{now:%Y%m%d%H%M%S%f}")
