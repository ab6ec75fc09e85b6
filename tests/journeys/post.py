"""The post office of a journey: a real SMTP server that puts what it is handed into mailboxes of a real IMAP server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import make_msgid
from smtplib import SMTP
from typing import Any

from tests.imap_server import ImapServer
from tests.mail_server import mail_server
from tests.patience import HANGS_AFTER_SECONDS


@dataclass(frozen=True)
class Delivering:
    """Puts what it is handed into the mailboxes of those it is for."""

    imap: ImapServer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        for recipient in envelope.rcpt_tos:
            await asyncio.to_thread(self.imap.deliver, user_of(recipient), envelope.content)
        return "250 OK"


@dataclass(frozen=True)
class Post:
    """Where mail is handed in, and where everybody's mailbox lies."""

    imap: ImapServer
    port: int

    def hand_in(self, mail: EmailMessage) -> None:
        """Send a mail as a mail program does."""
        with SMTP("127.0.0.1", self.port, timeout=HANGS_AFTER_SECONDS) as client:
            client.send_message(mail)

    def mails_of(self, address: str) -> list[EmailMessage]:
        """Every mail in somebody's mailbox, the oldest first, read over IMAP."""
        with self.imap.signed_in(user_of(address)) as client:
            client.select("INBOX", readonly=True)
            found = client.uid("SEARCH", "ALL")[1][0].split()
            answers = [client.uid("FETCH", uid, "(BODY.PEEK[])")[1] for uid in found]
        return [message_from_bytes(answer[0][1], policy=policy.default) for answer in answers]  # type: ignore[misc, index]


def user_of(address: str) -> str:
    """Who reads the mail to an address: what stands before the plus."""
    return address.partition("@")[0].partition("+")[0]


def a_mail(sender: str, to: str, subject: str, text: str, **heads: str) -> EmailMessage:
    """A mail somebody writes; `heads` are further ones, with _ for -."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Message-ID"] = make_msgid(domain="mail.example.com")
    for name, value in heads.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def an_answer(to: EmailMessage, sender: str, text: str) -> EmailMessage:
    """What a mail program makes of somebody's answer: to Reply-To, threaded, the mail below it quoted."""
    quoted = "\n".join(f"> {line}" for line in to.get_content().splitlines())
    return a_mail(
        sender, to["Reply-To"] or to["From"], f"回复：{to['Subject']}", f"{text}\n\n> 在 {to['Date']}，{to['From']} 写道：\n{quoted}\n",
        In_Reply_To=to["Message-ID"], References=f"{to['References'] or ''} {to['Message-ID']}".strip(),
    )  # fmt: skip


@contextlib.contextmanager
def post_office(imap: ImapServer) -> Iterator[Post]:
    """The SMTP server, running until the block ends."""
    with mail_server(Delivering(imap)) as port:
        yield Post(imap, port)
