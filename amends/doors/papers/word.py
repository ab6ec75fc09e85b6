"""The same sheets as Word documents, in the faces of Chinese offices: 宋体 for what is printed, 仿宋 for what is filled in."""

from __future__ import annotations

import io
from typing import Any

from docx import Document
from docx.document import Document as DocumentOfWord
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from amends.doors.papers.notes import with_notes_on_glyphs
from amends.doors.papers.sheet import COLUMNS, Cell, Line, Sheet
from amends.doors.papers.word_page import (
    FILLED,
    HEAVY,
    PRINTED,
    element,
    lay_out,
    named,
    saved,
    width_of,
    write,
    write_head,
)

TWIPS_A_LINE = round(8 / 25.4 * 1440)
BAR = 20
"""So many blocks make the longest bar."""
MARGIN = 100
"""Twips between the frame of a cell and its text."""


def _column(sheet: Sheet) -> int:
    """A column of the grid in twips."""
    return round(width_of(sheet) / COLUMNS / 25.4 * 1440)


def docx_of(sheet: Sheet) -> bytes:
    """The sheet as .docx."""
    sheet = with_notes_on_glyphs(sheet, is_spelled_out=False)
    document = Document()
    lay_out(document, sheet)
    write_head(document, sheet)
    _form(document, sheet)
    return saved(document, sheet)


# The cells.


def _form(document: DocumentOfWord, sheet: Sheet) -> None:
    table = OxmlElement("w:tbl")
    properties = element("w:tblPr")
    properties.append(element("w:tblW", w=str(_column(sheet) * COLUMNS), type="dxa"))
    properties.append(element("w:jc", val="center"))
    borders = element("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        weight = "4" if side.startswith("inside") else "8"
        borders.append(element(f"w:{side}", val="single", sz=weight, space="0", color="000000"))
    properties.append(borders)
    properties.append(element("w:tblLayout", type="fixed"))
    margins = element("w:tblCellMar")
    for side in ("left", "right"):
        margins.append(element(f"w:{side}", w=str(MARGIN), type="dxa"))
    properties.append(margins)
    table.append(properties)
    grid = element("w:tblGrid")
    for _ in range(COLUMNS):
        grid.append(element("w:gridCol", w=str(_column(sheet))))
    table.append(grid)
    for place, line in enumerate(sheet.lines):
        is_kept = line.is_head or place == len(sheet.lines) - 2
        table.append(_row(line, document, sheet, is_kept=is_kept))
    document.element.body.insert_element_before(table, "w:sectPr")


def _row(line: Line, document: DocumentOfWord, sheet: Sheet, *, is_kept: bool) -> Any:
    """A row of the table; a kept one stands on the page of the row below it."""
    row = element("w:tr")
    properties = element("w:trPr")
    if not any(cell.is_long for cell in line.cells):
        properties.append(element("w:cantSplit"))
    height = TWIPS_A_LINE * max(cell.lines for cell in line.cells)
    properties.append(element("w:trHeight", val=str(height), hRule="atLeast"))
    row.append(properties)
    for cell in line.cells:
        row.append(_cell(cell, document, sheet, is_kept=is_kept))
    return row


def _cell(cell: Cell, document: DocumentOfWord, sheet: Sheet, *, is_kept: bool) -> Any:
    made = element("w:tc")
    properties = element("w:tcPr")
    properties.append(element("w:tcW", w=str(_column(sheet) * cell.span), type="dxa"))
    properties.append(element("w:gridSpan", val=str(cell.span)))
    if cell.kind == "heading":
        properties.append(element("w:shd", val="clear", color="auto", fill="E8E8E8"))
    is_tall = cell.kind == "opinion" or (cell.kind == "value" and (cell.is_long or cell.lines > 1))
    properties.append(element("w:vAlign", val="top" if is_tall else "center"))
    made.append(properties)
    for paragraph in _paragraphs(cell, made, document, sheet):
        paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2.5)
        if is_kept:
            paragraph.paragraph_format.keep_with_next = True
    return made


def _paragraphs(cell: Cell, made: Any, document: DocumentOfWord, sheet: Sheet) -> list[Paragraph]:
    def new() -> Paragraph:
        placed = OxmlElement("w:p")
        made.append(placed)
        return Paragraph(placed, document._body)

    if cell.kind == "signatures":
        return _signatures(cell, new, sheet)
    first = new()
    if cell.kind == "boxes":
        ticked = "　".join(f"{'☑' if is_ticked else '☐'}\u00a0{title}" for is_ticked, title in cell.choices)
        write(first, "\n".join(filter(None, [ticked, cell.text])), face=FILLED)
        return [first]
    if cell.picture:
        first.add_run().add_picture(io.BytesIO(cell.picture), height=Mm(14))
        return [first]
    if cell.kind == "bar":
        write(first, f"{'█' * (cell.share * BAR // 100)}　{cell.text}", face=FILLED)
        return [first]
    is_filled = cell.kind in ("value", "opinion")
    write(first, cell.text, face=HEAVY if cell.kind == "heading" else FILLED if is_filled else PRINTED)
    if cell.kind in ("label", "column"):
        first.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if cell.kind == "opinion":
        return [first, *_below_opinion(cell, new, sheet)]
    return [first]


def _below_opinion(cell: Cell, new: Any, sheet: Sheet) -> list[Paragraph]:
    room = max(cell.lines - 1 - len(cell.text) // 36, 0)
    blank = [new() for _ in range(room)]
    signed = new()
    signed.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for signer in cell.signers:
        write(signed, f"{named(signer, sheet)}{signer.name or '　' * 8}　{signer.day}")
    return [*blank, signed]


def _signatures(cell: Cell, new: Any, sheet: Sheet) -> list[Paragraph]:
    """Who signs on one line and the days below them, each under its own stop."""
    names, days = new(), new()
    count = max(2, len(cell.signers))
    for paragraph in (names, days):
        for place in range(1, count):
            paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(width_of(sheet) / count * place))
    # A single signer signs on the right.
    first = "\t" if len(cell.signers) == 1 else ""
    write(names, first + "\t".join(f"{named(one, sheet)}{one.name}" for one in cell.signers))
    write(days, first + "\t".join(one.day for one in cell.signers))
    return [names, days]
