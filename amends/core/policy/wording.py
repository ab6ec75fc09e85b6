"""The dictionary of placeholders that messages may use, and how they are found; nothing in a text is evaluated."""

import re
from collections.abc import Callable, Mapping

PLACEHOLDERS = frozenset({
    "number", "case_title", "state", "due_at", "complainant_name", "department", "handler", "hotline", "link", "code",
    "desk", "reason", "level", "promised_reply_at", "received_at", "round", "clock", "extended_until",
    "written_subject", "written_text",
    "mailbox",
    "proceeding", "proceeding_number", "proceeding_title", "proceeding_state", "proceeding_due_at",
})  # fmt: skip

IF, UNLESS = "if:", "unless:"
"""Before a placeholder at the beginning of a line of a mail: the line stands only where that has a value, or has none."""

MAILBOX = "mailbox"
"""The address at which the desk reads answers to the mail; empty where it has none."""

_CONDITION = re.compile(r"\{\{\s*(if:|unless:)([a-z_]+)\s*\}\}")
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


DUE_OF = "due_at:"
"""Before the name of a clock: its own limit, `{{due_at:handling}}`, where `{{due_at}}` is the nearest of all that are shown."""


def placeholders_in(text: str) -> list[str]:
    """The names between double braces, in order, known or not."""
    return _PLACEHOLDER.findall(text)


def filled_in(text: str, value_of: Callable[[str], str]) -> str:
    """The text with every placeholder replaced by its value."""
    return _PLACEHOLDER.sub(lambda found: value_of(found.group(1)), text)


def place_of(name: str) -> str:
    """The placeholder that a name means, also where it only asks whether that has a value."""
    return name.removeprefix(IF).removeprefix(UNLESS)


def standing_lines(text: str, values: Mapping[str, str]) -> str:
    """The text without the lines whose condition does not hold, and without the conditions."""
    return "\n".join(_without_condition(line) for line in text.split("\n") if _stands(line, values))


def conditions_out_of_place(text: str) -> list[str]:
    """The conditions of a mail that do not begin a line of its body: there they would decide about nothing."""
    subject, _, body = text.partition("\n")
    rest = [subject, *(_without_condition(line) for line in body.split("\n"))]
    return [name for line in rest for name in placeholders_in(line) if name.startswith((IF, UNLESS))]


def _stands(line: str, values: Mapping[str, str]) -> bool:
    found = _CONDITION.match(line)
    return found is None or bool(values.get(found[2])) == (found[1] == IF)


def _without_condition(line: str) -> str:
    return _CONDITION.sub("", line, count=1) if _CONDITION.match(line) else line
