"""Keeping the rows that figures are read from: they follow every event in its transaction, written where they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, UUIDField

from amends.apps.cases.actions.erase import eraser
from amends.apps.cases.actions.perform import Performed, projector
from amends.apps.cases.changes import watcher
from amends.apps.ledger.bulk import insert_rows
from amends.apps.prepared import among, ask_among
from amends.apps.reporting.models import CaseFact, StepFact
from amends.apps.reporting.rows.days import add_days, day_changes
from amends.apps.reporting.rows.working_out import CASE_COLUMNS, NO, STEP_COLUMNS, Fact, Figured, Step, worked_out

AT_ONCE = 500


@projector
def keep_figures(done: Performed) -> None:
    """The figures of a case follow every verb on it."""
    refresh_figures([done.case.pk])


@eraser
@watcher
def keep_figures_of(cases: Collection[UUID]) -> None:
    """The figures follow what changes beside the events of a case."""
    refresh_figures(cases)


_waiting: ContextVar[set[UUID] | None] = ContextVar("cases whose figures wait for the last verb", default=None)


@contextmanager
def figures_at_the_end() -> Iterator[None]:
    """Within, many verbs follow one another on few cases: their figures are worked out once, after the last.

    It lies within one transaction, so that nobody reads an event without its figures.
    """
    waiting = set[UUID]()
    before = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(before)
    refresh_figures(waiting)


def refresh_figures(cases: Collection[UUID]) -> None:
    """Work out the figures of these cases and write what differs; inside the transaction of whoever calls."""
    if (waiting := _waiting.get()) is not None:
        waiting.update(cases)
        return
    keys = list(cases)
    for first in range(0, len(keys), AT_ONCE):
        some = keys[first : first + AT_ONCE]
        add_days(day_changes(*write_rows(some, worked_out(some))))


def write_rows(cases: Collection[UUID], figured: list[Figured]) -> tuple[list[Figured], list[Figured]]:
    """Write what differs; returns the cases that differ as they were and as they are."""
    keys = list(cases)
    before = {row[0]: row for row in ask_among("case_facts", keys, _cases_known, of=UUIDField())}
    steps: dict[UUID, dict[int, tuple[int, Step]]] = defaultdict(dict)
    for key, *step in ask_among("step_facts", keys, _steps_known, of=UUIDField()):
        steps[step[0]][step[NO]] = key, tuple(step)
    changed, outdated, now = [], [], []
    for one in figured:
        known = steps[one.fact.case_id]
        fresh = [step for step in one.steps if step[NO] not in known or known[step[NO]][1] != step]
        gone = known.keys() - {step[NO] for step in one.steps}
        outdated += [known[no][0] for no in (*gone, *(step[NO] for step in fresh)) if no in known]
        now += fresh
        if fresh or gone or _differs(before.get(one.fact.case_id), one.fact):
            changed.append(one)
    rows = [one.fact for one in changed if _differs(before.get(one.fact.case_id), one.fact)]
    _write_anew(
        CaseFact, CASE_COLUMNS, [fact.case_id for fact in rows if fact.case_id in before], [fact.row() for fact in rows]
    )
    _write_anew(StepFact, STEP_COLUMNS, outdated, now)
    were = [
        Figured(Fact.of(before[key]), [step for _, step in steps[key].values()])
        for key in (one.fact.case_id for one in changed)
        if key in before
    ]
    return were, changed


def _cases_known(keys: list[Any]) -> QuerySet[CaseFact, tuple[Any, ...]]:
    return CaseFact.objects.filter(among("case_id", keys)).values_list(*CASE_COLUMNS)


def _steps_known(keys: list[Any]) -> QuerySet[StepFact, tuple[Any, ...]]:
    return StepFact.objects.filter(among("case_id", keys)).values_list("id", *STEP_COLUMNS)


def _differs(before: tuple[Any, ...] | None, now: Fact) -> bool:
    return before != now.row()


def _write_anew(
    model: type[CaseFact] | type[StepFact], columns: tuple[str, ...], outdated: list[Any], rows: list[tuple[Any, ...]]
) -> None:
    """Rows of many columns are deleted and inserted: the words of an update by rows cost Django several times as much."""
    if outdated:
        model._default_manager.filter(pk__in=outdated).delete()
    if rows:
        insert_rows(model._meta.db_table, columns, rows)
