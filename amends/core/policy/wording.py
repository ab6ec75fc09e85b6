"""The dictionary of placeholders that messages may use, and how they are found; nothing in a text is evaluated."""

import re
from collections.abc import Callable

PLACEHOLDERS = frozenset({
    "number", "case_title", "state", "due_at", "complainant_name", "department", "handler", "hotline", "link", "code",
    "desk", "reason", "level", "promised_reply_at", "received_at", "round", "clock", "extended_until",
    "written_subject", "written_text",
    "proceeding", "proceeding_number", "proceeding_title", "proceeding_state", "proceeding_due_at",
})  # fmt: skip

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


DUE_OF = "due_at:"
"""Before the name of a clock: its own limit, `{{due_at:handling}}`, where `{{due_at}}` is the nearest of all that are shown."""


def placeholders_in(text: str) -> list[str]:
    """The names between double braces, in order, known or not."""
    return _PLACEHOLDER.findall(text)


def filled_in(text: str, value_of: Callable[[str], str]) -> str:
    """The text with every placeholder replaced by its value."""
    return _PLACEHOLDER.sub(lambda found: value_of(found.group(1)), text)
