"""Reports as Word documents that go on being edited: real headings, tables whose heads are repeated, charts as pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from docx import Document
from docx.document import Document as DocumentOfWord
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph

from amends.doors.papers.notes import with_notes_on_glyphs
from amends.doors.papers.press import pictures_of
from amends.doors.papers.report import Grid, Piece, Report, Section
from amends.doors.papers.word_page import (
    HEAVY,
    PRINTED,
    element,
    lay_out,
    named,
    run_of,
    saved,
    width_of,
    write,
    write_head,
)

WHOLE = 1000
TABLE, BELOW = 9, 7.5
"""Sizes of the values in tables, and of the smaller lines below them."""
SHADED, FAINT = "EBEBEB", "F7F7F7"
MARGIN = 62
"""Twips between the frame of a cell and its text."""
MOST_TIED = 1200
"""So many characters go to the next page with the signatures below them at most."""
ROOM = 30
"""Millimetres that are kept for words nobody has written yet."""


def docx_of_report(report: Report) -> bytes:
    """The report as .docx. Raises PaperNotMade where a chart could not be drawn."""
    report = with_notes_on_glyphs(report, is_spelled_out=False)
    charts = [piece.chart for section in report.sections for piece in section.pieces if piece.chart]
    pictures = iter(pictures_of("chart_alone.typ", [asdict(chart) for chart in charts]))
    document = Document()
    lay_out(document, report)
    write_head(document, report)
    _facts(document, report)
    if report.contents_words:
        _contents(document, report)
    for place, section in enumerate(report.sections):
        _section(document, section, report, pictures, mark=f"part{place}")
    _tie_end(document, report.sections[-1].pieces[-1])
    _signatures(document, report)
    return saved(document, report)


def _facts(document: DocumentOfWord, report: Report) -> None:
    """What the report is about, two pairs a line."""
    whole = width_of(report)
    widths = [21.0, whole * 0.545 - 21, 21.0, whole * 0.455 - 21]
    table = _table(document, len(report.facts) // 2, widths)
    for place, (title, said) in enumerate(report.facts):
        row, side = divmod(place, 2)
        label, value = table.rows[row].cells[2 * side], table.rows[row].cells[2 * side + 1]
        _shaded(label, SHADED)
        _fill(label, title, align=WD_ALIGN_PARAGRAPH.CENTER, size=10)
        _fill(value, said, size=10)


def _contents(document: DocumentOfWord, report: Report) -> None:
    """The chapters, each a link to its heading, and the page on which that stands."""
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_before = Pt(10)
    write(title, report.contents_words, face=HEAVY)
    for place, section in enumerate(report.sections):
        line = document.add_paragraph()
        line.paragraph_format.tab_stops.add_tab_stop(Mm(width_of(report)), WD_TAB_ALIGNMENT.RIGHT)
        link = element("w:hyperlink", anchor=f"part{place}", history="1")
        write(line, section.title)
        link.append(line.runs[-1]._r)
        line._p.append(link)
        write(line, "\t")
        place_of_page = element("w:fldSimple", instr=f" PAGEREF part{place} \\h ", dirty="true")
        place_of_page.append(run_of(line, "1", size=10.5))
        line._p.append(place_of_page)


def _section(
    document: DocumentOfWord, section: Section, report: Report, pictures: Iterator[bytes], *, mark: str
) -> None:
    heading = document.add_heading(level=1)
    heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(14), Pt(6)
    start = element("w:bookmarkStart", id=mark.removeprefix("part"), name=mark)
    heading._p.append(start)
    write(heading, section.title, size=13, face=HEAVY, is_bold=True)
    heading._p.append(element("w:bookmarkEnd", id=mark.removeprefix("part")))
    for piece in section.pieces:
        _piece(document, piece, report, pictures)


def _piece(document: DocumentOfWord, piece: Piece, report: Report, pictures: Iterator[bytes]) -> None:
    if piece.chart is not None:
        _chart(document, piece, report, next(pictures))
        return
    if piece.caption:
        caption = document.add_paragraph()
        caption.paragraph_format.keep_with_next = True
        caption.paragraph_format.space_before, caption.paragraph_format.space_after = Pt(8), Pt(3)
        if piece.grid is not None:
            caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
        write(caption, piece.caption, size=9.5 if piece.grid else 10.5, face=HEAVY)
    if piece.grid is not None:
        _grid(document, piece.grid, report)
    elif piece.kind == "room":
        _room(document, piece.text, report)
    else:
        _text(document, piece, report)


def _text(document: DocumentOfWord, piece: Piece, report: Report) -> None:
    is_note = piece.kind == "note"
    for part in piece.text.split("\n"):
        paragraph = document.add_paragraph()
        write(paragraph, part, size=8.5 if is_note else 10.5)
        paragraph.paragraph_format.space_before = Pt(2)
        if not is_note:
            paragraph.paragraph_format.line_spacing = 1.4
            paragraph.paragraph_format.first_line_indent = Pt(0 if report.language == "en" else 21)


def _room(document: DocumentOfWord, said: str, report: Report) -> None:
    table = _table(document, 1, [width_of(report)])
    row = table.rows[0]
    row.height = Mm(ROOM)
    _fill(row.cells[0], said, size=TABLE)


def _chart(document: DocumentOfWord, piece: Piece, report: Report, picture: bytes) -> None:
    shown = document.add_paragraph()
    shown.alignment = WD_ALIGN_PARAGRAPH.CENTER
    shown.paragraph_format.keep_with_next = True
    shown.paragraph_format.space_before = Pt(8)
    shown.add_run().add_picture(io.BytesIO(picture), width=Mm(min(width_of(report), 165)))
    shown.runs[-1]._r.xpath(".//wp:docPr")[0].set("descr", piece.caption)
    below = document.add_paragraph()
    below.alignment = WD_ALIGN_PARAGRAPH.CENTER
    write(below, piece.caption, size=9.5, face=HEAVY)


# Tables


def _grid(document: DocumentOfWord, grid: Grid, report: Report) -> None:
    widths = [width_of(report) * column.width / WHOLE for column in grid.columns]
    table = _table(document, 1 + len(grid.rows) + bool(grid.total), widths)
    aligned = [WD_ALIGN_PARAGRAPH.RIGHT if column.is_number else WD_ALIGN_PARAGRAPH.LEFT for column in grid.columns]
    rows = list(table.rows)
    _head_of(rows[0])
    for cell, column, align in zip(rows[0].cells, grid.columns, aligned, strict=True):
        _shaded(cell, SHADED)
        _fill(cell, column.head, align=align, face=HEAVY)
    for row, values in zip(rows[1:], grid.rows, strict=False):
        for cell, (value, below), align in zip(row.cells, values, aligned, strict=True):
            _fill(cell, value, below=below, align=align)
    if grid.total:
        for cell, value, align in zip(rows[-1].cells, grid.total, aligned, strict=True):
            _shaded(cell, FAINT)
            _fill(cell, value, align=align, is_bold=True)
    _keep_together(rows, is_short=grid.is_short)


def _table(document: DocumentOfWord, rows: int, widths: Sequence[float]) -> Table:
    table = document.add_table(rows=rows, cols=len(widths))
    table.style = "Table Grid"
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    margins = element("w:tblCellMar")
    for side in ("left", "right"):
        margins.append(element(f"w:{side}", w=str(MARGIN), type="dxa"))
    table._tbl.tblPr.append(margins)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(element("w:cantSplit"))
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Mm(width)
    return table


def _head_of(row: _Row) -> None:
    row._tr.get_or_add_trPr().append(element("w:tblHeader"))


def _keep_together(rows: Sequence[_Row], *, is_short: bool, is_tied: bool = False) -> None:
    """A short table stands on one page, a tied one with what follows; of a long one the head stays with the first rows, the total with the last."""
    tied = [*rows] if is_tied else rows[:-1] if is_short else [*rows[:2], rows[-2]]
    for row in tied:
        for cell in row.cells:
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.keep_with_next = True


def _fill(
    cell: _Cell, text: str, *, below: str = "", align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT, face: str = PRINTED,
    size: float = TABLE, is_bold: bool = False,
) -> None:  # fmt: skip
    cell._tc.get_or_add_tcPr().append(element("w:vAlign", val="center"))
    paragraph = cell.paragraphs[0]
    write(paragraph, text, size=size, face=face, is_bold=is_bold)
    _set(paragraph, align)
    if below:
        second = cell.add_paragraph()
        write(second, below, size=BELOW)
        second.runs[-1].font.color.rgb = RGBColor(0x50, 0x50, 0x50)
        _set(second, align)


def _set(paragraph: Paragraph, align: WD_ALIGN_PARAGRAPH) -> None:
    paragraph.alignment = align
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1.5)


def _shaded(cell: _Cell, colour: str) -> None:
    cell._tc.get_or_add_tcPr().append(element("w:shd", val="clear", color="auto", fill=colour))


# The end


def _tie_end(document: DocumentOfWord, last: Piece) -> None:
    """Who signs never stands alone on the last page: what is said last goes with it, unless that is long."""
    if last.kind not in ("text", "room", "note") or len(last.text) > MOST_TIED:
        return
    if last.kind == "room":
        _keep_together(list(document.tables[-1].rows), is_short=True, is_tied=True)
    else:
        document.paragraphs[-1].paragraph_format.keep_with_next = True


def _signatures(document: DocumentOfWord, report: Report) -> None:
    """Who signs, side by side, each over the line to sign on and the day; kept together with the words above."""
    room = document.add_paragraph()
    room.paragraph_format.space_before, room.paragraph_format.keep_with_next = Pt(14), True
    table = _table(document, 1, [width_of(report) / len(report.signers)] * len(report.signers))
    table.style = "Normal Table"
    for cell, signer in zip(table.rows[0].cells, report.signers, strict=True):
        name, day = cell.paragraphs[0], cell.add_paragraph()
        write(name, named(signer, report))
        write(name, signer.name or "　" * 8)
        name.runs[-1].underline = True
        day.paragraph_format.space_before = Pt(8)
        write(day, signer.day)
        name.paragraph_format.keep_with_next = True
