"""What every Word paper has: the page, its faces, what is repeated at head and foot, the head of the first page, and runs of text."""

from __future__ import annotations

import io
from typing import Any

from docx.document import Document as DocumentOfWord
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from amends.doors.papers.paper import Paper
from amends.doors.papers.qr import qr_png
from amends.doors.papers.sheet import Signer

PRINTED, FILLED, HEAVY = "宋体", "仿宋", "黑体"
LATIN = "Times New Roman"
WIDTH = 165
"""Millimetres between the margins of an A4 page."""
WIDE = 252
"""The same of one that lies on its side."""
BODY, SMALL = 10.5, 9
TITLE, SMALLER_TITLE, LONG_TITLE = 20, 17, 16
"""The size of a title, and of one of more characters."""
CODE, BESIDE_CODE = 16, 19
"""Millimetres that the QR code takes, and that a title keeps free on both sides for it."""


def width_of(paper: Paper) -> int:
    """How many millimetres stand between the margins."""
    return WIDE if paper.is_wide else WIDTH


# The page: margins, what is repeated, and counts of pages.


def lay_out(document: DocumentOfWord, paper: Paper) -> None:
    properties = document.core_properties
    properties.title, properties.author, properties.comments = f"{paper.title} {paper.number}".strip(), "", ""
    style = document.styles["Normal"]
    style.font.name, style.font.size = LATIN, Pt(BODY)
    written = style.element.get_or_add_rPr()
    written.get_or_add_rFonts().set(qn("w:eastAsia"), PRINTED)
    written.append(element("w:lang", val="en-US", eastAsia="zh-TW" if paper.language == "zh-hant" else "zh-CN"))
    style.paragraph_format.space_after = Pt(0)
    section = document.sections[0]
    section.page_width, section.page_height = (Mm(297), Mm(210)) if paper.is_wide else (Mm(210), Mm(297))
    section.orientation = WD_ORIENT.LANDSCAPE if paper.is_wide else WD_ORIENT.PORTRAIT
    section.left_margin, section.right_margin = Mm(25), Mm(20)
    section.top_margin = section.bottom_margin = Mm(20)
    section.header_distance = section.footer_distance = Mm(11)
    section.different_first_page_header_footer = True
    _running_head(section.header.paragraphs[0], paper)
    for footer in (section.footer, section.first_page_footer):
        _foot(footer.paragraphs[0], paper)


def _running_head(paragraph: Paragraph, paper: Paper) -> None:
    write(paragraph, paper.title + (f"\t{paper.number_words}{paper.number}" if paper.number else ""), size=SMALL)
    only_right_tab(paragraph, paper)
    _ruled(paragraph, "bottom")


def _foot(paragraph: Paragraph, paper: Paper) -> None:
    before, between, after = paper.page_words
    write(paragraph, paper.foot + "\t" + before, size=8.5)
    _counted(paragraph, "PAGE")
    write(paragraph, between, size=8.5)
    _counted(paragraph, "NUMPAGES")
    write(paragraph, after, size=8.5)
    only_right_tab(paragraph, paper)
    _ruled(paragraph, "top")


def only_right_tab(paragraph: Paragraph, paper: Paper) -> None:
    paragraph.style = "Normal"
    paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(width_of(paper)), WD_TAB_ALIGNMENT.RIGHT)


def _ruled(paragraph: Paragraph, side: str) -> None:
    borders = OxmlElement("w:pBdr")
    borders.append(element(f"w:{side}", val="single", sz="4", space="1", color="808080"))
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _counted(paragraph: Paragraph, what: str) -> None:
    for kind in ("begin", "", "end"):
        run = run_of(paragraph, "", size=8.5)
        if kind:
            run.append(element("w:fldChar", fldCharType=kind))
        else:
            instruction = element("w:instrText")
            instruction.set(qn("xml:space"), "preserve")
            instruction.text = f" {what} "
            run.append(instruction)


def saved(document: DocumentOfWord, paper: Paper) -> bytes:
    """The document with its notes at the end, as a file."""
    for note in paper.notes:
        write(document.add_paragraph(), note, size=8.5)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


# The head of the first page.


def write_head(document: DocumentOfWord, paper: Paper) -> None:
    if paper.house:
        house = document.add_paragraph()
        house.alignment = WD_ALIGN_PARAGRAPH.CENTER
        write(house, paper.house, size=12)
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_after = Pt(4)
    write(
        title,
        paper.title,
        size=TITLE if len(paper.title) <= LONG_TITLE or paper.is_wide else SMALLER_TITLE,
        is_bold=True,
    )
    if paper.link:
        title.paragraph_format.left_indent = title.paragraph_format.right_indent = Mm(BESIDE_CODE)
        _place_code(title, paper)
    line = document.add_paragraph()
    line.paragraph_format.space_before, line.paragraph_format.space_after = Pt(6), Pt(3)
    number = paper.number or ("　" * 12 if paper.number_words else "")
    write(line, f"{paper.number_words}{number}\t", size=BODY)
    write(line, paper.code or paper.basis, size=SMALL)
    only_right_tab(line, paper)


def _place_code(paragraph: Paragraph, paper: Paper) -> None:
    """The QR code floats at the right margin, so that the title stays in the middle."""
    run = paragraph.add_run()
    inline = run.add_picture(io.BytesIO(qr_png(paper.link)), width=Mm(CODE))._inline
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


def named(signer: Signer, paper: Paper) -> str:
    return signer.title + (": " if paper.language == "en" else "：")


# Runs of text.


def write(paragraph: Paragraph, text: str, *, size: float = BODY, face: str = PRINTED, is_bold: bool = False) -> None:
    run = paragraph.add_run(text)
    run.bold = is_bold or None
    run.font.size, run.font.name = Pt(size), LATIN
    run.font.color.rgb = RGBColor(0, 0, 0)
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), face)


def run_of(paragraph: Paragraph, text: str, *, size: float) -> Any:
    write(paragraph, text, size=size)
    return paragraph.runs[-1]._r


def element(tag: str, **attributes: str) -> Any:
    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    return made
