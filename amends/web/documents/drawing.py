"""The chart of a document: a column a month, as places on a drawing; the table beside it says the same."""

from __future__ import annotations

from dataclasses import dataclass

from amends.doors.documents.parts import Shown

WIDTH, HEIGHT = 720, 220
TOP, BOTTOM = 22, 26


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    month: str
    said: str

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Bars:
    width: int
    height: int
    foot: int
    bars: tuple[Bar, ...]


def bars_of(block: Shown) -> Bars | None:
    """The columns of a chart; None for a block without one."""
    if not block.points:
        return None
    most = max(amount for _, amount, _ in block.points) or 1
    step = WIDTH / len(block.points)
    room = HEIGHT - TOP - BOTTOM
    bars = tuple(
        Bar(
            round(n * step + step * 0.2, 1), round(TOP + room * (1 - amount / most), 1), round(step * 0.6, 1),
            round(room * amount / most, 1), month, said,
        )
        for n, (month, amount, said) in enumerate(block.points)
    )  # fmt: skip
    return Bars(WIDTH, HEIGHT, HEIGHT - BOTTOM, bars)
