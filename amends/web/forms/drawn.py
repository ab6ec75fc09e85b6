"""A form as templates show it: sections, fields, choices, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from amends.core.policy.pack import Evidence


@dataclass(slots=True)
class Choice:
    """One choice of a field. `depth` indents, `note` explains, `is_proposed` marks what the system suggests, `words` are
    further ones under which it is found, `has_finer` says that there are more exact ones below it."""

    value: str
    title: str
    depth: int = 0
    note: str = ""
    is_chosen: bool = False
    is_closed: bool = False
    is_proposed: bool = False
    group: str = ""
    words: str = ""
    has_finer: bool = False


@dataclass(frozen=True, slots=True)
class Suggested:
    """A category that what was typed speaks of, and the words that say so."""

    value: str
    title: str
    because: str


@dataclass(slots=True)
class DrawnField:
    """One field as the template shows it."""

    id: str
    name: str
    title: str
    widget: str
    value: Any = ""
    required: bool = False
    is_either: bool = False
    errors: list[str] = field(default_factory=list)
    guidance: str = ""
    choices: list[Choice] = field(default_factory=list)
    limit: int | None = None
    redraws: bool = False
    rows: list[DrawnRow] = field(default_factory=list)
    may_add: bool = False
    may_remove: bool = False
    headings: list[str] = field(default_factory=list)
    files: list[Any] = field(default_factory=list)
    proposal: str = ""
    is_wide: bool = False
    currency: str = ""
    hints: list[str] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)
    zone: str = ""
    zone_name: str = ""
    earliest: str = ""
    latest: str = ""
    looks_up: bool = False
    suggests: bool = False
    suggested: list[Suggested] = field(default_factory=list)
    rules: Evidence | None = None
    reckoning: list[str] = field(default_factory=list)
    reads_file: bool = False
    is_foreseen: bool = False

    @property
    def anchor(self) -> str:
        return f"f-{self.name}"

    @property
    def is_group(self) -> bool:
        """Whether several controls answer it, so that it has a heading rather than a label."""
        return self.widget in ("pills", "checks", "rows", "files", "signature", "drawn_up")

    @property
    def is_blank(self) -> bool:
        return (
            self.value in ("", [], None) and not self.files and all(f.is_blank for row in self.rows for f in row.fields)
        )


@dataclass(slots=True)
class DrawnRow:
    """One row of a list field: its number, its fields, what it answers, and the name and number of that item in the page."""

    number: int
    fields: list[DrawnField]
    about: str = ""
    item: tuple[str, int] | None = None


@dataclass(slots=True)
class DrawnSection:
    """Fields under one heading. It is folded where nothing in it has to be filled in, and nothing is.

    Templates may take it apart as a heading and its fields.
    """

    title: str
    fields: list[DrawnField]
    is_folded: bool = False

    def __iter__(self) -> Iterator[Any]:
        return iter((self.title, self.fields))

    def __len__(self) -> int:
        return 2


@dataclass(slots=True)
class DrawnForm:
    """A form ready for the template. `hidden` are values typed into fields that the conditions hide just now."""

    title: str
    sections: list[DrawnSection]
    hidden: list[tuple[str, str]]
    errors: list[str]
    faults: list[tuple[str, str]]

    def fields(self) -> Iterable[DrawnField]:
        for section in self.sections:
            yield from section.fields
