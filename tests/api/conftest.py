"""A small world for requests in process, and the real installation of the promises for fuzzing."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.promises.conftest import folder, running, template  # noqa: F401 - fixtures
from tests.promises.small_world import SmallWorld, small_world


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[SmallWorld]:
    """Two desks with their people and cases; what a test changes is undone after it."""
    with django_db_blocker.unblock(), small_world() as made:
        yield made
