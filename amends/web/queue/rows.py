"""A case as a line of a list, in the words of its own policy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from amends.apps.cases.models import Case
from amends.apps.policies.queries import read_version
from amends.doors.pack_words import PackWords, words_of
from amends.doors.wording import due_words, left_words, moment_words, words

SOON = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Row:
    """One line: the row of the table and the words that its pack has for it, ready to be shown."""

    case: Case
    zone: ZoneInfo
    state: str
    waits_for: str
    level: str
    rank: int
    kind: str
    channel: str
    category: str
    department: str
    desk: str
    due: str
    due_iso: str
    due_at: str
    due_clock: str
    received: str
    is_open: bool
    is_late: bool
    is_soon: bool
    is_changed: bool


def rows_of(cases: Iterable[Case], now: datetime, *, seen_at: datetime | None = None, reader: str = "") -> list[Row]:
    """The lines of a page; packs and their words are kept in memory, so this asks the database nothing.

    What others than the `reader` changed after `seen_at` is marked.
    """
    return [_row(case, words_of(read_version(case.pack_id)), now, _is_changed(case, seen_at, reader)) for case in cases]


def _is_changed(case: Case, seen_at: datetime | None, reader: str) -> bool:
    return seen_at is not None and case.changed_at > seen_at and case.changed_by != reader


def _row(case: Case, said: PackWords, now: datetime, is_changed: bool) -> Row:
    level, rank = said.level(case.level)
    is_open, due = case.is_open, case.due_at
    shows_due = is_open and due is not None
    return Row(
        case=case,
        zone=said.zone,
        state=said.state(case.state),
        waits_for=said.waits(case.waits_for),
        level=level,
        rank=rank,
        kind=said.kind(case.kind),
        channel=said.channel(case.channel),
        category=said.category(case.category),
        department=words(case.department.called) if case.department else "",
        desk=words(case.desk.called),
        due=left_words(due, now) if shows_due and due else "",
        due_iso=due.isoformat() if shows_due and due else "",
        due_at=due_words(due, said.zone, now=now) if shows_due and due else "",
        due_clock=said.clock(case.due_clock) if shows_due else "",
        received=moment_words(case.received_at, said.zone, now=now),
        is_open=is_open,
        is_late=is_open and late_at(case, now),
        is_soon=is_open and due is not None and due - now < SOON,
        is_changed=is_changed,
    )


def late_at(case: Case, now: datetime) -> bool:
    """Late by its own due date, also while a sweep has not marked it yet."""
    return case.is_late or (case.due_at is not None and case.due_at <= now)
