"""How many kinds of complaints there are: new classes, rising ones, the share of what fits nowhere, and a figure over time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MANY_OTHERS = 0.2
"""From this share of what fits nowhere on, the list of classes should be extended."""


@dataclass(frozen=True, slots=True)
class ClassNow:
    """A class in the present span of time beside the one before it and all earlier ones."""

    name: str
    count: int
    before: int
    is_new: bool

    @property
    def change(self) -> int:
        return self.count - self.before


@dataclass(frozen=True, slots=True)
class Mix:
    """The mix of a span: its classes, new ones first; `effective` is how many equally frequent classes would be as mixed."""

    classes: tuple[ClassNow, ...]
    total: int
    other: int
    effective: float | None

    @property
    def other_share(self) -> float | None:
        return self.other / self.total if self.total else None

    @property
    def needs_more_classes(self) -> bool:
        return self.other_share is not None and self.other_share >= MANY_OTHERS


def effective_classes(counts: Sequence[int]) -> float | None:
    """The exponential of Shannon's entropy: 1 for a single class, n for n equally frequent ones; None for nothing."""
    whole = sum(counts)
    if not whole:
        return None
    shares = [count / whole for count in counts if count]
    return math.exp(-sum(share * math.log(share) for share in shares))


def mix_of(now: Mapping[str, int], before: Mapping[str, int], ever: Mapping[str, int]) -> Mix:
    """The mix of the present span. New is what was never there in `ever`, the time before it; `other` are classes called so.

    Source: EXP-7.3.2
    """
    names = [name for name, count in now.items() if count]
    classes = [ClassNow(name, now[name], before.get(name, 0), not ever.get(name)) for name in names]
    total = sum(now.values())
    other = sum(count for name, count in now.items() if name.split("/")[-1] in ("other", ""))
    return Mix(
        tuple(sorted(classes, key=lambda one: (not one.is_new, -one.change, one.name))),
        total, other, effective_classes(list(now.values())),
    )  # fmt: skip
