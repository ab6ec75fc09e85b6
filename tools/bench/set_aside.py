"""Indexes that are made anew after rows came by the million: sorting all keys once costs a fraction of finding a place for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Index:
    """An index as PostgreSQL describes it; with the constraint that it holds, where it holds one."""

    name: str
    table: str
    definition: str
    constraint: str | None

    def dropping(self) -> str:
        return (
            f"ALTER TABLE {self.table} DROP CONSTRAINT {self.constraint}"
            if self.constraint
            else f"DROP INDEX {self.name}"
        )

    def holding(self) -> str:
        return f"ALTER TABLE {self.table} ADD CONSTRAINT {self.constraint} UNIQUE USING INDEX {self.name}"


@contextmanager
def indexes_set_aside(tables: Sequence[str], *, processes: int) -> Iterator[None]:
    """Within, the tables of a database that nobody else uses have no index but their primary keys; afterwards all are there again.

    On PostgreSQL only; several are made at a time.
    """
    from django.db import connection

    if connection.vendor != "postgresql":
        yield
        return
    indexes = [index for table in tables for index in _indexes_of(table)]
    for index in indexes:
        _run(index.dropping())
    connection.close()
    yield
    with ThreadPoolExecutor(processes) as several:
        list(several.map(_run_alone, [index.definition for index in indexes]))
    for index in indexes:
        if index.constraint:
            _run(index.holding())


def _indexes_of(table: str) -> list[Index]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text, pg_get_indexdef(i.indexrelid), c.conname"
            " FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype = 'u'"
            " WHERE i.indrelid = %s::regclass AND NOT i.indisprimary ORDER BY 1",
            [table],
        )
        return [Index(*row) for row in cursor.fetchall()]


def _run_alone(statement: str) -> None:
    """Run it on a connection of its own, for as long as it takes."""
    from django.db import connection

    try:
        _run("SET statement_timeout = 0")
        _run(statement)
    finally:
        connection.close()


def _run(statement: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)
