"""The worker at the moment of a test."""

from amends.apps.deferred.registry import load_kinds
from amends.apps.deferred.runner import run_next
from tests.doors import Clock


def work(clock: Clock) -> None:
    """Run every job that is due, as the worker does, until none is."""
    load_kinds()
    while run_next(worker="test", clock=lambda: clock.now) is not None:
        pass
