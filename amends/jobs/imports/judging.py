"""Judging rows, in this process or in a second one: reads from the database at the start, writes nothing."""

from __future__ import annotations

import multiprocessing
import pickle
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from amends.apps.cases.actions.take_over import Judged, TakeOver
from amends.apps.policies.models import Desk
from amends.core.directory import Caller
from amends.core.refusals import InvalidData
from amends.jobs.imports import second_process
from amends.jobs.imports.mapping import Mapping
from amends.jobs.imports.report import Refused
from amends.jobs.imports.rows import BadRow, RowReader, fault_of
from amends.jobs.imports.tables import Row

AHEAD = 3
"""Batches that are judged before the first of them is stored: memory against waiting."""

Verdicts = list[tuple[Row, Judged | Refused]]


@dataclass(frozen=True, slots=True)
class Task:
    """What judging needs to know. Plain data, so that it can be sent to another process."""

    mapping: Mapping
    header: list[str]
    desk: int
    caller: Caller
    now: datetime

    def context(self) -> TakeOver:
        return TakeOver(
            desk=Desk.objects.get(pk=self.desk), source=self.mapping.source, caller=self.caller, now=self.now,
            local_zone=self.mapping.tz,
        )  # fmt: skip


class Judge:
    """Judges batches of rows for one import."""

    def __init__(self, task: Task) -> None:
        self._context, self._reader = task.context(), RowReader(task.mapping, task.header)

    def batch(self, rows: list[Row]) -> Verdicts:
        """Each row with the case it makes or why it makes none."""
        return [(row, self._one(row)) for row in rows]

    def _one(self, row: Row) -> Judged | Refused:
        try:
            return self._context.judge(self._reader.old_case(row.cells))
        except BadRow as bad:
            return Refused(row.line, row.cells, bad.faults)
        except InvalidData as refusal:
            return Refused(row.line, row.cells, [fault_of(error) for error in refusal.errors])


def judged_batches(task: Task, batches: Iterable[list[Row]], *, processes: int) -> Iterator[Verdicts]:
    """The verdicts on every batch, in order. With two processes the second one judges while this one stores."""
    if processes < 2:
        judge = Judge(task)
        yield from (judge.batch(rows) for rows in batches)
        return
    with _pool(task, processes - 1) as pool, closing(iter(batches)) as waiting:  # type: ignore[type-var]
        pending: deque[Future[Verdicts]] = deque()
        for rows in waiting:
            pending.append(pool.submit(second_process.judge_batch, rows))
            if len(pending) > AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


@contextmanager
def _pool(task: Task, workers: int) -> Iterator[ProcessPoolExecutor]:
    settings = {name: connection.settings_dict[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    fresh = multiprocessing.get_context("spawn")
    arguments = (pickle.dumps(task), settings)
    with ProcessPoolExecutor(workers, mp_context=fresh, initializer=second_process.start, initargs=arguments) as pool:
        yield pool
