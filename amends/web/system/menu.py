"""The functions that somebody's menu holds: read from the menu itself, so that the page about the system never says anything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

PURPOSES: Mapping[str, str] = {
    "intake": _("登记来电、来访和来信，当场分类"),
    "workbench": _("今天到期、超时和新到的事"),
    "queue": _("查找、筛选和办理个案"),
    "promises": _("答应过客户的时间和事项"),
    "proceedings": _("等待您审批或完成的事项"),
    "registers": _("逐笔登记、定期检查的事项"),
    "my_training": _("该学的材料、测试和证书"),
    "overview": _("收了多少、办结多少、逾期多少"),
    "analysis_of_causes": _("主要原因、占比及其变化"),
    "scores": _("部门和员工的月度得分"),
    "conformity": _("制度每一条做到了没有"),
    "training_overview": _("谁该学什么、学了没有"),
    "documents": _("到期自动起草的报告"),
    "calls": _("按制度回访客户"),
    "posts": _("社交媒体上发现的投诉"),
    "incoming_mails": _("没有自动归入个案的来信"),
    "notices": _("给您的提醒和通知"),
    "archive": _("已归档的个案和档案包"),
    "library": _("已办结投诉写成的案例，供借鉴和培训"),
    "circulars": _("通讯录和群发短信"),
    "sent": _("发给客户的消息及结果"),
    "warnings": _("在变成投诉之前介入"),
    "outlook": _("投诉的走势、预测和重点问题"),
    "surveys": _("问卷、邀请和得分"),
    "figures": _("制度规定的指标及目标"),
    "counts": _("按类别、部门和时间统计"),
    "workload": _("每个人手上有多少、多久、是否超时"),
    "experience": _("有效的办法和需要支援的环节"),
    "journey": _("各环节的投诉、满意度和改进措施"),
    "gaps": _("缺少材料或步骤的个案"),
    "policies": _("现行制度、流程、表单和时限"),
    "wordings": _("发给客户的文字，提议与批准"),
    "absences": _("缺勤登记与代理人"),
    "access": _("谁查看过哪些个案"),
    "organisation": _("部门、人员、角色和邮箱"),
    "system": _("运行状态、维护、升级和对接"),
    "about": _("用途、现行制度和软件版本"),
}


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the menu: what it is called, where it is, and what it is for (empty where the name says enough)."""

    title: str
    address: str
    purpose: str


class _Links(HTMLParser):
    """Collects the links of the menu with their words; counts beside them are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._address, self._words, self._depth = "", "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and "brand" not in (given.get("class") or "") and "who-me" not in (given.get("class") or ""):
            self._address, self._words = given.get("href") or "", ""
        elif tag == "b":
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._address:
            self.found.append((self._address, self._words.strip()))
            self._address = ""
        elif tag == "b":
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        if self._address and not self._depth:
            self._words += data


def functions_of(request: HttpRequest) -> list[Function]:
    """The functions granted to whoever is signed in, in the order of their menu. Source: EXP-10.1.2"""
    links = _Links()
    links.feed(render_to_string("ui/sidebar.html", request=request))
    return [Function(title, address, _purpose_of(address)) for address, title in links.found]


def _purpose_of(address: str) -> str:
    try:
        name = resolve(address.partition("?")[0]).url_name or ""
    except Resolver404:
        return ""
    return gettext(PURPOSES[name]) if name in PURPOSES else ""
