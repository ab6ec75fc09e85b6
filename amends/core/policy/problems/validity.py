"""A version is in force over days that run forwards and that no other version of the pack claims."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from amends.core.policy.pack import Pack
from amends.core.policy.problems.report import Problem
from amends.core.policy.problems.world import World


@dataclass(frozen=True, slots=True)
class Validity:
    """A published version and the local days it is in force, both included; no end means until further notice."""

    version: int
    valid_from: date
    valid_until: date | None = None


def validity_problems(world: World) -> Iterator[Problem]:
    head = world.pack.head
    if head.valid_until is not None and head.valid_until < head.valid_from:
        yield Problem(
            ("head", "valid_until"),
            "validity",
            head.id,
            "失效日期早于生效日期。",
            "valid_until lies before valid_from.",
        )


def overlap_problems(pack: Pack, others: Iterable[Validity]) -> list[Problem]:
    """One problem for each other version whose days overlap those of `pack`, or that has its number."""
    head = pack.head
    own = Validity(head.version, head.valid_from, head.valid_until)
    found = []
    for other in others:
        if other.version == head.version:
            found.append(
                Problem(
                    ("head", "version"),
                    "version_published",
                    head.id,
                    f"第 {other.version} 版已经存在，发布后不能更改。",
                    f"version {other.version} exists already, and a published version never changes.",
                )  # fmt: skip
            )
        elif _overlap(own, other):
            found.append(
                Problem(
                    ("head", "valid_from"),
                    "overlapping_validity",
                    head.id,
                    f"有效期与第 {other.version} 版（{_days(other, '起')}）重叠。",
                    f"its validity overlaps that of version {other.version} ({_days(other, 'onwards')}).",
                )  # fmt: skip
            )
    return found


def _overlap(a: Validity, b: Validity) -> bool:
    a_ends, b_ends = a.valid_until or date.max, b.valid_until or date.max
    return a.valid_from <= b_ends and b.valid_from <= a_ends


def _days(validity: Validity, onwards: str) -> str:
    if validity.valid_until is None:
        return f"{validity.valid_from} {onwards}"
    return f"{validity.valid_from} – {validity.valid_until}"
