"""Where the product gives up what takes too long, a test waits for it; what proves a limit sets its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from amends.apps.cases import previews
from amends.apps.deferred import limits, runner
from amends.apps.deferred.registry import LONGEST_RUN
from amends.apps.mail import limited
from amends.apps.messaging import outbound
from amends.apps.messaging.providers import smpp
from amends.doors.papers import press
from tests.patience import HANGS_AFTER_SECONDS

LONG = timedelta(seconds=HANGS_AFTER_SECONDS)


@pytest.fixture(scope="session", autouse=True)
def nothing_is_given_up_for_being_slow() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(press, "TIME_LIMIT", HANGS_AFTER_SECONDS)
        patch.setattr(smpp, "LONGEST_CALL", HANGS_AFTER_SECONDS)
        patch.setitem(outbound.post.__kwdefaults__, "within", HANGS_AFTER_SECONDS)
        patch.setattr(previews, "PATIENCE", LONG)
        patch.setattr(limited, "PATIENCE", LONG)
        patch.setattr(runner, "limited_time", _unhurried)
        # A lease would be renewed by a connection of its own, which a test that has the database for itself keeps waiting.
        patch.setattr(limits, "HEARTBEAT", LONG)
        yield


def _unhurried(limit: timedelta) -> AbstractContextManager[None]:
    """The time of a job; limits of the product's own are long."""
    return limits.limited_time(limit if limit < LONGEST_RUN else max(limit, LONG))
