"""Forms are data: fields, what each accepts, when it is asked, who sees it, and how the form is printed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field as Attribute
from pydantic import model_validator

from amends.core.policy.base import Name, Piece, Ruled, Title
from amends.core.policy.conditions import Condition

FieldType = Literal[
    "text", "long_text", "phone", "email", "id_number", "address", "url",
    "choice", "choices", "yes_no", "category", "axis",
    "number", "money", "date", "datetime",
    "person", "department", "team", "partner", "case", "files", "file_of_case", "rows", "computed",
]  # fmt: skip

TEXT_TYPES = frozenset({"text", "long_text", "phone", "email", "id_number", "address", "url"})
"""Kept beside the event with their own salt; an event holds only their digest."""

PersonalKind = Literal["name", "phone", "email", "id_number", "address", "content"]


class Option(Piece):
    """One choice of a field. `asks` names the field that must be filled when it is chosen (for example 其他)."""

    id: Name
    title: Title
    asks: Name | None = None


class Computed(Piece):
    """A value worked out from two other fields of the case: days between dates, or a difference of amounts."""

    days_between: tuple[Name, Name] | None = None
    difference: tuple[Name, Name] | None = None

    @model_validator(mode="after")
    def _has_one_rule(self) -> Computed:
        if (self.days_between is None) == (self.difference is None):
            raise ValueError("a computed field has either days_between or difference")
        return self


class Field(Ruled):
    """One field. Its id is the name of the fact that conditions, clocks and routes may use.

    `required` is true, false or a condition; `when` hides the field unless it holds. `options` lists choices in
    place; `options_from` takes them from `channels`, `kinds`, `outcomes`, `measures` … lists of the pack.
    `category` fields name their `scheme`, `axis` fields their `axis`. `rows` fields hold `fields` of their own;
    `one_for_each` demands one row for every row of another field. `personal` says how it is masked.
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
    computed: Computed | None = None
    format: Literal["tracking_number", "order_number", "number_plate"] | None = None
    max_length: int | None = Attribute(default=None, ge=1, le=100_000)
    minimum: int | None = None
    maximum: int | None = None
    not_future: bool = False
    not_past: bool = False
    currency: str = "CNY"
    guidance: Title | None = None
    personal: PersonalKind | None = None
    seen_by: tuple[Name, ...] = ()
    default: str | int | bool | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> Field:
        if self.type in ("choice", "choices") and bool(self.options) == bool(self.options_from):
            raise ValueError(f"{self.id}: a choice has options or options_from")
        if self.type == "category" and not self.scheme:
            raise ValueError(f"{self.id}: a category field names its scheme")
        if self.type == "axis" and not self.axis:
            raise ValueError(f"{self.id}: an axis field names its axis")
        if self.type == "rows" and not self.fields:
            raise ValueError(f"{self.id}: rows need fields")
        if self.type == "computed" and not self.computed:
            raise ValueError(f"{self.id}: a computed field says how it is computed")
        return self


class PrintRow(Piece):
    """One line of the printed form: cells by field id, or a heading over the full width."""

    cells: tuple[Name, ...] = ()
    heading: Title | None = None
    signature: tuple[Title, ...] = ()


class Printed(Piece):
    """How the form looks on paper. Fields of other forms of the case may be named; blank ones print empty."""

    title: Title
    rows: tuple[PrintRow, ...]


class Form(Ruled):
    """A form: filled when a verb is performed, kept as a record, shown and printed from this one definition."""

    id: Name
    title: Title
    fields: tuple[Field, ...] = ()
    sections: tuple[tuple[Title, tuple[Name, ...]], ...] = ()
    printed: Printed | None = None

    def field(self, field_id: str) -> Field | None:
        return next((f for f in self.fields if f.id == field_id), None)
