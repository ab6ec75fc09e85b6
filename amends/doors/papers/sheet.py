"""A paper before it is PDF or Word: a head, a foot, and lines of cells on a grid of 24 columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any, ClassVar, Literal

from amends.doors.papers.paper import Paper

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet(Paper):
    """A form: everything that stands on it is a line of the one grid."""

    template: ClassVar[str] = "sheet.typ"
    lines: tuple[Line, ...]


def full_width(kind: CellKind, text: str, **more: Any) -> Line:
    """A line of one cell."""
    return Line((Cell(kind, COLUMNS, text, **more),), is_head=kind == "heading")


def shared(total: int, weights: Sequence[int], least: Sequence[int] = ()) -> list[int]:
    """A number of columns dealt out by weight, each getting one at least, or its `least` where there is room for these.

    What is left over goes where most was cut off.
    """
    whole, fewest = sum(weights), list(least) if sum(least) <= total else []
    spans = [max(fewest[place] if fewest else 1, total * weight // whole) for place, weight in enumerate(weights)]
    by_loss = sorted(range(len(weights)), key=lambda place: spans[place] - total * weights[place] / whole)
    for place in cycle(by_loss):
        if sum(spans) >= total:
            break
        spans[place] += 1
    while sum(spans) > total:
        # A column gives way that has more than it needs, the widest first.
        spare = [span - (fewest[place] if fewest else 1) for place, span in enumerate(spans)]
        spans[spare.index(max(spare))] -= 1
    return spans
