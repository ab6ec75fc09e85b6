"""A paper before it is PDF or Word: a head, a foot, and lines of cells on a grid of 24 columns."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

COLUMNS = 24
CellKind = Literal["label", "value", "heading", "text", "column", "boxes", "opinion", "signatures", "bar"]


@dataclass(frozen=True, slots=True)
class Signer:
    """A place to sign: whose, and, where it was done in the system, by whom and when. `day` may be a pattern to fill in."""

    title: str
    name: str
    day: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: `lines` is the least room it takes, `choices` are boxes with whether they are ticked,
    `picture` a drawn signature.
    """

    kind: CellKind
    span: int
    text: str = ""
    lines: int = 1
    choices: tuple[tuple[bool, str], ...] = ()
    signers: tuple[Signer, ...] = ()
    is_long: bool = False
    picture: bytes = b""
    share: int = 0
    """How long a bar is, in percent of the longest."""


@dataclass(frozen=True, slots=True)
class Line:
    """Cells side by side; their spans add up to 24. A head stays with the line below it, a repeated one is printed again
    on the next page.
    """

    cells: tuple[Cell, ...]
    is_head: bool = False
    is_repeated: bool = False

    def __post_init__(self) -> None:
        if sum(cell.span for cell in self.cells) != COLUMNS:
            raise ValueError("the cells of a line fill its width")


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that stands on one paper, already in the reader's words; a wide one lies on its side."""

    language: str
    house: str
    title: str
    code: str
    number: str
    number_words: str
    basis: str
    link: str
    link_words: str
    foot: str
    page_words: tuple[str, str, str]
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = field(default=())
    is_wide: bool = False

    def as_data(self) -> dict[str, Any]:
        """The sheet as plain data, pictures as their bytes one by one."""
        return asdict(self, dict_factory=_plain)

    def texts(self) -> list[str]:
        """Every text on the sheet."""
        found: list[str] = []
        _collect(self.as_data(), found)
        return found


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, bytes) else value for name, value in pairs}


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, str):
        found.append(value)
    elif isinstance(value, dict):
        for part in value.values():
            _collect(part, found)
    elif isinstance(value, list | tuple):
        for part in value:
            _collect(part, found)


def full_width(kind: CellKind, text: str, **more: Any) -> Line:
    """A line of one cell."""
    return Line((Cell(kind, COLUMNS, text, **more),), is_head=kind == "heading")


def shared(total: int, weights: list[int]) -> list[int]:
    """A number of columns dealt out by weight, each getting at least one."""
    whole = sum(weights)
    spans = [max(1, total * weight // whole) for weight in weights]
    spans[weights.index(max(weights))] += total - sum(spans)
    return spans
