"""Write what leaves (outbox) and what staff should look at (notices), in the transaction of the change."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from amends.apps.deferred.actions import enqueue
from amends.apps.messaging.models import Notice, OutboxMessage
from amends.apps.messaging.rendering import fill
from amends.apps.people.models import Person
from amends.core.policy.pack import Pack


def write_to_outbox(
    *,
    pack: Pack,
    message: str,
    channel: str,
    address: str,
    language: str,
    values: Mapping[str, str],
    case_key: str,
    now: datetime,
) -> OutboxMessage | None:
    """Put one message of the pack into the outbox; None when the pack has no wording for the channel."""
    wording = pack.messages.texts.get(message, {}).get(channel, {})  # type: ignore[call-overload]
    text = wording.get(language) or wording.get("zh-hans")
    if text is None:
        return None
    subject, body = _split(fill(text, values)) if channel == "email" else ("", fill(text, values).strip())
    entry = OutboxMessage.objects.create(
        case_key=case_key, message=message, channel=channel, address=address, language=language, subject=subject[:200],
        body=body, message_id=f"{uuid.uuid4().hex}@{urlsplit(settings.BASE_URL).hostname}", created_at=now,
    )  # fmt: skip
    enqueue("send_message", {"outbox": entry.pk}, now=now, unique_key=f"send:{entry.pk}")
    return entry


def _split(text: str) -> tuple[str, str]:
    subject, _, body = text.partition("\n")
    return subject.strip(), body.strip() + "\n"


def notify(
    people: Iterable[Person], *, pack: Pack, message: str, values: Mapping[str, str], case_key: str, case_number: str,
    now: datetime, unique_key: str,
) -> int:  # fmt: skip
    """Give each person a notice once for the key; returns how many were new."""
    wording = pack.messages.texts.get(message, {}).get("notice", {})
    text = fill(wording.get("zh-hans", message), values).strip()[:500]
    text_en = fill(wording.get("en", ""), values).strip()[:500]
    rows = [
        Notice(
            person=person, case_key=case_key, case_number=case_number, message=message, text=text, text_en=text_en,
            created_at=now, unique_key=f"{unique_key}:{person.pk}",
        )
        for person in people
    ]  # fmt: skip
    return len(Notice.objects.bulk_create(rows, ignore_conflicts=True))


def acknowledge_notice(*, notice: Notice, now: datetime) -> bool:
    """Mark a notice as seen, once."""
    return bool(Notice.objects.filter(pk=notice.pk, acknowledged_at=None).update(acknowledged_at=now))
