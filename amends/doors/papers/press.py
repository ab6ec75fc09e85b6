"""Papers become PDF, and charts pictures, in a process of their own: with a time limit, without network, and without any file but its templates."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from amends.core.refusals import Refusal
from amends.doors.papers.glyphs import FONTS, spelled_out
from amends.doors.papers.notes import with_notes_on_glyphs
from amends.doors.papers.paper import Paper
from amends.doors.papers.qr import qr_svg

HERE = Path(__file__).resolve().parent
TIME_LIMIT = 20.0
A_SHEET = 2.0
"""Seconds: what one printing may take at all, and what each further sheet adds."""


class PaperNotMade(Refusal):
    """The sheet could not be set in time, or not at all."""

    code = "paper_not_made"
    status = 503
    sentence = "文件没有在规定时间内生成，请稍后再试。"


def pdf_of(paper: Paper) -> bytes:
    """One paper as PDF/A. Raises PaperNotMade."""
    return pdfs_of([paper])[0]


def pdfs_of(papers: Sequence[Paper]) -> list[bytes]:
    """Each paper as PDF/A with its fonts embedded, in order; one process for all. Raises PaperNotMade."""
    return _pressed([{"template": paper.template, "format": "pdf", "data": _data_of(paper)} for paper in papers])


def pictures_of(template: str, drawn: Sequence[Mapping[str, object]]) -> list[bytes]:
    """What a template draws of each as PNG, fit for paper, in order; one process for all. Raises PaperNotMade."""
    return _pressed([{"template": template, "format": "png", "data": spelled_out(dict(one))} for one in drawn])


def _pressed(work: Sequence[Mapping[str, object]]) -> list[bytes]:
    if not work:
        return []
    command = [sys.executable, "-I", str(HERE / "press_process.py"), str(HERE), str(FONTS)]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program; what people wrote goes in as data
            command, input=json.dumps(work, ensure_ascii=False).encode(), capture_output=True,
            timeout=TIME_LIMIT + A_SHEET * len(work), check=True, cwd=HERE, env={},
        )  # fmt: skip
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise PaperNotMade from error
    return _taken_apart(done.stdout, len(work))


def _data_of(paper: Paper) -> dict[str, object]:
    data = spelled_out(with_notes_on_glyphs(paper, is_spelled_out=True).as_data())
    return {**data, "qr": qr_svg(paper.link) if paper.link else ""}


def _taken_apart(output: bytes, count: int) -> list[bytes]:
    """What was made, each behind its length."""
    found, at = [], 0
    while at < len(output):
        (size,) = struct.unpack(">Q", output[at : at + 8])
        found.append(output[at + 8 : at + 8 + size])
        at += 8 + size
    if len(found) != count:
        raise PaperNotMade
    return found
