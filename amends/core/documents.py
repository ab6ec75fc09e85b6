"""What documents that write themselves need of arithmetic and words: their period, their due day, sentences with figures, lists of cases in short."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import reduce

from amends.core.periods import Period, month_of
from amends.core.policy.base import Title
from amends.core.policy.documents import Document, Every

FIGURES = "document_figures"
"""Under which name the figures of a document lie beside the event that drew them."""
DRAWING = ("draw_up", "redraw")
"""The verbs by which the figures of a document are taken from the data."""
FROM, TO = "period_from", "period_to"
DUE_ON = "document_due_on"
PLACEHOLDER = re.compile(r"\{([a-z_0-9]+)(?::([a-z_0-9]+))?\}")


def period_before(every: Every, today: date) -> Period | None:
    """The last month or quarter that was over before `today`; None for documents of any period."""
    if every == "free":
        return None
    last = today.replace(day=1) - timedelta(days=1)
    # Quarters end in March, June, September and December.
    while every == "quarter" and last.month % 3:
        last = last.replace(day=1) - timedelta(days=1)
    return whole_period(every, last)


def whole_period(every: Every, day: date) -> Period:
    """The month or quarter in which a day lies; that of documents of any period is the month."""
    if every != "quarter":
        return month_of(day)
    first = date(day.year, day.month - (day.month - 1) % 3, 1)
    return Period(first, month_of(first.replace(month=first.month + 2)).last)


def due_day(document: Document, period: Period) -> date | None:
    """The last day on which the document of a period is in time; None where the policy sets none. Source: SVC-3.1b"""
    due = document.due
    if due is None:
        return None
    year, month = divmod(period.last.year * 12 + period.last.month - 1 + due.months, 12)
    day = date(year, month + 1, due.day)
    return day if due.counts_day else day - timedelta(days=1)


def title_of_period(document: Document, period: Period) -> Title:
    """The title of a document in every language that it has; one of days that are no whole month or quarter names them behind it."""
    is_whole = period == whole_period(document.period, period.last)
    named = {name: _titled(text, period) for name, text in document.title if text}
    days = {} if is_whole else {name: _days(period, is_english=name == "en") for name in named}
    return document.title.model_copy(update={name: text + days.get(name, "") for name, text in named.items()})


def _days(period: Period, *, is_english: bool) -> str:
    first, last = period.first, period.last
    if is_english:
        return f" ({first.day} {first:%B %Y} – {last.day} {last:%B %Y})"
    named = {"y": first.year, "m": first.month, "d": first.day, "to_y": last.year, "to_m": last.month, "to_d": last.day}
    if first.year == last.year:
        return "（{y}年{m}月{d}日至{to_m}月{to_d}日）".format(**named)
    return "（{y}年{m}月{d}日至{to_y}年{to_m}月{to_d}日）".format(**named)


def _titled(title: str, period: Period) -> str:
    """A title with year, quarter and month of the period in the places kept for them: those of its last day."""
    last = period.last
    named = {"{year}": last.year, "{quarter}": (last.month + 2) // 3, "{month}": last.month}
    return reduce(lambda text, name: text.replace(name, str(named[name])), named, title)


def filled_in(template: str, said: Callable[[str, str], str]) -> str:
    """A text with every placeholder replaced by what `said` answers for its name and what is asked of it."""
    return PLACEHOLDER.sub(lambda found: said(found[1], found[2] or ""), template)


def placeholders(template: str) -> list[tuple[str, str]]:
    return [(found[1], found[2] or "") for found in PLACEHOLDER.finditer(template)]


def in_short(places: Iterable[int]) -> str:
    """Whole numbers as ranges: 0-4,7."""
    found: list[list[int]] = []
    for place in sorted(set(places)):
        if found and place == found[-1][1] + 1:
            found[-1][1] = place
        else:
            found.append([place, place])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def at_length(short: str) -> list[int]:
    """The numbers that `in_short` was given, in order."""
    found: list[int] = []
    for part in filter(None, short.split(",")):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found
