"""Charts in pages: one for each window, drawn of what they are given and of nothing that was."""

from __future__ import annotations

import re

from django.template import engines

from amends.web.reports.charts import COURSE_WIDE, NARROW, WIDE, Bar

BARS = "{% load chart_words %}{% drawn_bars given said %}"
COURSE = "{% load chart_words %}{% drawn_course given said %}"


def drawn(template: str, given: tuple, said: str = "件数") -> str:
    return engines["django"].from_string(template).render({"given": given, "said": said})


def widths(html: str) -> list[int]:
    return [int(width) for width in re.findall(r'viewBox="0 0 (\d+) ', html)]


def test_a_chart_is_drawn_for_a_wide_window_and_for_a_phone() -> None:
    bars = drawn(BARS, (Bar("交付<延迟>", 3, second=1), Bar("其他", 1)), '各"环节"')
    assert widths(bars) == [WIDE, NARROW]
    assert bars.count("交付&lt;延迟&gt;: 3") == 2 and bars.count('aria-label="各&quot;环节&quot;"') == 2
    course = drawn(COURSE, (("3月1日", 2, 0), ("3月2日", 1, 4)))
    assert widths(course) == [COURSE_WIDE, NARROW]
    assert course.count("3月2日: 1 / 4") == 2


def test_a_number_or_a_word_that_changes_is_drawn() -> None:
    assert "其他: 1" in drawn(BARS, (Bar("其他", 1),))
    again = drawn(BARS, (Bar("其他", 2),))
    assert "其他: 2" in again and "其他: 1" not in again
    assert 'aria-label="按渠道"' in drawn(BARS, (Bar("其他", 2),), "按渠道")
    assert "3月1日: 2 / 1" in drawn(COURSE, (("3月1日", 2, 1),))
    assert "3月1日: 2 / 5" in drawn(COURSE, (("3月1日", 2, 5),))
