"""A process that rebuilds figures for another one. Imports nothing of Django before it is set up."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.connection import wait
from typing import Any
from uuid import UUID


def start(database: dict[str, Any]) -> None:
    """Get ready, with the same database as the first process."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import django

    django.setup()
    from django.db import connections

    connections["default"].settings_dict.update(database)


def rebuild(keys: list[UUID]) -> int:
    """Rebuild the figures of these cases; returns how many."""
    from amends.apps.reporting.rows.mending import rebuild_part

    return rebuild_part(keys)


def _end_with_parent() -> None:
    """A rebuild that is broken off leaves no process behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
