"""The dictionary of placeholders that messages may use, and how they are found; nothing in a text is evaluated."""

import re

PLACEHOLDERS = frozenset({
    "number", "case_title", "state", "due_at", "complainant_name", "department", "handler", "hotline", "link", "code",
    "desk", "reason", "level", "promised_reply_at", "received_at", "round", "clock",
})  # fmt: skip

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


def placeholders_in(text: str) -> list[str]:
    """The names between double braces, in order, known or not."""
    return _PLACEHOLDER.findall(text)
