"""How mail leaves: by SMTP with a stable Message-ID. Text messages leave through `providers`."""

from __future__ import annotations

import json
import re
from smtplib import SMTP, SMTPDataError, SMTPRecipientsRefused
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend

from amends.apps.messaging.mail_heads import envelope_sender, heads_of
from amends.apps.messaging.models import OutboxMessage
from amends.apps.messaging.providers.base import AddressRefused

ONE_MAILBOX = re.compile(r"[^\s@<>\"',;:\\\[\]()\x00-\x20\x7f]{1,64}@[^\s@<>\"',;:\\\[\]()\x00-\x20\x7f]{1,190}")


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
    mail = EmailMessage(subject=subject, body=body, to=[message.address], headers=heads_of(message))
    try:
        _hand_over(mail, envelope_sender(message))
    except SMTPRecipientsRefused as refused:
        _refuse_for_good(next(iter(refused.recipients.values()))[0], refused)
        raise
    except SMTPDataError as refused:
        _refuse_for_good(refused.smtp_code, refused)
        raise


def _refuse_for_good(code: int, cause: Exception) -> None:
    if 500 <= code < 600:
        raise AddressRefused(str(code)) from cause


def _hand_over(mail: EmailMessage, sender: str) -> None:
    """One recipient an envelope; its sender may be nobody, which Django itself does not know."""
    connection = _mail_connection()
    if not isinstance(connection, EmailBackend):
        connection.send_messages([mail])
        return
    connection.open()
    server: SMTP = connection.connection  # type: ignore[assignment]
    try:
        server.sendmail(sender, mail.recipients(), mail.message().as_bytes(linesep="\r\n"))  # type: ignore[call-arg]
    finally:
        connection.close()


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
