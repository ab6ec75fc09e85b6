"""The same sheets as Word documents, in the faces of Chinese offices: 宋体 for what is printed, 仿宋 for what is filled in."""

from __future__ import annotations

import io
from typing import Any

from docx import Document
from docx.document import Document as DocumentOfWord
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from amends.doors.papers.notes import with_notes_on_glyphs
from amends.doors.papers.qr import qr_png
from amends.doors.papers.sheet import COLUMNS, Cell, Line, Sheet, Signer

PRINTED, FILLED, HEAVY = "宋体", "仿宋", "黑体"
LATIN = "Times New Roman"
WIDTH = 165
"""Millimetres between the margins of an A4 page."""
WIDE = 252
"""The same of one that lies on its side."""
TWIPS_A_LINE = round(8 / 25.4 * 1440)
BODY, SMALL = 10.5, 9
BAR = 20
"""So many blocks make the longest bar."""
MARGIN = 100
"""Twips between the frame of a cell and its text."""


def _width(sheet: Sheet) -> int:
    """How many millimetres the table takes from margin to margin."""
    return WIDE if sheet.is_wide else WIDTH


def _column(sheet: Sheet) -> int:
    """A column of the grid in twips."""
    return round(_width(sheet) / COLUMNS / 25.4 * 1440)


def docx_of(sheet: Sheet) -> bytes:
    """The sheet as .docx."""
    sheet = with_notes_on_glyphs(sheet, is_spelled_out=False)
    document = Document()
    _page(document, sheet)
    _head(document, sheet)
    _table(document, sheet)
    for note in sheet.notes:
        _write(document.add_paragraph(), note, size=8.5)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


# The page: margins, what is repeated, and counts of pages.


def _page(document: DocumentOfWord, sheet: Sheet) -> None:
    properties = document.core_properties
    properties.title, properties.author, properties.comments = f"{sheet.title} {sheet.number}".strip(), "", ""
    style = document.styles["Normal"]
    style.font.name, style.font.size = LATIN, Pt(BODY)
    written = style.element.get_or_add_rPr()
    written.get_or_add_rFonts().set(qn("w:eastAsia"), PRINTED)
    written.append(_element("w:lang", val="en-US", eastAsia="zh-TW" if sheet.language == "zh-hant" else "zh-CN"))
    style.paragraph_format.space_after = Pt(0)
    section = document.sections[0]
    section.page_width, section.page_height = (Mm(297), Mm(210)) if sheet.is_wide else (Mm(210), Mm(297))
    section.orientation = WD_ORIENT.LANDSCAPE if sheet.is_wide else WD_ORIENT.PORTRAIT
    section.left_margin, section.right_margin = Mm(25), Mm(20)
    section.top_margin = section.bottom_margin = Mm(20)
    section.header_distance = section.footer_distance = Mm(11)
    section.different_first_page_header_footer = True
    _running_head(section.header.paragraphs[0], sheet)
    for footer in (section.footer, section.first_page_footer):
        _foot(footer.paragraphs[0], sheet)


def _running_head(paragraph: Paragraph, sheet: Sheet) -> None:
    _write(paragraph, sheet.title + (f"\t{sheet.number_words}{sheet.number}" if sheet.number else ""), size=SMALL)
    _only_right_tab(paragraph, sheet)
    _ruled(paragraph, "bottom")


def _foot(paragraph: Paragraph, sheet: Sheet) -> None:
    before, between, after = sheet.page_words
    _write(paragraph, sheet.foot + "\t" + before, size=8.5)
    _counted(paragraph, "PAGE")
    _write(paragraph, between, size=8.5)
    _counted(paragraph, "NUMPAGES")
    _write(paragraph, after, size=8.5)
    _only_right_tab(paragraph, sheet)
    _ruled(paragraph, "top")


def _only_right_tab(paragraph: Paragraph, sheet: Sheet) -> None:
    paragraph.style = "Normal"
    paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(_width(sheet)), WD_TAB_ALIGNMENT.RIGHT)


def _ruled(paragraph: Paragraph, side: str) -> None:
    borders = OxmlElement("w:pBdr")
    borders.append(_element(f"w:{side}", val="single", sz="4", space="1", color="808080"))
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _counted(paragraph: Paragraph, what: str) -> None:
    for kind in ("begin", "", "end"):
        run = _run(paragraph, "", size=8.5)
        if kind:
            run.append(_element("w:fldChar", fldCharType=kind))
        else:
            instruction = _element("w:instrText")
            instruction.set(qn("xml:space"), "preserve")
            instruction.text = f" {what} "
            run.append(instruction)


# The head of the first page.


def _head(document: DocumentOfWord, sheet: Sheet) -> None:
    if sheet.house:
        house = document.add_paragraph()
        house.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _write(house, sheet.house, size=12)
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_after = Pt(4)
    _write(title, sheet.title, size=20, is_bold=True)
    if sheet.link:
        _place_code(title, sheet)
    line = document.add_paragraph()
    line.paragraph_format.space_before, line.paragraph_format.space_after = Pt(6), Pt(3)
    number = sheet.number or "　" * 12
    _write(line, f"{sheet.number_words}{number}\t", size=BODY)
    _write(line, sheet.code or sheet.basis, size=SMALL)
    _only_right_tab(line, sheet)


def _place_code(paragraph: Paragraph, sheet: Sheet) -> None:
    """The QR code floats at the right margin, so that the title stays in the middle."""
    run = paragraph.add_run()
    inline = run.add_picture(io.BytesIO(qr_png(sheet.link)), width=Mm(16))._inline
    anchor = OxmlElement("wp:anchor")
    for name, value in {
        "distT": "0", "distB": "0", "distL": "0", "distR": "0", "simplePos": "0", "relativeHeight": "2",
        "behindDoc": "0", "locked": "0", "layoutInCell": "1", "allowOverlap": "1",
    }.items():  # fmt: skip
        anchor.set(name, value)
    simple = OxmlElement("wp:simplePos")
    simple.set("x", "0")
    simple.set("y", "0")
    anchor.append(simple)
    anchor.append(_position("wp:positionH", "margin", align="right"))
    anchor.append(_position("wp:positionV", "margin", offset=0))
    extent, rest = inline[0], list(inline)[1:]
    anchor.append(extent)
    anchor.append(OxmlElement("wp:wrapNone"))
    for part in rest:
        anchor.append(part)
    inline.getparent().replace(inline, anchor)


def _position(tag: str, relative: str, *, align: str = "", offset: int | None = None) -> Any:
    position = OxmlElement(tag)
    position.set("relativeFrom", relative)
    inner = OxmlElement("wp:align" if align else "wp:posOffset")
    inner.text = align or str(offset)
    position.append(inner)
    return position


# The cells.


def _table(document: DocumentOfWord, sheet: Sheet) -> None:
    table = OxmlElement("w:tbl")
    properties = _element("w:tblPr")
    properties.append(_element("w:tblW", w=str(_column(sheet) * COLUMNS), type="dxa"))
    properties.append(_element("w:jc", val="center"))
    borders = _element("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        weight = "4" if side.startswith("inside") else "8"
        borders.append(_element(f"w:{side}", val="single", sz=weight, space="0", color="000000"))
    properties.append(borders)
    properties.append(_element("w:tblLayout", type="fixed"))
    margins = _element("w:tblCellMar")
    for side in ("left", "right"):
        margins.append(_element(f"w:{side}", w=str(MARGIN), type="dxa"))
    properties.append(margins)
    table.append(properties)
    grid = _element("w:tblGrid")
    for _ in range(COLUMNS):
        grid.append(_element("w:gridCol", w=str(_column(sheet))))
    table.append(grid)
    for place, line in enumerate(sheet.lines):
        is_kept = line.is_head or place == len(sheet.lines) - 2
        table.append(_row(line, document, sheet, is_kept=is_kept))
    document.element.body.insert_element_before(table, "w:sectPr")


def _row(line: Line, document: DocumentOfWord, sheet: Sheet, *, is_kept: bool) -> Any:
    """A row of the table; a kept one stands on the page of the row below it."""
    row = _element("w:tr")
    properties = _element("w:trPr")
    if not any(cell.is_long for cell in line.cells):
        properties.append(_element("w:cantSplit"))
    height = TWIPS_A_LINE * max(cell.lines for cell in line.cells)
    properties.append(_element("w:trHeight", val=str(height), hRule="atLeast"))
    row.append(properties)
    for cell in line.cells:
        row.append(_cell(cell, document, sheet, is_kept=is_kept))
    return row


def _cell(cell: Cell, document: DocumentOfWord, sheet: Sheet, *, is_kept: bool) -> Any:
    made = _element("w:tc")
    properties = _element("w:tcPr")
    properties.append(_element("w:tcW", w=str(_column(sheet) * cell.span), type="dxa"))
    properties.append(_element("w:gridSpan", val=str(cell.span)))
    if cell.kind == "heading":
        properties.append(_element("w:shd", val="clear", color="auto", fill="E8E8E8"))
    is_tall = cell.kind == "opinion" or (cell.kind == "value" and (cell.is_long or cell.lines > 1))
    properties.append(_element("w:vAlign", val="top" if is_tall else "center"))
    made.append(properties)
    for paragraph in _paragraphs(cell, made, document, sheet):
        paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2.5)
        if is_kept:
            paragraph.paragraph_format.keep_with_next = True
    return made


def _paragraphs(cell: Cell, made: Any, document: DocumentOfWord, sheet: Sheet) -> list[Paragraph]:
    def new() -> Paragraph:
        element = OxmlElement("w:p")
        made.append(element)
        return Paragraph(element, document._body)

    if cell.kind == "signatures":
        return _signatures(cell, new, sheet)
    first = new()
    if cell.kind == "boxes":
        ticked = "　".join(f"{'☑' if is_ticked else '☐'}\u00a0{title}" for is_ticked, title in cell.choices)
        _write(first, "\n".join(filter(None, [ticked, cell.text])), face=FILLED)
        return [first]
    if cell.picture:
        first.add_run().add_picture(io.BytesIO(cell.picture), height=Mm(14))
        return [first]
    if cell.kind == "bar":
        _write(first, f"{'█' * (cell.share * BAR // 100)}　{cell.text}", face=FILLED)
        return [first]
    is_filled = cell.kind in ("value", "opinion")
    _write(first, cell.text, face=HEAVY if cell.kind == "heading" else FILLED if is_filled else PRINTED)
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
        _write(signed, f"{_named(signer, sheet)}{signer.name or '　' * 8}　{signer.day}")
    return [*blank, signed]


def _signatures(cell: Cell, new: Any, sheet: Sheet) -> list[Paragraph]:
    """Who signs on one line and the days below them, each under its own stop."""
    names, days = new(), new()
    count = max(2, len(cell.signers))
    for paragraph in (names, days):
        for place in range(1, count):
            paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(_width(sheet) / count * place))
    # A single signer signs on the right.
    first = "\t" if len(cell.signers) == 1 else ""
    _write(names, first + "\t".join(f"{_named(one, sheet)}{one.name}" for one in cell.signers))
    _write(days, first + "\t".join(one.day for one in cell.signers))
    return [names, days]


def _named(signer: Signer, sheet: Sheet) -> str:
    return signer.title + (": " if sheet.language == "en" else "：")


# Runs of text.


def _write(paragraph: Paragraph, text: str, *, size: float = BODY, face: str = PRINTED, is_bold: bool = False) -> None:
    run = paragraph.add_run(text)
    run.bold = is_bold or None
    run.font.size, run.font.name = Pt(size), LATIN
    run.font.color.rgb = RGBColor(0, 0, 0)
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)


def _run(paragraph: Paragraph, text: str, *, size: float) -> Any:
    _write(paragraph, text, size=size)
    return paragraph.runs[-1]._r


def _element(tag: str, **attributes: str) -> Any:
    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    return made
