"""The kinds of deferred work. Apps register theirs in `tasks.py`, which the worker loads."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.module_loading import autodiscover_modules

LONGEST_RUN = timedelta(seconds=60)
Run = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of job is run."""

    name: str
    run: Run
    permanent_errors: tuple[type[Exception], ...]
    limit: timedelta
    once: bool


_KINDS: dict[str, Kind] = {}


def job(
    name: str,
    *,
    permanent_errors: tuple[type[Exception], ...] = (),
    limit: timedelta = LONGEST_RUN,
    once: bool = False,
) -> Callable[[Run], Run]:
    """Register the decorated function as the work of a kind; it is called with the job's arguments, a dict.

    A job runs at least once: it may run again after a crash, so it must be harmless to repeat. With `once`, its
    database changes and its being done are one transaction, for work that has no effect outside the database.
    An error among `permanent_errors` parks the job at once; any other is tried again, six times in all. A run longer
    than `limit` is broken off and counts as an error.
    """

    def register(run: Run) -> Run:
        known = _KINDS.get(name)
        if known is not None and known.run is not run:
            raise ValueError(f"two jobs are called {name}")
        _KINDS[name] = Kind(name, run, permanent_errors, limit, once)
        return run

    return register


def load_kinds() -> None:
    """Import every app's `tasks.py`."""
    autodiscover_modules("tasks")


def kind_called(name: str) -> Kind | None:
    """Return the kind of that name, if an app registered it."""
    return _KINDS.get(name)


def registered_kinds() -> frozenset[str]:
    """Return the names of all kinds."""
    return frozenset(_KINDS)
