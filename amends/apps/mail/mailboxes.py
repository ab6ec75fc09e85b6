"""Mailboxes of desks: opened, changed and closed by those who manage their desk. Every change is an event of the desk."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from django.db import transaction

from amends.apps.mail.connecting import LOOPBACK, TLS_FROM_THE_START
from amends.apps.mail.fetching import CANNOT, PURPOSE, opened_mailbox, why_not
from amends.apps.mail.models import Mailbox
from amends.apps.people.grounds import Manager
from amends.apps.people.organising import record_on
from amends.apps.people.sealing import seal
from amends.apps.policies.models import Desk
from amends.core.refusals import FieldError, InvalidData, NotPermitted

ADDRESS = re.compile(r"[A-Za-z0-9._%-]{1,60}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
HOST = re.compile(r"[A-Za-z0-9.:-]{1,253}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is entered about a mailbox. An empty password keeps the one that is sealed."""

    address: str
    channel: str
    host: str = ""
    port: int = 993
    security: str = Mailbox.Security.TLS
    certificate: str = ""
    username: str = ""
    password: str = ""
    folder: str = "INBOX"
    done_folder: str = ""
    authority: str = ""


@transaction.atomic
def open_mailbox(desk: Desk, given: Given, *, by: Manager) -> Mailbox:
    """A new mailbox of the desk. Raises NotPermitted, and InvalidData for what can not be a mailbox."""
    mailbox = Mailbox(desk=desk, created_at=by.now)
    _write(mailbox, given, by)
    _record("mailbox_opened", mailbox, by)
    return mailbox


@transaction.atomic
def change_mailbox(mailbox: Mailbox, given: Given, *, by: Manager) -> Mailbox:
    """Change a mailbox; mail that has come stays with it. Raises as `open_mailbox`."""
    _write(mailbox, given, by)
    _record("mailbox_changed", mailbox, by)
    return mailbox


@transaction.atomic
def close_mailbox(mailbox: Mailbox, *, by: Manager) -> None:
    """Read it no more. Raises NotPermitted."""
    by.check_desk(mailbox.desk)
    if Mailbox.objects.filter(pk=mailbox.pk, closed_at=None).update(closed_at=by.now, sealed="", error=""):
        _record("mailbox_closed", mailbox, by)


def _write(mailbox: Mailbox, given: Given, by: Manager) -> None:
    by.check_desk(mailbox.desk)
    if errors := list(_faults(mailbox, given, by)):
        raise InvalidData(errors)
    for name in (f.name for f in fields(given) if f.name != "password"):
        setattr(mailbox, name, getattr(given, name))
    if given.password:
        mailbox.sealed = seal(given.password.encode(), purpose=PURPOSE)
    mailbox.closed_at = None
    mailbox.save()


def _faults(mailbox: Mailbox, given: Given, by: Manager) -> Iterable[FieldError]:
    pack = by.pack_of(mailbox.desk)
    if pack is None:
        raise NotPermitted(verb="管理邮箱")
    channel = pack.channels.channels.get(given.channel)
    if channel is None or channel.retired:
        yield FieldError("/channel", "unknown_choice", {"field": "受理渠道", "value": given.channel[:60]})
    if not ADDRESS.fullmatch(given.address):
        yield FieldError("/address", "bad_email", {"field": "邮箱地址"})
    elif Mailbox.objects.filter(address__iexact=given.address).exclude(pk=mailbox.pk).exists():
        yield FieldError("/address", "taken", {"field": "邮箱地址", "value": given.address})
    if given.host and not HOST.fullmatch(given.host):
        yield FieldError("/host", "bad_format", {"field": "服务器"})
    if given.host and given.security == Mailbox.Security.NONE and given.host not in LOOPBACK:
        yield FieldError("/security", "unencrypted", {"field": "加密方式"})
    if given.host and given.security == Mailbox.Security.STARTTLS and given.port == TLS_FROM_THE_START:
        yield FieldError("/port", "tls_port", {"field": "端口"})
    if given.certificate and not _is_certificate(given.certificate):
        yield FieldError("/certificate", "bad_format", {"field": "服务器证书"})
    for name, label in (("folder", "收信文件夹"), ("done_folder", "处理后移入")):
        if re.search(r'[\x00-\x1f\x7f"\\]', getattr(given, name)):
            yield FieldError(f"/{name}", "bad_format", {"field": label})
    if given.done_folder and given.done_folder == given.folder:
        yield FieldError("/done_folder", "same_folder", {"field": "处理后移入"})


def _is_certificate(text: str) -> bool:
    try:
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        return False
    return True


def _record(kind: str, mailbox: Mailbox, by: Manager) -> None:
    record_on([mailbox.desk.code], kind, {"mailbox": mailbox.pk}, {"name": mailbox.address}, by=by)


def try_mailbox(mailbox: Mailbox, *, now: datetime) -> str:
    """Connect, sign in and open the folder; the code of what is wrong, or nothing. Reads and changes no mail."""
    try:
        with opened_mailbox(mailbox):
            pass
    except CANNOT as error:
        found = why_not(error)
    else:
        found = ""
    values = {"error": "", "failing_since": None} if not found else {"error": found}
    Mailbox.objects.filter(pk=mailbox.pk).update(**values)
    return found
