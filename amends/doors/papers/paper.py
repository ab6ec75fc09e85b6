"""What every paper has, before it is PDF or Word: its head, its foot, its number and the language it is in."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One paper, already in the reader's words; a wide one lies on its side. `template` is what sets it as PDF."""

    template: ClassVar[str]
    language: str
    house: str
    title: str
    code: str
    number: str
    number_words: str
    basis: str
    link: str
    link_words: str
    foot: str
    page_words: tuple[str, str, str]
    notes: tuple[str, ...] = ()
    is_wide: bool = False

    def as_data(self) -> dict[str, Any]:
        """The paper as plain data, pictures as their bytes one by one."""
        return asdict(self, dict_factory=_plain)

    def texts(self) -> list[str]:
        """Every text on the paper."""
        found: list[str] = []
        _collect(self.as_data(), found)
        return found


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, bytes) else value for name, value in pairs}


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, str):
        found.append(value)
    elif isinstance(value, dict):
        for part in value.values():
            _collect(part, found)
    elif isinstance(value, list | tuple):
        for part in value:
            _collect(part, found)
