"""What people do about messages that did not leave, or of which nobody knows whether they did."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from amends.apps.deferred.actions import enqueue
from amends.apps.messaging.models import OutboxMessage
from amends.apps.messaging.rendering import HIDDEN
from amends.apps.people.models import Person
from amends.core.refusals import AlreadyDecided, Refusal

State = OutboxMessage.State


class WordsGone(Refusal):
    """The message carried a code or private link that is not kept once sending has ended."""

    code = "wrong_state"
    status = 409
    sentence = "这条消息含验证码或专用链接，原文已按规定删除，不能重发；请从个案中重新告知客户。"


@transaction.atomic
def send_again(message: OutboxMessage, *, by: Person, now: datetime) -> None:
    """Try a message that failed once more. Raises WordsGone and AlreadyDecided."""
    _again(message, State.FAILED, by, now)


@transaction.atomic
def say_it_was_not_sent(message: OutboxMessage, *, by: Person, now: datetime) -> None:
    """Decide that a message of unknown fate never left: it is sent again. Raises WordsGone and AlreadyDecided."""
    _again(message, State.UNKNOWN, by, now)


def say_it_was_sent(message: OutboxMessage, *, by: Person) -> None:
    """Decide that a message of unknown fate was sent. Raises AlreadyDecided."""
    unknown = OutboxMessage.objects.filter(pk=message.pk, state=State.UNKNOWN)
    sent_at = message.attempted_at or message.created_at
    if not unknown.update(state=State.SENT, sent_at=sent_at, sealed="", decided_by=by, error=""):
        raise AlreadyDecided


def _again(message: OutboxMessage, was: str, by: Person, now: datetime) -> None:
    if HIDDEN in message.body + message.subject and not message.sealed:
        raise WordsGone
    here = OutboxMessage.objects.filter(pk=message.pk, state=was)
    if not here.update(state=State.WAITING, attempts=0, decided_by=by, error="", not_before=None):
        raise AlreadyDecided
    enqueue("send_message", {"outbox": message.pk}, now=now, unique_key=f"send:{message.pk}@{now:%Y%m%d%H%M%S%f}")
