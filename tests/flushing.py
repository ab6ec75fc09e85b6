"""Let tests that commit empty the ledger afterwards: its triggers refuse every deletion, a test run's too."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management.commands.flush import Command as Flush
from django.db import connections

from amends.apps.ledger.triggers import create_triggers, drop_triggers
from amends.apps.people import triggers as access_log


@pytest.fixture(scope="session", autouse=True)
def a_flush_may_empty_the_ledger() -> Iterator[None]:
    flush = Flush.handle

    def handle(self: Flush, **options: Any) -> None:
        connection = connections[options["database"]]
        drop_triggers(connection)
        access_log.drop_triggers(connection)
        flush(self, **options)
        create_triggers(connection)
        access_log.create_triggers(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flush, "handle", handle)
        yield
