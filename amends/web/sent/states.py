"""What became of a message, in words."""

from __future__ import annotations

from django.utils.translation import gettext

from amends.apps.messaging.actions import IN_A_DEMO, IN_PRACTICE, OVER_ITS_LIMIT
from amends.apps.messaging.models import OutboxMessage

State = OutboxMessage.State


def state_words() -> dict[str, str]:
    return {
        State.WAITING: gettext("待发送"), State.SENDING: gettext("发送中"), State.SENT: gettext("已发送"),
        State.UNKNOWN: gettext("结果不明"), State.FAILED: gettext("发送失败"), State.WITHHELD: gettext("未发送"),
    }  # fmt: skip


def channel_words() -> dict[str, str]:
    return {"sms": gettext("短信"), "email": gettext("邮件")}


def receipt_words() -> dict[str, str]:
    return {"delivered": gettext("已送达"), "failed": gettext("未送达")}


def why_words(error: str) -> str:
    """Why a message was not sent, in words; what a provider answered stands as it came."""
    known = {
        IN_A_DEMO: gettext("演示数据，不对外发送"), IN_PRACTICE: gettext("练习，不对外发送"), OVER_ITS_LIMIT: gettext("自动消息超过次数上限"),
        "expired": gettext("已过有效期"), "address refused": gettext("对方服务器拒收这个地址"),
        "answer lost": gettext("没有等到服务商的答复"), "provider can not tell": gettext("服务商查不到结果"),
        "never left": gettext("长时间没有发出"), "refused: no vetted template": gettext("短信模板没有报备"),
        "refused: no signature": gettext("短信没有签名"), "refused: malformed": gettext("号码不能接收短信"),
    }  # fmt: skip
    return known.get(error, error)
