"""What a document is made of once it is in words: chapters of texts, tables and charts. Data only; who shows it decides how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column. The unit of its numbers stands in it once; `besides` name the smaller values below each of its values."""

    text: str
    is_number: bool = False
    unit: str = ""
    besides: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        return gettext("%(head)s（%(unit)s）") % {"head": self.text, "unit": self.unit} if self.unit else self.text


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: `day` is the day that its text says, `figure` names the list of cases behind it, `record` the proceeding, `besides` are the smaller values its head names."""

    text: str
    is_number: bool = False
    day: date | None = None
    figure: str = ""
    besides: tuple[str, ...] = ()
    tone: str = ""
    icon: str = ""
    record: str = ""
    share: int | None = None
    """How long a bar is, in percent of the longest."""


@dataclass(frozen=True, slots=True)
class Table:
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] = ()

    def beside(self, place: int, cell: Cell) -> str:
        """The smaller line below a value: every value with what it is; empty where there is none."""
        named = zip(self.heads[place].besides, cell.besides, strict=False)
        return " · ".join(f"{name} {value}".strip() for name, value in named if value)

    @property
    def shown(self) -> list[list[tuple[Cell, str]]]:
        """The rows, every cell with the smaller line below it."""
        return [[(cell, self.beside(place, cell)) for place, cell in enumerate(row)] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Sample:
    """A typical case of one value, without anybody's name."""

    about: str
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One block: a text, a table with what is to be said below it, or a chart with its table. `mark` is its number among tables or charts."""

    place: str
    title: str = ""
    mark: str = ""
    text: str | None = None
    is_own_words: bool = False
    is_edited: bool = False
    table: Table | None = None
    note: str = ""
    samples: tuple[Sample, ...] = ()
    points: tuple[tuple[str, float, str], ...] = ()
    months: tuple[date, ...] = ()
    """The first day of the month of each of the points."""
    unit: str = ""
    """In what the values of the chart are."""

    @property
    def caption(self) -> str:
        return f"{self.mark}　{self.title}" if self.mark and self.title else self.mark or self.title

    @property
    def has_rows(self) -> bool:
        return self.table is not None and bool(self.table.rows)


@dataclass(frozen=True, slots=True)
class Chapter:
    id: str
    mark: str
    title: str
    blocks: tuple[Shown, ...]
    clauses: tuple[str, ...] = ()
