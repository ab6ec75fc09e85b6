"""Which category a told text speaks of, by the words that the pack lists for it. A suggestion, never a decision."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from amends.core.policy.intake import CategoryScheme

DENIED = re.compile("(?:没有?|未|不是|并不|无)$")
"""What, right before a word, says the opposite of it."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A category that a text speaks of, and the words of the pack that were found, as they stand in the text."""

    path: str
    words: tuple[str, ...]


def suggest_categories(scheme: CategoryScheme, text: str, *, at_most: int = 1) -> list[Suggestion]:
    """The categories whose words occur in the text, the one that is spoken of most first; nothing when none does.

    A word within a longer one that was found counts only there, and a word that is denied ("没有破损") does not count.
    """
    told = folded(text)
    listed = [(path, folded(word)) for path, node in scheme.walk() if not node.retired for word in node.keywords]
    places = _places(told, {word for _, word in listed})
    found: dict[str, list[str]] = {}
    for path, word in listed:
        if word in places:
            found.setdefault(path, []).append(word)
    ranked = sorted(found.items(), key=lambda pair: _weight(pair[1]), reverse=True)
    return [Suggestion(path, tuple(sorted(words, key=places.__getitem__))) for path, words in ranked[:at_most]]


def folded(text: str) -> str:
    """The text as words are looked for in it: one width, one case."""
    return unicodedata.normalize("NFKC", text).lower()


def _places(told: str, words: Iterable[str]) -> dict[str, int]:
    """Where each word is first told of, longer words before those within them."""
    taken: list[tuple[int, int]] = []
    found: dict[str, int] = {}
    for word in sorted(words, key=lambda one: (-len(one), one)):
        for match in re.finditer(re.escape(word), told):
            begin, end = match.span()
            if any(first <= begin and end <= last for first, last in taken):
                continue
            taken.append((begin, end))
            if not DENIED.search(told[:begin][-2:]):
                found.setdefault(word, begin)
    return found


def _weight(words: list[str]) -> tuple[int, int]:
    """More words weigh more, then longer ones."""
    return len(words), sum(map(len, words))
