"""Lists and tables as spreadsheets: ready to print, values of their kind, and never too small to read."""

import io
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from zipfile import ZipFile

import pytest
import xlsxwriter

from amends.doors.cells import OPTIONS
from amends.doors.listed_sheet import ListFormats, write_list
from amends.doors.printed_book import printed_book

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC).replace(tzinfo=None)
ROW = ["KD202611-00001", date(2026, 11, 28), NOON, 3, Decimal("4.5"), {"minor": 128050, "currency": "CNY"}, ""]
HEADS = ["编号", "日期", "到期时间", "件数", "评分", "金额", "备注"]


def listed(rows, heads=HEADS):
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, OPTIONS) as book:
        assert write_list(
            book, "台账", heads, rows, title="供应商台账　2026年11月28日", formats=ListFormats(book)
        ) == len(rows)
    return ZipFile(file)


def sheet_of(book):
    return book.read("xl/worksheets/sheet1.xml").decode()


def page_of(xml):
    """Paper, direction, pages side by side, what stays in view, and what is printed above and below."""
    setup = re.search(r"<pageSetup [^>]*>", xml)[0]
    return {
        "a4": 'paperSize="9"' in setup,
        "lies": 'orientation="landscape"' in setup,
        "wide": int((re.search(r'fitToWidth="(\d+)"', setup) or [0, "1"])[1]),
        "high": int((re.search(r'fitToHeight="(\d+)"', setup) or [0, "1"])[1]),
        "kept": re.search(r'<pane [^>]*topLeftCell="([A-Z]+\d+)"', xml)[1],
        "above": (re.search(r"<oddHeader>([^<]*)<", xml) or ["", ""])[1],
        "below": re.search(r"<oddFooter>([^<]*)<", xml)[1],
    }


def test_a_list_is_printed_on_a4_under_its_title_with_its_heads_on_every_numbered_page():
    book = listed([ROW] * 3)
    assert page_of(sheet_of(book)) == {
        "a4": True, "lies": True, "wide": 1, "high": 0, "kept": "B2", "above": "&amp;L供应商台账　2026年11月28日",
        "below": "&amp;L台账&amp;R第 &amp;P 页　共 &amp;N 页",
    }  # fmt: skip
    names = book.read("xl/workbook.xml").decode()
    assert "台账!$1:$1" in names


def test_numbers_amounts_and_days_of_a_list_are_stored_as_such_and_shown_as_offices_write_them():
    book = listed([ROW])
    row = re.search(r'<row r="2".*?</row>', sheet_of(book))[0]
    assert re.findall(r"<v>([^<]*)</v>", row) == ["46354", "46354.5", "3", "4.5", "1280.5"]
    styles = book.read("xl/styles.xml").decode()
    for pattern in ("yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;", "&quot;¥&quot;#,##0.00"):
        assert pattern in styles


def test_a_row_that_has_more_cells_than_heads_is_a_fault():
    with pytest.raises(ValueError):
        listed([[*ROW, "再一格"]])


def test_a_table_too_wide_to_be_read_on_one_page_goes_on_beside_it_with_its_first_column():
    file = io.BytesIO()
    heads = ["责任部门", *(f"第{n}项指标（含样本）" for n in range(40))]
    with printed_book(file, house="甲公司", title="指标", about=["2026年11月"]) as book:
        book.table("分组", heads, [["派送管理部", *range(40)]])
        book.table("概览", heads[:5], [["派送管理部", 1, 2, 3, 4]])
    book = ZipFile(file)
    wide, narrow = (book.read(f"xl/worksheets/sheet{n}.xml").decode() for n in (1, 2))
    assert page_of(wide)["wide"] > 1 and page_of(wide)["lies"]
    assert "分组!$A:$A,分组!$1:$5" in book.read("xl/workbook.xml").decode()
    assert page_of(narrow)["wide"] == 1 and not page_of(narrow)["lies"]


def test_what_a_table_is_about_takes_lines_instead_of_making_the_paper_wider_than_the_table():
    file = io.BytesIO()
    with printed_book(file, house="甲公司", title="指标", about=["现行：客诉升级管理办法　第 1 版"] * 8) as book:
        book.table("个案", ["编号", "变化"], [["KS202611-00001", "处理时限"]])
        book.table("宽表", [f"第{n}项指标" for n in range(40)], [list(range(40))])
    narrow, wide = (ZipFile(file).read(f"xl/worksheets/sheet{n}.xml").decode() for n in (1, 2))
    assert '<mergeCell ref="A3:B3"/>' in narrow
    assert float(re.search(r'<row r="3"[^>]* ht="([0-9.]+)"', narrow)[1]) > 100
    assert "mergeCell" not in wide
