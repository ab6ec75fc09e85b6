"""How messages leave: mail by SMTP with a stable Message-ID, SMS through the provider that AMENDS_SMS_URL names."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from amends.apps.messaging.models import OutboxMessage

ONE_MAILBOX = re.compile(r"[^\s@<>\"',;:\\\[\]()\x00-\x20\x7f]{1,64}@[^\s@<>\"',;:\\\[\]()\x00-\x20\x7f]{1,190}")
ONE_NUMBER = re.compile(r"\+?\d{5,15}")


class AddressRefused(Exception):
    """The address will never take a message; trying again is pointless."""


class MaybeSent(Exception):
    """The connection broke when the message may already have been taken: it must not be sent again blindly."""


class SmsProvider(Protocol):
    """Who carries text messages."""

    def send(self, message: OutboxMessage, text: str, now: datetime) -> None:
        """Hand a text over. Raises MaybeSent when it may have been taken, any other error when it was not."""
        ...

    def has_taken(self, message: OutboxMessage, now: datetime) -> bool | None:
        """Whether the provider knows the message by its id; None when it can not tell."""
        ...


def content_of(message: OutboxMessage) -> tuple[str, str]:
    """Subject and body as they leave."""
    if not message.sealed:
        return message.subject, message.body
    sealed = json.loads(message.sealed)
    return sealed["subject"], sealed["body"]


def send_mail(message: OutboxMessage) -> None:
    """Hand one mail to the mail server. Raises AddressRefused for an address that is wrong for good."""
    if not ONE_MAILBOX.fullmatch(message.address):
        raise AddressRefused("malformed")
    subject, body = content_of(message)
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    headers = {
        "Message-ID": f"<{message.message_id}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        # Mail that comes back to us is recognised by it.
        "X-Amends-Loop": host,
    }
    mail = EmailMessage(
        subject=subject, body=body, to=[message.address], headers=headers, connection=_mail_connection()
    )
    try:
        mail.send()
    except SMTPRecipientsRefused as refused:
        _refuse_for_good(next(iter(refused.recipients.values()))[0], refused)
        raise
    except SMTPDataError as refused:
        _refuse_for_good(refused.smtp_code, refused)
        raise


def _refuse_for_good(code: int, cause: Exception) -> None:
    if 500 <= code < 600:
        raise AddressRefused(str(code)) from cause


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


def sms_provider() -> SmsProvider:
    """The provider that AMENDS_SMS_URL names: `file://<folder>` is the one that ships."""
    target = urlsplit(settings.SMS_URL)
    if target.scheme != "file":
        raise ValueError(f"no SMS provider for {target.scheme}://")
    return FileSms(Path(target.path))


def sms_number(address: str) -> str:
    """The number as a provider takes it. Raises AddressRefused when it is none."""
    if not ONE_NUMBER.fullmatch(address):
        raise AddressRefused("malformed")
    return address


@dataclass(frozen=True, slots=True)
class FileSms:
    """One JSON line a message in a file a day, flushed to disk before it counts as sent."""

    folder: Path

    def send(self, message: OutboxMessage, text: str, now: datetime) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        line = {"id": message.message_id, "to": sms_number(message.address), "text": text, "at": now.isoformat()}
        with self._file(now).open("a", encoding="utf-8") as file:
            try:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
            except OSError as error:
                raise MaybeSent from error

    def has_taken(self, message: OutboxMessage, now: datetime) -> bool | None:
        days = (message.created_at, message.created_at + timedelta(days=1), now)
        files = {self._file(day) for day in days}
        return any(message.message_id in file.read_text(encoding="utf-8") for file in files if file.exists())

    def _file(self, day: datetime) -> Path:
        return self.folder / f"{day:%Y-%m-%d}.jsonl"
