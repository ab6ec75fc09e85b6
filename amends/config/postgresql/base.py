"""Django's PostgreSQL, whose moments are read in C.

Django calls Python for every moment that comes from the server, to give it the time zone of the connection. A connection of amends is in
UTC, and what psycopg reads by itself is in UTC then: the same moments, read in a tenth of the time.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import psycopg
from django.db.backends.postgresql.base import DatabaseWrapper as PostgresqlWrapper
from django.db.backends.postgresql.psycopg_any import get_adapters_template
from psycopg.adapt import AdaptersMap

MOMENT = psycopg.adapters.types["timestamptz"].oid


class DatabaseWrapper(PostgresqlWrapper):
    """A connection whose cursors read moments as psycopg does; it is for settings that keep all times in UTC."""

    def get_connection_params(self) -> dict[str, Any]:
        return {**super().get_connection_params(), "context": _adapters()}

    def create_cursor(self, name: str | None = None) -> Any:
        """As Django's, without asking the reader of moments for a time zone: it has none of its own."""
        if name:
            return self.connection.cursor(name, scrollable=False, withhold=self.connection.autocommit)
        return self.connection.cursor()


@cache
def _adapters() -> AdaptersMap:
    found = AdaptersMap(get_adapters_template(True, None).adapters)
    read_in_c = psycopg.adapters.get_loader(MOMENT, psycopg.pq.Format.TEXT)
    assert read_in_c  # noqa: S101 - psycopg reads moments
    found.register_loader(MOMENT, read_in_c)
    return found
