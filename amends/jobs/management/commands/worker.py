"""`amends worker`: run deferred work, for ever or until nothing is due."""

import contextlib
import json
import logging
import os
import select
import signal
import socket
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from amends.apps.deferred.actions import HEARTBEAT
from amends.apps.deferred.models import Job
from amends.apps.deferred.registry import load_kinds
from amends.apps.deferred.runner import run_next
from amends.jobs.schedule import Timetable

logger = logging.getLogger("amends.jobs")
SHORTEST_WAIT, LONGEST_WAIT = 0.05, 1.0
WAIT_FOR_DATABASE = 2.0
JUMP = timedelta(seconds=5)
TURN = 0.12
"""Whoever waits for the embedded database looks every tenth of a second whether it is free: so long it is left alone after long work."""


class Command(BaseCommand):
    help = "Run deferred work. SIGTERM lets the current job finish."
    # Pages are not served from here, so a worker starts without looking at them.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run what is due until nothing is, then stop")
        parser.add_argument("--no-schedule", action="store_true", help="enqueue nothing by the clock")
        parser.add_argument("--json", action="store_true", help="with --once: print what was run as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        load_kinds()
        timetable = Timetable(schedules=()) if options["no_schedule"] else Timetable()
        worker = f"{socket.gethostname()}:{os.getpid()}"
        if options["once"]:
            self._print(run_until_nothing_is_due(worker=worker, timetable=timetable), as_json=options["json"])
            return
        stop = Stop()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        run_for_ever(worker=worker, timetable=timetable, stop=stop)

    def _print(self, jobs: list[Job], *, as_json: bool) -> None:
        states = Counter(job.state for job in jobs)
        counted = {state.value: states[state] for state in (Job.State.DONE, Job.State.WAITING, Job.State.PARKED)}
        if as_json:
            ran = [
                {"id": job.pk, "kind": job.kind, "state": job.state, "attempts": job.attempts, "error": job.error}
                for job in jobs
            ]
            self.stdout.write(json.dumps({"ran": len(jobs), **counted, "jobs": ran}))
            return
        self.stdout.write(
            f"{len(jobs)} jobs run: {counted['done']} done, {counted['waiting']} to be tried again, "
            f"{counted['parked']} parked."
        )


class Stop:
    """Something to wait for that a signal may set at any moment.

    A signal is handled between two steps of what the process does just then. `threading.Event` holds a lock within `wait`
    that `set` needs as well: a signal that came in between waited for itself, and the worker stopped for nobody.
    """

    def __init__(self) -> None:
        self._said = False
        self._hears, self._tells = os.pipe()
        os.set_blocking(self._tells, False)

    def set(self) -> None:
        self._said = True
        with contextlib.suppress(BlockingIOError):  # It has been told often enough.
            os.write(self._tells, b".")

    def is_set(self) -> bool:
        return self._said

    def wait(self, seconds: float) -> None:
        """Wait so long, or until it is set; at once where it is."""
        select.select([self._hears], [], [], seconds)


def run_until_nothing_is_due(*, worker: str, timetable: Timetable) -> list[Job]:
    """Enqueue what the clock asks for, run what is due, and return the jobs that ran, in order."""
    timetable.enqueue_due(timezone.now())
    ran = []
    while (job := run_next(worker=worker, clock=timezone.now)) is not None:
        ran.append(job)
    return ran


def run_for_ever(*, worker: str, timetable: Timetable, stop: Stop) -> None:
    """Run jobs as they become due until `stop` is set. A database that is away is waited for."""
    jumps = ClockJumps()
    wait = SHORTEST_WAIT
    while not stop.is_set():
        began = time.monotonic()
        try:
            timetable.enqueue_due(timezone.now())
            job = run_next(worker=worker, clock=timezone.now, reclaim=not jumps.settling())
        except (DatabaseError, InterfaceError):
            logger.warning("database is away", exc_info=True)
            connection.close()
            stop.wait(WAIT_FOR_DATABASE)
            continue
        wait = SHORTEST_WAIT if job else min(wait * 2, LONGEST_WAIT)
        if job is None:
            stop.wait(wait)
        elif connection.vendor == "sqlite" and time.monotonic() - began > TURN:
            stop.wait(TURN)


class ClockJumps:
    """Notices that the wall clock jumped: until live workers have renewed their leases, none of those has run out."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self.wall, self.steady = wall, steady
        self.apart = wall() - steady()
        self.settled_at = steady()

    def settling(self) -> bool:
        """Whether the clock jumped within the last heartbeat and a little more."""
        apart = self.wall() - self.steady()
        if abs(apart - self.apart) > JUMP.total_seconds():
            self.settled_at = self.steady() + (HEARTBEAT + JUMP).total_seconds()
            self.apart = apart
        return self.steady() < self.settled_at
