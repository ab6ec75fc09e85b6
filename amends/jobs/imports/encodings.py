"""In which encoding a file is written: a ladder that ends in a refusal rather than in a guess."""

from __future__ import annotations

import codecs
import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

UNREADABLE = "\udcff"
"""Stands in a text for bytes that mean nothing in its encoding; the row that holds it is listed."""
READ_AT_ONCE = 1 << 20
MOSTLY = 0.5
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
GUESSES = ("utf-8", "gb18030")
MARK = "amends_mark"


class ImportRefused(Exception):
    """The import can not begin or go on; the message says why and what would help."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of a file, and how many lines it has."""

    name: str
    lines: int


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return UNREADABLE, error.end


codecs.register_error(MARK, _mark)


def open_bytes(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked when its name ends in .gz."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def encoding_of(path: Path, named: str | None = None) -> Encoding:
    """The named encoding, else the one of the byte order mark, else UTF-8, else GB18030.

    A file counts as one of the latter two when more than half of its lines beyond ASCII can be read so; what can not be
    read then is listed row by row. Refuses ImportRefused for an unknown name and when neither fits: then it must be named.
    """
    if named is not None:
        return Encoding(_known(named), _count_lines(path))
    with open_bytes(path) as file:
        start = file.read(1024)
    marked = next((name for bom, name in BOMS if start.startswith(bom)), None)
    if marked is not None:
        return Encoding(marked, _count_lines(path))
    if b"\0" in start:
        raise ImportRefused(_("这个文件像是没有标记的 UTF-16，或者不是文本；请用 --encoding 写明编码。"))
    return _most_likely(path)


def _known(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise ImportRefused(_("没有名为“%(name)s”的编码。") % {"name": name}) from error


def _count_lines(path: Path) -> int:
    with open_bytes(path) as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(READ_AT_ONCE), b"")) + 1


def _most_likely(path: Path) -> Encoding:
    lines = beyond_ascii = 0
    readable = dict.fromkeys(GUESSES, 0)
    with open_bytes(path) as file:
        for line in iter(lambda: file.readline(READ_AT_ONCE), b""):
            lines += 1
            if line.isascii():
                continue
            beyond_ascii += 1
            for name in GUESSES:
                if _reads(line, name):
                    readable[name] += 1
                    break
    for name in GUESSES:
        if readable[name] >= beyond_ascii * MOSTLY:
            return Encoding(name, lines)
    raise ImportRefused(_("这个文件既不是 UTF-8 也不是 GB18030；请用 --encoding 写明编码，例如 cp1252。"))


def _reads(line: bytes, name: str) -> bool:
    try:
        line.decode(name)
    except UnicodeDecodeError:
        return False
    return True
