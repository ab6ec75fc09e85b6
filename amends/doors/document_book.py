"""A document that wrote itself as a spreadsheet: its head and contents first, then a sheet a chapter, numbers as numbers."""

from __future__ import annotations

import re
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext

from amends.doors.case_sheet import OPTIONS, as_text
from amends.doors.documents import Cell, Shown, Written, span_said
from amends.doors.papers.formats import moment_in_print
from amends.doors.wording import words

NUMBER = re.compile(r"^-?\d+(\.\d+)?")
FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
WIDTH_OF_SHEETS_NAME = 31


def write_document(file: IO[bytes], made: Written) -> None:
    """Write the document; every figure stands as a number with its unit beside it in words."""
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        forms = {
            "plain": book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"}),
            "bold": book.add_format({"bold": True, "bottom": 1, "num_format": "@", "text_wrap": True}),
            "title": book.add_format({"bold": True, "font_size": 16}),
        }
        sheet = book.add_worksheet(gettext("目录"))
        sheet.set_column(0, 0, 16)
        sheet.set_column(1, 1, 60)
        sheet.write_string(0, 0, as_text(made.title), forms["title"])
        head = [
            (gettext("编号"), made.proceeding.number), (gettext("受理台"), words(made.proceeding.desk.called)), (gettext("统计期间"), span_said(made)),
            (gettext("汇报人"), made.reporter), (gettext("数据版本"), str(made.version.no)), (gettext("取数时间"), moment_in_print(made.version.at, made.zone)),
        ]  # fmt: skip
        for n, (name, value) in enumerate(head, start=2):
            sheet.write_string(n, 0, name, forms["bold"])
            sheet.write_string(n, 1, as_text(value), forms["plain"])
        for n, chapter in enumerate(made.chapters, start=len(head) + 3):
            name = FORBIDDEN.sub(" ", f"{chapter.mark}{chapter.title}")[:WIDTH_OF_SHEETS_NAME]
            sheet.write_string(n, 1, name)
            page = book.add_worksheet(name)
            page.set_column(0, 0, 28)
            page.set_column(1, 12, 18)
            row = 0
            for block in chapter.blocks:
                row = _block(page, row, block, forms) + 1


def _block(sheet: Any, row: int, block: Shown, forms: dict[str, Any]) -> int:
    """Write a block from a row on; returns the row behind it."""
    if block.title:
        sheet.write_string(row, 0, as_text(block.title), forms["bold"])
        row += 1
    if block.text is not None:
        sheet.merge_range(row, 0, row, 6, as_text(block.text), forms["plain"])
        sheet.set_row(row, 16 * (1 + block.text.count("\n") + len(block.text) // 60))
        return row + 1
    if block.table is not None:
        for place, (head, _) in enumerate(block.table.heads):
            sheet.write_string(row, place, as_text(head), forms["bold"])
        for cells in (*block.table.rows, *((block.table.total,) if block.table.total else ())):
            row += 1
            for place, cell in enumerate(cells):
                _cell(sheet, row, place, cell, forms["plain"])
        row += 1
    for said in [block.note, *(f"{one.about}：{one.text}（{one.number}）" for one in block.samples)]:
        if said:
            sheet.write_string(row, 0, as_text(said))
            row += 1
    return row


def _cell(sheet: Any, row: int, place: int, cell: Cell, plain: Any) -> None:
    number = NUMBER.match(cell.text) if cell.is_number else None
    if number is None:
        sheet.write_string(row, place, as_text("\n".join(filter(None, [cell.text, cell.second]))), plain)
        return
    sheet.write_number(row, place, float(number[0]))
    if beside := " ".join(filter(None, [cell.text[number.end() :].strip(), cell.second])):
        sheet.write_comment(row, place, beside)
