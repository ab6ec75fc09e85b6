"""What a measurement gives: the figure, what was promised, and the limit of the machine measured in the same run."""

from __future__ import annotations

import statistics
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `kept` is None for a figure without a promise; `limit` says what the machine could do at best."""

    name: str
    measured: str
    promised: str = ""
    limit: str = ""
    kept: bool | None = None

    def line(self) -> str:
        verdict = {True: "kept", False: "NOT KEPT", None: ""}[self.kept]
        return f"{self.name:<64} {self.measured:>16}   {self.promised:<14} {verdict:<9} {self.limit}"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    stored_cases: int
    imported_rows: int
    runs: int
    seconds: float
    lives: int
    copied_cases: int
    embedded_cases: int


FULL = Size(
    stored_cases=100_000,
    imported_rows=40_000,
    runs=5,
    seconds=20,
    lives=1_000,
    copied_cases=1_000_000,
    embedded_cases=100_000,
)
QUICK = Size(
    stored_cases=2_000, imported_rows=5_000, runs=3, seconds=6, lives=30, copied_cases=3_000, embedded_cases=1_000
)


def median(values: list[float]) -> float:
    return statistics.median(values)
