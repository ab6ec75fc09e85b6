"""What the pages of figures say: amounts and changes in words, and charts that end where the values end."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation
from django.utils.translation import gettext, pgettext

from amends.core.policy.kpis import Indicator
from amends.doors.figures import amount_words, change_words, target_words
from amends.web.reports.charts import Bar, bars, course
from amends.web.reports.overview import label_of


def indicator(unit, **more):
    return Indicator.model_validate(
        {
            "id": "one",
            "title": {"zh-Hans": "甲", "en": "one"},
            "kind": "mean",
            "of": "response",
            "unit": unit,
            "direction": "down",
            **more,
        }
    )


@pytest.mark.parametrize(
    ("unit", "change", "said"),
    [
        ("percent", "-65.0", "−65.0 个百分点"),
        ("percent", "2.6", "+2.6 个百分点"),
        ("hours", "12.3", "+12.3 小时"),
        ("minutes", "1218.9", "+20.3 小时"),
        ("minutes", "-6.0", "−6.0 分钟"),
        ("percent", "0.0", "持平"),
    ],
)
def test_a_change_is_said_in_its_unit_and_a_share_in_percentage_points(unit, change, said):
    assert change_words(indicator(unit), Decimal(change)) == said


def test_an_amount_is_said_in_hours_when_it_is_long_and_a_target_in_the_unit_of_the_policy():
    minutes = indicator("minutes", target=120)
    assert [amount_words(minutes, Decimal(value)) for value in ("45.0", "3479.3")] == ["45.0 分钟", "58.0 小时"]
    assert target_words(minutes) == "≤ 120 分钟"


@pytest.mark.parametrize(
    ("largest", "steps"),
    [(0, "0 1"), (4, "0 1 2 3 4"), (9, "0 2 4 6 8 10"), (20, "0 5 10 15 20"), (33, "0 10 20 30 40")],
)
def test_the_axis_of_a_chart_ends_with_the_step_above_the_largest_value(largest, steps):
    drawn = course([("10-01", largest, 0), ("10-02", 0, 0)])
    assert " ".join(said for _, said in drawn.rows) == steps


@pytest.mark.parametrize(
    ("title", "beside"),
    [
        ("对条款或政策有异议", "对条款或政策有异议"), ("对条款或政策及其解释有异议", "对条款或政策及其解释…"),
        ("Product quality", "Product quality"), ("Objection to a term or policy", "Objection to a term…"),
    ],
)  # fmt: skip
def test_beside_a_bar_two_letters_take_the_room_of_a_character(title, beside):
    assert [row.title for row in bars([Bar(title, 1)]).rows] == [beside]


def test_the_overview_names_days_and_months_as_the_reader_writes_them():
    for language, by_month, said in (
        ("zh-hans", False, "3月5日"),
        ("zh-hans", True, "26年3月"),
        ("en", False, "5 Mar"),
    ):
        with translation.override(language):
            assert label_of(date(2026, 3, 5), by_month=by_month) == said


def test_what_came_is_received_in_english_and_what_is_done_with_it_is_to_accept_it():
    with translation.override("en"):
        assert (pgettext("figure", "受理"), gettext("受理"), gettext("单位")) == ("Received", "Accept", "Unit")
