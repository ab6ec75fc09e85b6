"""Jobs that leave a mark as a file, so that another process can see them."""

import os
import time
from pathlib import Path
from typing import Any

from django.utils import timezone

from amends.apps.deferred.actions import enqueue
from amends.apps.deferred.registry import job

FOLDER = Path(os.environ.get("AMENDS_TEST_PROBE", "."))


def mark(name: str) -> None:
    with (FOLDER / name).open("a") as stream:
        stream.write("x")


def marks(name: str) -> int:
    file = FOLDER / name
    return len(file.read_text()) if file.exists() else 0


@job("probe_mark")
def leave_mark(args: dict[str, Any]) -> None:
    mark(f"mark-{args['n']}")


@job("probe_hang_the_first_time", once=True)
def hang_the_first_time(args: dict[str, Any]) -> None:
    """Enqueues a job in its own transaction, then hangs until it is killed; the second run goes through."""
    enqueue("probe_mark", {"n": 1}, now=timezone.now())
    mark("begun")
    while marks("begun") == 1:
        time.sleep(0.01)


@job("probe_wait_for_release")
def wait_for_release(args: dict[str, Any]) -> None:
    mark("waiting")
    while not (FOLDER / "release").exists():
        time.sleep(0.01)
    mark("released")


@job("probe_die")
def die(args: dict[str, Any]) -> None:
    os._exit(9)


@job("probe_allocate")
def allocate(args: dict[str, Any]) -> None:
    bytearray(2 * 1024**3)
