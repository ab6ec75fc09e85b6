"""The process that judges rows while the first one stores cases. Imports nothing of Django before it is set up."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from multiprocessing.connection import wait
from typing import Any

_judge: Any = None


def start(task: bytes, database: dict[str, Any]) -> None:
    """Get ready: the same database as the first process, and the task that it pickled."""
    global _judge
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import django

    django.setup()
    from django.db import connections

    from amends.jobs.imports.judging import Judge

    connections["default"].settings_dict.update(database)
    _judge = Judge(pickle.loads(task))  # noqa: S301 - from the process that started this one


def judge_batch(rows: Any) -> Any:
    """The verdicts on one batch."""
    return _judge.batch(rows)


def _end_with_parent() -> None:
    """A killed import leaves no process behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
