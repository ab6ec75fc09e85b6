"""Rebuilding the figures with several processes: one gives out the cases, the others work them out and write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

from amends.apps.deferred.processes import further_processes
from amends.apps.reporting.rows.mending import rebuild_figures


def rebuild_with(processes: int, *, progress: Callable[[int], Any] = lambda done: None) -> int:
    """As `rebuild_figures`, on so many processes; returns how many cases. On SQLite one writes at a time, so there it is one."""
    if processes < 2 or connection.vendor != "postgresql":
        return rebuild_figures(progress=progress)
    with further_processes(processes) as share:
        return rebuild_figures(progress=progress, share=share)
