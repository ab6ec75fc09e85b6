"""All that an installation has written down, as octets: every value of every table, search indexes included, and every file."""

from __future__ import annotations

from pathlib import Path

from django.core.files.storage import default_storage
from django.db import connection


def where(word: str) -> list[str]:
    """The tables and columns that hold a word: what a failing test wants to know."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                octets = [v if isinstance(v, bytes) else str(v).encode() for v in row]
                found += [
                    f"{table}.{n}" for n, value in zip(names, octets, strict=True) if word.encode() in bytes(value)
                ]
    return sorted(set(found))


def everything_written() -> bytes:
    """The values of all tables that the database knows, and the octets of all stored files with their names."""
    return b"\n".join([*_rows(), *_files("")])


def _rows() -> list[bytes]:
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            for row in cursor.fetchall():
                found += [
                    value if isinstance(value, bytes) else str(value).encode() for value in row if value is not None
                ]
    return [bytes(value) for value in found]


def _files(folder: str) -> list[bytes]:
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return []
    found = []
    for name in names:
        with default_storage.open(str(Path(folder) / name), "rb") as content:
            found += [name.encode(), content.read()]
    for below in folders:
        found += _files(str(Path(folder) / below))
    return found
