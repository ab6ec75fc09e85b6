import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from amends.jobs.supervisor import Child, pause_before_restart
from tests.patience import HANGS_AFTER_SECONDS

ROOT = Path(__file__).resolve().parents[2]
SLEEPER = [sys.executable, "-c", "import time; time.sleep(3600)"]
KEEPER = """
import sys, structlog
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
from amends.jobs.supervisor import Child, Supervisor
command = [sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(3600)"]
Supervisor([Child(name="one", command=command)]).run()
"""


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0.5), (1, 1.0), (3, 4.0), (6, 30.0), (60, 30.0)])
def test_the_pause_doubles_up_to_half_a_minute(failures: int, seconds: float):
    assert pause_before_restart(failures) == seconds


def test_a_child_that_ends_at_once_is_started_again_after_a_growing_pause():
    child = Child(name="web", command=[sys.executable, "-c", "pass"])
    child.look_after(now=0.0)
    child.process.wait()

    child.look_after(now=0.1)
    assert (child.quick_failures, child.start_at, child.process) == (1, 1.1, None)

    child.look_after(now=1.0)
    assert child.process is None

    child.look_after(now=1.2)
    child.process.wait()
    child.look_after(now=1.3)
    assert (child.quick_failures, child.start_at) == (2, 3.3)


def test_a_child_that_ran_steadily_is_started_again_soon():
    child = Child(name="worker", command=SLEEPER, quick_failures=5)
    child.look_after(now=0.0)
    child.process.kill()
    child.process.wait()

    child.look_after(now=100.0)

    assert (child.quick_failures, child.start_at) == (0, 100.5)


def running_keeper() -> tuple[subprocess.Popen, int]:
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEPER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    return keeper, int(keeper.stdout.readline())


def test_sigterm_is_passed_on():
    keeper, child = running_keeper()

    keeper.terminate()

    assert keeper.wait(timeout=HANGS_AFTER_SECONDS) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's own")
def test_children_die_with_a_killed_supervisor():
    keeper, child = running_keeper()
    # A descriptor of the process becomes readable when it ends, whoever its parent is by then.
    descriptor = os.pidfd_open(child)

    keeper.send_signal(signal.SIGKILL)
    keeper.wait(timeout=HANGS_AFTER_SECONDS)

    assert os_poll(descriptor, seconds=HANGS_AFTER_SECONDS)


def os_poll(descriptor: int, *, seconds: float) -> bool:
    import select

    return bool(select.select([descriptor], [], [], seconds)[0])
