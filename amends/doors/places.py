"""The places of a message that are filled when it leaves, as people call them."""

from __future__ import annotations

import re

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

PLACES = {
    "number": _("编号"), "case_title": _("事项"), "state": _("状态"), "due_at": _("到期时间"), "complainant_name": _("客户姓名"),
    "department": _("部门"), "handler": _("处理人"), "hotline": _("热线"), "link": _("查询链接"), "code": _("验证码"),
    "desk": _("签名"), "reason": _("原因"), "level": _("级别"), "promised_reply_at": _("承诺时间"), "received_at": _("收到时间"),
    "round": _("第几轮"), "clock": _("时限"), "extended_until": _("延期至"), "written_subject": _("所写主题"),
    "written_text": _("所写内容"), "name": _("联系人"), "company": _("公司名称"),
    "mailbox": _("收信邮箱"),
    "proceeding": _("程序名称"), "proceeding_number": _("程序编号"), "proceeding_title": _("程序事项"),
    "proceeding_state": _("程序状态"), "proceeding_due_at": _("程序期限"),
}  # fmt: skip
_CONDITION = {"if": _("有%(place)s时才有这一行"), "unless": _("没有%(place)s时才有这一行")}
_PLACE = re.compile(r"\{\{\s*([a-z0-9_]+(?::[a-z0-9_]+)?)\s*\}\}")
_ASIDE = re.compile(r"\s*[（(][^（()）]*\{\{[^（()）]*[）)]\s*$")


def place_words(place: str) -> str:
    """What a place is called; empty for one that only its policy knows."""
    name, _colon, asked = place.partition(":")
    if name in _CONDITION:
        return gettext(_CONDITION[name]) % {"place": place_words(asked) or asked}
    return gettext(PLACES[name]) if name in PLACES else ""


def with_places_named(text: str) -> str:
    """The text with its places in words, in brackets."""
    return _PLACE.sub(lambda found: f"[{place_words(found[1]) or found[1].partition(':')[0]}]", text)


def without_aside(line: str) -> str:
    """The line without what stands behind it in parentheses for every case anew, as its number does."""
    return _ASIDE.sub("", line)
