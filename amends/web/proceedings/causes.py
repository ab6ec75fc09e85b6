"""Causes as a picture: on the bones of a fish, or as a chain of questions why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from amends.core.policy.forms import Drawn
from amends.doors.wording import words
from amends.web.proceedings.seeing import ProceedingView

COLUMN = 215
"""How far the bones of one side stand apart."""
HEAD = 160
LETTERS = 10
"""So many wide characters fit on a line beside a bone, and in the head."""
WIDE = 14
LINE = 19
SLANT = 70
MARGIN = 24


@dataclass(frozen=True, slots=True)
class Text:
    """Lines of text at a place."""

    x: int
    y: int
    lines: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Bone:
    """One branch of causes: its line, its title, and its causes with a twig each."""

    title: str
    title_y: int
    x1: int
    y1: int
    x2: int
    y2: int
    causes: tuple[Text, ...]
    twigs: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Fishbone:
    """Everything at its place in a picture of this size; `told` is the same in words."""

    width: int
    height: int
    spine: int
    head_x: int
    head: Text
    bones: tuple[Bone, ...]
    told: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def box_y(self) -> int:
        return self.head.y - LINE - 3

    @property
    def box_width(self) -> int:
        return HEAD

    @property
    def box_height(self) -> int:
        return len(self.head.lines) * LINE + 22


@dataclass(frozen=True, slots=True)
class Causes:
    """The picture of one field of rows: a fishbone or a chain."""

    title: str
    fishbone: Fishbone | None = None
    chain: tuple[str, ...] = field(default=())


def causes_of(seen: ProceedingView) -> list[Causes]:
    """The causes that the proceeding has found last, each field of them as its policy wants it drawn."""
    latest: dict[str, Any] = {
        value.id: value for entry in seen.entries for value in entry.values if value.kind == "rows"
    }
    found = []
    for name, value in latest.items():
        definition = seen.pack.fields.get(name)
        rule = definition.drawn if definition else None
        if rule is None or seen.facts.value(name) is None:
            continue
        told = list(_told(value.value, rule))
        if rule.as_ == "chain":
            found.append(Causes(words(value.title), chain=tuple(text for _, text in told)))
        else:
            found.append(Causes(words(value.title), fishbone=fishbone(seen.proceeding.subject, told)))
    return found


def _told(rows: Iterable[Iterable[Any]], rule: Drawn) -> Iterator[tuple[str, str]]:
    """Branch and text of every cause."""
    for row in rows:
        cells = {cell.id: cell.value for cell in row}
        yield words(cells.get(rule.branch, "")) if rule.branch else "", words(cells.get(rule.text, ""))


def fishbone(problem: str, causes: Iterable[tuple[str, str]]) -> Fishbone:
    """The causes by branch, the branches by turns above and below the spine, as many columns as they need."""
    branches: dict[str, list[str]] = {}
    for branch, text in causes:
        branches.setdefault(branch, []).append(text)
    pairs = list(branches.items())
    half = MARGIN + 2 * LINE + max((_room(texts) for _, texts in pairs), default=0)
    columns = max((len(pairs) + 1) // 2, 1)
    head = broken(problem, LETTERS)[:6]
    spine, head_x = half, MARGIN + columns * COLUMN + SLANT
    bones = tuple(_bone(number, title, texts, spine) for number, (title, texts) in enumerate(pairs))
    height = 2 * half if len(pairs) > 1 else half + MARGIN + len(head) * LINE
    top = spine - (len(head) - 1) * LINE // 2 + 5
    return Fishbone(
        width=head_x + HEAD + MARGIN, height=height, spine=spine, head_x=head_x,
        head=Text(head_x + 12, top, _placed(head, top)), bones=bones,
        told=tuple((title, tuple(texts)) for title, texts in pairs),
    )  # fmt: skip


def _room(texts: Iterable[str]) -> int:
    return sum(len(broken(text, LETTERS)) * LINE + 6 for text in texts)


def _bone(number: int, title: str, texts: list[str], spine: int) -> Bone:
    column, below = divmod(number, 2)
    length = LINE + _room(texts)
    foot_x, tip_x = MARGIN + (column + 1) * COLUMN + SLANT // 2, MARGIN + (column + 1) * COLUMN - SLANT // 2
    tip_y = spine + length if below else spine - length
    at = spine + LINE if below else tip_y + LINE
    causes, twigs = [], []
    for text in texts:
        lines = broken(text, LETTERS)
        under = at + 4 + (len(lines) - 1) * LINE
        ends = [tip_x + (foot_x - tip_x) * (y - tip_y) // (spine - tip_y) for y in (at - LINE // 2, under)]
        left = min(ends) - (LETTERS + 1) * WIDE - 10
        causes.append(Text(left, at, _placed(lines, at)))
        twigs.append((left, ends[1], under))
        at += len(lines) * LINE + 6
    title_y = tip_y + LINE if below else tip_y - 8
    return Bone(title, title_y, tip_x, tip_y, foot_x, spine, tuple(causes), tuple(twigs))


def _placed(lines: Iterable[str], y: int) -> tuple[tuple[int, str], ...]:
    return tuple((y + number * LINE, line) for number, line in enumerate(lines))


NEVER_FIRST = frozenset("，。、；：！？）》”’,.;:!?)")
"""Marks that hang at the end of a line rather than begin one."""


def broken(text: str, letters: int) -> list[str]:
    """A text in lines of about so many wide characters; narrow ones count half."""
    lines, present, room = [], "", 0.0
    for character in " ".join(text.split()):
        width = 0.55 if character.isascii() else 1.0
        if room + width > letters and character not in NEVER_FIRST:
            lines.append(present)
            present, room = "", 0.0
        present, room = present + character, room + width
    return [*lines, present]
