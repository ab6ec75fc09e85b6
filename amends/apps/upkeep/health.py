"""How the installation stands: worker, queue, mail, clock sweep, disk and database, as the tables and the machine tell it."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import django
from django.conf import settings
from django.db import connection
from django.db.models import Max, Min, Q

from amends import __version__
from amends.apps.deferred.models import RIGHT_AWAY, Job
from amends.apps.ledger.models import Checkpoint
from amends.apps.mail.models import IncomingMail, Mailbox
from amends.apps.messaging.models import OutboxMessage

SWEEP = "clock_sweep"
QUIET_AFTER = timedelta(minutes=3)
"""The sweep comes every 30 seconds; a worker of whom nothing was heard for so long has stopped, or can not keep up."""
WAITS_TOO_LONG = timedelta(minutes=10)
LEAST_FREE_BYTES = 1024**3
LEAST_FREE_SHARE = 0.10


@dataclass(frozen=True, slots=True)
class Queue:
    """Deferred work: how much waits, since when the oldest that is due does, and what was given up and waits for a person."""

    waiting: int
    parked: int
    oldest_due: datetime | None
    parked_kinds: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Mail:
    """Mail in both directions: when the last one left and came, what waits, failed, or could not be fetched."""

    last_out: datetime | None
    last_in: datetime | None
    waiting: int
    failed: int
    failing_boxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the installation at a moment. Times are None where the thing never happened."""

    now: datetime
    heartbeat: datetime | None
    last_sweep: datetime | None
    queue: Queue
    mail: Mail
    last_checkpoint: datetime | None
    free_bytes: int
    total_bytes: int
    database: str
    versions: tuple[tuple[str, str], ...]

    @property
    def worker_lives(self) -> bool:
        return self.heartbeat is not None and self.now - self.heartbeat <= QUIET_AFTER

    @property
    def sweep_is_timely(self) -> bool:
        return self.last_sweep is not None and self.now - self.last_sweep <= QUIET_AFTER

    @property
    def queue_is_timely(self) -> bool:
        oldest = self.queue.oldest_due
        return not self.queue.parked and (oldest is None or self.now - oldest <= WAITS_TOO_LONG)

    @property
    def mail_flows(self) -> bool:
        return not self.mail.failed and not self.mail.failing_boxes

    @property
    def disk_suffices(self) -> bool:
        return self.free_bytes >= LEAST_FREE_BYTES and self.free_bytes >= LEAST_FREE_SHARE * self.total_bytes

    @property
    def free_gigabytes(self) -> str:
        return f"{self.free_bytes / 1024**3:.1f} GB"

    @property
    def total_gigabytes(self) -> str:
        return f"{self.total_bytes / 1024**3:.1f} GB"

    @property
    def is_good(self) -> bool:
        return all((self.worker_lives, self.sweep_is_timely, self.queue_is_timely, self.mail_flows, self.disk_suffices))

    def as_data(self) -> dict[str, Any]:
        """For programs: database, queue and mail, and how the worker is. Times are ISO 8601 in UTC."""
        return {
            "database": {"ok": True, "kind": self.database},
            "queue": {
                "ok": self.queue_is_timely, "waiting": self.queue.waiting, "parked": self.queue.parked,
                "oldest_due": _text(self.queue.oldest_due),
            },
            "mail": {
                "ok": self.mail_flows, "last_out": _text(self.mail.last_out), "last_in": _text(self.mail.last_in),
                "waiting": self.mail.waiting, "failed": self.mail.failed, "failing_boxes": list(self.mail.failing_boxes),
            },
            "worker": {"ok": self.worker_lives, "heartbeat": _text(self.heartbeat), "last_sweep": _text(self.last_sweep)},
        }  # fmt: skip


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def health(now: datetime) -> Health:
    """How the installation stands now. Raises DatabaseError when the database does not answer. Source: EXP-10.3.1"""
    disk = shutil.disk_usage(settings.VAR_DIR)
    return Health(
        now=now,
        heartbeat=_heartbeat(now, last_done()),
        last_sweep=last_done(SWEEP),
        queue=_queue(now),
        mail=_mail(),
        last_checkpoint=Checkpoint.objects.aggregate(last=Max("at"))["last"],
        free_bytes=disk.free, total_bytes=disk.total, database=database_words(), versions=versions(),
    )  # fmt: skip


def last_done(*kinds: str) -> datetime | None:
    """When a job, or one of these kinds, was last done; None where none was within the days that jobs are kept."""
    done = Job.objects.filter(state=Job.State.DONE, finished_at__isnull=False)
    # Read from the latest end back: a maximum over a kind would be looked for among all of them.
    latest = (done.filter(kind__in=kinds) if kinds else done).order_by("-finished_at")
    return latest.values_list("finished_at", flat=True).first()


def _heartbeat(now: datetime, last_done: datetime | None) -> datetime | None:
    """A worker was heard of when it finished something, and hears itself while a long job runs and its lease is good."""
    runs = Job.objects.filter(state=Job.State.RUNNING, lease_until__gt=now).exists()
    return now if runs else last_done


def _queue(now: datetime) -> Queue:
    due = Job.objects.filter(state=Job.State.WAITING, run_at__lte=now)
    parked = Job.objects.filter(state=Job.State.PARKED)
    # A job that has no appointed time waits since it was written.
    by_time = due.exclude(run_at=RIGHT_AWAY).aggregate(first=Min("run_at"))["first"]
    by_entry = due.filter(run_at=RIGHT_AWAY).aggregate(first=Min("created_at"))["first"]
    return Queue(
        waiting=Job.objects.filter(state=Job.State.WAITING).count(),
        parked=parked.count(),
        oldest_due=min((moment for moment in (by_time, by_entry) if moment), default=None),
        parked_kinds=tuple(parked.order_by("-id").values_list("kind", "error")[:20]),
    )


def _mail() -> Mail:
    out = OutboxMessage.objects.filter(channel="email")
    boxes = Mailbox.objects.filter(closed_at=None, failing_since__isnull=False)
    waiting = Q(state__in=(OutboxMessage.State.WAITING, OutboxMessage.State.SENDING))
    return Mail(
        last_out=last_sent("email"),
        last_in=IncomingMail.objects.aggregate(last=Max("arrived_at"))["last"],
        waiting=out.filter(waiting).count(),
        failed=out.filter(state=OutboxMessage.State.FAILED).count(),
        failing_boxes=tuple(boxes.order_by("address").values_list("address", flat=True)),
    )


def last_sent(channel: str) -> datetime | None:
    """When the last message left by a channel; None where none ever did."""
    left = OutboxMessage.objects.filter(channel=channel, sent_at__isnull=False)
    return left.order_by("-sent_at").values_list("sent_at", flat=True).first()


def database_words() -> str:
    """The kind and version of the database that holds the records."""
    if connection.vendor != "postgresql":
        return f"SQLite {sqlite3.sqlite_version}"
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0].split()[0]}"


def versions() -> tuple[tuple[str, str], ...]:
    """What is running: the product, Python and Django."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    return (("amends", __version__), ("Python", python), ("Django", django.get_version()))
