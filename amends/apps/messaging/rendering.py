"""Placeholders: plain substitution from a fixed dictionary. Nothing is evaluated."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from amends.core.policy.wording import standing_lines

HIDDEN = "••••••"
"""Stands in the readable copy of a message where a secret was sent."""

_PLACE = re.compile(r"\{\{\s*([a-z_]+(?::[a-z0-9_]+)?)\s*\}\}")
_PLACE_AND_STOP = re.compile(_PLACE.pattern + "(。?)")
_LEFT_EMPTY = re.compile(r" ?(?:（\s*）|“\s*”|《\s*》|\(\s*\))")
_ENDS = ("。", "！", "？")
_LINE_ENDS = "\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with each `{{name}}` replaced; an unknown or empty one becomes nothing. Lines whose condition does not
    hold go, and so do control characters.
    """
    return _PLACE.sub(lambda match: without_controls(values.get(match.group(1), "")), standing_lines(text, values))


def fill_notice(text: str, values: Mapping[str, str]) -> str:
    """As `fill`, trimmed; brackets and quotes around nothing go, and so does the full stop after a value that ends with one.

    What a value says itself stays as it was typed.
    """
    known = _PLACE.sub(lambda match: match.group() if values.get(match.group(1)) else "", standing_lines(text, values))
    return _PLACE_AND_STOP.sub(
        lambda match: _with_stop(values[match.group(1)], match.group(2)), _LEFT_EMPTY.sub("", known)
    ).strip()


def _with_stop(value: str, stop: str) -> str:
    said = without_controls(value)
    return said if said.endswith(_ENDS) else said + stop


def fill_line(text: str, values: Mapping[str, str]) -> str:
    """As `fill`, on one line: no value can end the line and begin a header."""
    line = "".join(" " if c in _LINE_ENDS else c for c in _PLACE.sub(lambda m: values.get(m.group(1), ""), text))
    return " ".join(without_controls(line).split())


def without_controls(text: str) -> str:
    """The text without control characters, line ends and tabs apart."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))


def placeholders_in(text: str) -> set[str]:
    """The names that a text mentions."""
    return set(_PLACE.findall(text))


def placeholders_in_order(text: str) -> list[str]:
    """The names that a text mentions, as they come."""
    return _PLACE.findall(text)
