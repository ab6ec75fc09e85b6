"""Published packs and their desks: made once for a file, while what each test does is undone after it.

A file names the packs it needs as PACKS; `office` is the desk of the first of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from tests.doors import START, Clock, Office
from tests.world import DeskWorld, open_world, publish_shipped


class _Undo(Exception):
    """Ends a transaction whose changes are not to stay."""


@contextmanager
def undone_afterwards() -> Iterator[None]:
    """A transaction that is always rolled back; the tests within it have savepoints of their own."""
    atomic = transaction.atomic()
    atomic.__enter__()
    try:
        yield
    finally:
        atomic.__exit__(_Undo, _Undo(), None)


@pytest.fixture(scope="module")
def made_worlds(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any
) -> Iterator[dict[str, DeskWorld]]:
    """The desks of the packs that the file names."""
    with django_db_blocker.unblock(), undone_afterwards():
        publish_shipped(request.module.PACKS, now=START)
        yield {name: open_world(name, now=START) for name in request.module.PACKS}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of every door. It starts on a working Monday morning in China."""
    found = Clock()
    monkeypatch.setattr("django.utils.timezone.now", lambda: found.now)
    return found


@pytest.fixture
def office_of(made_worlds: dict[str, DeskWorld], db: None, clock: Clock) -> Callable[[str], Office]:
    """Opens the desk of a pack that the file names."""

    def open_office(pack_id: str) -> Office:
        world = replace(made_worlds[pack_id], now=clock.now, wishes={})
        clock.worlds.append(world)
        return Office(world, clock)

    return open_office


@pytest.fixture
def office(request: pytest.FixtureRequest, office_of: Callable[[str], Office]) -> Office:
    """The desk of the first pack that the file names."""
    return office_of(request.module.PACKS[0])
