"""Deferred work of messaging: sending what lies in the outbox, at least once and recognisable as the same.

A mail whose fate is not known is sent again under the same Message-ID. A text message is not: the provider is asked, and
where it can not tell, the message stays `unknown` until a person decides.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from amends.apps.deferred.actions import enqueue
from amends.apps.deferred.models import Job
from amends.apps.deferred.registry import job
from amends.apps.messaging.allowances import Allowance, TooMany, forget_old_allowances, spend, spend_budget
from amends.apps.messaging.models import OutboxMessage
from amends.apps.messaging.providers import sms_provider
from amends.apps.messaging.providers.base import AddressRefused, MaybeSent, SmsProvider, TextRefused
from amends.apps.messaging.receipts import WAITS_FOR_RECEIPT, collect_from, without_receipt
from amends.apps.messaging.sending import content_of, send_mail
from amends.apps.messaging.texting import length_of

State = OutboxMessage.State

TEXTS_TO_A_NUMBER = (
    Allowance("sms-minute", limit=1, within=timedelta(minutes=1)),
    Allowance("sms-hour", limit=5, within=timedelta(hours=1)),
    Allowance("sms-day", limit=10, within=timedelta(days=1)),
)
FORSAKEN_AFTER = timedelta(minutes=20)
ASKED_FOR = timedelta(days=1)
LISTING = ("aliyun", "file")
"""Carriers that can say of a message whether they took it."""
TRIES = 6
"""So many attempts end with a failure that the page of what was sent lists; a person may have it tried again."""


@job("send_message", permanent_errors=(AddressRefused, TextRefused))
def send_message(args: dict[str, Any]) -> None:
    """Send one message unless it left already; a failure is raised again, so that the job is retried."""
    message = OutboxMessage.objects.get(pk=args["outbox"])
    now = timezone.now()
    if message.state in (State.SENT, State.FAILED, State.WITHHELD):
        return
    if message.expires_at is not None and message.expires_at <= now and message.state == State.WAITING:
        _settle(message, State.WITHHELD, error="expired")
    elif message.not_before is not None and message.not_before > now and message.state == State.WAITING:
        # The clock was set back, or the plan was changed: the job of the new time sends it.
        _put_off(message, message.not_before, now)
    elif message.channel == "email":
        _mail(message, now)
    else:
        _text(message, now)


def _settle(message: OutboxMessage, state: str, *, error: str = "", sent_at: datetime | None = None) -> None:
    """Write how it ended; the sealed text goes with it."""
    OutboxMessage.objects.filter(pk=message.pk).update(state=state, error=error, sent_at=sent_at, sealed="")


def _begin(message: OutboxMessage, now: datetime, **values: Any) -> None:
    OutboxMessage.objects.filter(pk=message.pk).update(
        state=State.SENDING, attempts=F("attempts") + 1, attempted_at=now, error="", **values
    )
    message.attempts += 1


def _try_later(message: OutboxMessage, error: Exception) -> None:
    """Nothing was handed over: it waits for the next try, or counts as failed after the last one."""
    state = State.FAILED if message.attempts >= TRIES else State.WAITING
    said = " ".join([type(error).__name__, *map(str, error.args[:1])])[:200]
    OutboxMessage.objects.filter(pk=message.pk).update(state=state, error=said)


def _mail(message: OutboxMessage, now: datetime) -> None:
    _begin(message, now)
    try:
        send_mail(message)
    except AddressRefused:
        _settle(message, State.FAILED, error="address refused")
        raise
    except Exception as error:
        _try_later(message, error)
        raise
    _settle(message, State.SENT, sent_at=now)


def _text(message: OutboxMessage, now: datetime) -> None:
    provider = sms_provider()
    if message.state in (State.SENDING, State.UNKNOWN):
        taken = provider.has_taken(message, now)
        if taken:
            _settle(message, State.SENT, sent_at=message.attempted_at or now)
        elif taken is None:
            _leave_unknown(message, provider, now)
        if taken is not False:
            return
    elif not _within_limits(message, now):
        return
    text = content_of(message)[1]
    _begin(message, now, provider=provider.name, parts=length_of(text).parts)
    try:
        provider_id = provider.send(message, text, now)
    except (AddressRefused, TextRefused) as error:
        _settle(message, State.FAILED, error=f"refused: {error}"[:200])
        raise
    except MaybeSent:
        OutboxMessage.objects.filter(pk=message.pk).update(state=State.UNKNOWN, error="answer lost")
        raise
    except Exception as error:
        _try_later(message, error)
        raise
    OutboxMessage.objects.filter(pk=message.pk).update(provider_id=provider_id[:80])
    _settle(message, State.SENT, sent_at=now)


def _leave_unknown(message: OutboxMessage, provider: SmsProvider, now: datetime) -> None:
    """Nobody knows yet; the carrier is asked once more when its list is complete, then a person decides."""
    OutboxMessage.objects.filter(pk=message.pk).update(state=State.UNKNOWN, error="provider can not tell")
    complete_at = (message.attempted_at or now) + provider.settles
    if complete_at > now:
        _put_off(message, complete_at, now)


def _within_limits(message: OutboxMessage, now: datetime) -> bool:
    """Whether the number and the day may take one more text now; else the job is put off until they may."""
    try:
        with transaction.atomic():
            spend(TEXTS_TO_A_NUMBER, subject=message.address, now=now)
            if spend_budget("sms", limit=settings.SMS_DAILY_BUDGET, day=now.date()):
                return True
            raise _BudgetSpent
    except TooMany as refusal:
        later = now + timedelta(seconds=refusal.retry_after)
    except _BudgetSpent:
        later = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), tzinfo=now.tzinfo)
    _put_off(message, later, now)
    return False


def _put_off(message: OutboxMessage, until: datetime, now: datetime) -> None:
    enqueue(
        "send_message", {"outbox": message.pk}, now=now, run_at=until,
        unique_key=f"send:{message.pk}@{until:%Y%m%d%H%M%S}",
        priority=0 if message.expires_at is None else -1,
    )  # fmt: skip


class _BudgetSpent(Exception):
    """Takes the number's allowance back: nothing was sent."""


@job("look_after_messages")
def look_after_messages(args: dict[str, Any]) -> None:
    """Every few minutes: no message waits without a job, whatever became of the one it had."""
    now = timezone.now()
    give_jobs_again(now - FORSAKEN_AFTER, now)


def give_jobs_again(before: datetime, now: datetime) -> int:
    """Have messages from before a moment sent or asked about whose job was parked; returns how many.

    What is unknown for a day is left to a person.
    """
    moving = Q(state__in=(State.WAITING, State.SENDING)) | Q(
        state=State.UNKNOWN, attempted_at__gt=now - ASKED_FOR, provider__in=LISTING
    )
    rows = (
        OutboxMessage.objects.filter(moving, created_at__lte=before).order_by("pk").values_list("pk", flat=True)[:500]
    )
    arguments = {json.dumps({"outbox": pk}): pk for pk in rows}
    live = Job.objects.filter(
        kind="send_message", state__in=(Job.State.WAITING, Job.State.RUNNING), args__in=list(arguments)
    )
    forsaken = [arguments[args] for args in arguments.keys() - set(live.values_list("args", flat=True))]
    for pk in forsaken:
        enqueue("send_message", {"outbox": pk}, now=now, unique_key=f"send:{pk}@{now:%Y%m%d%H%M%S%f}")
    return len(forsaken)


@job("collect_texts", limit=timedelta(minutes=4))
def collect_texts(args: dict[str, Any]) -> None:
    """Every few minutes: ask the carrier what became of messages and what was sent to us."""
    now = timezone.now()
    collect_from(sms_provider(), without_receipt(now - WAITS_FOR_RECEIPT), now)


@job("forget_sent_secrets", once=True)
def forget_sent_secrets(args: dict[str, Any]) -> None:
    """Empty what is still sealed a week after it was written, and drop allowances that no limit looks at."""
    now = timezone.now()
    stuck = OutboxMessage.objects.exclude(sealed="").filter(created_at__lt=now - timedelta(days=7))
    stuck.update(sealed="", state=State.FAILED, error="never left")
    forget_old_allowances(now=now)
