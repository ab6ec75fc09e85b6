"""The heads of a mail that leaves: who it is from, where answers go, what it stands below, and whether a program sent it.

Sources: RFC 5322 (3.6.4), RFC 3834; S10 and S11 of the promises.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formataddr
from urllib.parse import urlsplit

from django.conf import settings

from amends.apps.messaging.models import OutboxMessage

IDENTITY = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{3,200}")
"""A Message-ID that may stand in a head of ours, whoever made it."""
MOST_REFERENCES = 20


@dataclass(frozen=True, slots=True)
class Thread:
    """The conversation that a mail belongs to: where answers go, and the identities of mails that came before, oldest first."""

    reply_to: str = ""
    earlier: tuple[str, ...] = ()


ThreadOf = Callable[[OutboxMessage], Thread]
_THREADS: list[ThreadOf] = []


def thread_source(function: ThreadOf) -> ThreadOf:
    """Register what knows the conversation of a mail: the app that takes answers in."""
    if function not in _THREADS:
        _THREADS.append(function)
    return function


MailboxOf = Callable[[int], str]
_MAILBOXES: list[MailboxOf] = []


def mailbox_source(function: MailboxOf) -> MailboxOf:
    """Register what knows where a desk, named by its key, reads answers."""
    if function not in _MAILBOXES:
        _MAILBOXES.append(function)
    return function


def mailbox_of(desk: int) -> str:
    """The address at which a desk reads answers to its mail; empty where it has none."""
    return next((address for source in _MAILBOXES if (address := source(desk))), "")


def heads_of(message: OutboxMessage) -> dict[str, str]:
    """Every head but subject and recipient. Nothing in them was typed by somebody outside."""
    thread = next((found for source in _THREADS if (found := source(message)).reply_to), Thread())
    heads = {
        "From": formataddr((message.sender_name, settings.MAIL_FROM)),
        "Message-ID": f"<{message.message_id}>",
        "X-Auto-Response-Suppress": "All",
        # Mail that comes back to us is recognised by it.
        "X-Amends-Loop": urlsplit(settings.BASE_URL).hostname or "localhost",
    }
    if message.written_by_id is None:
        heads["Auto-Submitted"] = "auto-replied" if message.is_automatic else "auto-generated"
    if thread.reply_to:
        heads["Reply-To"] = thread.reply_to
    if earlier := [f"<{one}>" for one in thread.earlier if IDENTITY.fullmatch(one)]:
        heads["In-Reply-To"] = earlier[-1]
        heads["References"] = " ".join(dict.fromkeys([earlier[0], *earlier[-MOST_REFERENCES:]]))
    return heads


def envelope_sender(message: OutboxMessage) -> str:
    """Who learns that a mail did not arrive: nobody for an answer that a program gave by itself, so that reports end there."""
    return "" if message.is_automatic else settings.MAIL_FROM
