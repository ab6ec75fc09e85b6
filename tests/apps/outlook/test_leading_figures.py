"""A line of leading figures that is wrong says which of its parts, in words that whoever pasted it can act on."""

from datetime import date

import pytest

from amends.apps.outlook.figures import Figure, read_figures
from amends.core.policy.warnings import LeadingMeasure
from amends.doors.wording import said_of_field

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
