"""Run inside an installation: take mail in as an operator does, and die at a chosen step of it.

`python -m tests.promises.mail_steps serve` stays loaded and forks a process for each line `STEP NTH`; with STEP `none` it runs to
the end. Each is answered by how it ended and its seconds of the processor. `open MAILBOXES` makes mailboxes, `count` prints what
came of the mails.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from amends.apps.cases.evidence import open_evidence  # noqa: E402
from amends.apps.cases.models import Case, EvidenceFile  # noqa: E402
from amends.apps.deferred.models import Job  # noqa: E402
from amends.apps.mail import fetching, storing, taking_in, tasks  # noqa: E402
from amends.apps.mail.models import IncomingMail, Mailbox  # noqa: E402
from amends.apps.people.sealing import seal  # noqa: E402
from amends.apps.policies.models import Desk  # noqa: E402
from tests.imap_server import PASSWORD  # noqa: E402

BEFORE, AFTER = "before", "after"
STEPS: dict[str, tuple[Any, str, str]] = {
    "before_store": (fetching, "store_mail", BEFORE),
    "after_file": (storing, "store_received", AFTER),
    "after_commit": (fetching, "store_mail", AFTER),
    "before_flag": (fetching._Turn, "_finish", BEFORE),
    "after_flag": (fetching._Turn, "_finish", AFTER),
    "in_taking": (taking_in, "register_case", AFTER),
    "after_taking": (tasks, "take_in", AFTER),
}


def die_at(step: str, nth: int) -> None:
    where, name, when = STEPS[step]
    real: Callable[..., Any] = getattr(where, name)
    calls = iter(range(1, sys.maxsize))

    def stand_in(*args: Any, **options: Any) -> Any:
        now = next(calls) == nth
        if now and when == BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        found = real(*args, **options)
        if now:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    setattr(where, name, stand_in)


def acknowledge_first() -> None:
    """The planted fault: the mailbox is touched before the mail is stored."""
    real = fetching._Turn._take_one

    def take_one(self: Any, uid: int) -> None:
        arrived = self._fetched(uid)
        self._finish([uid])
        self._fetched = lambda uid: arrived
        real(self, uid)
        del self._fetched

    fetching._Turn._take_one = take_one  # type: ignore[method-assign]


def open_mailboxes(given: list[dict[str, Any]]) -> None:
    desk = Desk.objects.get()
    for one in given:
        Mailbox.objects.create(
            desk=desk, channel="email", created_at=timezone.now(), sealed=seal(PASSWORD.encode(), purpose=fetching.PURPOSE), **one
        )  # fmt: skip
    print("{}")


def take_mail_in() -> None:
    # The harness floods by design: its mails come from few senders.
    taking_in.FROM_A_SENDER = taking_in.Allowance("mail-sender", limit=10**6, within=taking_in.FROM_A_SENDER.within)
    settings.OUTBOUND_PRIVATE = [f"{box.host}:{box.port}" for box in Mailbox.objects.all()]
    taking_in.spend = lambda *args, **options: None
    call_command("fetch_mail", stdout=io.StringIO())
    # Whoever held a lease was killed; nobody waits a minute here for it to run out.
    Job.objects.filter(state=Job.State.RUNNING).update(lease_until=timezone.now())
    call_command("worker", "--once", stdout=io.StringIO())


def serve() -> None:
    """Loading the program costs more than taking a mail in, so each process that is to die is forked from this one."""
    for line in sys.stdin:
        step, nth = line.split()
        child = os.fork()
        if child == 0:
            _take_in_as_a_child(step, int(nth))
        status, used = os.wait4(child, 0)[1:]
        seconds = used.ru_utime + used.ru_stime
        print(json.dumps({"ended": os.waitstatus_to_exitcode(status), "of_processor": seconds}), flush=True)


def _take_in_as_a_child(step: str, nth: int) -> NoReturn:
    try:
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        if step != "none":
            die_at(step, nth)
        take_mail_in()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def count() -> None:
    mails = list(IncomingMail.objects.select_related("mailbox", "raw"))
    ends: dict[str, int] = {}
    for mail in mails:
        name = "twin" if mail.twin_of_id else mail.state
        ends[name] = ends.get(name, 0) + 1
    digests = {}
    for mail in mails:
        with open_evidence(mail.raw) as source:
            octets = source.read()
        assert hashlib.sha256(octets).hexdigest() == mail.raw.sha256
        digests.setdefault(mail.mailbox.address, []).append(hashlib.sha256(octets).hexdigest())
    print(json.dumps({
        "ends": ends,
        "digests": digests,
        "cases": Case.objects.count(),
        "mails_of_cases": len({mail.case_id for mail in mails if mail.state == "case"}),
        "lonely_files": EvidenceFile.objects.filter(owner__startswith="mail:", incoming_mail=None, case=None).count(),
        "reasons": sorted({mail.reason for mail in mails}),
    }))  # fmt: skip


def main() -> None:
    what, *rest = sys.argv[1:]
    if "acknowledge_first" in settings.PLANTED_FAULTS:
        acknowledge_first()
    if what == "open":
        open_mailboxes(json.loads(rest[0]))
    elif what == "count":
        count()
    elif what == "serve":
        serve()


if __name__ == "__main__":
    main()
