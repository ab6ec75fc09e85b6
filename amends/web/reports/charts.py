"""Charts of figures as places on a drawing: templates draw them, tables behind them say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

WIDE, NARROW, ROW, GAP = 640, 340, 30, 8
COURSE_WIDE = 960
LABEL, LABEL_EVERY, EDGE = 150, 80, 20
SHORT, AIR = 11, 6
MOST_STEPS = 5
PERCENT = 44

Point = tuple[str, int, int]
"""A day or month as it is called, with two numbers."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it stands for, how many, and the share of it and all before it in percent, where that is shown; `second` is a part of it."""

    title: str
    number: int
    together: Decimal | None = None
    second: int | None = None
    address: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A bar as it is drawn, in the units of the view box."""

    bar: Bar
    title: str
    y: int
    width: float
    second: float
    end: float
    dot: float | None


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars that lie below each other, the label on the left; `line` joins the cumulative shares."""

    width: int
    height: int
    left: int
    right: int
    rows: tuple[Drawn, ...]
    line: str

    @property
    def has_line(self) -> bool:
        return bool(self.line)

    @property
    def is_narrow(self) -> bool:
        return self.width <= NARROW


def bars(given: Sequence[Bar], *, width: int = WIDE) -> Bars:
    """The chart of these bars, in their order."""
    right = width - 60 - (PERCENT if any(one.together is not None for one in given) else 0)
    room = right - LABEL
    most = max((one.number for one in given), default=0) or 1
    rows = tuple(
        Drawn(
            one, _short(one.title), n * ROW, round(room * one.number / most, 1), round(room * (one.second or 0) / most, 1),
            round(LABEL + room * one.number / most + AIR, 1),
            round(LABEL + room * float(one.together) / 100, 1) if one.together is not None else None,
        )
        for n, one in enumerate(given)
    )  # fmt: skip
    line = " ".join(f"{row.dot:g},{row.y + ROW // 2:g}" for row in rows if row.dot is not None)
    return Bars(width, max(len(rows) * ROW, ROW), LABEL, right, rows, line)


def _short(title: str) -> str:
    """What fits beside a bar, where two letters take the room of a character; the whole stands in the table."""
    rooms = list(accumulate(0.5 if one.isascii() else 1 for one in title))
    return (
        title if not rooms or rooms[-1] <= SHORT else f"{title[: sum(room <= SHORT - 1 for room in rooms)].rstrip()}…"
    )


@dataclass(frozen=True, slots=True)
class Course:
    """Two lines over the days or months of a period: places, labels of some, and the steps of the axis."""

    width: int
    height: int
    left: int
    first: str
    second: str
    dots: tuple[tuple[float, float, str], ...]
    columns: tuple[tuple[float, str], ...]
    rows: tuple[tuple[float, str], ...]

    @property
    def right(self) -> int:
        return self.width - EDGE

    @property
    def is_narrow(self) -> bool:
        return self.width <= NARROW


def course(points: Sequence[Point], *, width: int = COURSE_WIDE, height: int = 240) -> Course:
    """The chart of a label with two numbers each, the earliest first; the width says how many labels there is room for."""
    left, top, foot = 44, 12, height - 26
    labels = max(2, width // LABEL_EVERY)
    most, step = _scale(max((max(a, b) for _, a, b in points), default=0))
    places = max(len(points) - 1, 1)

    def x(n: int) -> float:
        return round(left + (width - left - EDGE) * n / places, 1)

    def y(value: float) -> float:
        return round(foot - (foot - top) * value / most, 1)

    every = max(1, -(-len(points) // labels))
    return Course(
        width, height, left,
        " ".join(f"{x(n):g},{y(a):g}" for n, (_, a, _) in enumerate(points)),
        " ".join(f"{x(n):g},{y(b):g}" for n, (_, _, b) in enumerate(points)),
        tuple((x(n), y(a), f"{label}: {a} / {b}") for n, (label, a, b) in enumerate(points)),
        tuple((x(n), label) for n, (label, _, _) in enumerate(points) if n % every == 0),
        tuple((y(value), str(value)) for value in range(0, most + 1, step)),
    )  # fmt: skip


def _scale(largest: int) -> tuple[int, int]:
    """The end of the axis and its step: at most five steps of a round size, and no empty one above the largest value."""
    size = 1
    while True:
        for step in (1 * size, 2 * size, 5 * size):
            if step * MOST_STEPS >= largest:
                return max(-(-largest // step), 1) * step, step
        size *= 10
