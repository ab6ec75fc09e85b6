"""Ends of mails, reasons and verdicts in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

STATES = {
    "new": gettext_noop("待读取"),
    "answer": gettext_noop("答复个案"),
    "case": gettext_noop("已立案"),
    "ignored": gettext_noop("不处理"),
    "quarantined": gettext_noop("待人工处理"),
}
REASONS = {
    "twin": gettext_noop("同一封邮件已从另一个邮箱收到"),
    "loop": gettext_noop("本系统发出的邮件又寄了回来"),
    "answer": gettext_noop("自动回复"),
    "list": gettext_noop("群发邮件或邮件列表"),
    "daemon": gettext_noop("由邮件系统或不接收回信的地址发出"),
    "report": gettext_noop("投递报告，不涉及本系统发出的邮件，或只是延迟"),
    "bounce": gettext_noop("发给客户的邮件被退回"),
    "by_hand": gettext_noop("由工作人员处理"),
    "no_sender": gettext_noop("没有写明唯一的发件人"),
    "staff": gettext_noop("发件人是本公司人员：不能通过邮件办理个案"),
    "too_many": gettext_noop("同一发件人一小时内来信过多"),
    "refused": gettext_noop("按制度不能立案或补充"),
    "failed": gettext_noop("多次读取都没有成功"),
    "no_raw": gettext_noop("原始邮件不在了"),
    "too_big": gettext_noop("邮件过大（超过 25 MB），只取了邮件头"),
    "too_costly": gettext_noop("读取这封邮件占用的时间或内存过多"),
    "too_deep": gettext_noop("邮件层层嵌套过深"),
    "too_many_parts": gettext_noop("邮件的组成部分过多"),
    "too_many_heads": gettext_noop("邮件头过多"),
    "too_long_head": gettext_noop("邮件头过长"),
    "closed": gettext_noop("所答复的个案已经办结，另立新案"),
    "other_sender": gettext_noop("带有个案的回信地址，但发件人不是该个案的投诉人"),
    "forged": gettext_noop("带有个案的回信地址，但发件人未通过邮件服务器的验证"),
    "mentions": gettext_noop("提到了已有个案的编号"),
}
TROUBLES = {
    "certificate": gettext_noop("服务器证书不受信任，或加密方式不对"),
    "sign_in": gettext_noop("用户名或密码不对"),
    "folder": gettext_noop("没有这个文件夹"),
    "sealed": gettext_noop("密码要重新填写：保存它的密钥已更换"),
    "private": gettext_noop("服务器在内部网络；请运维人员在 AMENDS_OUTBOUND_PRIVATE 中写明“服务器:端口”"),
    "unreachable": gettext_noop("连接不上服务器"),
}
CHECKS = {"spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC"}
RESULTS = {"pass": gettext_noop("通过"), "fail": gettext_noop("未通过"), "softfail": gettext_noop("存疑")}


@dataclass(frozen=True, slots=True)
class Check:
    """What the mail server found by one way of checking senders."""

    name: str
    result: str
    tone: str


def state_in_words(state: str) -> str:
    return gettext(STATES[state])


def reason_in_words(reason: str) -> str:
    return gettext(REASONS[reason]) if reason in REASONS else reason


def trouble_in_words(code: str) -> str:
    return gettext(TROUBLES[code]) if code in TROUBLES else code


def checks_in(verdict: str) -> list[Check]:
    """The verdict of the own mail server; nothing where there is none."""
    found = []
    for part in verdict.split():
        name, _, result = part.partition("=")
        tone = "good" if result == "pass" else "warn" if result in ("fail", "softfail") else "line"
        words = gettext(RESULTS[result]) if result in RESULTS else gettext("无结论")
        found.append(Check(CHECKS.get(name, name), words, tone))
    return found
