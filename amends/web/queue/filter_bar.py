"""The filters of the queue with their choices, and those in use as words that can be taken away again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext

from amends.apps.cases.queries import Viewer
from amends.apps.people.choices import colleagues, departments_to_choose, name_of_department, name_of_person
from amends.apps.policies.models import Desk
from amends.core.policy.pack import Pack
from amends.core.process_map import main_line
from amends.doors.pack_words import clock_words, waits_words
from amends.doors.papers.formats import month_in_print
from amends.doors.wording import in_words, words
from amends.web.forms.drawing import Choice
from amends.web.templatetags.amends_words import day_of


@dataclass(slots=True)
class FilterField:
    """One filter: choices, or a day to enter."""

    name: str
    label: str
    choices: list[Choice] = field(default_factory=list)
    value: str = ""
    submits: bool = False

    @property
    def is_day(self) -> bool:
        return not self.choices

    def says(self, value: str) -> str:
        """A value in words."""
        return next((choice.title for choice in self.choices if choice.value == value), value)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in use, and the address of the list without it; or one that a touch sets."""

    label: str
    value: str
    address: str
    is_set: bool = True
    glyph: str = ""
    name: str = ""


def filters_for(viewer: Viewer, packs: Mapping[Desk, Pack], part: str, asked: Mapping[str, str]) -> list[FilterField]:
    """Every filter that makes sense in this part of the queue; those of a policy once a desk is chosen."""
    return [*quick_fields(packs, part, asked), *_of_people(part, asked), *_of_receipt(asked)]


def quick_fields(packs: Mapping[Desk, Pack], part: str, asked: Mapping[str, str]) -> list[FilterField]:
    """Those whose choices stand in the policy; asks the database nothing."""
    found = []
    if len(packs) > 1:
        found.append(_field("desk", gettext("受理台"), {d.code: d.called for d in packs}, asked, submits=True))
    chosen = next((pack for desk, pack in packs.items() if desk.code == asked.get("desk")), None)
    only = next(iter(packs.values())) if len(packs) == 1 else chosen
    found += _of_time(part, asked)
    return found + (_of_pack(only, part, asked) if only else [_status(asked)])


def _field(
    name: str, label: str, titles: Mapping[str, Any], asked: Mapping[str, str], *, submits: bool = False
) -> FilterField:
    value = asked.get(name, "")
    choices = [Choice(key, words(title), is_chosen=key == value) for key, title in titles.items()]
    return FilterField(name, label, choices, value, submits)


def _status(asked: Mapping[str, str]) -> FilterField:
    titles = {
        "open": gettext("办理中"), "waiting": gettext("等待客户"), "done": gettext("已办结"), "archived": gettext("已归档"),
        "all": gettext("不限状态"),
    }  # fmt: skip
    return _field("status", gettext("办理状态"), titles, asked)


def _of_pack(pack: Pack, part: str, asked: Mapping[str, str]) -> list[FilterField]:
    states = {name: pack.lifecycle.states[name].title for name in [*main_line(pack.lifecycle), *pack.lifecycle.states]}
    scheme = pack.categories.schemes[0]
    categories = [
        Choice(path, words(node.title), depth=path.count("/"), is_chosen=path == asked.get("category"))
        for path, node in scheme.walk()
        if not node.retired
    ]
    axis = pack.grading.axis(pack.grading.level or "")
    levels = {value.id: value.title for value in axis.values} | {"none": gettext("尚未定级")} if axis else {}
    waiting = {
        state.waits_for: waits_words(pack, state.waits_for)
        for state in pack.lifecycle.states.values()
        if state.waits_for
    }
    found = [
        _status(asked),
        _field("state", gettext("当前状态"), states, asked),
        _field("level", words(axis.title) if axis else "", levels, asked),
        FilterField("category", words(scheme.title), categories, asked.get("category", "")),
        _field("kind", gettext("类型"), {name: kind.title for name, kind in pack.channels.kinds.items()}, asked),
        _field("channel", gettext("渠道"), {name: c.title for name, c in pack.channels.channels.items()}, asked),
        _field("waits_for", gettext("等待谁"), waiting, asked),
        _field("outcome", gettext("处理结果"), pack.categories.outcomes, asked),
    ]
    return [one for one in found if one.choices]


def _of_time(part: str, asked: Mapping[str, str]) -> list[FilterField]:
    yes_no = {"yes": gettext("是"), "no": gettext("否")}
    if part == "archive":
        return []
    late = {"yes": gettext("已超时"), "soon": gettext("24 小时内到期"), "no": gettext("未超时")}
    due = {"today": gettext("今天或更早"), "3d": gettext("三天内或更早"), "7d": gettext("七天内或更早")}
    word = {"late": gettext("应告知未告知"), "today": gettext("今天须告知"), "any": gettext("有告知时间")}
    task = {"mine": gettext("由我联系"), "any": gettext("有待联系")}
    promised = {"today": gettext("今天承诺回复"), "any": gettext("有承诺的回复")}
    return [
        _field("late", gettext("时限"), late, asked),
        _field("due", gettext("到期"), due, asked),
        _field("promised", gettext("承诺回复"), promised, asked),
        _field("word", gettext("下次告知客户"), word, asked),
        _field("task", gettext("联系任务"), task, asked),
        _field("questions", gettext("客户提问未答复"), yes_no, asked),
        _field("said", gettext("客户新回复"), yes_no, asked),
        _field("urgent", gettext("紧急"), yes_no, asked),
    ]


def _of_people(part: str, asked: Mapping[str, str]) -> list[FilterField]:
    found = []
    if part in ("all", "archive"):
        units = [Choice("none", gettext("未派单"), is_chosen=asked.get("department") == "none")]
        units += [
            Choice(str(u.id), words(u.title), depth=u.depth, is_chosen=str(u.id) == asked.get("department"))
            for u in departments_to_choose()
        ]
        found.append(FilterField("department", gettext("部门"), units, asked.get("department", "")))
    if part != "mine":
        people = {"none": gettext("尚未指定"), "me": gettext("我本人")}
        people |= {str(key): name for key, name in colleagues()}
        found.append(_field("handler", gettext("处理人"), people, asked))
    return found


def _of_receipt(asked: Mapping[str, str]) -> list[FilterField]:
    return [
        FilterField("received_from", gettext("收到日期从"), value=asked.get("received_from", "")),
        FilterField("received_to", gettext("收到日期到"), value=asked.get("received_to", "")),
    ]


# What is in use


OTHER_NAMES = {
    "missed": "未按时完成的时限", "overdue": "已超时的时限", "channel_group": "渠道分类", "partner": "合作方", "internal": "内部个案",
    "counts": "计入投诉", "taken_over": "历史个案", "first_category": "最初类别", "first_level": "最初级别",
    "archived_in": "归档月份", "number": "编号", "complainant_of": "同一投诉人", "mine": "等我处理",
    "changed_since": "有更新", "text": "搜索", "status": "办理状态", "department": "部门", "handler": "处理人",
    "category": "类别", "level": "级别", "state": "当前状态", "kind": "类型", "channel": "渠道", "outcome": "处理结果",
    "waits_for": "等待谁", "desk": "受理台", "promised": "承诺回复", "said": "客户新回复", "late": "时限", "due": "到期",
    "urgent": "紧急", "word": "下次告知客户", "task": "联系任务", "questions": "客户提问未答复",
    "received_from": "收到日期从", "received_to": "收到日期到",
}  # fmt: skip
"""What filters are called that the bar does not offer here but an address may hold."""


def chips_of(
    fields: Iterable[FilterField], packs: Iterable[Pack], asked: Mapping[str, str], address: Mapping[str, str]
) -> list[Chip]:
    """The filters in use as words. `address` is what the address of the list holds, from which each can be taken."""
    by_name = {one.name: one for one in fields}
    found = []
    for name, value in asked.items():
        one = by_name.get(name)
        label = one.label if one else in_words(OTHER_NAMES.get(name, name))
        said = one.says(value) if one else _said_without_field(name, value, packs)
        key = "find" if name == "text" else name
        left = {kept: text for kept, text in address.items() if kept not in (key, "cursor", "view")}
        found.append(Chip(label, said, f"?{urlencode(left)}", name=name))
    return found


def _said_without_field(name: str, value: str, packs: Iterable[Pack]) -> str:
    if name in ("missed", "overdue"):
        return next((title for pack in packs if (title := clock_words(pack, value))), value)
    if name == "changed_since":
        return gettext("上次查看之后")
    if value in ("yes", "no"):
        return gettext("是") if value == "yes" else gettext("否")
    if value.isdecimal() and name in ("handler", "department"):
        return _name_behind(name, int(value[:15]))
    if name in ("received_from", "received_to"):
        return day_of(value)
    if name == "archived_in":
        return _month_words(value)
    return {"mine": gettext("本部门"), "me": gettext("我本人"), "none": gettext("尚未指定")}.get(value, value)


def _name_behind(name: str, key: int) -> str:
    """The person or department behind a key; one query, and only for a filter that is in use."""
    if name == "handler":
        return name_of_person(key) or str(key)
    return words(name_of_department(key)) or str(key)


def _month_words(value: str) -> str:
    try:
        return month_in_print(date.fromisoformat(f"{value}-01"))
    except ValueError:
        return value


QUICK: tuple[tuple[str, str, str], ...] = (
    ("late", "yes", "clock-exclamation"), ("late", "soon", "clock"), ("word", "late", "phone-outgoing"), ("urgent", "yes", "flame"), ("said", "yes", "message-dots"),
    ("level", "none", "question-mark"),
)  # fmt: skip
"""The filters that one touch sets and takes away."""


def quick_chips(fields: Iterable[FilterField], asked: Mapping[str, str], address: Mapping[str, str]) -> list[Chip]:
    """Those of the quick filters that make sense here."""
    by_name = {one.name: one for one in fields}
    found = []
    for name, value, glyph in QUICK:
        one = by_name.get(name)
        if one is None:
            continue
        is_set = asked.get(name) == value
        kept = {key: text for key, text in address.items() if key not in (name, "cursor", "view")}
        label = one.says(value) if name in ("late", "level", "word") else one.label
        found.append(Chip(label, value, f"?{urlencode(kept if is_set else {**kept, name: value})}", is_set, glyph))
    return found
