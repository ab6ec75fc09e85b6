"""What the ids of a pack are called, and conditions and limits in words. Nothing here knows a single pack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from django.utils.translation import gettext, ngettext

from amends.apps.messaging.rendering import fill, fill_line, placeholders_in
from amends.core.form_data import named_choices, options_of
from amends.core.guidance import ADDRESSED
from amends.core.policy.clock_rules import Amount, Limit, Trigger
from amends.core.policy.conditions import Condition
from amends.core.policy.forms import Field
from amends.core.policy.pack import Pack
from amends.doors.places import with_places_named, without_aside
from amends.doors.wording import button_of, in_words, language, listed, traditional, words
from amends.web.templatetags.amends_words import money

BUILT_IN = {
    "kind": "个案类型", "channel": "受理渠道", "channel_group": "渠道大类", "state": "环节", "cycle": "第几次办理",
    "round": "第几轮", "department": "责任部门", "team": "承办小组", "handler": "处理人", "internal": "内部事项",
    "counts": "计入投诉数", "written": "书面渠道", "urgent": "紧急", "priority": "队列次序", "outcome": "办理结果",
    "earlier_cases": "以前的同类个案数", "linked_cases": "关联个案数", "received_at": "收到时间",
    "complainant_kind": "投诉人类型", "has_contact": "留有联系方式", "function": "承办职能", "evidence_count": "材料件数",
    "taken_over": "历史个案", "registered_by": "登记人", "first_level": "首次级别", "first_category": "首次类别",
    "is_late": "已超时", "is_due_soon": "即将到期", "applicant": "申请人", "document_due_on": "报告的提交期限",
    "promise_open": "有未兑现的承诺", "concerned": "相关个案数", "number": "编号",
}  # fmt: skip
"""What is called so in every pack, unless the pack has words of its own."""

SAID = {"customer_told_at": "告知客户", "customer_contacted_at": "联系客户", "customer_spoke_at": "客户发言"}
"""What happens when one of these moments is noted: nobody fills them in."""

NAME_LENGTH = 24
"""Chinese characters; Latin letters take half the room."""


def _name_of(line: str) -> str:
    """A line of a message as its name: what is filled in later shows as a gap, unless it is all there is."""
    filled = fill_line(line, dict.fromkeys(placeholders_in(line), "…")).replace("… …", "…")
    said = filled if filled.strip("… ") else with_places_named(line)
    most = NAME_LENGTH * 2 if said.isascii() or language() == "en" else NAME_LENGTH
    return said if len(said) <= most else said[:most].rstrip("… ") + "…"


class Names:
    """The words of one pack for everything its pieces name."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack

    @cached_property
    def _rows(self) -> dict[str, Field]:
        """Fields of rows by id: conditions of a case do not ask for them, forms do."""
        return {sub.id: sub for f in self.pack.fields.values() for sub in f.fields}

    def fact(self, name: str) -> str:
        """What a fact is called: by its field, its axis, a word of the pack, its kind of proceeding, or the product's own word."""
        axis = self.pack.grading.axis(name)
        if axis is not None:
            return words(axis.title)
        field = self.pack.fields.get(name) or self._rows.get(name)
        if field is not None:
            return words(field.title)
        if name in self.pack.head.words:
            return words(self.pack.head.words[name])
        if name in self.pack.proceedings:
            return words(self.pack.proceedings[name].title)
        for ending, sentence in (("_open", "未完成的“%(list)s”件数"), ("_count", "“%(list)s”件数")):
            if name.endswith(ending) and name not in BUILT_IN:
                return in_words(sentence) % {"list": self.fact(name.removesuffix(ending))}
        return in_words(BUILT_IN[name]) if name in BUILT_IN else name

    def value(self, fact: str, value: Any) -> str:
        """A value of a fact in words."""
        if isinstance(value, bool):
            return gettext("是") if value else gettext("否")
        if isinstance(value, int):
            return f"{value:,}"
        if isinstance(value, Mapping):
            return money(value)
        found = self._choices(fact).get(str(value)) or self._titles.get(str(value))
        return words(found) if found is not None else str(value)

    @cached_property
    def _titles(self) -> dict[str, Any]:
        """The words of every coded value, for facts that only rules mark."""
        pack = self.pack
        found: dict[str, Any] = dict(pack.head.words)
        found |= {value.id: value.title for axis in pack.grading.axes for value in axis.values}
        for titles in (*pack.categories.lists.values(), pack.categories.outcomes, pack.categories.measures):
            found |= titles
        for field in pack.fields.values():
            found |= {option.id: option.title for option in field.options}
        return found

    def _choices(self, fact: str) -> dict[str, Any]:
        pack = self.pack
        if fact == "state":
            return {name: state.title for name, state in pack.lifecycle.states.items()}
        if fact in ("channel", "kind"):
            return named_choices(f"{fact}s", pack)
        if fact == "channel_group":
            return dict(pack.channels.groups)
        if fact in ("function", "registered_by"):
            return named_choices("functions", pack)
        axis = pack.grading.axis(fact)
        if axis is not None:
            return {value.id: value.title for value in axis.values}
        scheme = pack.categories.scheme(fact) or (pack.categories.schemes[0] if fact == "category" else None)
        if scheme is not None:
            return {path: node.title for path, node in scheme.walk()}
        field = pack.fields.get(fact)
        return options_of(field, pack) if field is not None else {}

    def values(self, fact: str, given: Any) -> str:
        return listed(self.value(fact, v) for v in (given if isinstance(given, list | tuple) else (given,)))

    def roles(self, names: Iterable[str]) -> str:
        return listed(self.role(name) for name in names)

    def role(self, name: str) -> str:
        role = self.pack.roles.roles.get(name)
        return words(role.title) if role else name

    def state(self, name: str) -> str:
        processes = (self.pack.lifecycle, *self.pack.proceedings.values())
        state = next((process.states[name] for process in processes if name in process.states), None)
        return words(state.title) if state else name

    def function(self, name: str) -> str:
        found = self.pack.routing.functions.get(name)
        return words(found.title) if found else name

    def form(self, name: str) -> str:
        form = self.pack.forms.get(name)
        return words(form.title) if form else name

    def message(self, name: str) -> str:
        """A message by its subject, or else by how its text begins: messages have no titles. One that frames what somebody
        writes is called as the form in which they do: nothing of its own stands in front.
        """
        writes = next((t.form for t in self.pack.lifecycle.transitions if t.sends and t.sends.message == name), None)
        if writes:
            return self.form(writes)
        texts = self.pack.messages.texts.get(name, {})
        for channel in ("email", "notice", "page", "sms"):
            if channel in texts:
                text = in_language(texts[channel])  # type: ignore[index]
                return _name_of(without_aside(text.strip().split("\n", 1)[0]))
        return name

    def with_blanks(self, text: str) -> str:
        """A text whose placeholders say in brackets what will stand there."""
        return fill(text, {place: f"[{self._place(place)}]" for place in placeholders_in(text)})

    def _place(self, place: str) -> str:
        return gettext("客户称呼") if place == ADDRESSED else self.fact(place.rpartition(":")[2])

    # Conditions

    def condition(self, asked: Condition | None) -> str:
        """A condition in words; empty for none."""
        return self._part(asked, is_inner=False) if asked is not None else ""

    def _part(self, asked: Condition, *, is_inner: bool) -> str:
        if asked.parts():
            said = self._joined(asked)
            return gettext("（%(said)s）") % {"said": said} if is_inner and len(asked.parts()) > 1 else said
        if asked.done or asked.not_done:
            return self._doing(asked)
        return self._comparison(asked)

    def _joined(self, asked: Condition) -> str:
        said = [self._part(part, is_inner=True) for part in asked.parts()]
        if asked.all is not None:
            return gettext("，且").join(said)
        if asked.any is not None:
            return gettext("，或者").join(said)
        return gettext("不属于以下情形：%(said)s") % {"said": gettext("；").join(said)}

    def _doing(self, asked: Condition) -> str:
        verb = {"verb": button_of(asked.done or asked.not_done or "")}
        if asked.during == "round":
            return (gettext("本轮已“%(verb)s”") if asked.done else gettext("本轮未“%(verb)s”")) % verb
        return (gettext("已“%(verb)s”") if asked.done else gettext("未“%(verb)s”")) % verb

    def _comparison(self, asked: Condition) -> str:
        operator, fact = asked.operators()[0], asked.fact or ""
        given = getattr(asked, {"is": "is_", "in": "in_"}.get(operator, operator))
        if operator in ("in", "not_in") and len(given) == 1:
            operator = {"in": "is", "not_in": "is_not"}[operator]
        if fact == "state" and operator == "given" and not given:
            return gettext("刚登记、尚未进入任何环节")
        if operator == "given":
            return (gettext("有“%(fact)s”") if given else gettext("没有“%(fact)s”")) % {"fact": self.fact(fact)}
        params = {"fact": self.fact(fact), "value": self.values(fact, given)}
        sentences = {
            "is": gettext("“%(fact)s”为%(value)s"),
            "is_not": gettext("“%(fact)s”不是%(value)s"),
            "in": gettext("“%(fact)s”为%(value)s之一"),
            "not_in": gettext("“%(fact)s”不是%(value)s"),
            "within": gettext("“%(fact)s”属于%(value)s"),
            "has": gettext("“%(fact)s”包括%(value)s"),
            "at_least": gettext("“%(fact)s”不少于 %(value)s"),
            "at_most": gettext("“%(fact)s”不超过 %(value)s"),
            "more_than": gettext("“%(fact)s”超过 %(value)s"),
            "less_than": gettext("“%(fact)s”少于 %(value)s"),
        }
        return sentences[operator] % params

    # Times

    def trigger(self, trigger: Trigger) -> str:
        """What starts or stops a clock."""
        if trigger.state is not None:
            return gettext("进入“%(state)s”") % {"state": self.state(trigger.state)}
        if trigger.verb is not None:
            return gettext("“%(verb)s”") % {"verb": button_of(trigger.verb)}
        if trigger.field_set in SAID:
            return in_words(SAID[trigger.field_set])
        return gettext("填写“%(field)s”") % {"field": self.fact(trigger.field_set or "")}

    def limit(self, limit: Limit) -> str:
        """A limit that is no table, in words."""
        if limit.is_amount:
            return amount(limit.shape, int(getattr(limit, limit.shape)))
        if limit.month_day is not None:
            return self._month_day(limit)
        if limit.until is not None:
            return gettext("以“%(field)s”所填的时间为准") % {"field": self.fact(limit.until)}
        if limit.promise is not None:
            return gettext("以“%(field)s”为准") % {"field": self.fact(limit.promise)}
        return gettext("待公司确定") if limit.blank else gettext("只计时，不设时限")

    def _month_day(self, limit: Limit) -> str:
        day = {"day": limit.month_day, "months": limit.months}
        if limit.months == 0:
            return (gettext("当月 %(day)s 日（含）前") if limit.inclusive else gettext("当月 %(day)s 日前")) % day
        if limit.months == 1:
            return (gettext("次月 %(day)s 日（含）前") if limit.inclusive else gettext("次月 %(day)s 日前")) % day
        return gettext("%(months)s 个月后的 %(day)s 日前") % day


def amount(unit: str, n: int) -> str:
    """So many of a unit."""
    sentences = {
        "minutes": ngettext("%(n)s 分钟", "%(n)s 分钟", n),
        "hours": ngettext("%(n)s 小时", "%(n)s 小时", n),
        "working_hours": ngettext("%(n)s 个工作小时", "%(n)s 个工作小时", n),
        "working_days": ngettext("%(n)s 个工作日", "%(n)s 个工作日", n),
        "calendar_days": ngettext("%(n)s 个自然日", "%(n)s 个自然日", n),
    }
    return sentences[unit] % {"n": n}


def of_amount(given: Amount) -> str:
    return amount(given.unit, given.number)


def quoted(word: str) -> str:
    """A word of the policy between the quotation marks of the reader's language."""
    return gettext("“%(name)s”") % {"name": word}


def in_language(texts: dict[str, str]) -> str:
    """A text of a message in the reader's language, or else in Chinese."""
    by_name = {name.lower(): text for name, text in texts.items()}
    if language() in by_name:
        return by_name[language()]
    chinese = by_name.get("zh-hans") or next(iter(texts.values()))
    return traditional(chinese) if language() == "zh-hant" else chinese


def titled(titles: dict[str, str]) -> str:
    """A title of a clock or of opening hours."""
    return words(titles) if titles.get("zh-Hans") else ""
