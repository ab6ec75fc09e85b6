"""Drawing a sample: by the key of what is drawn, so that the same draw can be repeated and nobody can steer it."""

from __future__ import annotations

import hashlib

HUNDRED = 100


def is_drawn(key: str, share: int) -> bool:
    """Whether the thing of that key is among `share` of a hundred; the same key is always drawn or never."""
    return share >= HUNDRED or _place(key) < share / HUNDRED


def _place(key: str) -> float:
    """Where a key lies between 0 and 1, evenly spread."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:13], 16) / 16**13
