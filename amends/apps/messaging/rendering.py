"""Placeholders: plain substitution from a fixed dictionary. Nothing is evaluated."""

from __future__ import annotations

import re
from collections.abc import Mapping

PLACEHOLDERS = frozenset({
    "number", "case_title", "state", "due_at", "complainant_name", "department", "handler", "hotline", "link", "code",
    "desk", "reason", "level", "promised_reply_at", "received_at", "round", "clock",
})  # fmt: skip
"""Everything a message of a pack may mention."""

_PLACE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with each `{{name}}` replaced; an unknown or empty one becomes nothing. Control characters are dropped."""

    def value(match: re.Match[str]) -> str:
        return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", values.get(match.group(1), ""))

    return _PLACE.sub(value, text)


def placeholders_in(text: str) -> set[str]:
    """The names that a text mentions."""
    return set(_PLACE.findall(text))
