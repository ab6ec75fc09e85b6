"""Which characters the embedded font has. What it lacks is written by its code point: no character of a case is dropped."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn

FONTS = Path(pylopdf_fonts_zh_cn.__file__).parent
TEXT_FONT = FONTS / "NotoSerifSC-Regular.otf"
PLAIN = frozenset("\n\t\r")


def lacking(texts: Iterable[str]) -> list[str]:
    """The characters of the texts that the font has no glyph for, each once, in order of appearance."""
    found = dict.fromkeys(c for text in texts for c in text if ord(c) > 0x7E and not has_glyph(c))
    return list(found)


def spelled_out(value: Any) -> Any:
    """Plain data with every character that the font lacks written as [U+20BB7]."""
    if isinstance(value, str):
        return "".join(c if ord(c) <= 0x7E or has_glyph(c) else f"[{code_point(c)}]" for c in value)
    if isinstance(value, dict):
        return {name: spelled_out(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [spelled_out(part) for part in value]
    return value


def code_point(character: str) -> str:
    """U+20BB7."""
    return f"U+{ord(character):04X}"


def has_glyph(character: str) -> bool:
    """Whether the font can show the character."""
    if character in PLAIN:
        return True
    starts, ends = _ranges(TEXT_FONT)
    place = bisect_right(starts, ord(character)) - 1
    return place >= 0 and ord(character) <= ends[place]


@lru_cache(maxsize=2)
def _ranges(font: Path) -> tuple[list[int], list[int]]:
    """First and last code points of the runs in the font's character map (format 12 of OpenType)."""
    with font.open("rb") as stream:
        head = stream.read(12)
        count = struct.unpack(">H", head[4:6])[0]
        tables = [struct.unpack(">4sIII", stream.read(16)) for _ in range(count)]
        offset, length = next((at, size) for tag, _, at, size in tables if tag == b"cmap")
        stream.seek(offset)
        table = stream.read(length)
    for n in range(struct.unpack(">H", table[2:4])[0]):
        at = struct.unpack(">HHI", table[4 + 8 * n : 12 + 8 * n])[2]
        if struct.unpack(">H", table[at : at + 2])[0] == 12:
            groups = struct.unpack(">I", table[at + 12 : at + 16])[0]
            runs = list(struct.iter_unpack(">III", table[at + 16 : at + 16 + 12 * groups]))
            return [start for start, _, _ in runs], [end for _, end, _ in runs]
    raise ValueError(f"{font.name} has no character map of format 12")
