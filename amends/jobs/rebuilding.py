"""Rebuilding the figures with several processes: one gives out the cases, the others work them out and write."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

from django.db import connection, connections

from amends.apps.reporting.rows.mending import cases_in_parts, mend_all_days, rebuild_figures
from amends.jobs import rebuilding_process

WAITING = 6
"""So many parts are given out ahead: memory does not grow with the number of cases."""


def rebuild_with(processes: int, *, progress: Callable[[int], Any] = lambda done: None) -> int:
    """As `rebuild_figures`, on so many processes; returns how many cases. On SQLite one writes at a time, so there it is one."""
    if processes < 2 or connection.vendor != "postgresql":
        return rebuild_figures(progress=progress)
    done = 0
    # A process of its own start: a forked one would share the connection to the database.
    fresh = multiprocessing.get_context("spawn")
    arguments = (dict(connections["default"].settings_dict),)
    with ProcessPoolExecutor(
        processes, mp_context=fresh, initializer=rebuilding_process.start, initargs=arguments
    ) as pool:
        waiting: deque[Future[int]] = deque()
        for keys in cases_in_parts():
            waiting.append(pool.submit(rebuilding_process.rebuild, keys))
            while len(waiting) >= WAITING:
                done += waiting.popleft().result()
                progress(done)
        while waiting:
            done += waiting.popleft().result()
            progress(done)
    mend_all_days()
    return done
