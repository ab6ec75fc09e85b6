"""What follows from a pack alone is worked out once: published versions never change and stay in memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec, TypeVar

from amends.core.policy.pack import Pack

MOST_KEPT = 1024

P = ParamSpec("P")
Found = TypeVar("Found")


class _Same:
    """A pack as a key: the same object is the same pack. To compare two by what they say takes longer than most answers."""

    __slots__ = ("pack",)

    def __init__(self, pack: Pack) -> None:
        self.pack = pack

    def __hash__(self) -> int:
        return id(self.pack)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.pack is self.pack


def once_a_pack(work_out: Callable[Concatenate[Pack, P], Found]) -> Callable[Concatenate[Pack, P], Found]:
    """A function of a pack and of words that never differ for it; what it returns is shared, so nobody may change it."""

    @lru_cache(maxsize=MOST_KEPT)
    def kept(same: _Same, *more: P.args, **named: P.kwargs) -> Found:
        return work_out(same.pack, *more, **named)

    @wraps(work_out)
    def found(pack: Pack, *more: P.args, **named: P.kwargs) -> Found:
        return kept(_Same(pack), *more, **named)  # type: ignore[arg-type]

    return found
