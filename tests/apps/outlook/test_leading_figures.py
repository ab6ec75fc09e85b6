"""A line of leading figures that is wrong says which of its parts, in words that whoever pasted it can act on."""

from datetime import date

import pytest

from amends.apps.outlook.figures import Figure, UnreadableFigures, read_figures
from amends.core.policy.warnings import LeadingMeasure
from amends.doors.wording import said, said_of_field

MEASURE = LeadingMeasure.model_validate(
    {
        "title": {"zh-Hans": "业务量", "en": "parcels"},
        "place": {"zh-Hans": "网点", "en": "outlet"},
        "unit": {"zh-Hans": "件数", "en": "count"},
    }
)
THREE = "每行三列，依次为网点、日期、件数，以逗号或制表符隔开。"


def read(text):
    return read_figures(text.encode(), measure=MEASURE, today=date(2026, 3, 9))


def why(line):
    _, [wrong] = read(line)
    return " ".join(said_of_field(error) for error in wrong.refusal.errors)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("城东网点", f"缺少日期、件数。{THREE}"),
        ("城东网点,2026-03-02", f"缺少件数。{THREE}"),
        ("城东网点\t8", f"缺少日期。{THREE}"),
        ("2026年3月2日,8", f"缺少网点。{THREE}"),
        ("城东网点 2026-03-02 8", f"缺少日期、件数。{THREE}"),
        ("城东网点,,8", "请填写“日期”。"),
        (",2026-03-02,", "请填写“网点”。 请填写“件数”。"),
        ("城东网点,2026-03-02,八", "“件数”请填写整数。"),
        ("城东网点,2026-03-02,-8", "“件数”不能小于 0。"),
        (
            "城东网点,2026-03-02,1,200",
            "有 4 列。每行三列，依次为网点、日期、件数；数字里请不要写千位分隔符。",
        ),
    ],
)
def test_a_line_says_what_it_lacks(line, sentence):
    assert why(line) == sentence


def test_the_line_is_named_by_its_number_and_the_others_are_read():
    found, [wrong] = read("网点,日期,件数\n城东网点,2026-03-02,8,\n\n城西网点,2026-03-03\n")
    assert (found, wrong.line) == ([Figure("城东网点", date(2026, 3, 2), 8)], 4)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b" \n", "没有数据：请粘贴表格内容，或选择 CSV 文件。"),
        (b"PK\x03\x04\x14\x00", "这是 Excel 工作簿：请在 Excel 中另存为"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "这是 Excel 工作簿：请在 Excel 中另存为"),
        (b"\xff\xd8\xff\xe0", "内容无法读取：请用 CSV（UTF-8 或 GB18030），每行三列：地点、日期、数量。"),
        (("城东网点,2026-03-02,8\n" * 5001).encode(), "一次最多 5000 行，现在有 5001 行，请分几次录入。"),
        (b"x" * (2 * 1024**2 + 1), "数据超过 2 MB，请分几次录入。"),
    ],
    ids=["nothing", "workbook", "old workbook", "picture", "many lines", "large"],
)
def test_a_table_that_can_not_be_read_says_what_to_do_instead(content, sentence):
    with pytest.raises(UnreadableFigures) as refused:
        read_figures(content, measure=MEASURE, today=date(2026, 3, 9))
    assert said(refused.value).startswith(sentence)
