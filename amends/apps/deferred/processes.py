"""Much work shared out among further processes, each with a connection of its own to the same database.

Nothing of Django is imported before a further process has set it up.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import wait
from typing import Any, Protocol, TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")

WAITING = 6
"""So many parts are given out ahead of those whose results were taken: memory does not grow with the number of parts."""


def shared_out(
    work: Callable[[Part], Result], parts: Iterable[Part], processes: int, *, begin: Callable[[], None] | None = None
) -> Iterator[Result]:
    """The results of `work` for every part, in order, by so many further processes; each calls `begin` once before.

    What they are given must be picklable, and written and committed where they are to read it. A process that dies
    ends the whole with BrokenProcessPool.
    """
    with further_processes(processes, begin=begin) as share:
        yield from share(work, parts)


class Sharing(Protocol):
    """Has every part worked on, and yields the results in order: `map`, or the same by further processes."""

    def __call__(self, work: Callable[[Part], Result], parts: Iterable[Part], /) -> Iterator[Result]: ...


@contextmanager
def further_processes(processes: int, *, begin: Callable[[], None] | None = None) -> Iterator[Sharing]:
    """The processes of `shared_out`, for one work after the other."""
    from django.db import connections

    # Processes of their own start: forked ones would share the connection to the database.
    context = multiprocessing.get_context("spawn")
    database = dict(connections["default"].settings_dict)
    with ProcessPoolExecutor(
        processes, mp_context=context, initializer=_start, initargs=(database, pickle.dumps(begin))
    ) as pool:
        yield partial(_shared_out, pool)


def _shared_out(pool: ProcessPoolExecutor, work: Callable[[Part], Result], parts: Iterable[Part]) -> Iterator[Result]:
    waiting: deque[Future[Result]] = deque()
    for part in parts:
        waiting.append(pool.submit(work, part))
        if len(waiting) >= WAITING:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _start(database: dict[str, Any], begin: bytes) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import django

    django.setup()
    from django.db import connections

    connections["default"].settings_dict.update(database)
    # Only now: what is read here may belong to models.
    begins = pickle.loads(begin)  # noqa: S301 - this very program wrote it
    if begins is not None:
        begins()


def _end_with_parent() -> None:
    """Work that is broken off leaves no process behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
