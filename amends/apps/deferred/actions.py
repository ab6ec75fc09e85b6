"""What changes a job: enqueue, claim, renew, finish, fail, and what an administrator does with parked ones.

Every change is claimed by an `update` that names the state it was read in, so two workers never both succeed, on either
database and without locks that are held.
"""

import json
import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import uuid4

from django.db.models import Q

from amends.apps.deferred.models import RIGHT_AWAY, Job

LEASE = timedelta(seconds=45)
HEARTBEAT = timedelta(seconds=15)
TRIES = 6
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=15)
KEPT_FOR = timedelta(days=7)
CANDIDATES = 16
LONGEST_ARGUMENT = 200
WORKER_DIED = "WorkerDied"
DISCARDED = "discarded"

Argument = int | str | bool | None


def enqueue(
    kind: str,
    args: Mapping[str, Argument],
    *,
    now: datetime,
    run_at: datetime | None = None,
    unique_key: str | None = None,
    priority: int = 0,
) -> Job:
    """Write a job in the caller's transaction; it runs after the commit, or never if there is none.

    With a `unique_key` that any job of the last seven days has, that job is returned and none is made. A lower
    `priority` runs earlier. Refuses (`ValueError`) arguments that are not ids or short codes: texts do not belong
    into jobs.
    """
    job = Job(
        kind=kind,
        args=json.dumps(_checked(args), sort_keys=True),
        run_at=run_at or RIGHT_AWAY,
        unique_key=unique_key,
        priority=priority,
        created_at=now,
    )
    if unique_key is None:
        job.save(force_insert=True)
        return job
    Job.objects.bulk_create([job], ignore_conflicts=True)
    return Job.objects.get(unique_key=unique_key)


def claim_next(*, now: datetime, worker: str, reclaim: bool = True) -> Job | None:
    """Lease the next due job to a worker; None when nothing is due.

    With `reclaim`, jobs whose lease has run out come first: their worker died. One that did so six times is parked.
    """
    for job in _candidates(now, reclaim=reclaim):
        if job.attempts >= TRIES:
            _move(job, state=Job.State.PARKED, leased_by="", error=WORKER_DIED)
        elif _move(
            job,
            state=Job.State.RUNNING,
            attempts=job.attempts + 1,
            leased_by=f"{worker}#{uuid4().hex[:12]}",
            lease_until=now + LEASE,
        ):
            return job
    return None


def renew_lease(job: Job, *, now: datetime) -> bool:
    """Keep a running job for another while; False when it was given to somebody else."""
    held = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, leased_by=job.leased_by)
    return bool(held.update(lease_until=now + LEASE))


def finish(job: Job, *, now: datetime) -> bool:
    """Mark a job as done; False when its lease was lost meanwhile."""
    return _move(job, state=Job.State.DONE, leased_by="", error="", finished_at=now)


def fail(job: Job, *, now: datetime, error: str, permanent: bool) -> bool:
    """Let a failed job wait for its next try, or park it: at once if `permanent`, else after six tries."""
    if permanent or job.attempts >= TRIES:
        return _move(job, state=Job.State.PARKED, leased_by="", error=error)
    return _move(job, state=Job.State.WAITING, leased_by="", error=error, run_at=now + pause_before(job.attempts + 1))


def pause_before(attempt: int) -> timedelta:
    """The pause before a try: 5, 15, 45 seconds …, a fifth more or less so that failures do not march in step."""
    pause = FIRST_PAUSE * 3 ** min(max(attempt - 2, 0), TRIES)
    return min(pause * random.uniform(0.8, 1.2), LONGEST_PAUSE)  # noqa: S311


def parked_jobs() -> Iterable[Job]:
    """Return the jobs that wait for a person's decision, oldest first."""
    return Job.objects.filter(state=Job.State.PARKED).order_by("id")


def retry_parked(job_id: int) -> bool:
    """Let a parked job run again with six fresh tries; False when it is not parked."""
    parked = Job.objects.filter(pk=job_id, state=Job.State.PARKED)
    return bool(parked.update(state=Job.State.WAITING, attempts=0, run_at=RIGHT_AWAY))


def discard_parked(job_id: int, *, now: datetime) -> bool:
    """Give a parked job up; False when it is not parked."""
    parked = Job.objects.filter(pk=job_id, state=Job.State.PARKED)
    return bool(parked.update(state=Job.State.DONE, error=DISCARDED, finished_at=now))


def forget_finished(*, now: datetime) -> int:
    """Delete jobs that were done more than seven days ago, and return how many."""
    return Job.objects.filter(state=Job.State.DONE, finished_at__lt=now - KEPT_FOR).delete()[0]


def _candidates(now: datetime, *, reclaim: bool) -> Iterable[Job]:
    if reclaim:
        # A lease further ahead than any lease lasts was given before the clock was set back.
        over = Q(lease_until__lte=now) | Q(lease_until__gt=now + LEASE + HEARTBEAT)
        yield from Job.objects.filter(over, state=Job.State.RUNNING).order_by("lease_until", "id")[:CANDIDATES]
    due = Q(run_at__lte=now) | Q(attempts__gt=0, run_at__gt=now + LONGEST_PAUSE)
    waiting = Job.objects.filter(due, state=Job.State.WAITING)
    yield from waiting.order_by("priority", "run_at", "id")[:CANDIDATES]


def _move(job: Job, **values: object) -> bool:
    """Change a job that is still as it was read; the object changes with it."""
    as_read = Job.objects.filter(pk=job.pk, state=job.state, leased_by=job.leased_by, attempts=job.attempts)
    if not as_read.update(**values):
        return False
    for name, value in values.items():
        setattr(job, name, value)
    return True


def _checked(args: Mapping[str, Argument]) -> dict[str, Argument]:
    for name, value in args.items():
        if not isinstance(value, int | str | None):
            raise ValueError(f"{name}: a job's argument is an id or a code, not a {type(value).__name__}")
        if isinstance(value, str) and len(value) > LONGEST_ARGUMENT:
            raise ValueError(f"{name}: a job's argument is an id or a code, not a text")
    return dict(args)


def call_off(kind: str, *, now: datetime) -> int:
    """Let the jobs of a kind that nobody has begun rest for ever; returns how many there were."""
    idle = Job.objects.filter(kind=kind, state__in=(Job.State.WAITING, Job.State.PARKED))
    return idle.update(state=Job.State.DONE, error=DISCARDED, finished_at=now)
