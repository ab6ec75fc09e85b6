"""Write what leaves (outbox) and what staff should look at (notices), in the transaction of the change."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings

from amends.apps.deferred.actions import enqueue
from amends.apps.messaging.allowances import Allowance, TooMany, spend
from amends.apps.messaging.models import Notice, OutboxMessage
from amends.apps.messaging.rendering import HIDDEN, fill, fill_line, placeholders_in
from amends.apps.people.models import Person
from amends.apps.policies.traditional import traditional
from amends.core.policy.pack import Pack

State = OutboxMessage.State

ONE_A_CASE = Allowance("automatic-case", limit=1, within=timedelta(hours=24))
THREE_AN_ADDRESS = Allowance("automatic-address", limit=3, within=timedelta(hours=24))


@dataclass(frozen=True, slots=True)
class Automatic:
    """That a message answers a stranger by itself: at most one a case and 24 hours, three a day to an unverified address."""

    to_verified_address: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a message on one channel, with everything that fills them. `secrets` never stay in the database."""

    text: str
    values: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict)

    def shown(self, channel: str) -> tuple[str, str]:
        """Subject and body as staff may read them."""
        return _composed(self.text, channel, {**self.values, **dict.fromkeys(self.secrets, HIDDEN)})

    def sealed(self, channel: str) -> str:
        """Subject and body as they leave; nothing when there is no secret."""
        if not self.secrets:
            return ""
        subject, body = _composed(self.text, channel, {**self.values, **self.secrets})
        return json.dumps({"subject": subject, "body": body}, ensure_ascii=False)


def _composed(text: str, channel: str, values: Mapping[str, str]) -> tuple[str, str]:
    if channel != "email":
        return "", fill(text, values).strip()
    first, _, rest = text.partition("\n")
    return fill_line(first, values)[:200], fill(rest, values).strip() + "\n"


def wording_of(pack: Pack, message: str, channel: str, language: str) -> str | None:
    """The pack's words for a message on a channel; Chinese where the language is missing, None where the channel is.

    Traditional Chinese is derived where the pack does not bring it.
    """
    texts: Mapping[str, str] = pack.messages.texts.get(message, {}).get(channel, {})  # type: ignore[call-overload]
    chinese = texts.get("zh-hans")
    if language == "zh-hant" and "zh-hant" not in texts and chinese:
        return traditional(chinese)
    return texts.get(language) or chinese


def mentions(pack: Pack, message: str, channel: str, language: str, placeholder: str) -> bool:
    """Whether the words of a message name a placeholder."""
    return placeholder in placeholders_in(wording_of(pack, message, channel, language) or "")


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
    secrets: Mapping[str, str] | None = None,
    expires_at: datetime | None = None,
    automatic: Automatic | None = None,
) -> OutboxMessage | None:
    """Put one message of the pack into the outbox; None when the pack has no wording for the channel.

    An automatic message over its limit is kept as withheld and not sent, so that no form mails strangers.
    """
    text = wording_of(pack, message, channel, language)
    if text is None:
        return None
    words = Wording(text, values, secrets or {})
    withheld = automatic is not None and not _may_answer_by_itself(automatic, case_key, channel, address, now)
    subject, body = words.shown(channel)
    entry = OutboxMessage.objects.create(
        case_key=case_key, message=message, channel=channel, address=address, language=language, subject=subject,
        body=body, sealed="" if withheld else words.sealed(channel), state=State.WITHHELD if withheld else State.WAITING,
        message_id=f"{uuid.uuid4().hex}@{urlsplit(settings.BASE_URL).hostname}", created_at=now, expires_at=expires_at,
        error="automatic message over its limit" if withheld else "",
    )  # fmt: skip
    if not withheld:
        # Somebody waits for a message that expires: it goes before the others.
        priority = 0 if expires_at is None else -1
        enqueue("send_message", {"outbox": entry.pk}, now=now, unique_key=f"send:{entry.pk}", priority=priority)
    return entry


def _may_answer_by_itself(automatic: Automatic, case_key: str, channel: str, address: str, now: datetime) -> bool:
    try:
        spend([ONE_A_CASE], subject=case_key, now=now)
        if not automatic.to_verified_address:
            spend([THREE_AN_ADDRESS], subject=f"{channel}:{address.lower()}", now=now)
    except TooMany:
        return False
    return True


def notify(
    people: Iterable[Person], *, pack: Pack, message: str, values: Mapping[str, str], case_key: str, case_number: str,
    now: datetime, unique_key: str, values_en: Mapping[str, str] | None = None, usual: Mapping[str, str] | None = None,
) -> int:  # fmt: skip
    """Give each person a notice once for the key; returns how many were new. `values_en` fill its English wording.

    `usual` are the words by language where the pack has none of its own.
    """
    wording = pack.messages.texts.get(message, {}).get("notice") or usual or {}
    text = fill(wording.get("zh-hans", message), values).strip()[:500]
    text_en = fill(wording.get("en", ""), values_en or values).strip()[:500]
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
