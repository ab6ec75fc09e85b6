"""What stands in one cell of a form: text, boxes with all choices, or room to write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, ngettext

from amends.apps.cases.signatures import signature_picture
from amends.apps.cases.timeline import ShownValue
from amends.core.form_data import options_of
from amends.core.masking import HIDDEN
from amends.core.periods import name_of, period_around
from amends.core.policy.forms import TEXT_TYPES, Field
from amends.core.policy.pack import Pack
from amends.core.policy.printing import PrintCell
from amends.doors.papers.filling import Filling
from amends.doors.papers.formats import (
    day_to_fill_in,
    days_in_print,
    in_script,
    money_in_figures,
    money_in_print,
    money_to_fill_in,
    stored_in_print,
)
from amends.doors.papers.sheet import Cell
from amends.doors.reckoning import lines_applied
from amends.doors.wording import language, words

CHOICES = ("choice", "choices", "yes_no", "category", "axis")
MOST_BOXES = 16
MOST_LINES_OF_BOXES = 4
CHARACTERS_A_COLUMN = 1.75
"""So many Chinese characters fit into one of the 24 columns."""
LONG = 420
"""From so many characters on, a cell may go over the end of the page."""
SHORT = 40
LINES = {"long_text": 3, "signature": 2}
LINES_OF_GIVEN = 2
"""So many lines a text that is there takes at least; more room is kept for the hand alone."""


def cell_of(asked: PrintCell, filling: Filling, span: int) -> Cell:
    """The value of a field in a cell so many columns wide."""
    definition = filling.field(asked.field)
    options = _options(asked.field, definition, filling)
    if options and (asked.boxes or (asked.boxes is None and _fits(options, span))):
        return _boxes(asked, definition, filling, options, span)
    text = _text(asked.field, definition, filling, options)
    lines = asked.lines or (LINES.get(definition.type, 1) if definition else 1)
    signed = filling.values.get(asked.field)
    if signed is not None and signed.kind == "signature" and (drawn := signature_picture(str(signed.value))):
        return Cell("value", span, lines=max(lines, LINES["signature"]), picture=drawn[1])
    if text:
        return Cell("value", span, text, lines=min(lines, LINES_OF_GIVEN), is_long=_is_long(text))
    return Cell("value", span, _to_fill_in(definition, span), lines=lines)


def _is_long(text: str) -> bool:
    return len(text) + 40 * text.count("\n") > LONG


def _options(name: str, definition: Field | None, filling: Filling) -> dict[Any, str]:
    """The choices by what is stored of them; of categories those that have none below."""
    axis = filling.pack.grading.axis(name)
    if definition is None and axis is not None:
        return {value.id: words(value.title) for value in axis.values}
    if definition is None or definition.type not in CHOICES:
        return {}
    if definition.type == "yes_no":
        return {True: gettext("是"), False: gettext("否")}
    titles = options_of(definition, filling.pack)
    parents = {path.rsplit("/", 1)[0] for path in titles if "/" in path}
    return {value: words(title) for value, title in titles.items() if value not in parents}


def _fits(options: Mapping[Any, str], span: int) -> bool:
    needed = sum(_width(title) + 3 for title in options.values())
    return len(options) <= MOST_BOXES and needed <= span * CHARACTERS_A_COLUMN * MOST_LINES_OF_BOXES


def _width(text: str) -> float:
    return sum(1.0 if ord(c) > 0x2E7F else 0.5 for c in text)


def _boxes(asked: PrintCell, definition: Field | None, filling: Filling, options: Mapping[Any, str], span: int) -> Cell:
    chosen, others = _chosen(asked.field, definition, filling, options)
    choices = tuple(
        (value in chosen, title + _asked_beside(definition, value, filling, is_chosen=value in chosen))
        for value, title in options.items()
    )
    return Cell("boxes", span, words(others) if others else "", lines=asked.lines or 1, choices=choices)


def _asked_beside(definition: Field | None, value: Any, filling: Filling, *, is_chosen: bool) -> str:
    """The short text that a choice asks for, behind it; on a blank form room to write it."""
    asks = next((o.asks for o in definition.options if o.id == value), None) if definition else None
    asked = filling.field(asks) if asks else None
    if asked is None or asked.type not in TEXT_TYPES:
        return ""
    if filling.is_blank:
        return gettext("：") + "＿＿＿＿"
    given = value_in_print(filling.values[asked.id], filling.zone) if is_chosen and asked.id in filling.values else ""
    return gettext("：") + given if 0 < len(given) <= SHORT else ""


def _chosen(
    name: str, definition: Field | None, filling: Filling, options: Mapping[Any, str]
) -> tuple[set[Any], list[str]]:
    """What is ticked, and what was chosen that is not among the boxes (any more)."""
    shown = filling.values.get(name)
    if shown is not None and shown.kind == "choices":
        titles = [words(title) for title in shown.value]
        ticked = {value for value, title in options.items() if title in titles}
        return ticked, [title for title in titles if title not in options.values()]
    fact = shown.value if shown is not None else filling.facts.value(name)
    codes = fact if isinstance(fact, list | tuple) else [fact]
    return {code for code in codes if isinstance(code, str | bool) and code in options}, []


def _text(name: str, definition: Field | None, filling: Filling, options: Mapping[Any, str]) -> str:
    if shown := filling.values.get(name):
        if period := period_in_print(shown, filling.pack):
            return period
        return "\n".join([value_in_print(shown, filling.zone), *lines_applied(name, filling.pack, filling.facts)])
    if options:
        return words([options[value] for value in _chosen(name, definition, filling, options)[0]])
    return filling.known_of_case(name)


def _to_fill_in(definition: Field | None, span: int) -> str:
    """What is printed in an empty cell to help the hand."""
    if definition is None:
        return ""
    if definition.type in ("date", "datetime"):
        return day_to_fill_in(span)
    if definition.type == "money" and span >= 12:
        return money_to_fill_in()
    return ""


def period_in_print(value: ShownValue, pack: Pack) -> str:
    """The name of the period that a day stands for, where something is handed in by it; empty for every other value."""
    asked = [kind.expected_from for kind in pack.proceedings.values() if kind.expected_from]
    every = next((one.every for one in asked if one.period == value.id), None)
    if every is None or value.kind != "date" or value.is_erased:
        return ""
    chinese, english = name_of(period_around(date.fromisoformat(str(value.value)), every), every)
    return english if language() == "en" else in_script(chinese)


def value_in_column(value: ShownValue, zone: ZoneInfo) -> str:
    """A value in a narrow column: amounts in figures alone."""
    is_readable = not value.is_erased and not (value.is_masked and not value.value)
    return money_in_figures(value.value) if value.kind == "money" and is_readable else value_in_print(value, zone)


def value_in_print(value: ShownValue, zone: ZoneInfo) -> str:
    """A value as text on paper."""
    if value.is_erased:
        return gettext("已按个人信息要求删除")
    if value.is_masked and not value.value:
        return HIDDEN
    if value.kind == "money" or (value.kind == "computed" and isinstance(value.value, Mapping)):
        return money_in_print(value.value)
    if value.kind in ("date", "datetime"):
        return stored_in_print(value.kind, str(value.value), zone)
    if value.kind == "days":
        return days_in_print(str(value.value))
    if value.kind == "signature":
        return gettext("签名见附件")
    if value.kind == "files":
        return ngettext("附件 %(n)s 份", "附件 %(n)s 份", value.value) % {"n": value.value}
    return words(value.value)
