"""Documents as files that somebody signs: heads that are repeated, numbers on the right, charts inside, room to sign, sheets ready to print."""

import io
import zipfile

import pytest
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH

from amends.doors.documents.parts import Cell, Head, Table
from amends.doors.papers.columns import needs_width, widths_of
from tests.doors import Staff

PACKS = ("escalation",)


@pytest.fixture
def files(office):
    """The assessment of March as its author takes it, by the ending of the file."""
    for _ in range(2):
        office.api("cs_agent").registered()
    office.clock.at("2026-04-01T00:30:00+08:00")
    office.work()
    manager = office.api("quality_manager")
    (line,) = manager.read("reports", document="monthly_assessment")["reports"]
    staff = Staff(office.world, "quality_manager")
    return lambda way: b"".join(staff.get(f"/documents/{line['id']}/file.{way}"))


def test_the_word_file_has_the_company_headings_charts_and_places_to_sign(files):
    document = Document(io.BytesIO(files("docx")))
    assert document.paragraphs[0].text == "安禾电器有限公司"
    headings = [one.text for one in document.paragraphs if one.style.name == "Heading 1"]
    assert headings == ["一、总体情况", "二、各责任部门考核", "三、问题分布", "四、整改与改进", "五、考核意见"]
    assert len(document.inline_shapes) == 1
    assert [cell.text.partition("：")[0] for cell in document.tables[-1].rows[0].cells] == [
        "编制人",
        "审核人",
        "批准人",
    ]


def test_tables_of_the_word_file_repeat_their_heads_and_set_numbers_on_the_right(files):
    document = Document(io.BytesIO(files("docx")))
    (table,) = [one for one in document.tables if one.rows[0].cells[0].text == "指标"]
    assert [cell.text for cell in table.rows[0].cells][:4] == ["指标", "单位", "本期", "统计件数"]
    assert table.rows[0]._tr.xpath("./w:trPr/w:tblHeader")
    assert [cell.text for cell in table.rows[1].cells][:3] == ["受理客诉", "件", "2"]
    assert table.rows[1].cells[2].paragraphs[0].alignment == WD_ALIGN_PARAGRAPH.RIGHT
    assert table.rows[1].cells[0].paragraphs[0].alignment == WD_ALIGN_PARAGRAPH.LEFT


def test_every_sheet_of_the_spreadsheet_prints_on_a4_with_its_head_on_every_page(files):
    with zipfile.ZipFile(io.BytesIO(files("xlsx"))) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        assert len(sheets) == 6
        assert "xl/charts/chart1.xml" in book.namelist()
        assert book.read("xl/workbook.xml").decode().count("_xlnm.Print_Titles") == len(sheets)
    for sheet in sheets:
        assert 'paperSize="9"' in sheet and 'fitToPage="1"' in sheet and 'state="frozen"' in sheet


def test_the_pdf_is_made(files):
    assert files("pdf").startswith(b"%PDF")


def test_numbers_and_codes_never_break_and_words_share_the_rest():
    heads = (Head("编号"), Head("内容"), Head("件数", True))
    table = Table(heads, ((Cell("KS202611-00001"), Cell("字" * 200), Cell("1234567", is_number=True)),))
    code, words, number = widths_of(table, is_wide=False)
    assert code >= 1000 * 14 / 104 and number >= 1000 * 7 / 104 and words > code + number
    assert not needs_width(table)
    assert needs_width(Table(heads * 4, tuple(row * 4 for row in table.rows)))
