"""Documents as files that somebody signs: heads that are repeated, numbers on the right, charts inside, room to sign, sheets ready to print."""

import io
import re
import zipfile

import pytest
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH

from amends.doors.documents.parts import Cell, Head, Table
from amends.doors.papers.columns import needs_width, widths_of
from amends.doors.printed_book import LINE
from tests.doors import Staff

PACKS = ("escalation",)
LONG = "请在五月底前把安装、配送和客服三方的交接单合并为一张，" * 6


@pytest.fixture
def files(office):
    """The assessment of March as its author takes it, by the ending of the file."""
    for _ in range(2):
        office.api("cs_agent").registered()
    manager = office.api("quality_manager")
    unit = office.department("sales")
    manager.begins(
        "rectification", asked_department=unit, rectification_requirement=LONG, rectification_due="2026-05-04"
    )
    office.clock.at("2026-04-01T00:30:00+08:00")
    office.work()
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


def test_no_column_of_the_spreadsheet_is_empty_and_no_row_too_low_for_what_stands_in_it(files):
    content = io.BytesIO(files("xlsx"))
    with zipfile.ZipFile(content) as book:
        names = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        sheets = [book.read(name).decode() for name in names]
    (sheet,) = [sheet for sheet in sheets if LONG in sheet]
    (row,) = [row for row in re.findall(r"<row .*?</row>", sheet) if LONG in row]
    said = [text for one in sheets for text in re.findall(r"<t[^>]*>([^<]*)</t>", one)]
    widest = max(float(width) for width in re.findall(r'<col [^>]*width="([0-9.]+)"', sheet))
    assert float(re.search(r' ht="([0-9.]+)"', row)[1]) >= LINE * 2 * len(LONG) / widest
    assert "客诉解决率 件数" in said
    assert {"2025年4月", "2026年3月"} <= set(said)
    assert not [head for head in said if head.endswith(" 上期")]


def test_the_chart_on_the_page_names_months_as_people_do(office, files):
    files("xlsx")
    staff = Staff(office.world, "quality_manager")
    (line,) = office.api("quality_manager").read("reports", document="monthly_assessment")["reports"]
    page = b"".join(staff.get(f"/documents/{line['id']}/")).decode()

    assert re.findall(r">(26年3月|26-03)<", page)[:1] == ["26年3月"]


def test_a_long_title_leaves_its_room_to_the_code_beside_it(files):
    title = Document(io.BytesIO(files("docx"))).paragraphs[1]
    assert title.text.startswith("2026年3月")
    assert title._p.xpath(".//wp:anchor")
    assert title.paragraph_format.left_indent.mm == title.paragraph_format.right_indent.mm == pytest.approx(19, abs=0.1)


def test_a_month_that_is_not_over_when_its_figures_are_drawn_is_marked(office):
    manager, staff = office.api("quality_manager"), Staff(office.world, "quality_manager")
    early = manager.begins("monthly_assessment", period_from="2026-03-01", period_to="2026-03-31")["id"]
    over = manager.begins("monthly_assessment", period_from="2026-02-01", period_to="2026-02-28")["id"]
    for key, is_marked in ((early, True), (over, False)):
        word = Document(io.BytesIO(b"".join(staff.get(f"/documents/{key}/file.docx"))))
        said = [cell.text for cell in word.tables[0].rows[0].cells][1]
        assert said.endswith("（取数时未结束）") is is_marked
        assert ("（取数时未结束）" in staff.get(f"/documents/{key}/").content.decode()) is is_marked


def test_the_pdf_is_made(files):
    assert files("pdf").startswith(b"%PDF")


def test_a_chart_of_two_years_leaves_as_a_paper_too(office):
    office.clock.at("2026-04-02T09:00:00+08:00")
    begun = office.api("quality_manager").begins("management_review", period_from="2026-01-01", period_to="2026-03-31")
    staff = Staff(office.world, "quality_manager")
    for way in ("pdf", "docx", "xlsx"):
        assert staff.get(f"/documents/{begun['id']}/file.{way}").status_code == 200


def test_numbers_and_codes_never_break_and_words_share_the_rest():
    heads = (Head("编号"), Head("内容"), Head("件数", True))
    table = Table(heads, ((Cell("KS202611-00001"), Cell("字" * 200), Cell("1234567", is_number=True)),))
    code, words, number = widths_of(table, is_wide=False)
    assert code >= 1000 * 14 / 104 and number >= 1000 * 7 / 104 and words > code + number
    assert not needs_width(table)
    assert needs_width(Table(heads * 4, tuple(row * 4 for row in table.rows)))


def test_a_day_and_a_short_head_stand_in_one_line():
    heads = (*(Head("内容") for _ in range(5)), Head("责任人"), Head("完成期限"))
    table = Table(heads, ((*(Cell("字" * 60) for _ in range(5)), Cell("吴霞"), Cell("2026年12月31日")),))
    *_, person, day = widths_of(table, is_wide=False)
    assert person >= 1000 * len("责任人") * 2 / 104 and day >= 1000 * 14 / 104
