"""Run jobs: one at a time, each within its limits, none able to stop the others."""

import logging
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from pathlib import PurePath

from django.db import connection, transaction

from amends.apps.deferred.actions import claim_next, fail, finish
from amends.apps.deferred.limits import TookTooLong, kept_lease, limited_memory, limited_time
from amends.apps.deferred.models import Job
from amends.apps.deferred.registry import LONGEST_RUN, Kind, kind_called

logger = logging.getLogger("amends.jobs")
Clock = Callable[[], datetime]


class UnknownKind(Exception):
    """No app of this version registers the kind; a newer one may."""


class UnreadableArguments(Exception):
    """The job's arguments are not a JSON object: no try will change that."""


class LeaseLost(Exception):
    """The job was given to another worker while it ran here."""


def run_next(*, worker: str, clock: Clock, reclaim: bool = True) -> Job | None:
    """Claim and run the next due job; return it in its new state, or None when nothing is due."""
    job = claim_next(now=clock(), worker=worker, reclaim=reclaim)
    if job is not None:
        run_job(job, clock=clock)
    return job


def run_job(job: Job, *, clock: Clock) -> None:
    """Run a claimed job and mark it done, waiting for its next try, or parked."""
    kind = kind_called(job.kind)
    permanent: tuple[type[BaseException], ...] = kind.permanent_errors if kind else ()
    try:
        with kept_lease(job, limit=kind.limit if kind else LONGEST_RUN, clock=clock):
            _work(job, kind, clock=clock)
    except LeaseLost:
        logger.warning("job lost its lease", extra={"job": job.pk, "kind": job.kind})
    except (Exception, TookTooLong) as error:
        _drop_broken_connection()
        logger.warning(
            "job failed",
            extra={"job": job.pk, "kind": job.kind, "attempt": job.attempts, "error": _place_of(error)},
        )
        is_permanent = isinstance(error, (*permanent, UnreadableArguments))
        fail(job, now=clock(), error=_place_of(error), permanent=is_permanent)


def _work(job: Job, kind: Kind | None, *, clock: Clock) -> None:
    if kind is None:
        raise UnknownKind
    try:
        arguments = job.arguments()
    except ValueError as error:
        raise UnreadableArguments from error
    in_one = transaction.atomic() if kind.once else nullcontext()
    with limited_time(kind.limit), limited_memory(), in_one:
        kind.run(arguments)
        if not finish(job, now=clock()):
            raise LeaseLost


def _place_of(error: BaseException) -> str:
    """Name and place of an error. Its message stays out: it may quote what a person wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"[:300]


def _drop_broken_connection() -> None:
    """A job that was broken off may have left the connection in the middle of an answer."""
    if not connection.in_atomic_block:
        connection.close()
