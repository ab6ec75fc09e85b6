"""Proceedings as lists show them, in the words of their packs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amends.apps.cases.facts import pack_of
from amends.apps.cases.proceeding_models import Proceeding
from amends.doors.pack_words import waits_words
from amends.doors.wording import listed, words


@dataclass(frozen=True, slots=True)
class Line:
    """One proceeding as a list shows it."""

    row: Proceeding
    kind: str
    state: str
    waits: str
    tone: str


def lines_of(rows: Sequence[Proceeding]) -> list[Line]:
    """The proceedings in the words of their packs."""
    found = []
    for row in rows:
        pack = pack_of(row)
        kind = pack.proceedings[row.kind]
        state = kind.states.get(row.state)
        tone = "is-late" if row.is_late and row.is_open else ""
        found.append(Line(row, words(kind.title), words(state.title) if state else row.state, waits_of(row), tone))
    return found


def waits_of(row: Proceeding) -> str:
    """Whose turn it is, in words; empty when it has ended."""
    pack = pack_of(row)
    return listed(waits_words(pack, name) for name in row.waits_for.split(",") if name) if row.is_open else ""
