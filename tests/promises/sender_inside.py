"""Inside an installation: writes messages, some in transactions that are rolled back, and lets time pass for what waits.

Orders come one a line: `write N`, `hurry`, `state`. Each answer is one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta

import django

django.setup()

from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from amends.apps.deferred.models import Job  # noqa: E402
from amends.apps.messaging.actions import Wording, put_into_outbox  # noqa: E402
from amends.apps.messaging.deciding import send_again  # noqa: E402
from amends.apps.messaging.models import OutboxMessage  # noqa: E402
from amends.apps.messaging.tasks import give_jobs_again  # noqa: E402
from amends.apps.people.models import Person  # noqa: E402

State = OutboxMessage.State
TEMPLATES = {"aliyun": "SMS_1"}


class RolledBack(Exception):
    """Ends a transaction whose messages must not leave."""


def write(number: int) -> None:
    for n in range(number):
        _write_one(n, "kept")
        if n % 10 == 0:
            try:
                with transaction.atomic():
                    _write_one(n, "rolled-back")
                    raise RolledBack
            except RolledBack:
                pass


def _write_one(n: int, kind: str) -> None:
    is_text = n % 2 == 0
    channel = "sms" if is_text else "email"
    prefix = "138" if kind == "kept" else "139"
    address = f"{prefix}{n:08}" if is_text else f"{kind}-{n}@example.com"
    now = timezone.now()
    with transaction.atomic():
        put_into_outbox(
            Wording("【客服】编号{{number}}已受理" if is_text else "受理通知\n\n{{number}}", {"number": str(n)}, templates=TEMPLATES),
            message="told", channel=channel, address=address, language="zh-hans", case_key=f"r4-{n}", now=now, not_before=now,
        )  # fmt: skip


def hurry() -> None:
    """As if hours had passed: pauses are over, leases of the dead have run out, carriers' lists are complete.

    What failed six times is tried again by a person.
    """
    now = timezone.now()
    Job.objects.filter(kind="send_message", state=Job.State.WAITING, run_at__gt=now).update(run_at=now)
    for job in Job.objects.filter(state=Job.State.RUNNING):
        if not _lives(job.leased_by):
            Job.objects.filter(pk=job.pk, leased_by=job.leased_by).update(
                lease_until=now - timedelta(seconds=1), attempts=1
            )
    OutboxMessage.objects.filter(state=State.UNKNOWN, attempted_at__gt=now - timedelta(minutes=5)).update(
        attempted_at=now - timedelta(minutes=11)
    )
    give_jobs_again(now, now)
    somebody = Person.objects.first()
    for message in OutboxMessage.objects.filter(state=State.FAILED):
        send_again(message, by=somebody, now=now)


def _lives(worker: str) -> bool:
    try:
        os.kill(int(worker.partition("#")[0].rpartition(":")[2]), 0)
    except (ValueError, ProcessLookupError):
        return False
    return True


def state() -> dict[str, object]:
    rows = list(
        OutboxMessage.objects.filter(case_key__startswith="r4-").values("channel", "address", "state", "message_id")
    )
    running = Job.objects.filter(kind="send_message").exclude(state=Job.State.DONE).values_list("state", flat=True)
    return {"rows": rows, "jobs": len(running), "again": OutboxMessage.objects.exclude(decided_by=None).count()}


def main() -> None:
    for line in sys.stdin:
        order, _, number = line.strip().partition(" ")
        if order == "write":
            write(int(number))
        elif order == "hurry":
            hurry()
        print(json.dumps(state() if order != "write" else {}), flush=True)


if __name__ == "__main__":
    main()
