"""An installation as empty as a new one, within the transaction of a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import override_settings

from amends.apps.ledger.triggers import drop_triggers
from amends.jobs.backup import our_models


def empty_the_installation() -> None:
    """Every row goes; what keeps the ledger from being emptied is switched off first."""
    with connection.cursor() as cursor:
        _check_constraints_now(cursor)
        for statement in _switched_off(cursor):
            cursor.execute(statement)
        for model in our_models():
            cursor.execute(f'DELETE FROM "{model._meta.db_table}"')
        _check_constraints_now(cursor)


def _check_constraints_now(cursor: Any) -> None:
    """PostgreSQL alters no table while checks of it are waiting for the end of the transaction."""
    if connection.vendor == "postgresql":
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _switched_off(cursor: Any) -> list[str]:
    if connection.vendor == "postgresql":
        return [f'ALTER TABLE "{model._meta.db_table}" DISABLE TRIGGER USER' for model in our_models()]
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    return [f'DROP TRIGGER "{name}"' for (name,) in cursor.fetchall() if "search" not in name]


def open_the_ledger() -> None:
    """Switch off what keeps anybody from changing the ledger: what somebody with the database's password can do."""
    drop_triggers(connection)


def files_elsewhere(folder: Path) -> override_settings:
    """The storage of another machine."""
    storage = {"BACKEND": "amends.config.durable_files.DurableFileStorage", "OPTIONS": {"location": str(folder)}}
    return override_settings(STORAGES={**settings.STORAGES, "default": storage})
