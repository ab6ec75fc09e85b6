"""Forms are data: fields, what each accepts, when it is asked, who sees it, and how the form is printed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Literal

from pydantic import Field as Attribute
from pydantic import model_validator

from amends.core.policy.base import Name, Piece, Ruled, Title
from amends.core.policy.care import Scored
from amends.core.policy.conditions import Condition
from amends.core.policy.printing import Printed

FieldType = Literal[
    "text", "long_text", "phone", "email", "id_number", "address", "url",
    "choice", "choices", "yes_no", "category", "axis",
    "number", "digits", "decimal", "money", "date", "datetime",
    "person", "department", "team", "partner", "case", "files", "signature", "file_of_case", "record", "rows", "computed",
]  # fmt: skip

TEXT_TYPES = frozenset({"text", "long_text", "phone", "email", "id_number", "address", "url"})
"""Kept beside the event with their own salt; an event holds only their digest."""

SENTENCES = frozenset({"text", "long_text"})
"""What somebody writes in words of their own."""

FILE_TYPES = frozenset({"files", "signature"})
"""What is handed in as files: any number of them, or the one picture of a signature."""

NUMBERS = ("tracking_number", "order_number", "reference_number")
"""Formats of numbers by which a matter is known elsewhere: others who mention one speak of the same."""

PersonalKind = Literal["name", "phone", "email", "id_number", "address", "content"]


class Option(Piece):
    """One choice of a field. `asks` names the field that must be filled when it is chosen (for example 其他); `worth` is what
    it costs the company ("50.00"), which is compared with the authority of whoever chooses it.
    """

    id: Name
    title: Title
    asks: Name | None = None
    worth: str | None = Attribute(default=None, pattern=r"^\d{1,9}(\.\d{1,2})?$")


class DaysWithout(Piece):
    """The days from the date in `since` to that in `until` that no row of the field `rows` has in its date `day`.

    With `working_week` only the working days of the desk are asked for: no weekends and public holidays, but the days worked in their place.
    """

    rows: Name
    day: Name
    since: Name
    until: Name
    working_week: bool = False


class FromRecords(Piece):
    """That the rows of a field are not typed but drawn up from what the form `form` said earlier in the same proceeding.

    One row for every time it was filled in with a date in `day` from the date in `since` to that in `until`, in the order of
    these dates; `takes` says which field of the form each field of a row holds.
    """

    form: Name
    day: Name
    since: Name
    until: Name
    takes: dict[Name, Name] = Attribute(min_length=1)


class Computed(Piece):
    """A value worked out from other fields: days or minutes between two of them, a difference of amounts, the sum over the rows
    of a field, the days that its rows leave out, a fact that the product found out, the first of several that is known, or the
    amount that a compensation standard gives.
    """

    days_between: tuple[Name, Name] | None = None
    minutes_between: tuple[Name, Name] | None = None
    days_without: DaysWithout | None = None
    difference: tuple[Name, Name] | None = None
    sum_of: tuple[Name, Name] | None = None
    found: Name | None = None
    first_of: tuple[Name, ...] | None = None
    standard: Name | None = None
    counts_first_day: bool = False
    """Of `days_between`: both days count, so that what begins and ends on one day takes one."""

    @model_validator(mode="after")
    def _has_one_rule(self) -> Computed:
        rules: list[object] = [self.days_between, self.minutes_between, self.days_without, self.difference]
        rules += [self.sum_of, self.found, self.first_of, self.standard]
        if sum(rule is not None for rule in rules) != 1:
            raise ValueError(
                "a computed field has exactly one of days_between, minutes_between, days_without, difference, sum_of, found, "
                "first_of and standard"
            )
        return self

    def sources(self) -> tuple[str, ...]:
        """The fields that it is worked out from and that may stand in the same form."""
        if self.days_without:
            return (self.days_without.since, self.days_without.until)
        return self.days_between or self.minutes_between or self.difference or self.first_of or ()


class Distinct(Piece):
    """That the rows of a field must name at least so many different values of one of their fields."""

    of: Name
    at_least: int = Attribute(ge=2)


class Total(Piece):
    """That one field of the rows must add up to exactly this whole number."""

    of: Name
    is_: int = Attribute(alias="is")


class Drawn(Piece):
    """That the rows of a field are shown as a picture: causes on the bones of a fish, or a chain of questions why.

    `text` is the field of a row that says the cause, `branch` the choice that names its bone.
    """

    as_: Literal["fishbone", "chain"] = Attribute(alias="as")
    text: Name
    branch: Name | None = None


Place = Literal["matter", "story", "more", "contact"]
"""Where customers are asked: what it is about, what happened, what else may help (folded away), how to reach them."""


class Asked(Piece):
    """How customers are asked for a field: in their words, with a hint of their own, and at which place."""

    title: Title | None = None
    hint: Title | None = None
    at: Place | None = None


class RecordChoice(Piece):
    """Which records of a register may be chosen: those of a kind that stand in one of these states."""

    kind: Name
    states: tuple[Name, ...] = Attribute(min_length=1)


class Field(Ruled):
    """One field. Its id is the name of the fact that conditions, clocks and routes may use.

    `required` is true, false or a condition; `when` hides the field unless it holds (in rows, for the row that it stands in). `options` lists choices in
    place; `options_from` takes them from `channels`, `kinds`, `outcomes`, `measures` … lists of the pack.
    `category` fields name their `scheme`, `axis` fields their `axis`. `rows` fields hold `fields` of their own;
    `opens` makes an open item of a list of the case of what is entered (of rows, one of each), `answers` gives one row to every
    open item of a list: a row that is filled in closes its item, which the number in `item` names; leaving one open asks for
    `left_open_reason` where the form has it. `days_ahead` limits how far away a date may
    lie. `heard_as` marks on the customer's page what they need or think. `proposes` fills the field beforehand with the latest text that the case has in one of the fields named.
    `one_for_each` demands one row for every row of another field, and a field `as_in: field` of its rows that each stands for one of
    those, none of them left out; a department `of_person: field` of a row is that of the person beside it and is not asked; `total` that shares add up, `distinct` that the rows are
    not all about the same, `drawn` makes a picture of causes of them. A `person` field may ask that whoever is chosen holds one of the roles in `holding`. What is
    entered must be the same as the fact that `equals` names: what is paid is what was approved.
    Whoever is complained about can be named only where the field says so (`may_be_accused`). A `partner` field may ask that it
    is registered as the kind chosen in the field `of_kind` beside it. `among: list.fact` takes only what items of that list of
    the case hold.
    A `record` names one of the desk's records that `record` lets choose.
    `digits` are exactly `length` of them, kept as they are written: 0123 is not 123.
    A `signature` is drawn with a finger or mouse, or handed in as a picture; it is kept as one file. Rows `from_records` are
    drawn up from earlier records of the same proceeding and never typed.
    `offers` are texts that one click fills in. `personal` says how it is masked. `asked_as` is how customers are asked; `guidance` is for staff and stands in for a
    hint only where `asked_as` is left out. `default_from` is a fact whose value a fresh form starts with where it is one of the
    choices. `within_authority` refuses an amount, or the worth of choices, above what the roles of the actor may grant alone.
    `scored` keeps the values for the experience summary. `reason` says that messages about the step tell it as `{{reason}}`, where a form has
    several the first that was filled in.
    """

    id: Name
    title: Title
    type: FieldType
    required: bool | Condition = False
    when: Condition | None = None
    options: tuple[Option, ...] = ()
    options_from: Name | None = None
    scheme: Name | None = None
    axis: Name | None = None
    fields: tuple[Field, ...] = ()
    min_rows: int = 0
    max_rows: int = Attribute(default=50, le=200)
    one_for_each: Name | None = None
    opens: Name | None = None
    days_ahead: int | None = Attribute(default=None, ge=1, le=3660)
    proposes: tuple[Name, ...] = ()
    heard_as: Literal["need", "opinion"] | None = None
    answers: Name | None = None
    total: Total | None = None
    distinct: Distinct | None = None
    drawn: Drawn | None = None
    holding: tuple[Name, ...] = ()
    may_be_accused: bool = False
    of_kind: Name | None = None
    as_in: Name | None = None
    of_person: Name | None = None
    among: str | None = Attribute(default=None, pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")
    computed: Computed | None = None
    from_records: FromRecords | None = None
    equals: Name | None = None
    format: Literal["tracking_number", "order_number", "number_plate", "reference_number", "transcript"] | None = None
    length: int | None = Attribute(default=None, ge=1, le=40)
    max_length: int | None = Attribute(default=None, ge=1, le=100_000)
    minimum: int | None = None
    maximum: int | None = None
    not_future: bool = False
    not_past: bool = False
    not_before: Name | None = None
    currency: str = "CNY"
    guidance: Title | None = None
    offers: tuple[Title, ...] = ()
    asked_as: Asked | None = None
    personal: PersonalKind | None = None
    clear_to: tuple[Name, ...] = ()
    seen_by: tuple[Name, ...] = ()
    default: str | int | bool | None = None
    default_from: Name | None = None
    within_authority: bool = False
    scored: Scored | None = None
    reason: bool = False
    record: RecordChoice | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> Field:
        if self.type in ("choice", "choices") and bool(self.options) == bool(self.options_from):
            raise ValueError(f"{self.id}: a choice has options or options_from")
        if self.not_before and self.type not in ("date", "datetime"):
            raise ValueError(f"{self.id}: only a date or time lies before or after another one")
        if self.type == "category" and not self.scheme:
            raise ValueError(f"{self.id}: a category field names its scheme")
        if self.type == "axis" and not self.axis:
            raise ValueError(f"{self.id}: an axis field names its axis")
        if self.type == "rows" and not self.fields:
            raise ValueError(f"{self.id}: rows need fields")
        if (self.type == "record") != (self.record is not None):
            raise ValueError(f"{self.id}: a record, and it alone, says of which kind and states")
        if (self.type == "digits") != (self.length is not None):
            raise ValueError(f"{self.id}: digits, and they alone, say their length")
        if self.within_authority and self.type not in ("money", "choice", "choices"):
            raise ValueError(f"{self.id}: only amounts and choices lie within an authority")
        if self.scored and self.type not in ("number", "choice"):
            raise ValueError(f"{self.id}: only numbers and choices are scored")
        if self.answers and (self.type != "rows" or not any(sub.id == "item" for sub in self.fields)):
            raise ValueError(f"{self.id}: answers needs rows with the number of the item, a field `item`")
        if self.opens and self.type not in ("rows", *TEXT_TYPES):
            raise ValueError(f"{self.id}: only a text, or rows, can open items of a list")
        if self.from_records and (
            self.type != "rows" or not set(self.from_records.takes) <= {sub.id for sub in self.fields}
        ):
            raise ValueError(f"{self.id}: only rows are drawn up from records, and only fields that they have")
        if self.type == "computed" and not self.computed:
            raise ValueError(f"{self.id}: a computed field says how it is computed")
        return self

    def is_clear_to(self, roles: Iterable[str]) -> bool:
        """Whether those who hold the roles read it unmasked."""
        return self.personal is None or not set(self.clear_to).isdisjoint(roles)

    def is_seen_by(self, roles: Collection[str]) -> bool:
        """Whether those who hold the roles see that it was filled in, and with what, masked or not."""
        return not self.seen_by or not set(self.seen_by).isdisjoint(roles)

    def may_be_told(self, roles: Collection[str]) -> bool:
        """Whether everybody with one of the roles reads it as it was written; what customers tell is not masked for whoever sees the case."""
        kept = [self.seen_by] if self.seen_by else []
        kept += [self.clear_to] if self.personal not in (None, "content") else []
        return all(roles and set(roles) <= set(readers) for readers in kept)


class Form(Ruled):
    """A form: filled when a verb is performed, kept as a record, shown and printed from this one definition."""

    id: Name
    title: Title
    fields: tuple[Field, ...] = ()
    sections: tuple[tuple[Title, tuple[Name, ...]], ...] = ()
    printed: Printed | None = None

    @cached_property
    def names(self) -> frozenset[str]:
        """The ids of its fields, without those in rows."""
        return frozenset(f.id for f in self.fields)

    def field(self, field_id: str) -> Field | None:
        return next((f for f in self.fields if f.id == field_id), None)

    def reason_in(self, texts: Mapping[str, str], roles: Collection[str]) -> str:
        """What was written as the reason of the step, for people in these roles; empty where nothing was, or not for all of them."""
        told = (texts.get(f.id, "") for f in self.fields if f.reason and f.may_be_told(roles))
        return next(filter(None, told), "")
