"""What makes a kind of proceeding a register: columns, filters, and a figure followed over time."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import Field, model_validator

from amends.core.policy.base import Name, Piece, Ruled, Title

STANDING_FILTERS = ("state", "from", "to", "late", "text", "like")
"""What every register can be narrowed by; a field that is offered as a filter has another name."""

FILTER_TYPES = frozenset({"choice", "choices", "category", "yes_no", "person", "department", "partner", "record"})
"""Fields that hold codes, by which the records of a register can be told apart."""

FIGURE_TYPES = frozenset({"money", "number", "decimal", "computed"})


class Course(Piece):
    """A figure over time: `value` of all records that agree in the fields `same`."""

    value: Name
    same: tuple[Name, ...] = Field(min_length=1)


class Acknowledged(Ruled):
    """Who has to confirm what a record says: everybody with one of the roles in `by`, by `verb`, while it stands in one of `in`.

    The verb is done once by each (`once_each`) and `adds` to a list; the verb that puts a new version in force clears the list.
    """

    by: tuple[Name, ...] = Field(min_length=1)
    in_: tuple[Name, ...] = Field(alias="in", min_length=1)
    verb: Name


class ShownAt(Ruled):
    """At which steps of a case a record is shown: in the states that its `field` (choices) names, while it stands in one of `in`."""

    field: Name
    in_: tuple[Name, ...] = Field(alias="in", min_length=1)


class Draw(Ruled):
    """A sample of the desk's cases, drawn at random when `verb` is done: `share` of a hundred of those received within `days`.

    The seed is made then and stored with what was drawn, so that the same draw can be repeated: as the facts `sample_seed`,
    `sample_population` (how many there were) and `sampled` (the numbers of the cases).
    """

    verb: Name
    share: int = Field(ge=1, le=100)
    days: int = Field(ge=1)


class Concerns(Ruled):
    """What the records of a kind have to do with: the cases of the desk that say the same, counted and listed with each.

    A case concerns a record when its fact `fact` holds what the record says in `field`; left out, when it names the record (a
    fact of type `record`). With `of` it is other records, of that kind, that are counted by their field `fact`. Only what came
    within `days` counts, left out all. With more than `more_than` of them `say` is proposed, told to `tell` once a day, and answered by `verb`. At
    the verbs in `keeps` the count is kept as the fact `concerned`, and the cases are linked to the record. `ranks` orders the register by the count.
    """

    fact: Name
    field: Name | None = None
    of: Name | None = None
    days: int | None = Field(default=None, ge=1)
    more_than: int | None = Field(default=None, ge=0)
    say: Title | None = None
    verb: Name | None = None
    tell: tuple[Name, ...] = ()
    keeps: tuple[Name, ...] = ()
    ranks: bool = False

    @model_validator(mode="after")
    def _proposes_something(self) -> Concerns:
        if (self.more_than is None) != (self.say is None):
            raise ValueError("what is proposed needs both `more_than` and `say`")
        return self


class Readers(Piece):
    """Roles that read records of a register though they see nothing else of the desk; with `states`, only records in these."""

    roles: tuple[Name, ...] = Field(min_length=1)
    states: tuple[Name, ...] = ()


class Register(Ruled):
    """How the records of a kind stand in a list: number, state, day and due date always, these fields beside them.

    `title` is what the list is called where that is not the kind's own title. `columns` show the latest value of fields, as far as the reader may read them. `filters` are fields of codes. `day` is the
    date by which a period is chosen and by which the list is ordered, left out the day it began. Only records in `states` stand
    in it, left out all. `course` adds a chart of a figure. `readers` read its records beside everybody who sees such a
    proceeding anyway.
    """

    title: Title | None = None
    columns: tuple[Name, ...] = Field(min_length=1)
    filters: tuple[Name, ...] = ()
    day: Name | None = None
    states: tuple[Name, ...] = ()
    readers: tuple[Readers, ...] = ()
    course: Course | None = None

    def is_read_by(self, roles: Collection[str]) -> bool:
        """Whether one of the roles reads records though it sees nothing else."""
        return any(name in roles for readers in self.readers for name in readers.roles)
