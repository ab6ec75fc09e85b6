"""Classes of a period beside those of another: counts, shares, and how much a share changed, the order as it is asked for."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Generic, Literal, TypeVar

from amends.core.indicators import rounded

Name = TypeVar("Name", bound=Hashable)
Order = Literal["count", "increase", "cost"]
ORDERS: tuple[Order, ...] = ("count", "increase", "cost")


@dataclass(frozen=True, slots=True)
class Share(Generic[Name]):
    """One class: its count and share in percent now and before, both None where the period has no cases at all.

    `change` is the difference of the two shares as they are shown, in percentage points; `together` the share of this class and all that stand before it by count.
    """

    rank: int
    name: Name
    count: int
    share: Decimal | None
    together: Decimal | None
    before: int
    share_before: Decimal | None
    cost: int

    @property
    def change(self) -> Decimal | None:
        if self.share is None or self.share_before is None:
            return None
        return self.share - self.share_before

    @property
    def more(self) -> int:
        return self.count - self.before


def shares(
    now: Mapping[Name, int], before: Mapping[Name, int], *, cost: Mapping[Name, int] | None = None, order: Order = "count"
) -> list[Share[Name]]:  # fmt: skip
    """Every class of the two periods with its shares to one digit; counts add up to those of the periods.

    By `count` the most frequent stands first, by `increase` the largest increase of the share in percentage points, by `cost` the dearest; what is
    equal stands by count and name. `together` goes by count in every order. Source: REP-3.3.2, REP-5.3.2, EXP-4.3.4
    """
    whole, whole_before, costs = sum(now.values()), sum(before.values()), cost or {}
    by_count = sorted({*now, *before}, key=lambda name: (-now.get(name, 0), -before.get(name, 0), str(name)))
    found, seen = [], 0
    for name in by_count:
        seen += now.get(name, 0)
        found.append(
            Share(
                0, name, now.get(name, 0), _percent(now.get(name, 0), whole), _percent(seen, whole), before.get(name, 0),
                _percent(before.get(name, 0), whole_before), costs.get(name, 0),
            )
        )  # fmt: skip
    return [replace(one, rank=rank) for rank, one in enumerate(_ordered(found, order), start=1)]


def _ordered(found: Iterable[Share[Name]], order: Order) -> list[Share[Name]]:
    if order == "increase":
        return sorted(found, key=lambda one: (one.change is None, -(one.change or 0), -one.more))
    if order == "cost":
        return sorted(found, key=lambda one: -one.cost)
    return list(found)


def _percent(part: int, whole: int) -> Decimal | None:
    return rounded(Fraction(100 * part, whole), 1) if whole else None
