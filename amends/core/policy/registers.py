"""What makes a kind of proceeding a register: columns, filters, and a figure followed over time."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import Field

from amends.core.policy.base import Name, Piece, Ruled

STANDING_FILTERS = ("state", "from", "to", "late", "text", "like")
"""What every register can be narrowed by; a field that is offered as a filter has another name."""

FILTER_TYPES = frozenset({"choice", "choices", "yes_no", "person", "department", "partner"})
"""Fields that hold codes, by which the records of a register can be told apart."""

FIGURE_TYPES = frozenset({"money", "number", "decimal", "computed"})


class Course(Piece):
    """A figure over time: `value` of all records that agree in the fields `same`."""

    value: Name
    same: tuple[Name, ...] = Field(min_length=1)


class Readers(Piece):
    """Roles that read records of a register though they see nothing else of the desk; with `states`, only records in these."""

    roles: tuple[Name, ...] = Field(min_length=1)
    states: tuple[Name, ...] = ()


class Register(Ruled):
    """How the records of a kind stand in a list: number, state, day and due date always, these fields beside them.

    `columns` show the latest value of fields, as far as the reader may read them. `filters` are fields of codes. `day` is the
    date by which a period is chosen and by which the list is ordered, left out the day it began. Only records in `states` stand
    in it, left out all. `course` adds a chart of a figure. `readers` read its records beside everybody who sees such a
    proceeding anyway.
    """

    columns: tuple[Name, ...] = Field(min_length=1)
    filters: tuple[Name, ...] = ()
    day: Name | None = None
    states: tuple[Name, ...] = ()
    readers: tuple[Readers, ...] = ()
    course: Course | None = None

    def is_read_by(self, roles: Collection[str]) -> bool:
        """Whether one of the roles reads records though it sees nothing else."""
        return any(name in roles for readers in self.readers for name in readers.roles)
