"""A document that wrote itself as a paper: head, contents, chapters in order, tables, charts as bars, and room for the signatures."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext

from amends.apps.cases.queries import Viewer
from amends.doors.documents import Cell as Said
from amends.doors.documents import Chapter, Shown, Table, Written, span_said
from amends.doors.papers.formats import day_in_print, day_to_fill_in, moment_in_print, page_words
from amends.doors.papers.sheet import COLUMNS, Cell, Line, Sheet, Signer, full_width, shared
from amends.doors.wording import language, words

LONG = 420
"""From so many characters on, a text may go over the end of the page."""
LABEL = 4


def sheet_of_document(made: Written, viewer: Viewer | None) -> Sheet:
    """The document as one paper; who printed it stands at its foot."""
    now = viewer.now if viewer else made.version.at
    who = viewer.person.name if viewer else gettext("系统")
    printed = gettext("打印：%(name)s　%(at)s") % {"name": who, "at": moment_in_print(now, made.zone)}
    return Sheet(
        language=language(), house=words(made.proceeding.desk.called), title=made.title, code=made.document.code or "",
        number=made.proceeding.number, number_words=gettext("编号："), basis=_basis(made),
        link=f"{settings.BASE_URL}/documents/{made.proceeding.pk}/", link_words=gettext("扫码查看报告"),
        foot=printed, page_words=page_words(), lines=tuple(_lines(made)),
    )  # fmt: skip


def _basis(made: Written) -> str:
    label = made.pack.head.policy_label or made.pack.head.title
    return gettext("%(policy)s　第 %(n)s 版数据") % {"policy": words(label), "n": made.version.no}


def _lines(made: Written) -> Iterator[Line]:
    label = Cell("label", LABEL, gettext("统计期间"))
    yield Line((label, Cell("value", 20, span_said(made))))
    yield Line(
        (
            Cell("label", LABEL, gettext("汇报人")), Cell("value", 8, made.reporter), Cell("label", LABEL, gettext("取数时间")),
            Cell("value", 8, moment_in_print(made.version.at, made.zone)),
        )
    )  # fmt: skip
    contents = "\n".join(f"{one.mark}{' ' if language() == 'en' else ''}{one.title}" for one in made.chapters)
    yield Line((Cell("label", LABEL, gettext("目录")), Cell("value", 20, contents, lines=min(len(made.chapters), 3))))
    for chapter in made.chapters:
        yield from _chapter(chapter)
    yield Line((Cell("signatures", COLUMNS, signers=_signers(made)),))


def _signers(made: Written) -> tuple[Signer, ...]:
    name, day = made.released or (made.reporter, None)
    return (
        Signer(gettext("汇报人"), made.reporter or name, day_in_print(day) if day else day_to_fill_in()),
        Signer(gettext("审阅人"), "", day_to_fill_in()),
    )


def _chapter(chapter: Chapter) -> Iterator[Line]:
    space = " " if language() == "en" else ""
    yield full_width("heading", f"{chapter.mark}{space}{chapter.title}")
    for block in chapter.blocks:
        yield from _block(block)


def _block(block: Shown) -> Iterator[Line]:
    if block.text is not None:
        text = block.text or gettext("（由汇报人填写）")
        said = f"{block.title}{gettext('：')}\n{text}" if block.title else text
        yield full_width("value", said, lines=2, is_long=len(said) + 40 * said.count("\n") > LONG)
        return
    if block.table is not None and (block.table.rows or not block.note):
        yield from _chart(block) if block.points else _table(block.title, block.table)
    elif block.title:
        yield Line((Cell("label", 8, block.title), Cell("value", 16, block.note)))
        return
    if block.note:
        yield full_width("value", block.note)
    for one in block.samples:
        said = gettext("典型案例（%(about)s）：%(text)s") % {
            "about": one.about,
            "text": one.text or gettext("没有文字描述"),
        }
        yield full_width("value", f"{said}　{one.number}")


def _chart(block: Shown) -> Iterator[Line]:
    yield Line((Cell("label", COLUMNS, block.title),), is_head=True)
    for row in block.table.rows if block.table else ():
        yield Line((Cell("column", 5, row[0].text), Cell("bar", 19, row[1].text, share=row[1].share or 0)))


def _table(title: str, table: Table) -> Iterator[Line]:
    spans = shared(COLUMNS, list(table.weights or [1] * len(table.heads)))
    if title:
        yield Line((Cell("label", COLUMNS, title),), is_head=True)
    heads = [Cell("column", span, head) for span, (head, _) in zip(spans, table.heads, strict=True)]
    yield Line(tuple(heads), is_head=True, is_repeated=True)
    for row in (*table.rows, *((table.total,) if table.total else ())):
        yield Line(tuple(_cell(cell, span, place) for place, (cell, span) in enumerate(zip(row, spans, strict=True))))


def _cell(cell: Said, span: int, place: int) -> Cell:
    text = "\n".join(filter(None, [cell.text, cell.second]))
    return Cell("column" if cell.is_number or place == 0 else "value", span, text)
