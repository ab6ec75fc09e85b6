"""Values as a Chinese office writes them on paper: 2026年11月27日, 人民币 with its capitals, a day to be filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from amends.apps.policies.traditional import traditional
from amends.core.chinese_money import in_capitals
from amends.core.periods import Period
from amends.doors.wording import language

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def in_script(text: str) -> str:
    """A Chinese text that was put together here, in the reader's script."""
    return traditional(text) if language() == "zh-hant" else text


def day_in_print(day: date) -> str:
    """A day with its year."""
    return f"{day.day} {day:%B} {day.year}" if language() == "en" else f"{day.year}年{day.month}月{day.day}日"


def month_in_print(day: date) -> str:
    """The month of a day."""
    return f"{day:%B %Y}" if language() == "en" else f"{day.year}年{day.month}月"


def month_in_year(number: int) -> str:
    """A month whose year is known."""
    return f"{date(2000, number, 1):%B}" if language() == "en" else f"{number}月"


def short_day(day: date) -> str:
    """A day below an axis, where the year is known."""
    return f"{day.day} {day:%b}" if language() == "en" else f"{day.month}月{day.day}日"


def short_month(day: date) -> str:
    """The month of a day below an axis."""
    return f"{day:%b %y}" if language() == "en" else f"{day:%y}年{day.month}月"


def span_in_print(period: Period) -> str:
    """A span of days, the first and the last with their years."""
    return from_day_to_day(period.first, period.last)


def from_day_to_day(first: date, last: date) -> str:
    """Two days with what lies between them: 2026年3月1日至2026年3月31日; a single day is said once."""
    if first == last:
        return day_in_print(first)
    return f"{day_in_print(first)}{' – ' if language() == 'en' else '至'}{day_in_print(last)}"


def moment_in_print(moment: datetime, zone: ZoneInfo) -> str:
    """A moment in the desk's zone, to the minute."""
    return _moment_in_print(moment, zone, language())


@lru_cache(maxsize=8192)
def _moment_in_print(moment: datetime, zone: ZoneInfo, tongue: str) -> str:
    """Kept, because lists and stories say the same moments all day; `tongue` is the reader's language."""
    local = moment.astimezone(zone)
    return f"{day_in_print(local.date())} {local:%H:%M}"


def stored_in_print(kind: str, text: str, zone: ZoneInfo) -> str:
    """A stored day or moment, which is text; text that is neither stays as it is."""
    try:
        if kind == "date":
            return day_in_print(date.fromisoformat(text[:10]))
        return moment_in_print(datetime.fromisoformat(text.replace("Z", "+00:00")), zone)
    except ValueError:
        return text


def days_in_print(text: str) -> str:
    """Stored days side by side, which are text; text that holds none stays as it is."""
    return "、".join(
        stored_in_print("date", day, ZoneInfo("UTC")) if DAY.fullmatch(day) else day for day in text.split("、")
    )


def day_to_fill_in(span: int = 24) -> str:
    """Room for a day written by hand, as much as a cell over so many columns has on one line."""
    if language() == "en":
        return ""
    most = int(span * LABEL_CHARACTERS)
    return next((room for room in _ROOMS_FOR_A_DAY if len(room) <= most), "")


_ROOMS_FOR_A_DAY = ("　　　　年　　月　　日", "　　　年　　月　　日", "　　　年　月　日", "　　年　月　日")
"""From the widest to the narrowest in which a hand still finds its place."""


def money_in_print(amount: Mapping[str, Any]) -> str:
    """An amount in minor units; yuan with their capitals."""
    minor, currency = int(amount["minor"]), str(amount.get("currency") or "CNY")
    figures = f"{'-' if minor < 0 else ''}{abs(minor) // 100:,}.{abs(minor) % 100:02d}"
    if currency != "CNY" or language() == "en":
        return f"{currency} {figures}"
    return in_script(f"人民币{figures}元（大写：{in_capitals(minor)}）")


def money_in_figures(amount: Mapping[str, Any]) -> str:
    """An amount where there is no room for its capitals."""
    minor, currency = int(amount["minor"]), str(amount.get("currency") or "CNY")
    figures = f"{'-' if minor < 0 else ''}{abs(minor) // 100:,}.{abs(minor) % 100:02d}"
    return f"¥{figures}" if currency == "CNY" else f"{currency} {figures}"


def money_to_fill_in() -> str:
    """Room for an amount written by hand."""
    return "" if language() == "en" else in_script("人民币　　　　　　　元（大写：　　　　　　　　　　　　）")


LABEL_CHARACTERS = 1.65
"""So many characters of a label fit into one of the 24 columns."""


def in_even_lines(label: str, span: int) -> str:
    """A Chinese label that is too long for its cell, broken before a bracket or in its middle: no line of one character."""
    most = int(span * LABEL_CHARACTERS)
    if language() == "en" or len(label) <= most or "\n" in label:
        return label
    bracket = label.find("（")
    parts = [label[:bracket], label[bracket:]] if bracket > 0 else [label]
    return "\n".join(line for part in parts for line in _even(part, most))


def _even(text: str, most: int) -> list[str]:
    length = -(-len(text) // -(-len(text) // most))
    return [text[at : at + length] for at in range(0, len(text), length)]


def page_words() -> tuple[str, str, str]:
    """What stands around the number of the page and the count of pages."""
    before, _, rest = gettext("第 {page} 页　共 {pages} 页").partition("{page}")
    between, _, after = rest.partition("{pages}")
    return before, between, after
