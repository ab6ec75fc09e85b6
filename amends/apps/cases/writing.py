"""What staff write to the complainant in their own words: it leaves through the outbox, framed by a message of the pack."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from amends.apps.cases.actions.perform import Performed, Wish, fault_finder, projector
from amends.apps.cases.models import Case
from amends.apps.cases.portal_keys import addresses_of, normal_contact, takes_texts
from amends.apps.cases.telling import language_of, put_to_complainant, values_for_complainant
from amends.apps.messaging.actions import Written, is_vetted, out_of_quiet_hours, wording_of
from amends.apps.messaging.models import OptOut, OutboxMessage
from amends.apps.messaging.providers.base import national
from amends.apps.messaging.queries import held_texts
from amends.apps.messaging.rendering import fill
from amends.apps.messaging.wordings import carrier
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import read_version
from amends.core.desk_wordings import LONGEST
from amends.core.facts import CaseFacts
from amends.core.guidance import USED
from amends.core.policy.lifecycle import Sends
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData
from amends.core.roles import complainant_roles

CHANNELS = ("sms", "email")
SUBJECT, TEXT = "written_subject", "written_text"
_PLACEHOLDER = re.compile(r"\{\{[^{}\n]{0,40}\}\}|\$\{[^{}\n]{0,40}\}|\{\{|\}\}|\$\{")
_BRACKET = re.compile(r"\[[^\[\]\n]{1,20}\]")
"""What prepared texts leave open, and what a placeholder of theirs became that nothing fills."""


@projector
def send_what_was_written(done: Performed) -> None:
    """Put what somebody wrote to the complainant into the outbox, once for the event.

    Raises InvalidData at the field that keeps it from leaving: no address, one that takes no texts or opted out, words that the
    carrier did not vet, a text that is too long, holds a second signature, or was left with a gap.
    """
    sends = done.decision.transition.sends
    if sends is None:
        return
    channel = str(done.event.payload.get("set", {}).get(sends.by, ""))
    letter = _letter(
        Desired(
            done.case, done.pack, done.facts, sends, form=done.decision.transition.form or "", channel=channel, texts=done.decision.texts,
            used_phrases=bool(done.event.payload.get(USED, {}).get("phrases")), now=done.now,
        )
    )  # fmt: skip
    if faults := list(letter.faults()):
        raise InvalidData(faults)
    put_to_complainant(
        done.case, sends.message, channel=channel, address=letter.address, values=letter.values, pack=done.pack,
        language=letter.language, now=done.now,
        written=Written(done.caller.person, done.event.seq),
    )  # fmt: skip


@fault_finder
def faults_of_what_is_written(case: Case, pack: Pack, facts: CaseFacts, wish: Wish) -> Iterable[FieldError]:
    """What would keep a message from leaving, of a form that has other faults as well."""
    sending = (t for t in pack.lifecycle.with_verb(wish.verb) if t.sends and t.form)
    transition = next(sending, None)
    if transition is None or transition.sends is None:
        return ()
    texts = {name: value.strip() for name, value in wish.data.items() if isinstance(value, str)}
    channel = texts.get(transition.sends.by, "")
    desired = Desired(
        case, pack, facts, transition.sends, form=transition.form or "", channel=channel, texts=texts,
        used_phrases=bool(wish.used.phrases), now=wish.now,
    )  # fmt: skip
    return _letter(desired).faults() if channel in CHANNELS else _letter(desired).faults_of_what_was_typed()


@dataclass(frozen=True, slots=True)
class Desired:
    """What somebody wants to be written, before it is known whether it may leave."""

    case: Case
    pack: Pack
    facts: CaseFacts
    sends: Sends
    form: str
    channel: str
    texts: Mapping[str, str]
    used_phrases: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class _Letter:
    """What somebody wrote, and all that decides whether it may leave."""

    pack: Pack
    desk: Desk
    sends: Sends
    form: str
    channel: str
    address: str
    language: str
    values: Mapping[str, str]
    used_phrases: bool

    def faults(self) -> Iterable[FieldError]:
        yield from self._faults_of_address()
        yield from self._faults_of_words()

    def _faults_of_address(self) -> Iterable[FieldError]:
        at = f"/{self.sends.to.get('sms' if self.channel == 'sms' else 'email') or self.sends.by}"
        if not self.address:
            yield FieldError(at, "no_mobile_on_file" if self.channel == "sms" else "no_mail_on_file", {})
        elif self.channel == "sms" and not takes_texts(self.address):
            yield FieldError(at, "takes_no_texts", {})
        elif self.channel == "sms" and has_opted_out([self.address]):
            yield FieldError(at, "number_opted_out", {})

    def _faults_of_words(self) -> Iterable[FieldError]:
        at = f"/{self.sends.text}"
        title = self.pack.fields[self.sends.text].title
        frame = wording_of(self.pack, self.sends.message, self.channel, self.language, self.desk) or ""
        text = fill(frame, self.values)
        if self.channel == "sms" and len(text) > LONGEST["sms"]:
            yield FieldError(at, "too_long", {"field": title, **_room(self.values[TEXT], text)})
        if self.channel == "sms" and {"【", "】"} & set(self.values[TEXT]):
            yield FieldError(at, "several_signatures", {})
        if self.channel == "sms" and (by := carrier()) and not is_vetted(
            self.pack, self.sends.message, self.language, by, self.desk
        ):  # fmt: skip
            yield FieldError(f"/{self.sends.by}", "text_not_vetted", {"title": self.pack.forms[self.form].title})
        yield from self.faults_of_what_was_typed()

    def faults_of_what_was_typed(self) -> Iterable[FieldError]:
        """Gaps that keep it from leaving on any channel."""
        if gap := _gap_in(self.values[TEXT], brackets=self.used_phrases):
            title = self.pack.fields[self.sends.text].title
            yield FieldError(f"/{self.sends.text}", "bracket_left", {"field": title, "value": gap})


def _letter(what: Desired) -> _Letter:
    texts, sends = what.texts, what.sends
    own = texts.get(sends.to.get("sms" if what.channel == "sms" else "email", ""), "")
    written = {SUBJECT: texts.get(sends.subject or "", ""), TEXT: texts.get(sends.text, "").strip()}
    reason = what.pack.forms[what.form].reason_in(texts, complainant_roles(what.pack))
    values = values_for_complainant(what.case, what.facts, what.pack, now=what.now, reason=reason)
    return _Letter(
        pack=what.pack, desk=what.case.desk, sends=sends, form=what.form, channel=what.channel, language=language_of(what.facts),
        address=_as_sent(what.channel, own) or next(iter(addresses_by(what.case, what.channel)), ""),
        values={**values, **written}, used_phrases=what.used_phrases,
    )  # fmt: skip


def _as_sent(channel: str, typed: str) -> str:
    return normal_contact("phone", typed) if channel == "sms" and typed else typed


def addresses_by(case: Case, channel: str) -> list[str]:
    """The addresses on file that a channel reaches, the newest first."""
    return [address for kind, address in addresses_of(case) if kind == channel]


def has_opted_out(numbers: Iterable[str]) -> bool:
    """Whether the owner of one of the numbers asked for no more texts."""
    return OptOut.objects.filter(number__in={form for n in numbers for form in (n, national(n))}).exists()


def _room(typed: str, text: str) -> dict[str, int]:
    """How much may be typed where the frame takes its part."""
    return {"limit": max(LONGEST["sms"] - (len(text) - len(typed)), 0), "length": len(typed)}


def _gap_in(text: str, *, brackets: bool) -> str:
    """A placeholder, or the bracket of a prepared text, that nobody replaced."""
    found = _PLACEHOLDER.search(text) or (_BRACKET.search(text) if brackets else None)
    return found.group() if found else ""


# Before it is written


@dataclass(frozen=True, slots=True)
class Reach:
    """How the complainant would be written to on a channel: the address on file, whether it is closed to texts, and until when
    quiet hours hold it back.
    """

    channel: str
    address: str
    has_opted_out: bool = False
    kept_until: datetime | None = None


def reach_of(case: Case, pack: Pack, channel: str, *, now: datetime) -> Reach:
    """The address that is proposed on a channel; empty where none is on file."""
    address = next(iter(addresses_by(case, channel)), "")
    if channel != "sms":
        return Reach(channel, address)
    awake = out_of_quiet_hours(pack, now)
    is_closed = bool(address) and has_opted_out([address])
    return Reach(channel, address, is_closed, awake if awake - now > timedelta(0) else None)


class Told(Protocol):
    """A case as far as it says when its customer was last told something."""

    @property
    def id(self) -> UUID: ...
    @property
    def pack_id(self) -> int: ...
    @property
    def last_told_at(self) -> datetime | None: ...


def held_words(cases: Iterable[Told], *, now: datetime) -> dict[str, datetime]:
    """Until when quiet hours keep the last word to each of these customers from leaving, by key of the case.

    One query, and none while no policy of theirs has quiet hours.
    """
    told = {str(case.id): case for case in cases if case.last_told_at}
    packs = {case.pack_id for case in told.values()}
    if not any(out_of_quiet_hours(read_version(pack), now) > now for pack in packs):
        return {}
    held = held_texts(told, now=now)
    return {key: until for key, (written, until) in held.items() if (told[key].last_told_at or written) <= written}


def written_on(case: Case) -> dict[int, OutboxMessage]:
    """What staff wrote to the complainant of a case, by the event with which it left."""
    rows = OutboxMessage.objects.filter(case_key=str(case.pk), event_seq__isnull=False)
    return {row.event_seq: row for row in rows if row.event_seq is not None}
