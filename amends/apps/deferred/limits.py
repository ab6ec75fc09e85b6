"""What one job may take: time, memory, and a lease that somebody keeps renewing."""

import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType

from django.db import DatabaseError, connection

from amends.apps.deferred.actions import HEARTBEAT, renew_lease
from amends.apps.deferred.models import Job

MOST_MEMORY = 1024**3
GRACE = timedelta(seconds=15)
EXIT_HUNG = 70


class TookTooLong(BaseException):
    """The time limit of a job has passed. Not an `Exception`, so that no job catches it by accident."""


@contextmanager
def limited_time(limit: timedelta) -> Iterator[None]:
    """Raise `TookTooLong` inside the block when the limit passes. Outside the main thread there are no alarms."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _ring)
    # Should the first alarm be swallowed, the next one follows a second later.
    signal.setitimer(signal.ITIMER_REAL, limit.total_seconds(), 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def limited_memory(most: int = MOST_MEMORY) -> Iterator[None]:
    """Let the block allocate so many bytes more than the process has; beyond that it gets a `MemoryError`."""
    in_use = _data_bytes()
    if in_use is None:
        yield
        return
    before, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = in_use + most
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, hard))


@contextmanager
def kept_lease(job: Job, *, limit: timedelta, clock: Callable[[], datetime]) -> Iterator[None]:
    """Renew the job's lease from a thread of its own while the block runs.

    A block that does not end although its time limit rang (it is stuck outside Python) ends the process: its supervisor
    starts another, and the lease runs out.
    """
    ended = threading.Event()
    deadline = time.monotonic() + (limit + GRACE).total_seconds()

    def beat() -> None:
        try:
            while not ended.wait(HEARTBEAT.total_seconds()):
                if time.monotonic() > deadline:
                    os._exit(EXIT_HUNG)
                _renew(job, now=clock())
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name=f"lease of job {job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _renew(job: Job, *, now: datetime) -> None:
    try:
        renew_lease(job, now=now)
    except DatabaseError:
        # The next beat tries again; three beats fit into one lease.
        connection.close()


def _ring(signum: int, frame: FrameType | None) -> None:
    raise TookTooLong


def _data_bytes() -> int | None:
    """The private memory that RLIMIT_DATA counts; None where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    for line in status.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return None
