"""Write what leaves (outbox) and what staff should look at (notices), in the transaction of the change."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F

from amends.apps.deferred.actions import enqueue
from amends.apps.messaging.allowances import Allowance, TooMany, digest_of, spend, spend_budget
from amends.apps.messaging.mail_heads import mailbox_of
from amends.apps.messaging.models import InboundText, Notice, OutboxMessage
from amends.apps.messaging.rendering import HIDDEN, fill, fill_line, fill_notice, placeholders_in, placeholders_in_order
from amends.apps.messaging.texting import signature_and_rest, when_awake
from amends.apps.messaging.wordings import own_words
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.apps.policies.traditional import traditional
from amends.core.desk_wordings import Words
from amends.core.policy.pack import Pack
from amends.core.policy.wording import MAILBOX, place_of

State = OutboxMessage.State

_leaving: ContextVar[bool] = ContextVar("leaving", default=True)

IN_A_DEMO = "part of a demo"
IN_PRACTICE = "part of practice"
OVER_ITS_LIMIT = "automatic message over its limit"
"""Why a message is withheld, as the outbox keeps it; pages say it in words."""


@contextmanager
def nothing_leaves() -> Iterator[None]:
    """Within the block messages are written, withheld and handed to nobody: for histories that are played, not lived."""
    before = _leaving.set(False)
    try:
        yield
    finally:
        _leaving.reset(before)


ONE_A_CASE = Allowance("automatic-case", limit=1, within=timedelta(hours=24))
THREE_AN_ADDRESS = Allowance("automatic-address", limit=3, within=timedelta(hours=24))
TWO_AT_ONCE = Allowance("automatic-burst", limit=2, within=timedelta(hours=1))
"""To any address: two programs that answer each other are quick."""

A_DOMAIN_A_DAY = 300
A_PROVIDER_A_DAY = 20_000
PROVIDERS = frozenset({
    "qq.com", "foxmail.com", "163.com", "126.com", "yeah.net", "139.com", "189.cn", "sina.com", "sina.cn", "sohu.com",
    "aliyun.com", "gmail.com", "outlook.com", "hotmail.com", "icloud.com", "yahoo.com",
})  # fmt: skip
"""Where the addresses of most people lie: one domain stands for millions of them."""


@dataclass(frozen=True, slots=True)
class Automatic:
    """That a message answers a stranger by itself: at most one a case and 24 hours, three a day to an unverified address."""

    to_verified_address: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """That a message carries somebody's own words, and the event of its case with which it leaves."""

    by: int | None
    event_seq: int


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a message on one channel, with everything that fills them. `secrets` never stay in the database.

    `templates` are the ids under which carriers vetted the words.
    """

    text: str
    values: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)

    def shown(self, channel: str) -> tuple[str, str]:
        """Subject and body as staff may read them."""
        return _composed(self.text, channel, {**self.values, **dict.fromkeys(self.secrets, HIDDEN)})

    def sealed(self, channel: str) -> str:
        """Subject, body and what fills a vetted template as they leave; nothing when there is no secret."""
        if not self.secrets:
            return ""
        subject, body = _composed(self.text, channel, {**self.values, **self.secrets})
        content: dict[str, object] = {"subject": subject, "body": body}
        if self.templates:
            content["vetted"] = self._filling({**self.values, **self.secrets})
        return json.dumps(content, ensure_ascii=False)

    def vetted(self) -> str:
        """The carriers' ids of the template and what fills it, without secrets; nothing where none is vetted."""
        if not self.templates:
            return ""
        shown = {**self.values, **dict.fromkeys(self.secrets, HIDDEN)}
        return json.dumps(self._filling(shown), ensure_ascii=False)

    def _filling(self, values: Mapping[str, str]) -> dict[str, object]:
        """What the carrier puts into its copy of the text, in the order of the text; it adds the signature itself."""
        _, rest = signature_and_rest(self.text)
        names = dict.fromkeys(placeholders_in_order(rest))
        return {"ids": dict(self.templates), "values": [[name, fill(f"{{{{{name}}}}}", values)] for name in names]}


def _composed(text: str, channel: str, values: Mapping[str, str]) -> tuple[str, str]:
    if channel != "email":
        return "", fill(text, values).strip()
    first, _, rest = text.partition("\n")
    return fill_line(first, values)[:200], fill(rest, values).strip() + "\n"


def said_on(pack: Pack, message: str, channel: str, desk: Desk | None) -> dict[str, Words]:
    """The words of a message on a channel by language: those of the desk where it has its own, else the pack's.

    Empty where the pack does not have the message on the channel. Traditional Chinese that the pack brings gives way to
    Chinese of the desk, from which it is derived.
    """
    texts: Mapping[str, str] = pack.messages.texts.get(message, {}).get(channel, {})  # type: ignore[call-overload]
    if not texts:
        return {}
    templates = pack.texting.templates.get(message, {})
    own = own_words(desk, message, channel)
    kept = {language: text for language, text in texts.items() if language != "zh-hant" or "zh-hans" not in own}
    return {language: Words(text, templates) for language, text in kept.items()} | own


def _in_language(words: Mapping[str, Words], language: str) -> Words | None:
    """In a language, or Chinese where it is missing; Traditional Chinese is derived where nobody brings it."""
    chinese = words.get("zh-hans")
    if language == "zh-hant" and "zh-hant" not in words and chinese:
        return Words(traditional(chinese.text), chinese.templates)
    return words.get(language) or chinese


def wording_of(pack: Pack, message: str, channel: str, language: str, desk: Desk | None = None) -> str | None:
    """What is said on a channel, by the desk or its pack; Chinese where the language is missing, None where the channel is."""
    found = _in_language(said_on(pack, message, channel, desk), language)
    return found.text if found else None


def is_vetted(pack: Pack, message: str, language: str, carrier: str, desk: Desk | None = None) -> bool:
    """Whether a carrier that sends vetted templates only knows the words of a text message."""
    found = _in_language(said_on(pack, message, "sms", desk), language)
    return found is not None and bool(found.templates.get(carrier))


def mentions(pack: Pack, message: str, channel: str, language: str, placeholder: str, desk: Desk | None = None) -> bool:
    """Whether the words of a message name a placeholder."""
    return placeholder in placeholders_in(wording_of(pack, message, channel, language, desk) or "")


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
    desk: Desk | None = None,
    written: Written | None = None,
) -> OutboxMessage | None:
    """Put one message into the outbox, in the words of the desk or its pack; None when the pack has none for the channel.

    An automatic message over its limit is kept as withheld and not sent, so that no form mails strangers.
    """
    said = _in_language(said_on(pack, message, channel, desk), language)
    if said is None:
        return None
    if channel == "email" and MAILBOX in map(place_of, placeholders_in(said.text)):
        # Answers find their way by the case that the reply address names: mail about none is not asked to be answered.
        values = {**values, MAILBOX: mailbox_of(desk.pk) if desk is not None and case_key else ""}
    is_urgent = expires_at is not None or message in pack.texting.any_hour
    return put_into_outbox(
        Wording(said.text, values, secrets or {}, said.templates), message=message,
        channel=channel, address=address, language=language, case_key=case_key, now=now, expires_at=expires_at,
        not_before=now if is_urgent or channel != "sms" else out_of_quiet_hours(pack, now),
        withheld=_why_withheld(automatic, case_key, channel, address, now),
        sender_name=sender_name_of(pack, language), is_automatic=automatic is not None, desk=desk, written=written,
    )  # fmt: skip


def put_into_outbox(
    words: Wording, *, message: str, channel: str, address: str, language: str, case_key: str, now: datetime, not_before: datetime,
    expires_at: datetime | None = None, withheld: str = "", sender_name: str = "", is_automatic: bool = False,
    desk: Desk | None = None, written: Written | None = None,
) -> OutboxMessage:  # fmt: skip
    """Write one message; a job sends it when its time has come. `withheld` says why it must not leave.

    Where nothing leaves (a demo, a desk for practice) it is withheld in any case.
    """
    if not _leaving.get():
        withheld = IN_A_DEMO
    if desk is not None and desk.is_practice:
        withheld = IN_PRACTICE
    subject, body = words.shown(channel)
    waits_until = not_before if not_before > now else None
    entry = OutboxMessage.objects.create(
        case_key=case_key, message=message, channel=channel, address=address, language=language, subject=subject,
        body=body, sealed="" if withheld else words.sealed(channel), vetted=words.vetted(),
        state=State.WITHHELD if withheld else State.WAITING, not_before=waits_until,
        message_id=f"{uuid.uuid4().hex}@{urlsplit(settings.BASE_URL).hostname}", created_at=now, expires_at=expires_at,
        error=withheld, sender_name=sender_name, is_automatic=is_automatic, desk=desk,
        written_by_id=written.by if written else None, event_seq=written.event_seq if written else None,
    )  # fmt: skip
    if not withheld:
        # Somebody waits for a message that expires: it goes before the others.
        priority = 0 if expires_at is None else -1
        enqueue(
            "send_message", {"outbox": entry.pk}, now=now, unique_key=f"send:{entry.pk}", priority=priority,
            run_at=waits_until,
        )  # fmt: skip
    return entry


def out_of_quiet_hours(pack: Pack, moment: datetime) -> datetime:
    """The moment itself, or the end of the desk's quiet hours that it lies in."""
    quiet = pack.texting.quiet
    if quiet is None:
        return moment
    return when_awake(moment, begins=quiet.begins, ends=quiet.ends, zone=ZoneInfo(pack.head.zone))


def sender_name_of(pack: Pack, language: str) -> str:
    """The company, or else the desk as its customers know it; never the name of the policy. Empty where the policy has neither."""
    title = pack.head.company or (pack.head.portal.title if pack.head.portal else None)
    if title is None:
        return ""
    derived = language == "zh-hant" and not title.zh_hant
    return fill_line(traditional(title.zh_hans) if derived else title.in_language(language), {})[:120]


def _why_withheld(automatic: Automatic | None, case_key: str, channel: str, address: str, now: datetime) -> str:
    """Why a message must not leave; empty when it may."""
    if not _leaving.get():
        return IN_A_DEMO
    if automatic is not None and not _may_answer_by_itself(automatic, case_key, channel, address, now):
        return OVER_ITS_LIMIT
    return ""


def _may_answer_by_itself(automatic: Automatic, case_key: str, channel: str, address: str, now: datetime) -> bool:
    try:
        spend([ONE_A_CASE], subject=case_key, now=now)
        if not automatic.to_verified_address:
            spend([THREE_AN_ADDRESS], subject=f"{channel}:{address.lower()}", now=now)
        if channel == "email":
            spend([TWO_AT_ONCE], subject=address.lower(), now=now)
    except TooMany:
        return False
    return channel != "email" or _domain_takes_one(address, now)


def _domain_takes_one(address: str, now: datetime) -> bool:
    """Whether one more automatic mail may go to a domain today: the breaker against forms that name ever new addresses."""
    domain = address.rpartition("@")[2].lower()
    limit = A_PROVIDER_A_DAY if domain in PROVIDERS else A_DOMAIN_A_DAY
    return spend_budget(f"automatic:{digest_of('domain', domain)[:24]}", limit=limit, day=now.date())


def notify(
    people: Iterable[Person], *, pack: Pack, message: str, values: Mapping[str, str], case_key: str, case_number: str,
    now: datetime, unique_key: str, values_en: Mapping[str, str] | None = None, usual: Mapping[str, str] | None = None,
    proceeding_key: str = "", desk: Desk | None = None,
) -> int:  # fmt: skip
    """Give each person a notice once for the key; returns how many were new. `values_en` fill its English wording.

    `usual` are the words by language where the pack has none of its own. Nobody is called away from work to what is only practised.
    """
    if desk is not None and desk.is_practice:
        return 0
    own = {language: words.text for language, words in said_on(pack, message, "notice", desk).items()}
    wording = own or usual or {}
    text = fill_notice(wording.get("zh-hans", message), values)[:500]
    text_en = fill_notice(wording.get("en", ""), values_en or values)[:500]
    rows = [
        Notice(
            person=person, case_key=case_key, case_number=case_number, proceeding_key=proceeding_key, message=message,
            text=text, text_en=text_en, created_at=now, unique_key=f"{unique_key}:{person.pk}",
        )
        for person in people
    ]  # fmt: skip
    return len(Notice.objects.bulk_create(rows, ignore_conflicts=True))


def acknowledge_notice(*, notice: Notice, now: datetime) -> bool:
    """Mark a notice as seen, once."""
    return bool(Notice.objects.filter(pk=notice.pk, acknowledged_at=None).update(acknowledged_at=now))


def acknowledge_notices(*, case_key: str, until: datetime) -> int:
    """Mark the notices of a case up to a moment as seen an hour after they came; returns how many there were."""
    old = Notice.objects.filter(case_key=case_key, acknowledged_at=None, created_at__lte=until)
    return old.update(acknowledged_at=F("created_at") + timedelta(hours=1))


def forget_messages(case_keys: Iterable[str]) -> None:
    """Drop what was written to complainants, by them and to staff about cases that are erased; what is waiting leaves no more."""
    keys = list(case_keys)
    OutboxMessage.objects.filter(case_key__in=keys).delete()
    InboundText.objects.filter(case_key__in=keys).delete()
    Notice.objects.filter(case_key__in=keys).delete()
