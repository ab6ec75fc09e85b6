"""The messages that left for the customer, as they may read them again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_noop

from amends.apps.cases.models import Case
from amends.apps.messaging.models import OutboxMessage
from amends.core.masking import masked_contact
from amends.doors.wording import in_words
from amends.web.portal.progress import in_full

CHANNELS = {"sms": gettext_noop("短信"), "email": gettext_noop("邮件")}
CODE = "portal_code"


@dataclass(frozen=True, slots=True)
class Sent:
    """One message: how and where to it went, when, and its words. A private link in it stays hidden."""

    channel: str
    address: str
    at: str
    subject: str
    body: str


def messages_to(case: Case, zone: ZoneInfo) -> list[Sent]:
    """Every message that left for the customer, the newest first; codes are left out."""
    left = OutboxMessage.objects.filter(case_key=str(case.pk), state=OutboxMessage.State.SENT).exclude(message=CODE)
    return [_sent(message, message.sent_at or message.created_at, zone) for message in left.order_by("-pk")[:50]]


def _sent(message: OutboxMessage, at: datetime, zone: ZoneInfo) -> Sent:
    return Sent(
        channel=in_words(CHANNELS.get(message.channel, message.channel)),
        address=masked_contact(message.address),
        at=in_full(at, zone),
        subject=message.subject,
        body=message.body.strip(),
    )
