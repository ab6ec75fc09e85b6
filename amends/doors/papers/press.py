"""Sheets become PDF in a process of their own: with a time limit, without network, and without any file but its template."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from amends.core.refusals import Refusal
from amends.doors.papers.glyphs import FONTS, spelled_out
from amends.doors.papers.notes import with_notes_on_glyphs
from amends.doors.papers.qr import qr_svg
from amends.doors.papers.sheet import Sheet

HERE = Path(__file__).resolve().parent
TEMPLATE = HERE / "sheet.typ"
TIME_LIMIT = 20.0
A_SHEET = 2.0
"""Seconds: what one printing may take at all, and what each further sheet adds."""


class PaperNotMade(Refusal):
    """The sheet could not be set in time, or not at all."""

    code = "paper_not_made"
    status = 503
    sentence = "文件没有在规定时间内生成，请稍后再试。"


def pdf_of(sheet: Sheet) -> bytes:
    """One sheet as PDF/A. Raises PaperNotMade."""
    return pdfs_of([sheet])[0]


def pdfs_of(sheets: Sequence[Sheet]) -> list[bytes]:
    """Each sheet as PDF/A with its fonts embedded, in order; one process for all. Raises PaperNotMade."""
    if not sheets:
        return []
    command = [sys.executable, "-I", str(HERE / "press_process.py"), str(TEMPLATE), str(FONTS)]
    work = json.dumps([_data_of(sheet) for sheet in sheets], ensure_ascii=False).encode()
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program; what people wrote goes in as data
            command, input=work, capture_output=True, timeout=TIME_LIMIT + A_SHEET * len(sheets), check=True,
            cwd=HERE, env={},
        )  # fmt: skip
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise PaperNotMade from error
    return _taken_apart(done.stdout, len(sheets))


def _data_of(sheet: Sheet) -> dict[str, object]:
    data = spelled_out(with_notes_on_glyphs(sheet, is_spelled_out=True).as_data())
    return {**data, "qr": qr_svg(sheet.link) if sheet.link else ""}


def _taken_apart(output: bytes, count: int) -> list[bytes]:
    """The PDFs, each behind its length."""
    found, at = [], 0
    while at < len(output):
        (size,) = struct.unpack(">Q", output[at : at + 8])
        found.append(output[at + 8 : at + 8 + size])
        at += 8 + size
    if len(found) != count:
        raise PaperNotMade
    return found
