"""How wide the columns of a table are: numbers, days and codes never break, words share what is left by how much there is of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from amends.doors.documents.parts import Table

UPRIGHT, SIDEWAYS = 104, 158
"""So many half characters of the size of tables stand side by side on a page, upright and lying on its side."""
PADDING = 2
LEAST_WORDS, GOOD_WORDS, MOST_WORDS = 6, 10, 44
"""Half characters of words side by side: what is still readable, what looks well, and where a longer line gains nothing."""
CAPITAL = 1.4
"""A capital letter is wider than half a character: numbers of cases begin with some."""
SMALLER = 0.85
"""The size of the line below a value, in that of the value."""
SHORT_HEAD = 8
"""A head of so many half characters stands in one line."""
DAY = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日")
WHOLE = 1000


def needs_width(table: Table) -> bool:
    """Whether a table only has its room on a page that lies on its side."""
    return sum(_least(table, LEAST_WORDS)) > UPRIGHT


def widths_of(table: Table, *, is_wide: bool) -> list[int]:
    """The widths of the columns in parts of a thousand; they fill the page."""
    room = SIDEWAYS if is_wide else UPRIGHT
    least, wished = _least(table, GOOD_WORDS), _wished(table)
    if sum(least) > room:
        least = _least(table, LEAST_WORDS)
    more = [max(0.0, wish - need) for wish, need in zip(wished, least, strict=True)]
    left = room - sum(least)
    if left >= sum(more):
        found = [need + extra for need, extra in zip(least, more, strict=True)]
    else:
        found = [need + max(0.0, left) * extra / sum(more) for need, extra in zip(least, more, strict=True)]
    whole = sum(found)
    return [round(WHOLE * one / whole) for one in found]


def _least(table: Table, words: int) -> list[float]:
    """What a column has to have: its longest number or code, some characters of words, and half of its head."""
    return [
        max(_least_of(texts, words), _half(table.heads[n].said)) + PADDING for n, texts in enumerate(_columns(table))
    ]


def _wished(table: Table) -> list[float]:
    """What a column would take if there were room for all of it."""
    found = []
    for n, texts in enumerate(_columns(table)):
        longest = max((length_of(text) for text in texts), default=0)
        found.append(max(min(longest, MOST_WORDS), min(length_of(table.heads[n].said), GOOD_WORDS * 1.6)) + PADDING)
    return found


def _columns(table: Table) -> list[list[str]]:
    found: list[list[str]] = []
    for place, _ in enumerate(table.heads):
        cells = [row[place] for row in (*table.rows, *((table.total,) if table.total else ()))]
        found.append([*(cell.text for cell in cells), *(_below(table, place, cell) for cell in cells)])
    return found


def _below(table: Table, place: int, cell: object) -> str:
    """A text as long as the smaller line, in characters of the value's size."""
    said = table.beside(place, cell)  # type: ignore[arg-type]
    return " " * round(SMALLER * max((length_of(part) for part in said.split(" · ")), default=0))


def _least_of(texts: Sequence[str], words: int) -> float:
    return max((length_of(text) if not _breaks(text) else min(length_of(text), words) for text in texts), default=0)


def _half(head: str) -> float:
    """A head of more than a few characters may stand in two lines."""
    return length_of(head) if length_of(head) <= SHORT_HEAD else length_of(head) / 2 + 2


def _breaks(text: str) -> bool:
    """Whether a text has characters between which a line may end; a day stands in one."""
    return not DAY.fullmatch(text) and any(unicodedata.east_asian_width(c) in "WF" for c in text)


def length_of(text: str) -> float:
    """How many half characters a text takes side by side."""
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else CAPITAL if c.isupper() else 1 for c in text)
