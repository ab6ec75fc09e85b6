"""A document that wrote itself as a paper: head, contents, chapters in order with their tables and charts, and room for the signatures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from django.conf import settings
from django.utils.translation import gettext

from amends.apps.cases.queries import Viewer
from amends.doors.documents.parts import Cell, Chapter, Head, Sample, Shown, Table
from amends.doors.documents.written import Written
from amends.doors.papers.columns import needs_width, widths_of
from amends.doors.papers.formats import day_in_print, day_to_fill_in, moment_in_print, page_words
from amends.doors.papers.making import house_of
from amends.doors.papers.report import Chart, Column, Grid, Piece, Report, Section
from amends.doors.papers.sheet import Signer
from amends.doors.wording import language, words

Points = tuple[tuple[str, float, str], ...]
MANY = 14
"""More columns than these have no room for year and month below each."""
SHORT = 14
"""A table of so many rows stands on one page."""


def report_of_document(made: Written, viewer: Viewer | None) -> Report:
    """The document as one paper; who printed it stands at its foot. It lies on its side where a table would not fit upright."""
    now = viewer.now if viewer else made.version.at
    who = viewer.person.name if viewer else gettext("系统")
    printed = gettext("打印：%(name)s　%(at)s") % {"name": who, "at": moment_in_print(now, made.zone)}
    tables = [block.table for chapter in made.chapters for block in chapter.blocks if block.table and not block.points]
    is_wide = any(needs_width(table) for table in tables if table.rows)
    return Report(
        language=language(), house=house_of(made.pack, made.proceeding.desk), title=made.title, code=made.document.code or "",
        number=made.proceeding.number, number_words=gettext("编号："), basis=_basis(made),
        link=f"{settings.BASE_URL}/documents/{made.proceeding.pk}/", link_words=gettext("扫码查看报告"),
        foot=printed, page_words=page_words(), is_wide=is_wide, facts=_facts(made), contents_words=gettext("目录"),
        sections=tuple(_section(chapter, made.author_words, is_wide=is_wide) for chapter in made.chapters), signers=signers_of(made),
    )  # fmt: skip


def _basis(made: Written) -> str:
    label = made.pack.head.policy_label or made.pack.head.title
    return gettext("%(policy)s　第 %(n)s 版数据") % {"policy": words(label), "n": made.version.no}


def _facts(made: Written) -> tuple[tuple[str, str], ...]:
    return (
        (gettext("统计期间"), made.span),
        (gettext("取数时间"), moment_in_print(made.version.at, made.zone)),
        (made.author_words, made.reporter),
        (gettext("提交期限"), day_in_print(made.due) if made.due else gettext("不限")),
    )


def signers_of(made: Written) -> tuple[Signer, ...]:
    """Who signs it, the author first: their names and days stand there once they did, and else room for them."""
    return tuple(
        Signer(title, done[0], day_in_print(done[1])) if done else Signer(title, made.reporter if n == 0 else "", day_to_fill_in())
        for n, (title, done) in enumerate(made.signers)
    )  # fmt: skip


def left_to(author: str) -> str:
    """What stands where nobody has written yet."""
    return gettext("（由%(author)s填写）") % {"author": author}


def _section(chapter: Chapter, author: str, *, is_wide: bool) -> Section:
    pieces = [piece for block in chapter.blocks for piece in _pieces(block, author, is_wide=is_wide)]
    return Section(title=f"{chapter.mark}{chapter.title}", pieces=tuple(pieces))


def _pieces(block: Shown, author: str, *, is_wide: bool) -> Iterator[Piece]:
    if block.text is not None:
        yield _words(block, author)
        return
    if block.points:
        yield Piece(
            kind="chart",
            caption=block.caption,
            chart=Chart(points=_labelled(block), unit=gettext("单位：%(unit)s") % {"unit": block.unit}),
        )
        return
    if not block.has_rows or block.table is None:
        said = [block.title, block.note]
        yield Piece(kind="text", text=gettext("：").join(filter(None, said)))
        return
    yield Piece(kind="table", caption=block.caption, grid=grid_of_table(block.table, is_wide=is_wide))
    if block.note:
        yield Piece(kind="note", text=block.note)
    if block.samples:
        told = _table_of_samples(block.samples)
        yield Piece(
            kind="table",
            caption=gettext("典型案例（不含客户的姓名和联系方式）"),
            grid=replace(grid_of_table(told, is_wide=is_wide), is_short=False),
        )


def _labelled(block: Shown) -> Points:
    """Many columns have the month alone below them, and the year where it begins."""
    if len(block.points) <= MANY:
        return block.points
    shown = zip(block.months, block.points, strict=True)
    return tuple((_below(day, is_first=n == 0), amount, said) for n, (day, (_, amount, said)) in enumerate(shown))


def _below(day: date, *, is_first: bool) -> str:
    return f"{day.month}\n{day.year}" if is_first or day.month == 1 else f"{day.month}"


def _words(block: Shown, author: str) -> Piece:
    if block.text:
        return Piece(kind="text", caption=block.title, text=block.text)
    return Piece(kind="room", caption=block.title, text=left_to(author))


def _table_of_samples(samples: tuple[Sample, ...]) -> Table:
    heads = (Head(gettext("涉及")), Head(gettext("客户的话")), Head(gettext("编号")))
    rows = tuple((Cell(one.about), Cell(one.text or gettext("没有文字描述")), Cell(one.number)) for one in samples)
    return Table(heads, rows)


def grid_of_table(table: Table, *, is_wide: bool) -> Grid:
    """A table with columns as wide as their values need."""
    widths = widths_of(table, is_wide=is_wide)
    columns = tuple(
        Column(head=head.said, width=width, is_number=head.is_number)
        for head, width in zip(table.heads, widths, strict=True)
    )
    rows = tuple(tuple((cell.text, below) for cell, below in row) for row in table.shown)
    total = tuple(cell.text for cell in table.total)
    return Grid(columns=columns, rows=rows, total=total, is_short=len(rows) <= SHORT)
