"""Packs published in an older format, read by a newer program: one small function a step, oldest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from amends.core.policy.pack import FORMAT

Step = Callable[[dict[str, Any]], dict[str, Any]]

STEPS: dict[int, Step] = {}
"""The function under n turns raw content of format n into format n + 1. Published content itself never changes."""


class FormatError(ValueError):
    """A pack was published by a newer program, or in a format that no step reads."""


def upgraded(
    raw: Mapping[str, Any], *, written: int, present: int = FORMAT, steps: Mapping[int, Step] | None = None
) -> dict[str, Any]:
    """Raw content that was written in format `written`, as the format `present` has it. Raises FormatError."""
    known = STEPS if steps is None else steps
    if written > present:
        raise FormatError(f"the pack has format {written}, and this program reads up to {present}")
    content = dict(raw)
    for number in range(written, present):
        if number not in known:
            raise FormatError(f"no step leads from format {number} to {number + 1}")
        content = known[number](content)
    return content
