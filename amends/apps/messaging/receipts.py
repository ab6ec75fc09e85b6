"""What carriers tell us: that a message arrived or did not, and what somebody sent to us. Told twice, it counts once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from amends.apps.deferred.actions import enqueue
from amends.apps.messaging.models import InboundText, OptOut, OutboxMessage
from amends.apps.messaging.providers.base import Arrival, Receipt, SmsProvider
from amends.apps.messaging.rendering import without_controls
from amends.apps.messaging.texting import opts_out

State = OutboxMessage.State
WAITS_FOR_RECEIPT = timedelta(days=3)
ASKED_AT_ONCE = 100
LONGEST_TEXT = 2000


def without_receipt(since: datetime) -> list[OutboxMessage]:
    """Text messages sent since then of which nobody said yet whether they arrived, oldest first."""
    found = OutboxMessage.objects.filter(channel="sms", state=State.SENT, receipt="", attempted_at__gte=since)
    return list(found.order_by("attempted_at", "pk")[:ASKED_AT_ONCE])


def collect_from(provider: SmsProvider, waiting: Sequence[OutboxMessage], now: datetime) -> None:
    """Store what a carrier gives out; what was stored before changes nothing."""

    def take(told: Receipt | Arrival) -> None:
        if isinstance(told, Receipt):
            note_receipt(told)
        else:
            note_arrival(told, now=now)

    provider.collect(waiting, now, take)


def note_receipt(receipt: Receipt) -> bool:
    """Note whether a message arrived; False when it is not known or was noted before.

    A receipt also settles a message whose fate was unknown: it was sent.
    """
    named = Q(message_id=receipt.reference) | Q(provider_id=receipt.reference, address__endswith=receipt.number[-11:])
    message = OutboxMessage.objects.filter(named, channel="sms").exclude(state=State.WITHHELD).first()
    if message is None or not receipt.reference:
        return False
    outcome = OutboxMessage.Receipt.DELIVERED if receipt.delivered else OutboxMessage.Receipt.FAILED
    fresh = OutboxMessage.objects.filter(pk=message.pk, receipt="")
    noted = fresh.update(receipt=outcome, receipt_at=receipt.at, error=receipt.error)
    fate_unknown = OutboxMessage.objects.filter(pk=message.pk, state__in=(State.UNKNOWN, State.SENDING))
    fate_unknown.update(state=State.SENT, sent_at=message.attempted_at or receipt.at, sealed="")
    return bool(noted)


@transaction.atomic
def note_arrival(arrival: Arrival, *, now: datetime) -> bool:
    """Keep what somebody sent to us and have it put where it belongs; False when it was kept before."""
    text = without_controls(arrival.text)[:LONGEST_TEXT]
    row = InboundText(reference=arrival.reference[:120], number=arrival.number[:40], text=text, received_at=arrival.at)
    if InboundText.objects.filter(reference=row.reference).exists():
        return False
    if opts_out(text):
        row.state = InboundText.State.OPTED_OUT
        OptOut.objects.get_or_create(number=row.number, defaults={"since": now, "said": text[:40]})
    InboundText.objects.bulk_create([row], ignore_conflicts=True)
    kept = InboundText.objects.get(reference=row.reference)
    if kept.state == InboundText.State.NEW:
        enqueue("place_text", {"text": kept.pk}, now=now, unique_key=f"place_text:{kept.pk}")
    return True
