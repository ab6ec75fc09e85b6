"""Who looked at personal data: noted while a request runs, and written once at its end.

What is looked at in full, printed or taken away is noted where it happens, in its transaction (`log_access`). That a case
was looked at at all is noted here: many reads of one request are one entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Field

from amends.apps.people.models import AccessEntry
from amends.apps.prepared import tell


@dataclass(slots=True)
class Noting:
    """The looks of one request: where it came from, which page asked, and at which objects."""

    address: str = ""
    page: str = ""
    looks: dict[tuple[str, str], tuple[int | None, datetime]] = field(default_factory=dict)


_noting: ContextVar[Noting | None] = ContextVar("noting", default=None)


@contextmanager
def noting(begun: Noting) -> Iterator[Noting]:
    """Within the block looks are collected."""
    token = _noting.set(begun)
    try:
        yield begun
    finally:
        _noting.reset(token)


def note_look(*, actor: str, object: str, desk: int | None, now: datetime) -> None:
    """Note that somebody looks at an object; outside a request nothing is noted."""
    present = _noting.get()
    if present is not None:
        present.looks.setdefault((actor, object), (desk, now))


def desk_looked_at() -> int | None:
    """The desk of the last object that this request looked at."""
    present = _noting.get()
    return next(reversed(present.looks.values()))[0] if present is not None and present.looks else None


def address_of_request() -> str:
    present = _noting.get()
    return present.address if present is not None else ""


def write_looks(noted: Noting) -> None:
    """Write what a request looked at, in one statement."""
    rows = [
        {
            "at": now, "desk_id": desk, "actor": actor, "action": "view", "object": looked_at[:60], "field": noted.page[:63],
            "reason": "", "address": noted.address[:64],
        }
        for (actor, looked_at), (desk, now) in noted.looks.items()
    ]  # fmt: skip
    if rows:
        fields, text = _insert(connection.vendor, len(rows))
        tell(text, [f.get_db_prep_save(row[f.attname], connection) for row in rows for f in fields])


@lru_cache(maxsize=64)
def _insert(vendor: str, count: int) -> tuple[list[Field[Any, Any]], str]:
    """One statement that is a transaction by itself, with what it is given: every look at a page pays for this.

    PostgreSQL answers before the disk has the line: losing power may lose the looks of the last second, and nothing that somebody did.
    """
    fields = [f for f in AccessEntry._meta.concrete_fields if not f.primary_key]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(f.column)) for f in fields)
    places = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * count)
    soon = " RETURNING set_config('synchronous_commit', 'off', true)" if vendor == "postgresql" else ""
    return fields, f"INSERT INTO {quote(AccessEntry._meta.db_table)} ({columns}) VALUES {places}{soon}"  # noqa: S608
