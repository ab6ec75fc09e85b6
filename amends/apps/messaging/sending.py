"""How messages leave: mail by SMTP with a stable Message-ID, SMS through the provider that AMENDS_SMS_URL names."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from smtplib import SMTPRecipientsRefused
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from amends.apps.messaging.models import OutboxMessage


class AddressRefused(Exception):
    """The address will never take a message; trying again is pointless."""


def send(message: OutboxMessage, *, now: datetime) -> None:
    """Hand one message to its channel. Raises AddressRefused for an address that is wrong for good, else what the transport raised."""
    if message.channel == "email":
        _send_mail(message)
    else:
        _send_sms(message, now)


def _send_mail(message: OutboxMessage) -> None:
    headers = {
        "Message-ID": f"<{message.message_id}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    mail = EmailMessage(
        subject=message.subject, body=message.body, to=[message.address], headers=headers, connection=_mail_connection()
    )  # fmt: skip
    try:
        mail.send()
    except SMTPRecipientsRefused as refused:
        code = next(iter(refused.recipients.values()))[0]
        if 500 <= code < 600:
            raise AddressRefused(str(code)) from refused
        raise


def _mail_connection() -> Any:
    """SMTP for smtp:// and smtps:// (TLS from the start) addresses; files in a folder for file://."""
    target = urlsplit(settings.MAIL_URL)
    if target.scheme == "file":
        return get_connection("django.core.mail.backends.filebased.EmailBackend", file_path=target.path)
    return get_connection(
        "django.core.mail.backends.smtp.EmailBackend", host=target.hostname, port=target.port or 25,
        username=unquote(target.username or ""), password=unquote(target.password or ""),
        use_ssl=target.scheme == "smtps", use_tls="starttls" in target.query, timeout=20,
    )  # fmt: skip


def _send_sms(message: OutboxMessage, now: datetime) -> None:
    """The file provider: one JSON line a message, flushed to disk before it counts as sent."""
    target = urlsplit(settings.SMS_URL)
    if target.scheme != "file":
        raise ValueError(f"no SMS provider for {target.scheme}://")
    folder = Path(target.path)
    folder.mkdir(parents=True, exist_ok=True)
    line = {"id": message.message_id, "to": message.address, "text": message.body, "at": now.isoformat()}
    with (folder / f"{now:%Y-%m-%d}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
