"""What customers praised somebody for, as the pages of people show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from amends.apps.cases.praise import SHOWN, praise_of
from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.people.models import Person
from amends.core.policy.base import Title


@dataclass(frozen=True, slots=True)
class PraiseRow:
    """One praise: what for, when, on which desk, and whether whoever looks may open the case."""

    subject: str
    on: date
    desk: Title
    number: str
    is_open_to_viewer: bool


@dataclass(frozen=True, slots=True)
class Praise:
    """How often somebody was praised, and the latest of it."""

    count: int
    rows: list[PraiseRow]


def praise_shown(person: Person, viewer: Viewer) -> Praise:
    """The praise of a person: what it was for is shown to themselves and to those who see the case; three queries."""
    found = praise_of(person)
    rows = list(found[:SHOWN])
    seen = (
        set(visible_to(viewer).filter(pk__in=[row.case_id for row in rows]).values_list("pk", flat=True))
        if rows
        else set()
    )
    may_read = person.pk == viewer.person.pk
    return Praise(
        found.count() if len(rows) == SHOWN else len(rows),
        [
            PraiseRow(
                row.case.subject if may_read or row.case_id in seen else "—",
                row.on,
                row.case.desk.called,
                row.case.number,
                row.case_id in seen,
            )
            for row in rows
        ],
    )
