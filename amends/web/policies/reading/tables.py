"""The parts of a pack that are tables: limits, who may do what, forms, messages, settings, differences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from amends.apps.cases.telling import signature_of
from amends.apps.messaging.models import DeskWording
from amends.apps.messaging.rendering import fill
from amends.apps.messaging.wordings import own_in_force
from amends.apps.people.grounds import RIGHT_WORDS
from amends.apps.policies.models import Desk
from amends.core.policy.forms import Form
from amends.core.policy.pack import Pack
from amends.doors.wording import begun, button_of, language, listed, words
from amends.web.policies.reading import times
from amends.web.policies.reading.names import Names, in_language, titled
from amends.web.policies.reading.papers import channel_words, of_field
from amends.web.policies.reading.people import right_words
from amends.web.policies.reading.pieces import Difference
from amends.web.policies.reading.process import where_possible
from amends.web.policies.reading.saying import Saying
from amends.web.policies.reading.settings import value_of


@dataclass(slots=True)
class Group:
    """Pieces that belong together under a title."""

    title: str
    sayings: list[Any] = field(default_factory=list)


def grouped(sayings: Iterable[Saying], pack: Pack, usual: str) -> list[Group]:
    """The pieces of a part by what they are: the first word of their key; `usual` stands over those without a title of their own.

    Chapters stand with their document.
    """
    titles = {
        "state": gettext("环节"), "verb": gettext("可以办理的动作"), "kind": gettext("个案类型"), "channel": gettext("受理渠道"),
        "scheme": begun(gettext("分类")), "category": begun(gettext("分类")), "acceptance": gettext("登记时"), "repeats": gettext("登记时"),
        "axis": gettext("评定项"), "criterion": gettext("评定标准"), "priority": gettext("队列次序"), "route": gettext("派单规则"),
        "owner_only": gettext("派单规则"), "arbitrated_by": gettext("派单规则"), "duty": gettext("职责"),
        "hours": gettext("工作时间"), "item": gettext("归档前须齐备"), "archive": gettext("保存与材料"),
        "evidence": gettext("保存与材料"), "process": gettext("流程"), "mail": gettext("客户来信"), "call": gettext("回访"),
        "questionnaire": gettext("问卷"), "survey": gettext("满意度调查"), "groups": gettext("群发短信"), "group": gettext("群发短信"),
        "template": gettext("处理模板"),
    }  # fmt: skip
    found: dict[str, Group] = {}
    for saying in sayings:
        first, _, rest = saying.key.partition(":")
        document = pack.reports.documents.get(first.partition(".")[0])
        kind = pack.proceedings.get(document.proceeding if document else first)
        title = words(kind.title) if kind is not None and rest != first else titles.get(first, usual)
        found.setdefault(title, Group(title)).sayings.append(saying)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One clock as a row of the table of limits."""

    title: str
    is_statutory: bool
    limits: list[times.LimitLine]
    starts: str
    stops: str
    applies: str
    pauses: str
    reminders: list[str]
    clauses: tuple[str, ...]


def clock_table(pack: Pack) -> list[ClockLine]:
    """Every limit of the policy in words."""
    names = Names(pack)
    return [
        ClockLine(
            title=titled(rule.title),
            is_statutory=rule.kind == "statutory",
            limits=times.limit_lines(rule, names),
            starts=times.starts(rule, names),
            stops=times.stops(rule, names),
            applies=times.applies(rule, names),
            pauses=times.pauses(rule, names),
            reminders=[times.reminder(step, names) for step in rule.ladder],
            clauses=tuple(rule.clause),
        )
        for rule in pack.clocks
    ]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Who may do what: a head for each role, and a row for each verb with the places where each role may do it."""

    heads: list[str]
    rows: list[tuple[str, list[str]]]


def matrix(pack: Pack) -> Matrix:
    """Roles by verbs; a cell says where, and is empty where the role may not."""
    names = Names(pack)
    used = {role for t in pack.lifecycle.transitions for role in t.by}
    roles = [name for name in pack.roles.roles if name in used]
    rows: dict[str, dict[str, list[str]]] = {}
    for t in pack.lifecycle.transitions:
        row = rows.setdefault(words(t.title) if t.title else button_of(t.verb), {})
        for role in t.by:
            place = where_possible(pack.lifecycle, t.from_)
            if place not in row.setdefault(role, []):
                row[role].append(place)
    cells = [(title, [gettext("；").join(row.get(role, [])) for role in roles]) for title, row in rows.items()]
    return Matrix([names.role(role) for role in roles], cells)


def rights_matrix(pack: Pack) -> Matrix:
    """Roles by rights that do not depend on the state of a case."""
    roles = [(name, role) for name, role in pack.roles.roles.items() if role.may]
    used = [right for right in RIGHT_WORDS if any(right in role.may for _, role in roles)]
    yes = gettext("有权")
    rows = [(right_words(right), [yes if right in role.may else "" for _, role in roles]) for right in used]
    return Matrix([words(role.title) for _, role in roles], rows)


@dataclass(frozen=True, slots=True)
class FormTable:
    """A form with its fields in words."""

    form: Form
    fields: list[tuple[str, str, str]]
    used_for: str


def forms_table(pack: Pack) -> list[FormTable]:
    """Every form: its fields with type and rules, and what it is filled in for."""
    names = Names(pack)
    used: dict[str, list[str]] = {}
    for t in pack.lifecycle.transitions:
        if t.form:
            used.setdefault(t.form, []).append(words(t.title) if t.title else button_of(t.verb))
    for kind in pack.channels.kinds.values():
        used.setdefault(kind.form, []).append(gettext("登记%(kind)s") % {"kind": words(kind.title)})
    found = []
    for name, form in pack.forms.items():
        fields = [(words(f.title), type_words(f.type), " ".join(of_field(f, names))) for f in form.fields]
        found.append(FormTable(form, fields, listed(dict.fromkeys(used.get(name, [])))))
    return found


def type_words(kind: str) -> str:
    """What a type of field is called."""
    said = {
        "text": gettext("文字"), "long_text": gettext("长文字"), "phone": gettext("电话"), "email": gettext("邮箱"),
        "id_number": gettext("证件号码"), "address": gettext("地址"), "url": gettext("网址"), "choice": gettext("单选"),
        "choices": gettext("多选"), "yes_no": gettext("是否"), "category": gettext("分类"), "axis": gettext("评定"),
        "number": gettext("数字"), "digits": gettext("数字串"), "decimal": gettext("小数"), "money": gettext("金额"), "date": gettext("日期"), "datetime": gettext("时间"),
        "person": gettext("人员"), "department": gettext("部门"), "team": gettext("小组"), "partner": gettext("合作方"),
        "case": gettext("个案编号"), "files": gettext("文件"), "signature": gettext("手写签名"), "file_of_case": gettext("已有材料"), "record": gettext("台账记录"), "rows": gettext("明细"),
        "computed": gettext("自动计算"),
    }  # fmt: skip
    return said.get(kind, kind)


@dataclass(frozen=True, slots=True)
class MessageShown:
    """A message with its placeholders filled by an example, one text a channel."""

    title: str
    texts: list[tuple[str, str, DeskWording | None]]


def messages_shown(pack: Pack, desk: Desk) -> list[MessageShown]:
    """Every message as a reader would get it today, for an example case; where the desk words it itself, with who did so."""
    names, values = Names(pack), example_values(pack, desk)
    own = own_in_force(desk)

    def shown(name: str, channel: str, texts: Mapping[str, str]) -> tuple[str, str, DeskWording | None]:
        changed = {key.language: row for key, row in own.items() if (key.message, key.channel) == (name, channel)}
        now = {**texts, **{lang: row.text for lang, row in changed.items()}}
        row = changed.get(language()) or changed.get("zh-hans")
        return channel_words(channel), fill(in_language(now), values).strip(), row

    return [
        MessageShown(names.message(name), [shown(name, channel, texts) for channel, texts in channels.items()])
        for name, channels in pack.messages.texts.items()
    ]


def example_values(pack: Pack, desk: Desk) -> dict[str, str]:
    """An example case in the words of the pack."""
    level = pack.grading.axis(pack.grading.level or "")
    department = words(pack.routing.functions[pack.routing.routes[0].to].title) if pack.routing.routes else ""
    clock = titled(pack.clocks[0].title) if pack.clocks else ""
    state = next(iter(pack.lifecycle.states.values()))
    number = pack.head.number.replace("{year}", "2026").replace("{month}", "03").replace("{day}", "02")
    for width in range(10, 0, -1):
        number = number.replace(f"{{seq:{width}}}", "28".zfill(width))
    when = "5 March 2026, 18:00" if language() == "en" else "2026年3月5日 18:00"
    kind = next(iter(pack.proceedings.values()), None)
    return {
        "number": number.replace("{seq}", "28"), "case_title": gettext("物品损坏，要求赔偿"), "state": words(state.title),
        "due_at": when, "promised_reply_at": when, "received_at": when, "complainant_name": gettext("顾女士"),
        "department": department, "handler": gettext("林晓燕"), "hotline": pack.head.hotline or "", "round": "1",
        "link": "https://example.com/portal/s/…", "code": "482913", "desk": signature_of(desk, pack, language()), "clock": clock,
        "reason": gettext("（办理时填写的理由）"), "level": words(level.values[0].title) if level else "",
        "extended_until": when, "proceeding": words(kind.title) if kind else "", "proceeding_number": "2026-0028",
        "proceeding_title": gettext("物品损坏，要求赔偿"), "proceeding_state": words(state.title), "proceeding_due_at": when,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class SettingLine:
    """A setting with its value and the version since which it has it."""

    title: str
    value: str
    is_mandatory: bool
    clauses: tuple[str, ...]
    since: int


def settings_table(pack: Pack, packs: list[tuple[int, Pack]]) -> list[SettingLine]:
    """Every setting; `packs` are the versions up to this one, oldest first."""
    names = Names(pack)
    found = []
    for name, setting in pack.head.settings.items():
        since = pack.version
        for number, version in reversed(packs):
            earlier = version.head.settings.get(name)
            if earlier is None or earlier.value != setting.value:
                break
            since = number
        found.append(
            SettingLine(words(setting.title), value_of(setting, names), setting.mandatory, setting.clause, since)
        )
    return found


def by_part(found: Iterable[Difference], titles: dict[str, str]) -> list[Group]:
    """The differences under the titles of their parts."""
    groups: dict[str, Group] = {}
    for difference in found:
        groups.setdefault(difference.part, Group(titles.get(difference.part, ""))).sayings.append(difference)
    return list(groups.values())
