"""Reports of other mail servers that a mail of ours did not arrive (RFC 3464, and what servers write instead)."""

from __future__ import annotations

import re
from datetime import datetime

from amends.apps.cases.models import Case
from amends.apps.cases.queries import open_cases
from amends.apps.messaging.actions import notify
from amends.apps.messaging.models import OutboxMessage
from amends.apps.policies.queries import pack_in_force

State = OutboxMessage.State
OURS = re.compile(rb"\b([0-9a-f]{32}@[A-Za-z0-9.-]{1,80})")
STATUS = re.compile(rb"(?im)^status:[ \t]*([245])\.(\d{1,3})\.(\d{1,3})")
ACTION = re.compile(rb"(?im)^action:[ \t]*(\w+)")
REFUSED = re.compile(rb"\b5\.\d{1,3}\.\d{1,3}\b|\b55\d\b")
MOST_IDS = 20
NOT_DELIVERED = {
    "zh-hans": "发给客户的邮件被退回（{{number}}），请换一种方式联系客户。",
    "en": "A mail to the customer came back ({{number}}); please reach them in another way.",
}


def note_report(octets: bytes, *, now: datetime) -> Case | None:
    """Mark the mail that a report is about as not delivered and tell whoever handles its case; None when it is none of ours,
    or only late.
    """
    ids = [found.decode("ascii") for found in dict.fromkeys(OURS.findall(octets))][:MOST_IDS]
    message = OutboxMessage.objects.filter(channel="email", message_id__in=ids).order_by("-pk").first() if ids else None
    status = _status_in(octets)
    if message is None or not status:
        return None
    case = Case.objects.filter(pk=message.case_key).select_related("desk", "handler", "registered_by").first()
    bounced = OutboxMessage.objects.filter(pk=message.pk).exclude(state=State.FAILED)
    if bounced.update(state=State.FAILED, error=f"bounced: {status}") and case is not None:
        _tell(case, now)
    return case


def _status_in(octets: bytes) -> str:
    """The code of a final failure; empty for delays and deliveries."""
    action = ACTION.search(octets)
    if action is not None and action[1].lower() != b"failed":
        return ""
    status = STATUS.search(octets)
    if status is not None:
        return b".".join(status.groups()).decode() if status[1] == b"5" else ""
    refused = REFUSED.search(octets)
    return refused[0].decode() if refused else "failed" if action else ""


def _tell(case: Case, now: datetime) -> None:
    people = [person for person in (case.handler, case.registered_by) if person is not None][:1]
    if not open_cases(Case.objects.filter(pk=case.pk)).exists():
        return
    notify(
        people, pack=pack_in_force(case.desk, now), message="mail_returned", values={"number": case.number},
        case_key=str(case.pk), case_number=case.number, now=now, unique_key=f"{case.pk}:mail_returned:{now:%Y%m%d}",
        usual=NOT_DELIVERED, desk=case.desk,
    )  # fmt: skip
