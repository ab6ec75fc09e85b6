"""Deferred work of messaging: sending what lies in the outbox, at least once and recognisable as the same."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.utils import timezone

from amends.apps.deferred.registry import job
from amends.apps.messaging.models import OutboxMessage
from amends.apps.messaging.sending import AddressRefused, send

State = OutboxMessage.State


@job("send_message", permanent_errors=(AddressRefused,))
def send_message(args: dict[str, Any]) -> None:
    """Send one message unless it was sent already; a failure is raised again, so that the job is retried."""
    message = OutboxMessage.objects.get(pk=args["outbox"])
    if message.state == State.SENT:
        return
    OutboxMessage.objects.filter(pk=message.pk).update(state=State.SENDING, attempts=F("attempts") + 1)
    now = timezone.now()
    try:
        send(message, now=now)
    except AddressRefused:
        OutboxMessage.objects.filter(pk=message.pk).update(state=State.FAILED, error="address refused")
        raise
    except Exception as error:
        OutboxMessage.objects.filter(pk=message.pk).update(state=State.WAITING, error=type(error).__name__)
        raise
    OutboxMessage.objects.filter(pk=message.pk).update(state=State.SENT, sent_at=now, error="")
