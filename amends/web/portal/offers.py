"""What the customer may do on a case now, and what the buttons and thanks of each verb say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from amends.core.decide import Action
from amends.doors.wording import button_of, in_words, words

BUTTONS = {
    "agree": gettext_noop("接受处理结果"),
    "refuse": gettext_noop("不接受，说明理由"),
    "rate": gettext_noop("评价这次处理"),
    "raise_question": gettext_noop("提一个问题"),
    "add_information": gettext_noop("补充情况"),
    "add_evidence": gettext_noop("补充照片和文件"),
    "urge": gettext_noop("催一下进度"),
    "extend": gettext_noop("我需要多一点时间"),
    "reopen": gettext_noop("要求重新处理"),
    "withdraw": gettext_noop("撤回，不再反映"),
    "object": gettext_noop("提出异议"),
    "escalate": gettext_noop("请上级处理"),
}
SENDING = {
    "raise_question": gettext_noop("提交问题"),
    "agree": gettext_noop("确认接受"),
    "refuse": gettext_noop("提交理由"),
    "rate": gettext_noop("提交评价"),
    "withdraw": gettext_noop("确认撤回"),
    "escalate": gettext_noop("提交要求"),
    "reply": gettext_noop("提交答复"),
    "object": gettext_noop("提交异议"),
}
THANKS = {
    "agree": gettext_noop("已记下：您接受处理结果。谢谢您。"),
    "refuse": gettext_noop("已记下您的理由，我们会重新处理并再次答复您。"),
    "rate": gettext_noop("谢谢您的评价。"),
    "raise_question": gettext_noop("已收到您的问题，工作人员会逐个答复。"),
    "add_information": gettext_noop("已收到您补充的情况。"),
    "add_evidence": gettext_noop("已收到您补充的材料。"),
    "urge": gettext_noop("已转告负责的工作人员。"),
    "extend": gettext_noop("已记下，我们等您。"),
    "reopen": gettext_noop("已收到，我们会重新处理。"),
    "withdraw": gettext_noop("已撤回。"),
    "escalate": gettext_noop("已记下您的要求。负责的部门会提请上级处理，或向您说明原因。"),
    "reply": gettext_noop("已收到贵方的答复，谢谢。"),
    "object": gettext_noop("已收到异议，我们会按规定处理，并告知结果。"),
}
ICONS = {
    "rate": "star",
    "raise_question": "help-circle",
    "add_information": "message-2",
    "add_evidence": "camera",
    "urge": "bell",
    "extend": "clock",
    "refuse": "thumb-down",
    "escalate": "arrow-up",
}

ADDITIONS = ("add_information", "add_evidence")
"""What the private link alone allows."""

DECISIONS = ("agree", "refuse")
LAST = ("reopen", "withdraw")


@dataclass(frozen=True, slots=True)
class Offered:
    """A verb that is open to the customer now."""

    verb: str
    title: str
    icon: str = "plus"


def offered(actions: Iterable[Action], verbs: Iterable[str] | None = None) -> list[Offered]:
    """The buttons for the actions, or for those of them that are named."""
    wanted = None if verbs is None else set(verbs)
    return [
        Offered(action.verb, title_of(action), ICONS.get(action.verb, "plus"))
        for action in actions
        if wanted is None or action.verb in wanted
    ]


def title_of(action: Action) -> str:
    """What the button of a verb says to a customer."""
    if action.verb in BUTTONS:
        return in_words(BUTTONS[action.verb])
    return words(action.title) if action.title else button_of(action.verb)
