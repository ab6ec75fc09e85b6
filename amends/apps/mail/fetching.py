"""Taking mail out of a mailbox: each mail is stored and committed before the mailbox is touched.

Which mails are new is asked of our rows, never of the flags of the mailbox: people read there as well.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from imaplib import IMAP4, Internaldate2tuple
from time import mktime, monotonic
from typing import Any

from django.db.models import Q
from imap_tools import BaseMailBox, ImapToolsError

from amends.apps.deferred.actions import enqueue
from amends.apps.mail.connecting import mailbox_at
from amends.apps.mail.models import IncomingMail, Mailbox
from amends.apps.mail.reading import MOST_OCTETS
from amends.apps.mail.storing import Arrived, store_mail
from amends.apps.messaging.outbound import CallRefused, NotReached
from amends.apps.people.sealing import CannotOpen, opened

logger = logging.getLogger("amends.mail")
FETCH = "fetch_mailbox"
PURPOSE = "mail.mailbox"
LEASE = timedelta(minutes=1)
"""Renewed with every mail. Two turns at once would do no harm, only the work twice."""
LONGEST_TURN = 200.0
"""Seconds; what is left is taken by the next turn."""

CANNOT = (IMAP4.error, ImapToolsError, OSError, CannotOpen, CallRefused, NotReached, UnicodeError)


@dataclass(slots=True)
class Fetched:
    """How a turn went: mails stored anew, known before, and those the server did not give out."""

    stored: int = 0
    known: int = 0
    failed: int = 0


def order_fetching(*, now: datetime) -> int:
    """Have every mailbox looked into that has a host and that nobody is looking into; returns how many."""
    idle = Q(fetching_until=None) | Q(fetching_until__lte=now) | Q(fetching_until__gt=now + LEASE * 2)
    mailboxes = Mailbox.objects.filter(idle, closed_at=None).exclude(host="")
    for mailbox in mailboxes:
        enqueue(FETCH, {"mailbox": mailbox.pk}, now=now, unique_key=f"{FETCH}:{mailbox.pk}@{now:%Y%m%d%H%M}")
    return len(mailboxes)


def fetch_mailbox(mailbox: Mailbox, *, now: datetime, takes_over: bool = False) -> Fetched:
    """Take what is new out of a mailbox; one that can not be reached is marked as failing. One turn at a time, unless
    somebody takes over from a turn that died a moment ago.
    """
    free = (
        Q()
        if takes_over
        else Q(fetching_until=None) | Q(fetching_until__lte=now) | Q(fetching_until__gt=now + LEASE * 2)
    )
    mine = Mailbox.objects.filter(free, pk=mailbox.pk, closed_at=None)
    if not mine.update(fetching_until=now + LEASE):
        return Fetched()
    try:
        with opened_mailbox(mailbox) as box:
            done = _Turn(mailbox, box, now).take()
    except CANNOT as error:
        _mark_failing(mailbox, error, now)
        return Fetched()
    except BaseException:
        Mailbox.objects.filter(pk=mailbox.pk).update(fetching_until=None)
        raise
    Mailbox.objects.filter(pk=mailbox.pk).update(fetching_until=None, fetched_at=now, failing_since=None, error="")
    return done


def _mark_failing(mailbox: Mailbox, error: BaseException, now: datetime) -> None:
    logger.warning("mailbox can not be read", extra={"mailbox": mailbox.pk, "error": type(error).__name__})
    rows = Mailbox.objects.filter(pk=mailbox.pk)
    rows.filter(failing_since=None).update(failing_since=now)
    rows.update(fetching_until=None, error=why_not(error))


def why_not(error: BaseException) -> str:
    """A code for what keeps us out: `certificate`, `sign_in`, `folder`, `sealed`, `private`, `unreachable`."""
    if isinstance(error, CallRefused):
        return "private"
    if isinstance(error, UnicodeError):
        # The protocol takes no other letters in a name or a password.
        return "sign_in"
    if isinstance(error, ssl.SSLError):
        return "certificate"
    if isinstance(error, CannotOpen):
        return "sealed"
    name = type(error).__name__
    if "Login" in name:
        return "sign_in"
    if "Folder" in name:
        return "folder"
    return "unreachable"


@contextmanager
def opened_mailbox(mailbox: Mailbox) -> Iterator[BaseMailBox]:
    """The mailbox, signed in, its folder chosen. Without TLS nothing but this machine is spoken to."""
    box = mailbox_at(mailbox)
    password = opened(mailbox.sealed, purpose=PURPOSE).decode() if mailbox.sealed else ""
    with box.login(mailbox.username, password, initial_folder=mailbox.folder) as signed_in:
        yield signed_in


class _Turn:
    """One look into an open mailbox."""

    def __init__(self, mailbox: Mailbox, box: BaseMailBox, now: datetime) -> None:
        self.mailbox, self.box, self.now, self.began = mailbox, box, now, monotonic()
        self.validity = int(box.folder.status(mailbox.folder, ["UIDVALIDITY"])["UIDVALIDITY"])
        self.moves = bool(mailbox.done_folder)
        self.done = Fetched()

    def take(self) -> Fetched:
        until = monotonic() + LONGEST_TURN
        present = self._present()
        known = self._known(present)
        for uid in (uid for uid in present if uid not in known):
            self._take_one(uid)
            if monotonic() > until:
                return self.done
        self._finish(sorted(known))
        if present and not self.done.failed and not self.moves:
            Mailbox.objects.filter(pk=self.mailbox.pk).update(floor_validity=self.validity, floor_uid=max(present))
        return self.done

    def _present(self) -> list[int]:
        """The numbers of the mails in the folder, below which nothing is missing left out."""
        floor = self.mailbox.floor_uid if self.mailbox.floor_validity == self.validity and not self.moves else 0
        found = self.box.uids(f"UID {floor + 1}:*")
        return sorted(number for number in map(int, found) if number > floor)

    def _known(self, uids: Iterable[int]) -> set[int]:
        wanted = list(uids)
        known: set[int] = set()
        for start in range(0, len(wanted), 500):
            rows = IncomingMail.objects.filter(
                mailbox=self.mailbox, uid_validity=self.validity, uid__in=wanted[start : start + 500]
            )
            known |= {uid for uid in rows.values_list("uid", flat=True) if uid is not None}
        return known

    def _take_one(self, uid: int) -> None:
        arrived = self._fetched(uid)
        if arrived is None:
            self.done.failed += 1
            return
        stored = store_mail(self.mailbox, arrived, now=self.now)
        self.done.stored += stored.is_new
        self.done.known += not stored.is_new
        until = self.now + timedelta(seconds=monotonic() - self.began) + LEASE
        Mailbox.objects.filter(pk=self.mailbox.pk).update(fetching_until=until)
        self._finish([uid])

    def _fetched(self, uid: int) -> Arrived | None:
        """The mail as the server has it; only its head where it is larger than we read. None when the server fails."""
        head = self._ask(uid, "(RFC822.SIZE INTERNALDATE)")
        if head is None:
            return None
        size = _number_after(b"RFC822.SIZE", head[0])
        part = "BODY.PEEK[]" if size <= MOST_OCTETS else "BODY.PEEK[HEADER]"
        body = self._ask(uid, f"({part})")
        octets = next((piece[1] for piece in body or [] if isinstance(piece, tuple)), None)
        if octets is None:
            return None
        at = _moment_in(head[0]) or self.now
        return Arrived(octets, at, self.validity, uid, size if size > MOST_OCTETS else 0)

    def _ask(self, uid: int, what: str) -> list[Any] | None:
        kind, data = self.box.client.uid("FETCH", str(uid), what)
        given = [piece for piece in data if piece]
        return given if kind == "OK" and given else None

    def _finish(self, uids: list[int]) -> None:
        """Mark as read, or put away, what is stored."""
        numbers = [str(uid) for uid in uids]
        for start in range(0, len(numbers), 100):
            some = numbers[start : start + 100]
            if self.moves:
                self._ensure_folder()
                self.box.move(some, self.mailbox.done_folder)
            else:
                self.box.flag(some, ["\\Seen"], True)

    def _ensure_folder(self) -> None:
        if not self.box.folder.exists(self.mailbox.done_folder):
            self.box.folder.create(self.mailbox.done_folder)


def _number_after(name: bytes, line: Any) -> int:
    text = line[0] if isinstance(line, tuple) else line
    rest = text.partition(name)[2].split()
    return int(rest[0].rstrip(b")")) if rest else 0


def _moment_in(line: Any) -> datetime | None:
    parts = Internaldate2tuple(line[0] if isinstance(line, tuple) else line)
    return datetime.fromtimestamp(mktime(parts), UTC) if parts else None
