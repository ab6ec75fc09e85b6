"""`amends worker` as a process of its own: killed, stopped, dying of its jobs, it loses nothing."""

import json
import os
import select
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from amends.apps.deferred.actions import LEASE, enqueue
from amends.apps.deferred.models import RIGHT_AWAY, Job
from amends.apps.deferred.runner import run_next
from amends.jobs.management.commands.worker import Stop
from tests.patience import HANGS_AFTER_SECONDS, eventually

ROOT = Path(__file__).resolve().parents[2]
State = Job.State
pytestmark = pytest.mark.django_db(transaction=True)


def database_url():
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    login = f"{settings['USER']}:{settings['PASSWORD']}" if settings["PASSWORD"] else settings["USER"]
    # The host may be a folder with a socket, which has no place before the path.
    return f"postgres://{login}@:{settings['PORT']}/{settings['NAME']}?host={settings['HOST']}"


@pytest.fixture
def probe(tmp_path):
    """Start workers on the test run's database; none outlives the test."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.jobs.worker_settings",
        "PYTHONPATH": str(ROOT),
        "AMENDS_DATABASE_URL": database_url(),
        "AMENDS_VAR": str(tmp_path / "var"),
        "AMENDS_TEST_PROBE": str(tmp_path),
    }
    started = []

    def start(*args):
        command = [sys.executable, "-m", "django", "worker", "--no-schedule", *args]
        started.append(
            subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        )
        return started[-1]

    start.folder = tmp_path
    yield start
    for process in started:
        process.kill()
        process.communicate()


def marks(probe, name):
    file = probe.folder / name
    return len(file.read_text()) if file.exists() else 0


def run_once(probe):
    out, err = probe("--once", "--json").communicate(timeout=HANGS_AFTER_SECONDS)
    return json.loads(out) if out else err.decode()


def now():
    return datetime.now(UTC)


def let_leases_run_out():
    running = Job.objects.filter(state=State.RUNNING)
    assert running.update(lease_until=now() - timedelta(seconds=1)) == 1


def test_what_is_due_is_run_once_and_told_as_json(probe):
    enqueue("probe_mark", {"n": 1}, now=now())
    later = enqueue("probe_mark", {"n": 2}, now=now(), run_at=now() + timedelta(hours=1))

    told = run_once(probe)

    assert (told["ran"], told["done"], told["waiting"], told["parked"]) == (1, 1, 0, 0)
    assert [job["kind"] for job in told["jobs"]] == ["probe_mark"]
    assert (marks(probe, "mark-1"), marks(probe, "mark-2")) == (1, 0)
    assert Job.objects.get(pk=later.pk).state == State.WAITING


def test_a_killed_worker_s_job_runs_again_with_one_effect(probe):
    job = enqueue("probe_hang_the_first_time", {}, now=now())
    worker = probe()
    eventually(lambda: marks(probe, "begun") == 1, or_is_over=lambda: worker.poll() is not None)

    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()

    left = Job.objects.get(pk=job.pk)
    assert (left.state, left.attempts) == (State.RUNNING, 1)
    assert left.lease_until <= now() + LEASE
    assert run_next(worker="another", clock=lambda: left.lease_until - timedelta(seconds=1)) is None
    let_leases_run_out()
    assert run_once(probe)["done"] == 2
    assert (marks(probe, "begun"), marks(probe, "mark-1")) == (2, 1)


def test_sigterm_lets_the_current_job_finish_and_takes_no_other(probe):
    enqueue("probe_wait_for_release", {}, now=now())
    other = enqueue("probe_mark", {"n": 1}, now=now())
    worker = probe()
    eventually(lambda: marks(probe, "waiting") == 1, or_is_over=lambda: worker.poll() is not None)

    worker.terminate()
    (probe.folder / "release").touch()

    assert worker.wait(timeout=HANGS_AFTER_SECONDS) == 0
    assert marks(probe, "released") == 1
    assert Job.objects.get(kind="probe_wait_for_release").state == State.DONE
    assert Job.objects.get(pk=other.pk).state == State.WAITING


def test_an_idle_worker_stops_when_it_is_told(probe):
    worker = probe()
    enqueue("probe_mark", {"n": 1}, now=now())
    eventually(lambda: marks(probe, "mark-1") == 1, or_is_over=lambda: worker.poll() is not None)

    worker.terminate()

    assert worker.wait(timeout=HANGS_AFTER_SECONDS) == 0


def test_a_signal_between_any_two_steps_of_waiting_is_heard():
    """`threading.Event` waits for itself when a signal sets it within its own `wait`."""
    heard = 0
    for moment in range(1, 12):
        stop, steps = Stop(), iter(range(1, 1000))

        def step(frame, event, _, stop=stop, steps=steps, moment=moment):
            if frame.f_code is not Stop.wait.__code__ and frame.f_code is not Stop.is_set.__code__:
                return None
            if next(steps) == moment:
                stop.set()
            return step

        before = sys.gettrace()
        sys.settrace(step)
        try:
            while not stop.is_set():
                stop.wait(0.001)
        finally:
            sys.settrace(before)
        heard += stop.is_set() and bool(select.select([stop._hears], [], [], 0)[0])

    assert heard == 11


def test_a_job_that_kills_its_process_is_parked_after_six_tries_and_the_others_are_done(probe):
    poison = enqueue("probe_die", {}, now=now())
    for n in range(3):
        enqueue("probe_mark", {"n": n}, now=now())
    Job.objects.filter(pk=poison.pk).update(attempts=4)
    for _ in range(2):
        assert probe("--once").wait(timeout=HANGS_AFTER_SECONDS) == 9
        let_leases_run_out()

    assert run_once(probe)["done"] == 3
    parked = Job.objects.get(pk=poison.pk)
    assert (parked.state, parked.attempts, parked.error) == (State.PARKED, 6, "WorkerDied")
    assert [marks(probe, f"mark-{n}") for n in range(3)] == [1, 1, 1]


def test_a_job_that_wants_too_much_memory_fails_and_the_others_are_done(probe):
    greedy = enqueue("probe_allocate", {}, now=now())
    enqueue("probe_mark", {"n": 1}, now=now())

    told = run_once(probe)

    # Where this machine takes long, it is tried once more before nothing else is due.
    assert {(job["kind"], job["state"]) for job in told["jobs"]} == {
        ("probe_allocate", State.WAITING), ("probe_mark", State.DONE),
    }  # fmt: skip
    assert Job.objects.get(pk=greedy.pk).error.startswith("MemoryError")
    assert marks(probe, "mark-1") == 1


def test_two_workers_share_the_work_without_doing_any_twice(probe):
    for n in range(60):
        enqueue("probe_mark", {"n": n}, now=now())

    outputs = [
        worker.communicate(timeout=HANGS_AFTER_SECONDS)[0]
        for worker in [probe("--once", "--json"), probe("--once", "--json")]
    ]

    assert sum(json.loads(output)["done"] for output in outputs) == 60
    assert [marks(probe, f"mark-{n}") for n in range(60)] == [1] * 60
    assert set(Job.objects.values_list("run_at", "state")) == {(RIGHT_AWAY, State.DONE)}
