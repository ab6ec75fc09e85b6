"""A chart of monthly counts with a forecast and its range, as places on a drawing; the template draws it, the table says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from amends.core.forecasting import Forecast
from amends.doors.papers.formats import day_in_print, month_in_print, short_day, short_month

TOP, BOTTOM, RIGHT = 16, 30, 24
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    said: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on an axis with its words."""

    at: float
    said: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """Everything a chart shows, in the units of its view box."""

    width: int
    height: int
    left: int
    line: str
    ahead: str
    band: str
    dots: tuple[Dot, ...]
    expected: tuple[Dot, ...]
    rows: tuple[Mark, ...]
    columns: tuple[Mark, ...]

    @property
    def right(self) -> int:
        return self.width - RIGHT

    @property
    def foot(self) -> int:
        return self.height - BOTTOM


def drawn(
    months: Sequence[date], counts: Sequence[float], ahead: Sequence[date], said: Forecast | None, *, width: int, height: int, last: int,
    by_day: bool = False,
) -> Drawn:  # fmt: skip
    """The chart of the `last` months, or days, and of what is forecast for the months `ahead`."""
    exactly, short = (day_in_print, short_day) if by_day else (month_in_print, short_month)
    months, counts = months[-last:], counts[-last:]
    points = said.points if said is not None else ()
    places = len(months) + len(points)
    highest, step = _scale(max([*counts, *(point.high for point in points)], default=0))
    left = 16 + 8 * max(3, len(f"{highest:g}"))

    def x(place: int) -> float:
        return round(left + (width - left - RIGHT) * (place / max(places - 1, 1)), 1)

    def y(value: float) -> float:
        return round(TOP + (height - TOP - BOTTOM) * (1 - value / highest), 1)

    dots = [Dot(x(n), y(count), f"{exactly(months[n])} {count:g}") for n, count in enumerate(counts)]
    start = len(months)
    to_come = [Dot(x(start + n), y(p.expected), f"{month_in_print(ahead[n])} {p.expected:g}（{p.low}–{p.high}）") for n, p in enumerate(points)]  # fmt: skip
    joint = dots[-1:] if to_come else []
    upper = [*((d.x, d.y) for d in joint), *((x(start + n), y(p.high)) for n, p in enumerate(points))]
    lower = [(x(start + n), y(p.low)) for n, p in enumerate(points)]
    every = max(1, -(-places // (12 if width > 500 else 5)))
    return Drawn(
        width=width, height=height, left=left,
        line=_path((d.x, d.y) for d in dots), ahead=_path((d.x, d.y) for d in [*joint, *to_come]),
        band=_path([*upper, *reversed(lower)]), dots=tuple(dots), expected=tuple(to_come),
        rows=tuple(Mark(y(n * step), f"{n * step:g}") for n in range(round(highest / step) + 1)),
        columns=tuple(Mark(x(n), short(month)) for n, month in enumerate([*months, *ahead[: len(points)]]) if n % every == 0),
    )  # fmt: skip


def _path(places: object) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)  # type: ignore[attr-defined]


def _scale(largest: float) -> tuple[float, float]:
    """The end of the axis and its step: about four steps of a round size."""
    size = 1.0
    while True:
        for step in STEPS:
            if step * size * 4 >= largest and (step * size) % 1 == 0:
                return step * size * 4, step * size
        size *= 10
