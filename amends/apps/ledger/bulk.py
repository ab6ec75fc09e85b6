"""Many rows at once: the import appends thousands of events a second, and a rebuild reads them all again."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

Row = Sequence[Any]
WORTH_COPYING = 50


def insert_rows(table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows of plain values and aware times; table and columns are names from code, never input.

    The model layer spends more time on building statements than the database on running them.
    """
    names = ", ".join(f'"{column}"' for column in columns)
    places = f"({', '.join(['%s'] * len(columns))})"
    insert = f'INSERT INTO "{table}" ({names}) VALUES '  # noqa: S608
    with connection.cursor() as cursor, connection.wrap_database_errors:
        if connection.vendor != "postgresql":
            cursor.executemany(insert + places, [[_for_sqlite(value) for value in row] for row in rows])
        elif len(rows) < WORTH_COPYING:
            cursor.execute(insert + ", ".join([places] * len(rows)), [value for row in rows for value in row])
        else:
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)


@contextmanager
def without_collecting() -> Iterator[None]:
    """Within, Python does not look for cycles: plain rows by the thousand hold none, and looking takes a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _for_sqlite(value: Any) -> Any:
    """The form in which the model layer stores and reads times, days and UUIDs on SQLite."""
    kind = type(value)
    if kind is datetime:
        return str(value.astimezone(UTC).replace(tzinfo=None))
    if kind is UUID:
        return value.hex
    return value.isoformat() if kind is date else value
