"""A paper of chapters: texts, tables with heads that are repeated, charts, and places to sign. What forms are `sheet` is for reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from amends.doors.papers.paper import Paper
from amends.doors.papers.sheet import Signer

PieceKind = Literal["text", "room", "table", "chart", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: its head, and how wide it is in parts of a thousand of the text."""

    head: str
    width: int
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table: in every cell a value and a smaller line below it, which may be empty. A short one stands on one page."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[tuple[str, str], ...], ...]
    total: tuple[str, ...] = ()
    is_short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Columns side by side: what stands below each, how high it is, and what stands above it."""

    points: tuple[tuple[str, float, str], ...]
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing in a chapter. `room` is a place for words that nobody has written yet."""

    kind: PieceKind
    caption: str = ""
    text: str = ""
    grid: Grid | None = None
    chart: Chart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    title: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Paper):
    """A report: what it is about in pairs, its contents, its chapters, and who signs it."""

    template: ClassVar[str] = "report.typ"
    facts: tuple[tuple[str, str], ...]
    contents_words: str
    sections: tuple[Section, ...]
    signers: tuple[Signer, ...]
