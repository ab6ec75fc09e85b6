"""Every printed form of every pack, filled and blank, as PDF and as Word."""

import pytest

from amends.core.policy.printing import Printed
from amends.doors.papers.finding import papers_of_case, sheet_called
from amends.doors.papers.making import blank_sheet, form_sheet, forms_of_case, printed_forms
from amends.doors.papers.press import pdf_of, pdfs_of
from amends.doors.papers.word import docx_of
from tests.papers.reading import pages_of_pdf, text_of_docx, text_of_pdf, xml_of_docx
from tests.world import SHIPPED

pytestmark = pytest.mark.django_db
KINDS = ("dispatch", "investigation", "plan", "feedback", "telephone")
UNDER_THEIR_NAMES = {
    "escalation": ("客诉分派告知单", "客诉调查报告", "客诉处理方案", "处理结果反馈记录", "客户联系记录（电话）"),
    "reporting": ("投诉反馈分派单", "调查取证记录", "解决方案和措施", "告知客户记录", "电话联系记录"),
    "market": ("投诉转交单", "投诉调查判断表", "投诉解决方案", "客户反馈意见表", "客户联系记录（电话）"),
    "service": ("顾客投诉转交通知", "顾客投诉处理通知单", "顾客投诉处理方案", "反馈结果记录", "电话记录"),
    "express": ("投诉传递单", "投诉调查报告", "投诉处理方案", "结果反馈与满意度记录", "电话联系记录"),
}


@pytest.mark.parametrize("pack", SHIPPED)
def test_each_pack_prints_what_its_document_names(archive, pack):
    file = archive[pack].file()
    forms = [form for kind in file.pack.channels.kinds for form in forms_of_case(file.pack, kind)]
    titles = {form.printed.title.zh_hans for form in forms} | set(papers_of_case(file).values())

    assert set(UNDER_THEIR_NAMES[pack]) <= titles
    assert [
        title for title in titles if "记录表" in title or "登记表" in title or "处理记录" in title or "通知单" in title
    ]
    assert archive[pack].pack.head.archive.cover.zh_hans in titles


def test_a_case_offers_no_paper_that_another_kind_begins_with(archive):
    pack = archive["service"].pack

    complaint, enquiry = ({form.id for form in forms_of_case(pack, kind)} for kind in ("complaint", "enquiry"))

    assert complaint - enquiry == {"handling_notice"}
    assert enquiry - complaint == {"contact_intake"}


@pytest.mark.parametrize("pack", SHIPPED)
def test_every_form_is_printed_filled_and_blank(archive, pack):
    file = archive[pack].file("print")
    forms = printed_forms(file.pack)
    filled = [form_sheet(file, form) for form in forms]
    blank = [blank_sheet(file.pack, file.case.desk, form) for form in forms]

    texts = [text_of_pdf(pdf) for pdf in pdfs_of([*filled, *blank])]
    in_word = [text_of_docx(docx_of(sheet)) for sheet in (*filled, *blank)]

    for sheet, text, word in zip((*filled, *blank), texts, in_word, strict=True):
        labels = [cell.text for line in sheet.lines for cell in line.cells if cell.kind in ("label", "heading")]
        for label in (sheet.title, *(label.replace("\n", "") for label in labels)):
            assert label in text and label in word.replace("\n", "")
        assert ("第 1 页" in text, file.case.number in text) == (True, sheet.number != "")
        assert (file.case.number in word) == (sheet.number != "")
    for text in texts[: len(forms)]:
        assert f"打印：{file.viewer.person.name}" in text and "个人信息已隐去" in text


def test_word_names_the_faces_of_chinese_offices(archive):
    file = archive["express"].file("print")

    written = xml_of_docx(docx_of(sheet_called(file, "complaint_record")))

    assert {'w:eastAsia="宋体"', 'w:eastAsia="仿宋"', 'w:eastAsia="黑体"'} <= set(written.replace("/>", " ").split())
    assert "☑" in written and "☐" in written


def test_characters_that_the_font_lacks_are_listed_by_code_point_and_none_is_dropped(archive):
    here = archive["service"]
    case, file = here.case, here.file("print")
    case.subject = "𠮷野家的 𠮷 字和 👍"
    sheet = sheet_called(file, "archive-cover")

    paper, word = text_of_pdf(pdf_of(sheet)), text_of_docx(docx_of(sheet))

    assert "[U+20BB7]野家的 [U+20BB7] 字和 [U+1F44D]" in paper
    assert "不在打印字库中" in paper and "U+20BB7、U+1F44D" in paper
    assert "𠮷野家的 𠮷 字和 👍" in word and "𠮷 U+20BB7、👍 U+1F44D" in word


def test_a_form_that_goes_over_a_page_repeats_its_head_and_its_columns(archive):
    here = archive["express"]
    many = Printed.model_validate(
        {"title": {"zh-Hans": "措施表"}, "rows": [{"cells": [{"field": "measures", "lines": 30}]}] * 2}
    )
    form = here.pack.forms["handling_plan"].model_copy(update={"printed": many})

    made = pdf_of(blank_sheet(here.pack, here.case.desk, form))

    assert pages_of_pdf(made) == 3
    text = text_of_pdf(made)
    assert text.count("措施表") == 3
    assert text.count("责任人") == 4
    assert "第 3 页共 3 页" in text.replace("　", "")


@pytest.mark.parametrize("language", ["zh-hant", "en"])
def test_papers_speak_the_language_of_their_reader(archive, language, settings):
    from django.utils.translation import override

    file = archive["market"].file("print")
    with override(language):
        text = text_of_pdf(pdf_of(sheet_called(file, "complaint_record")))

    expected = {"zh-hant": ("客戶投訴記錄表", "編號："), "en": ("Customer complaint record form", "Page 1 of")}
    for words in expected[language]:
        assert words in text
