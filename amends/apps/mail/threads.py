"""What holds a conversation together in mail programs: where answers to our mails go, and which mails came before them."""

from __future__ import annotations

import uuid

from amends.apps.cases.models import Case
from amends.apps.mail.models import IncomingMail, Mailbox
from amends.apps.messaging.mail_heads import Thread, mailbox_source, thread_source
from amends.apps.messaging.models import OutboxMessage
from amends.apps.messaging.reply_addresses import reply_address

LOOKED_AT = 50


@thread_source
def thread_of(message: OutboxMessage) -> Thread:
    """The conversation of a case with the address that a mail goes to; empty where its desk has no mailbox."""
    case = Case.objects.filter(pk=message.case_key).only("pk", "desk_id").first() if _is_key(message.case_key) else None
    address = address_for_answers(case.desk_id) if case else ""
    if case is None or not address:
        return Thread()
    return Thread(reply_address(address, str(case.pk)), _earlier(case, message))


@mailbox_source
def address_for_answers(desk: int) -> str:
    """The first mailbox that a desk reads; empty where it reads none."""
    open_here = Mailbox.objects.filter(desk=desk, closed_at=None).exclude(address="")
    return open_here.order_by("pk").values_list("address", flat=True).first() or ""


def _is_key(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _earlier(case: Case, message: OutboxMessage) -> tuple[str, ...]:
    sent = OutboxMessage.objects.filter(
        case_key=str(case.pk),
        channel="email",
        address=message.address,
        pk__lt=message.pk,
        state=OutboxMessage.State.SENT,
    ).values_list("created_at", "message_id")
    came = (
        IncomingMail.objects.filter(
            case=case, sender__iexact=message.address, state__in=("answer", "case"), stored_at__lte=message.created_at
        )
        .exclude(message_id="")
        .values_list("stored_at", "message_id")
    )
    latest = [*sent.order_by("-pk")[:LOOKED_AT], *came.order_by("-stored_at")[:LOOKED_AT]]
    return tuple(identity for _, identity in sorted(latest))
