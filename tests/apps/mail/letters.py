"""Mails for tests, and mailboxes they come to."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from amends.apps.cases.models import Case
from amends.apps.mail.models import IncomingMail, Mailbox
from amends.apps.mail.storing import Arrived, store_mail
from amends.apps.mail.taking_in import take_in
from amends.apps.messaging.models import OutboxMessage
from amends.apps.policies.models import Desk

_numbers = itertools.count(1)
CUSTOMER = "zhang.san@example.com"
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def a_letter(
    text: str = "包裹压坏了，请处理。", *, sender: str = f"张三 <{CUSTOMER}>", to: str = "service@amends.test",
    subject: str = "投诉：包裹破损", files: tuple[tuple[str, bytes], ...] = (), at: datetime | None = None, **heads: str,
) -> bytes:  # fmt: skip
    """A mail as octets; `heads` are further ones, with _ for -."""
    mail = EmailMessage()
    if sender:
        mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{next(_numbers)}.letter@mail.example.com>"
    if at is not None:
        mail["Date"] = format_datetime(at)
    for name, value in heads.items():
        name = name.replace("_", "-")
        del mail[name]
        mail[name] = value
    mail.set_content(text)
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def a_mailbox(desk: Desk, *, now: datetime, **values: Any) -> Mailbox:
    """A mailbox that mail is handed into."""
    values = {"address": "service@amends.test", "channel": "email", **values}
    return Mailbox.objects.create(desk=desk, created_at=now, **values)


def arrive(mailbox: Mailbox, octets: bytes, *, now: datetime) -> IncomingMail:
    """A mail stored and brought to its end."""
    return take_in(store_mail(mailbox, Arrived(octets, now), now=now).mail, now=now)


def last_mail_to(case: Case) -> OutboxMessage:
    """What the complainant of a case was sent last."""
    return OutboxMessage.objects.filter(case_key=str(case.pk), channel="email").latest("pk")


def minutes_later(now: datetime, minutes: int) -> datetime:
    return now + timedelta(minutes=minutes)
