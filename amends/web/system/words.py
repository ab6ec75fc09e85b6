"""What tools, acts of maintenance and faults are called on the pages of the system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from amends.apps.upkeep.record import Act
from amends.web.mail.words import TROUBLES
from amends.web.sent.states import why_words

TOOLS: Mapping[str, tuple[str, str]] = {
    "forms": (_("登记表单"), _("登记、分类和办理投诉的表单，由制度规定")),
    "telephone": (_("电话接入"), _("来电时弹出登记页，带出号码和以往个案")),
    "online": (_("在线受理"), _("客户在网站上投诉、补充材料和查询进度")),
    "mail_in": (_("邮件收取"), _("从邮箱收取来信，归入个案或立案")),
    "mail_out": (_("邮件发送"), _("告知客户和工作人员")),
    "texts": (_("短信网关"), _("发送短信，接收回执和回复")),
    "robots": (_("群机器人"), _("把通知带到企业微信、钉钉、飞书")),
    "surveys": (_("满意度调查"), _("邀请客户评价，汇总各方面得分")),
    "analysis": (_("统计与预警"), _("指标、趋势、预测和预警")),
    "knowledge": (_("话术与档案检索"), _("办理时的话术和核对清单，以往个案的检索")),
    "exports": (_("导出"), _("把清单导出为表格")),
    "imports": (_("导入"), _("从旧系统导入个案")),
    "api": (_("接口"), _("其他系统登记、查询和办理个案，按令牌授权")),
}
ACTS: Mapping[str, str] = {
    "backup_taken": _("备份"),
    "backup_failed": _("备份"),
    "restore_tested": _("恢复测试"),
    "restored": _("从备份恢复"),
    "upgraded": _("升级"),
    "upgrade_failed": _("升级"),
    "checked": _("健康检查"),
    "window_announced": _("发布维护通知"),
    "window_withdrawn": _("撤销维护通知"),
}


@dataclass(frozen=True, slots=True)
class ActLine:
    """One line of the maintenance record, in words."""

    act: Act
    title: str
    result: str
    who: str


def result_of(act: Act, moment: Any) -> str:
    """What came of an act. `moment` puts a time of the chain into words."""
    facts = act.facts
    if act.kind == "backup_taken":
        return gettext("%(rows)s 行、%(files)s 个文件") % {"rows": facts["rows"], "files": facts["files"]}
    if act.kind == "restore_tested" and facts["ok"]:
        return gettext("可以恢复：%(rows)s 行、%(files)s 个文件，台账核对无误") % facts
    if act.kind == "restored":
        return gettext("恢复到 %(at)s 的备份") % {"at": moment(facts["taken_at"])}
    if act.kind == "upgraded":
        return _upgraded(facts)
    if act.kind == "upgrade_failed":
        return gettext("没有成功，数据库保持升级前的状态；出错的步骤：%(step)s") % {"step": facts["step"] or "—"}
    if act.kind in ("window_announced", "window_withdrawn"):
        span = gettext("%(from)s 至 %(until)s") % {"from": moment(facts["from"]), "until": moment(facts["until"])}
        return f"{span} {act.texts.get('text', '')}".strip()
    return act.texts.get("why", "")


def _upgraded(facts: Mapping[str, Any]) -> str:
    params = {"before": facts["before"], "after": facts["after"], "n": len(facts["steps"])}
    if facts["before"]:
        return gettext("%(before)s → %(after)s，%(n)s 个步骤") % params
    return gettext("%(after)s，%(n)s 个步骤") % params


def tool_words(name: str) -> tuple[str, str]:
    """What a tool is called and what it is for."""
    title, purpose = TOOLS[name]
    return gettext(title), gettext(purpose)


def error_words(error: str) -> str:
    """An error in words where it is a known one; what another system answered stands as it came."""
    return gettext(TROUBLES[error]) if error in TROUBLES else why_words(error)
