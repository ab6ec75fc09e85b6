"""Sentences of documents: they say what the figures show, and that there is none where there is none; kept as written, in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from amends.apps.reporting.documents.taking import Taking
from amends.apps.reporting.figures import Figure
from amends.core.indicators import as_said
from amends.core.policy.pack import Pack

UNITS = {
    "percent": "%", "cases": " 件", "minutes": " 分钟", "hours": " 小时", "days": " 天", "points": " 分", "money": " 元", "per_thousand": "‰",
}  # fmt: skip
SPAN, MOST = "%(first)s至%(last)s", "%(title)s（%(count)s 件，占 %(share)s%%）"
MORE, LESS = "较上期增加 %(amount)s", "较上期减少 %(amount)s"
POINTS = {"percent": " 个百分点"}
"""How a change is said where it is not in the unit of the figure."""


def said(taking: Taking, name: str, asked: str) -> str:
    """What stands for a placeholder of a text: it says what a figure shows, and that there is none where there is none."""
    if name == "period":
        return SPAN % {"first": _in_words(taking.period.first), "last": _in_words(taking.period.last)}
    if name == "desk":
        return taking.desk.title
    if name == "most":
        return _most(taking, asked)
    if name == "records":
        return str(taking.records.get(asked, 0))
    now = taking.figure(name)
    if asked == "sample":
        return str(now.result.sample)
    if asked == "change":
        return _change(now, taking.figure(name, "before"))
    return _in_unit(taking.figure(name, "before") if asked == "before" else now)


def _most(taking: Taking, by: str) -> str:
    lines, total = taking.counts.get(by, ([], 0))
    known = [line for line in lines if line["key"] not in (None, "") and line["count"]]
    if not known or not total:
        return "暂无"
    first = max(known, key=lambda line: line["count"])
    title = first["name"] or title_of(taking.pack, by, first["key"])
    return MOST % {"title": title, "count": first["count"], "share": first["share"]}


def _in_unit(one: Figure) -> str:
    unit, (value,) = as_said(one.question.indicator.unit, one.result.value)
    return "不适用（没有可统计的数据）" if value is None else f"{value}{UNITS[unit]}"


def _change(now: Figure, before: Figure) -> str:
    """How a figure stands beside that of the period before, in words."""
    if now.result.value is None or before.result.value is None:
        return "上期或本期没有可比的数据"
    change = now.result.value - before.result.value
    if not change:
        return "与上期持平"
    sentence = MORE if change > 0 else LESS
    unit, (amount,) = as_said(now.question.indicator.unit, abs(change))
    return sentence % {"amount": f"{amount}{POINTS.get(unit, UNITS[unit])}"}


def _in_words(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def title_of(pack: Pack, by: str, value: str) -> str:
    """The word of the house for a value of a dimension, in Chinese: what texts of documents are written in."""
    axis = pack.grading.axis(pack.grading.level or "")
    tables: dict[str, Mapping[str, Any]] = {
        "kind": {name: one.title for name, one in pack.channels.kinds.items()},
        "channel": {name: one.title for name, one in pack.channels.channels.items()},
        "channel_group": pack.channels.groups,
        "category": {path: node.title for path, node in pack.categories.schemes[0].walk()},
        "level": {one.id: one.title for one in axis.values} if axis else {},
        "state": {name: one.title for name, one in pack.lifecycle.states.items()},
        "outcome": pack.categories.outcomes,
    }
    scheme = next((one for one in pack.categories.schemes if one.id == by), None)
    if scheme is not None:
        tables[by] = {path: node.title for path, node in scheme.walk()}
    title = tables.get(by, {}).get(value)
    return title.zh_hans if title is not None else str(value)
