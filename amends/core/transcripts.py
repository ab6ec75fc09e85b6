"""A chat that was copied out of another program, read line by line: who said what, and when where the program wrote it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TIME = r"(?:\d{4}[-/.\u5e74]\d{1,2}[-/.\u6708]\d{1,2}\u65e5?[ T]{1,3})?\d{1,2}:\d{2}(?::\d{2})?"
_WHO = r"[^\s:：\[\]【】()（）][^:：\n\[\]【】()（）]{0,29}?"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"[\[【]?(?P<at>{_TIME})[\]】]?[ \t]+(?P<who>{_WHO})[ \t]*[:：][ \t]*(?P<text>.*)",
        rf"(?P<who>{_WHO})[ \t]+[\[【(（]?(?P<at>{_TIME})[\]】)）]?",
        rf"(?P<who>{_WHO})[ \t]*[\[【(（]?(?P<at>{_TIME})[\]】)）]?[ \t]*[:：][ \t]*(?P<text>.*)",
        rf"[\[【(（]?(?P<at>{_TIME})[\]】)）]?[ \t]+(?P<who>{_WHO})",
        rf"(?P<who>{_WHO})[ \t]*[:：][ \t]*(?P<text>.*)",
    )
)
"""How programs write a line, the plainest last: with its time before or behind the speaker, or without one. In two of them
what was said follows on the next lines."""
_NOBODY = re.compile(r"(?i:https?|ftp|tel|mailto)|[\d\W]+")


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said at once; `at` is the time as it was written, empty where none was."""

    speaker: str
    at: str
    text: str


def read_transcript(text: str) -> list[Said]:
    """What was said in a chat, in order. A line without a speaker goes on with what was said before it; lines before the first
    speaker are the head of the copy and no speech. Empty when nobody speaks.
    """
    found: list[tuple[str, str, list[str]]] = []
    for line in text.splitlines():
        begun = _begun(line.strip())
        if begun is not None:
            found.append(begun)
        elif found and line.strip():
            found[-1][2].append(line.strip())
    said = [Said(who, at, "\n".join(lines)) for who, at, lines in found]
    return [one for one in said if one.text]


def _begun(line: str) -> tuple[str, str, list[str]] | None:
    """The speaker, the time and the first words of a line that begins a speech."""
    for form in _FORMS:
        match = form.fullmatch(line)
        if match is None or _NOBODY.fullmatch(match["who"].strip()):
            continue
        parts = match.groupdict()
        words = parts.get("text") or ""
        return match["who"].strip(), parts.get("at") or "", [words] if words else []
    return None
