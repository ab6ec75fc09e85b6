"""A problem of a pack: what `amends pack check` prints as one line with file, line, key and sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Keys from the top of the pack downwards: `("lifecycle", "transitions", 3, "form")`."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One defect. `key` names the piece in the pack's own words; `refers` are other places the sentence speaks of,
    standing as `{0}`, `{1}` in it until file and line are known. A `warning` does not keep a pack from publishing."""

    path: Path
    code: str
    key: str
    message: str
    message_en: str
    refers: tuple[Path, ...] = ()
    warning: bool = False

    def sentence(self, language: str = "en", places: Iterable[str] = ()) -> str:
        """The line's text; `places` are the names of the places in `refers`, in order."""
        text = self.message_en if language == "en" else self.message
        for index, place in enumerate(places):
            text = text.replace(f"{{{index}}}", place)
        if not self.key:
            return text
        return f"{self.key}: {text}" if language == "en" else f"{self.key}：{text}"


def quoted(names: Iterable[str]) -> str:
    """Names for a Chinese sentence: “甲”、“乙”."""
    return "、".join(f"“{name}”" for name in names)


def quoted_en(names: Iterable[str]) -> str:
    """Names for an English sentence: "a", "b"."""
    return ", ".join(f'"{name}"' for name in names)
