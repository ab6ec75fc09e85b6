"""What stands below the axis of a chart and beside its dots: days and months as people write them."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import translation

from amends.web.outlook.drawing import drawn


@pytest.mark.parametrize(
    ("language", "by_day", "below", "beside"),
    [
        ("zh-hans", False, "26年3月", "2026年3月 7"),
        ("zh-hans", True, "3月5日", "2026年3月5日 7"),
        ("en", False, "Mar 26", "March 2026 7"),
        ("en", True, "5 Mar", "5 March 2026 7"),
    ],
)
def test_a_chart_writes_months_and_days_as_people_do(language: str, by_day: bool, below: str, beside: str) -> None:
    with translation.override(language):
        chart = drawn([date(2026, 3, 5)], [7], [], None, width=360, height=240, last=12, by_day=by_day)
    assert [mark.said for mark in chart.columns] == [below]
    assert [dot.said for dot in chart.dots] == [beside]
