"""Speaking IMAP with a server that somebody entered in a form: only to the address that was checked for that name (S12)."""

from __future__ import annotations

import socket
import ssl
from imaplib import IMAP4, IMAP4_SSL
from typing import Any

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailboxStarttlsError, MailBoxUnencrypted
from imap_tools.utils import check_command_status

from amends.apps.mail.models import Mailbox
from amends.apps.messaging.outbound import checked_address

TIMEOUT = 20
LOOPBACK = ("127.0.0.1", "::1", "localhost")
TLS_FROM_THE_START = 993
"""The port on which no server begins without TLS."""


def mailbox_at(mailbox: Mailbox) -> BaseMailBox:
    """A line to the server of a mailbox, nobody signed in. Without TLS nothing but this machine is spoken to.

    Raises CallRefused for an address in a private network that `AMENDS_OUTBOUND_PRIVATE` does not name, NotReached for an
    unknown name, and what the line itself raises.
    """
    if mailbox.security == Mailbox.Security.NONE:
        if mailbox.host not in LOOPBACK:
            raise ssl.SSLError("no password leaves this machine unencrypted")
        return _Unencrypted(mailbox.host, mailbox.port, timeout=TIMEOUT)
    context = ssl.create_default_context(cadata=mailbox.certificate or None)
    kind = _StartTls if mailbox.security == Mailbox.Security.STARTTLS else _Tls
    return kind(mailbox.host, mailbox.port, timeout=TIMEOUT, ssl_context=context)


def _line_to(host: str, port: int, timeout: float | None) -> socket.socket:
    return socket.create_connection(checked_address(host, port), timeout)


class _PlainClient(IMAP4):
    def _create_socket(self, timeout: float | None) -> socket.socket:
        return _line_to(self.host, self.port, timeout)


class _TlsClient(IMAP4_SSL):
    def _create_socket(self, timeout: float | None) -> Any:
        return self.ssl_context.wrap_socket(_line_to(self.host, self.port, timeout), server_hostname=self.host)


class _Unencrypted(MailBoxUnencrypted):
    def _get_mailbox_client(self) -> IMAP4:
        return _PlainClient(self._host, self._port, self._timeout)


class _StartTls(MailBoxStartTls):
    def _get_mailbox_client(self) -> IMAP4:
        client = _PlainClient(self._host, self._port, self._timeout)
        check_command_status(client.starttls(self._ssl_context), MailboxStarttlsError)
        return client


class _Tls(MailBox):
    def _get_mailbox_client(self) -> IMAP4:
        return _TlsClient(self._host, self._port, ssl_context=self._ssl_context, timeout=self._timeout)
