"""One piece of a pack as it is said to people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Saying:
    """One piece of a pack: what it is called, what the system does about it, and which clauses ask for it.

    `key` is the same for the same piece of every version. `kin` is what a piece has in common with the one that took
    its place under another key: what somebody may do now in other states is still that.
    """

    part: str
    key: str
    title: str
    sentences: tuple[str, ...]
    clauses: tuple[str, ...] = ()
    kin: str = ""

    @property
    def text(self) -> str:
        return " ".join([self.title, *self.sentences])
