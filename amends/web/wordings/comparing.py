"""Two texts side by side, with what differs marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

_PIECES = re.compile(r"\{\{[^{}]*\}\}|[A-Za-z0-9]+|\s|.", re.DOTALL)
"""A placeholder, a word of Latin letters, or one other character."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text, and whether the other text lacks it."""

    text: str
    is_changed: bool


def side_by_side(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces; those that only one of them has are marked."""
    old, new = _PIECES.findall(before.strip()), _PIECES.findall(after.strip())
    left: list[Piece] = []
    right: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        changed = kind != "equal"
        if a < b:
            left.append(Piece("".join(old[a:b]), changed))
        if c < d:
            right.append(Piece("".join(new[c:d]), changed))
    return left, right
