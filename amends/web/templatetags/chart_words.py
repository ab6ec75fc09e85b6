"""Charts in pages. One that shows the same is not drawn again: what it is drawn from is its key."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import get_template

from amends.web.reports.charts import COURSE_WIDE, NARROW, WIDE, Bar, Point, bars, course

register = template.Library()

MOST_KEPT = 512
"""Of some ten kilobytes each."""


@register.simple_tag
@lru_cache(maxsize=MOST_KEPT)
def drawn_bars(given: tuple[Bar, ...], said: str) -> str:
    """The chart of these bars, which `said` describes to whoever does not see it."""
    return _for_both_windows("reports/_bars.html", lambda width: bars(given, width=width), WIDE, said)


@register.simple_tag
@lru_cache(maxsize=MOST_KEPT)
def drawn_course(points: tuple[Point, ...], said: str) -> str:
    """The chart of two numbers over days or months, which `said` describes to whoever does not see it."""
    return _for_both_windows("reports/_course.html", lambda width: course(points, width=width), COURSE_WIDE, said)


def _for_both_windows(name: str, draw: Callable[[int], Any], wide: int, said: str) -> str:
    """A chart for a wide window and for a phone: one that shrinks to a third takes its words with it."""
    template = get_template(name)
    first, second = (template.render({"chart": draw(width), "said": said}) for width in (wide, NARROW))
    return first + second
