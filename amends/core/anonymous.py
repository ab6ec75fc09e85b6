"""Personal data in texts that are to be read without them: where they still stand, and the text without them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from amends.core.chinese_money import DIGITS_WRITTEN_OUT

Kind = Literal["phone", "id_number", "email", "account", "address", "known"]

_NARROW = str.maketrans({
    **{chr(0xFF10 + n): str(n) for n in range(10)},
    **{chr(0xFF21 + n): chr(0x41 + n) for n in range(26)},
    **{chr(0xFF41 + n): chr(0x61 + n) for n in range(26)},
    "＠": "@", "－": "-", "＋": "+", "．": ".",
})  # fmt: skip
"""Wide digits and letters as narrow ones, a character each, so that places stay where they were."""

_GAP = r"[\s\-\u00ad\u200b-\u200f\u2010-\u2015\u2060\ufeff.,·•_~/]{0,2}"
"""What is put between digits to group them, or to hide them."""


def _digits(first: str, count: str) -> str:
    return rf"{first}(?:{_GAP}\d){{{count}}}"


_BIRTHDAY = (
    rf"(?:1{_GAP}9|2{_GAP}0)(?:{_GAP}\d){{2}}{_GAP}(?:0{_GAP}[1-9]|1{_GAP}[0-2]){_GAP}(?:[0-2]{_GAP}\d|3{_GAP}[01])"
)
_NAME_OF_A_HOST = (
    r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]*[\u4e00-\u9fff]{1,20}(?:\.[A-Za-z\u4e00-\u9fff]{2,12})+"
)

_NUMBERS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("id_number", re.compile(r"(?<!\d)\d{6}[- ]?\d{8}[- ]?\d{3}[\dXx](?!\d)")),
    ("id_number", re.compile(rf"(?<!\d){_digits('[1-9]', '5')}{_GAP}{_BIRTHDAY}(?:{_GAP}\d){{3}}{_GAP}[\dXx](?!\d)")),
    ("phone", re.compile(rf"(?<!\d)(?:(?:\+|00)?86{_GAP})?1{_GAP}{_digits('[3-9]', '9')}(?!\d)")),
    ("phone", re.compile(rf"(?<!\d)(?:\+?86{_GAP})?[（(]?0\d{{2,3}}[）)]?{_GAP}{_digits('[2-9]', '6,7')}(?!\d)")),
    (
        "phone",
        re.compile(r"(?:电话|座机|固话|手机|致电|拨打|来电|号码)[^\d\n]{0,4}(\d{3,4}[ -]?\d{4})" + rf"(?!{_GAP}\d)"),
    ),
)
"""What is found in the digits, whatever they are written with."""

_WORDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("email", re.compile(rf"[A-Za-z0-9._%+-]+\s?@\s?(?:{_NAME_OF_A_HOST})")),
    (
        "email",
        re.compile(
            r"[A-Za-z0-9._%+-]+\s*(?:[\[(（]\s*at\s*[\])）]|\s+at\s+)\s*[A-Za-z0-9-]+"
            r"(?:\s*(?:\.|[\[(（]\s*dot\s*[\])）]|\s+dot\s+)\s*[A-Za-z]{2,})+",
            re.IGNORECASE,
        ),
    ),
    ("account", re.compile(r"(?:微信|qq|wechat|vx)(?:号码?|名)?\s*[:：是为]?\s*[A-Za-z0-9_-]{5,20}", re.IGNORECASE)),
    (
        "address",
        re.compile(
            r"[\u4e00-\u9fff]{1,3}(?:路|街|道|巷|弄|胡同|村|小区|花园|新村)\s*[\dA-Za-z一二三四五六七八九十百]+\s*(?:号|弄|栋|幢|座)"
            r"(?:\s*[\dA-Za-z一二三四五六七八九十]+\s*(?:号楼|楼|栋|幢|单元|室|层))*"
            r"|\d+\s*(?:号楼|栋|幢|单元)\s*\d*\s*(?:单元|室|层)?|(?<!\d)\d{3,4}\s*室"
        ),
    ),
)

_INSTEAD: dict[Kind, str] = {
    "phone": "（电话略）", "id_number": "（证件号略）", "email": "（邮箱略）", "account": "（账号略）", "address": "（地址略）", "known": "某某",
}  # fmt: skip

_AROUND = 6


@dataclass(frozen=True, slots=True)
class Found:
    """Something personal in a text: what it is, itself, and a few characters around it, by which one finds the place."""

    kind: Kind
    text: str
    around: str


def personal_in(text: str, known: Iterable[str] = ()) -> list[Found]:
    """What of persons still stands in a text, in its order: telephone, ID and address numbers, also grouped or
    written out, e-mail addresses, accounts, and what is
    known of the people concerned (names, numbers, addresses). Source: EXP-7.1
    """
    return [
        Found(kind, text[begin:end], text[max(0, begin - _AROUND) : end + _AROUND].replace("\n", " "))
        for begin, end, kind in _places(text, known)
    ]


def without_personal(text: str, known: Iterable[str] = ()) -> str:
    """The text with a word in the place of everything that `personal_in` finds."""
    parts, last = [], 0
    for begin, end, kind in _places(text, known):
        parts += [text[last:begin], _INSTEAD[kind]]
        last = end
    return "".join([*parts, text[last:]])


def _places(text: str, known: Iterable[str]) -> list[tuple[int, int, Kind]]:
    """The places in order, none within another; of two that overlap the longer one counts."""
    found = sorted(_all_places(text, known), key=lambda place: (place[0] - place[1], place[0]))
    kept: list[tuple[int, int, Kind]] = []
    for begin, end, kind in found:
        if all(end <= first or begin >= last for first, last, _ in kept):
            kept.append((begin, end, kind))
    return sorted(kept)


def _all_places(text: str, known: Iterable[str]) -> Iterator[tuple[int, int, Kind]]:
    plain = text.translate(_NARROW)
    for kind, pattern in _WORDS:
        yield from ((match.start(), match.end(), kind) for match in pattern.finditer(plain))
    spoken = plain.translate(DIGITS_WRITTEN_OUT)
    for kind, pattern in _NUMBERS:
        yield from ((*match.span(match.lastindex or 0), kind) for match in pattern.finditer(spoken))
    folded = plain.lower()
    for word in {word.strip().translate(_NARROW).lower() for word in known}:
        # A single character is no name that could be told from other words.
        if len(word) > 1:
            yield from ((match.start(), match.end(), "known") for match in re.finditer(re.escape(word), folded))
