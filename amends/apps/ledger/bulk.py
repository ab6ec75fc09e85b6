"""Insert many rows of one table quickly: the import appends thousands of events a second."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection

Row = Sequence[Any]


def insert_rows(table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows of plain values and aware times; table and columns are names from code, never input.

    The model layer spends more time on building statements than the database on running them.
    """
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(columns))
            statement = f'INSERT INTO "{table}" ({names}) VALUES ({places})'  # noqa: S608
            cursor.executemany(statement, [[_for_sqlite(value) for value in row] for row in rows])


def _for_sqlite(value: Any) -> Any:
    """The form in which the model layer stores and reads times on SQLite."""
    return str(value.astimezone(UTC).replace(tzinfo=None)) if type(value) is datetime else value
