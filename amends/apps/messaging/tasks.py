"""Deferred work of messaging: sending what lies in the outbox, at least once and recognisable as the same.

A mail whose fate is not known is sent again under the same Message-ID. A text message is not: the provider is asked, and
where it can not tell, the message stays `unknown` until a person decides.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from amends.apps.deferred.actions import enqueue
from amends.apps.deferred.registry import job
from amends.apps.messaging.allowances import Allowance, TooMany, forget_old_allowances, spend, spend_budget
from amends.apps.messaging.models import OutboxMessage
from amends.apps.messaging.sending import AddressRefused, MaybeSent, content_of, send_mail, sms_provider

State = OutboxMessage.State

TEXTS_TO_A_NUMBER = (
    Allowance("sms-minute", limit=1, within=timedelta(minutes=1)),
    Allowance("sms-hour", limit=5, within=timedelta(hours=1)),
    Allowance("sms-day", limit=10, within=timedelta(days=1)),
)
USUAL_TEXTS_A_DAY = 5000


@job("send_message", permanent_errors=(AddressRefused,))
def send_message(args: dict[str, Any]) -> None:
    """Send one message unless it left already; a failure is raised again, so that the job is retried."""
    message = OutboxMessage.objects.get(pk=args["outbox"])
    now = timezone.now()
    if message.state in (State.SENT, State.FAILED, State.WITHHELD):
        return
    if message.expires_at is not None and message.expires_at <= now and message.state == State.WAITING:
        _settle(message, State.WITHHELD, error="expired")
    elif message.channel == "email":
        _mail(message, now)
    else:
        _text(message, now)


def _settle(message: OutboxMessage, state: str, *, error: str = "", sent_at: datetime | None = None) -> None:
    """Write how it ended; the sealed text goes with it."""
    OutboxMessage.objects.filter(pk=message.pk).update(state=state, error=error, sent_at=sent_at, sealed="")


def _begin(message: OutboxMessage) -> None:
    OutboxMessage.objects.filter(pk=message.pk).update(state=State.SENDING, attempts=F("attempts") + 1)


def _back_to_waiting(message: OutboxMessage, error: str) -> None:
    OutboxMessage.objects.filter(pk=message.pk).update(state=State.WAITING, error=error)


def _mail(message: OutboxMessage, now: datetime) -> None:
    _begin(message)
    try:
        send_mail(message)
    except AddressRefused:
        _settle(message, State.FAILED, error="address refused")
        raise
    except Exception as error:
        _back_to_waiting(message, type(error).__name__)
        raise
    _settle(message, State.SENT, sent_at=now)


def _text(message: OutboxMessage, now: datetime) -> None:
    provider = sms_provider()
    if message.state in (State.SENDING, State.UNKNOWN):
        taken = provider.has_taken(message, now)
        if taken:
            _settle(message, State.SENT, sent_at=now)
        if taken is None:
            OutboxMessage.objects.filter(pk=message.pk).update(state=State.UNKNOWN, error="provider can not tell")
        if taken is not False:
            return
    elif not _within_limits(message, now):
        return
    _begin(message)
    try:
        provider.send(message, content_of(message)[1], now)
    except AddressRefused:
        _settle(message, State.FAILED, error="address refused")
        raise
    except MaybeSent:
        OutboxMessage.objects.filter(pk=message.pk).update(state=State.UNKNOWN, error="answer lost")
        raise
    except Exception as error:
        _back_to_waiting(message, type(error).__name__)
        raise
    _settle(message, State.SENT, sent_at=now)


def _within_limits(message: OutboxMessage, now: datetime) -> bool:
    """Whether the number and the day may take one more text now; else the job is put off until they may."""
    limit = getattr(settings, "SMS_DAILY_BUDGET", USUAL_TEXTS_A_DAY)
    try:
        with transaction.atomic():
            spend(TEXTS_TO_A_NUMBER, subject=message.address, now=now)
            if spend_budget("sms", limit=limit, day=now.date()):
                return True
            raise _BudgetSpent
    except TooMany as refusal:
        later = now + timedelta(seconds=refusal.retry_after)
    except _BudgetSpent:
        later = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), tzinfo=now.tzinfo)
    enqueue(
        "send_message", {"outbox": message.pk}, now=now, run_at=later,
        unique_key=f"send:{message.pk}@{later:%Y%m%d%H%M%S}",
        priority=0 if message.expires_at is None else -1,
    )  # fmt: skip
    return False


class _BudgetSpent(Exception):
    """Takes the number's allowance back: nothing was sent."""


@job("forget_sent_secrets", once=True)
def forget_sent_secrets(args: dict[str, Any]) -> None:
    """Empty what is still sealed a week after it was written, and drop allowances that no limit looks at."""
    now = timezone.now()
    stuck = OutboxMessage.objects.exclude(sealed="").filter(created_at__lt=now - timedelta(days=7))
    stuck.update(sealed="", state=State.FAILED, error="never left")
    forget_old_allowances(now=now)
