"""A report of tables into which nobody writes words: what it is about, its tables in chapters, and who signs it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext

from amends.apps.policies.models import Desk
from amends.core.policy.pack import Pack
from amends.doors.documents.parts import Cell, Head, Table
from amends.doors.papers.columns import needs_width
from amends.doors.papers.document import grid_of_table
from amends.doors.papers.formats import day_to_fill_in, moment_in_print, page_words
from amends.doors.papers.making import house_of, version_of
from amends.doors.papers.press import pdf_of
from amends.doors.papers.report import Piece, Report, Section
from amends.doors.papers.sheet import Signer
from amends.doors.papers.word_report import docx_of_report
from amends.doors.wording import language

PAPERS = {"pdf": "application/pdf", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}
MANY_CHAPTERS = 3
"""So many chapters have contents in front of them."""


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter: its table, and what is said below it; without rows the sentence alone."""

    title: str
    table: Table
    said: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class About:
    """What a report is about: its title, what it covers in pairs, and the address that shows it."""

    title: str
    facts: Sequence[tuple[str, str]]
    number: tuple[str, str]
    page: str
    signers: Sequence[str]
    made_by: str
    at: datetime


def table_of(heads: Sequence[tuple[str, bool]], rows: Iterable[Sequence[object]]) -> Table:
    """Heads with whether numbers stand below them, and rows of what stands there."""
    shown = tuple(tuple(Cell(str(value), is_number=heads[n][1]) for n, value in enumerate(row)) for row in rows)
    return Table(tuple(Head(text, is_number) for text, is_number in heads), shown)


def report_of_tables(about: About, parts: Sequence[Part], *, desk: Desk, pack: Pack) -> Report:
    """The report as a paper; it lies on its side where a table would not fit upright."""
    is_wide = any(needs_width(part.table) for part in parts if part.table.rows)
    printed = {"name": about.made_by, "at": moment_in_print(about.at, ZoneInfo(pack.head.zone))}
    return Report(
        language=language(), house=house_of(pack, desk), title=about.title, code="", number=about.number[1], number_words=about.number[0],
        basis=version_of(pack), link=f"{settings.BASE_URL}{about.page}", link_words=gettext("扫码打开"),
        foot=gettext("打印：%(name)s　%(at)s") % printed, page_words=page_words(), is_wide=is_wide, facts=tuple(about.facts),
        contents_words=gettext("目录") if len(parts) >= MANY_CHAPTERS else "",
        sections=tuple(Section(title=part.title, pieces=tuple(_pieces(part, is_wide=is_wide))) for part in parts),
        signers=tuple(Signer(title, "", day_to_fill_in()) for title in about.signers),
    )  # fmt: skip


def _pieces(part: Part, *, is_wide: bool) -> Iterable[Piece]:
    if part.table.rows:
        yield Piece(kind="table", grid=grid_of_table(part.table, is_wide=is_wide))
    for said in part.said:
        yield Piece(kind="note" if part.table.rows else "text", text=said)


def paper_as(report: Report, way: str) -> HttpResponse:
    """The report as a file of one of `PAPERS`."""
    content = pdf_of(report) if way == "pdf" else docx_of_report(report)
    return HttpResponse(content, content_type=PAPERS[way])
