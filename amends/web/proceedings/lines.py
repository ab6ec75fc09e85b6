"""Proceedings as lists show them, in the words of their packs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from amends.apps.cases.facts import pack_of
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.queries import Viewer, visible_among
from amends.doors.pack_words import waits_words
from amends.doors.wording import listed, words


@dataclass(frozen=True, slots=True)
class Line:
    """One proceeding as a list shows it; `about` is what its case is about, where it says nothing itself and the reader sees that."""

    row: Proceeding
    kind: str
    state: str
    waits: str
    tone: str
    about: str = ""


def lines_of(rows: Sequence[Proceeding], *, viewer: Viewer | None = None) -> list[Line]:
    """The proceedings in the words of their packs; for a `viewer`, those that have no subject with that of their case."""
    found, subjects = [], _subjects_of_cases(rows, viewer) if viewer else {}
    for row in rows:
        pack = pack_of(row)
        kind = pack.proceedings[row.kind]
        state = kind.states.get(row.state)
        tone = "is-late" if row.is_late and row.is_open else ""
        found.append(
            Line(
                row,
                words(kind.title),
                words(state.title) if state else row.state,
                waits_of(row),
                tone,
                subjects.get(row.pk, ""),
            )
        )
    return found


def _subjects_of_cases(rows: Sequence[Proceeding], viewer: Viewer) -> dict[UUID, str]:
    """What stands beside proceedings that say nothing themselves: several of a kind could not be told apart."""
    bare = [row for row in rows if not row.subject and row.case is not None and row.case.subject]
    seen = visible_among(viewer, {str(row.case_id) for row in bare}) if bare else set()
    return {row.pk: row.case.subject for row in bare if row.case is not None and str(row.case_id) in seen}


def waits_of(row: Proceeding) -> str:
    """Whose turn it is, in words; empty when it has ended."""
    pack = pack_of(row)
    return listed(waits_words(pack, name) for name in row.waits_for.split(",") if name) if row.is_open else ""
