"""A desk's own wordings: proposed by one person, approved by another, in force from then on; every version is kept.

Messages that are already in the outbox keep their text. Source: decision 0017.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from amends.apps.ledger.actions import append_in_turn
from amends.apps.messaging.models import DeskWording
from amends.apps.people.models import Person
from amends.apps.people.rights import may_on_desk
from amends.apps.policies.models import Desk
from amends.apps.prepared import Prepared, given_number, given_text
from amends.core.desk_wordings import CARRIERS, WordingKey, Words, wording_faults, wordings_in
from amends.core.form_data import checked_text
from amends.core.policy.pack import Pack
from amends.core.refusals import AlreadyDecided, FieldError, InvalidData, NotPermitted, Refusal

State = DeskWording.State
PROPOSE, APPROVE = "propose_wordings", "approve_wordings"
VERBS = {PROPOSE: "修改消息文字", APPROVE: "批准消息文字"}
LONGEST_REASON = 300


class StillProposed(Refusal):
    """Another version of the text waits for approval."""

    code = "already_proposed"
    status = 409
    sentence = "这条文字已有一版在等待批准，请先处理那一版。"


class NothingToReset(Refusal):
    """The desk says what the pack ships."""

    code = "nothing_to_reset"
    status = 409
    sentence = "现在用的就是制度包的原文，不用恢复。"


@dataclass(frozen=True, slots=True)
class Editor:
    """Somebody at a moment on a desk, with the rights about its wordings."""

    person: Person
    desk: Desk
    pack: Pack
    rights: frozenset[str]
    now: datetime

    def may(self, right: str) -> bool:
        return right in self.rights

    def check(self, right: str) -> None:
        """Raises NotPermitted."""
        if right not in self.rights:
            raise NotPermitted(verb=VERBS[right])


def editor_on(person: Person, desk: Desk, pack: Pack, now: datetime) -> Editor | None:
    """Them on the desk; None where they neither propose nor approve wordings."""
    rights = frozenset(right for right in VERBS if may_on_desk(person, right, desk, pack, now))
    return Editor(person, desk, pack, rights, now) if rights else None


# What is said


_OWN_WORDS = Prepared(
    lambda: DeskWording.objects.filter(
        desk_id=given_number("desk"), message=given_text("message"), channel=given_text("channel"), state=State.IN_FORCE,
        is_reset=False,
    )
)  # fmt: skip


def own_words(desk: Desk | None, message: str, channel: str) -> dict[str, Words]:
    """What the desk says instead of its pack, by language; one query."""
    if desk is None:
        return {}
    rows = _OWN_WORDS.ask(desk=desk.pk, message=message, channel=channel)
    return {row.language: words_of(row) for row in rows}


def words_of(row: DeskWording) -> Words:
    return Words(row.text, json.loads(row.templates))


def words_in_force(desk: Desk, pack: Pack, key: WordingKey) -> Words | None:
    """What is sent now: the desk's own words, else the pack's; None for a text that the pack does not have."""
    shipped = wordings_in(pack).get(key)
    return own_words(desk, key.message, key.channel).get(key.language, shipped) if shipped else None


def standing_of_wordings(desk: Desk) -> dict[WordingKey, list[DeskWording]]:
    """What is in force or waits for approval on a desk, by text; one query."""
    rows = DeskWording.objects.filter(desk=desk, state__in=(State.IN_FORCE, State.PROPOSED))
    found: dict[WordingKey, list[DeskWording]] = {}
    for row in rows.select_related("proposed_by", "decided_by").order_by("version"):
        found.setdefault(key_of(row), []).append(row)
    return found


def own_in_force(desk: Desk) -> dict[WordingKey, DeskWording]:
    """The texts that a desk words itself today; one query."""
    standing = standing_of_wordings(desk).items()
    return {key: row for key, rows in standing for row in rows if row.state == State.IN_FORCE and not row.is_reset}


def key_of(row: DeskWording) -> WordingKey:
    return WordingKey(row.message, row.channel, row.language)


def versions_of_wording(desk: Desk, key: WordingKey) -> QuerySet[DeskWording]:
    """Every version of a text that was ever proposed, the newest first."""
    rows = DeskWording.objects.filter(
        desk=desk, message=key.message, channel=key.channel, language=key.language
    ).select_related("proposed_by", "decided_by", "desk")
    return rows.order_by("-version")


def carrier() -> str:
    """The carrier of text messages here where it sends vetted templates only; empty otherwise."""
    scheme = urlsplit(settings.SMS_URL).scheme
    return scheme if scheme in CARRIERS else ""


# What people do


@transaction.atomic
def propose_wording(key: WordingKey, proposed: Words, *, reason: str, by: Editor) -> DeskWording:
    """Propose another text. Nothing is sent with it before somebody else approves it.

    Raises NotPermitted, StillProposed, and InvalidData at `subject`, `body`, `template_<carrier>` or `reason`.
    """
    by.check(PROPOSE)
    faults = faults_of_wording(key, proposed, by=by)
    try:
        reason = _reason(reason, "修改原因")
    except InvalidData as refusal:
        faults += refusal.errors
    if faults:
        raise InvalidData(faults)
    return _put_forward(key, proposed, reason, by, is_reset=False)


def faults_of_wording(key: WordingKey, proposed: Words, *, by: Editor) -> list[FieldError]:
    """What is wrong with a text before it is proposed; for looking at it beforehand too."""
    present = words_in_force(by.desk, by.pack, key)
    if present is None:
        return [FieldError("/body", "unknown_choice", {"field": "消息", "value": key.message[:60]})]
    faults: list[FieldError] = []
    for name, part in zip(("subject", "body"), proposed.subject_and_body(key.channel), strict=True):
        try:
            checked_text(part, pointer=f"/{name}", field="主题" if name == "subject" else "正文", limit=20_000)
        except InvalidData as refusal:
            faults += refusal.errors
    return faults + wording_faults(proposed, key=key, pack=by.pack, present=present, carrier=carrier())


@transaction.atomic
def propose_reset(key: WordingKey, *, reason: str, by: Editor) -> DeskWording:
    """Propose to say what the pack ships again. Raises NotPermitted, NothingToReset, StillProposed, InvalidData at `reason`."""
    by.check(PROPOSE)
    shipped = wordings_in(by.pack).get(key)
    if shipped is None or key.language not in own_words(by.desk, key.message, key.channel):
        raise NothingToReset
    return _put_forward(key, shipped, _reason(reason, "恢复原因"), by, is_reset=True)


@transaction.atomic
def approve_wording(row: DeskWording, *, by: Editor) -> None:
    """Put a proposed text in force for everything that is written from now on.

    Raises NotPermitted, also for whoever proposed it, and AlreadyDecided.
    """
    by.check(APPROVE)
    if row.proposed_by_id == by.person.pk:
        raise NotPermitted(verb="批准自己提出的文字")
    before = versions_of_wording(row.desk, key_of(row)).filter(state=State.IN_FORCE)
    before.update(state=State.REPLACED, ended_at=by.now)
    _decide(row, State.IN_FORCE, "", "approve_wording", by)


@transaction.atomic
def refuse_wording(row: DeskWording, *, reason: str, by: Editor) -> None:
    """Say no to a proposed text, with the reason. Raises NotPermitted, AlreadyDecided and InvalidData at `reason`."""
    by.check(APPROVE)
    _decide(row, State.REFUSED, _reason(reason, "不同意的原因"), "refuse_wording", by)


@transaction.atomic
def withdraw_wording(row: DeskWording, *, by: Editor) -> None:
    """Take one's own proposal back. Raises NotPermitted and AlreadyDecided."""
    if row.proposed_by_id != by.person.pk:
        raise NotPermitted(verb="撤回别人提出的文字")
    _decide(row, State.WITHDRAWN, "", "withdraw_wording", by)


def _reason(given: str, field: str) -> str:
    reason = checked_text(given, pointer="/reason", field=field, limit=LONGEST_REASON)
    if not reason:
        raise InvalidData([FieldError("/reason", "required", {"field": field})])
    return reason


def _put_forward(key: WordingKey, words: Words, reason: str, by: Editor, *, is_reset: bool) -> DeskWording:
    versions = versions_of_wording(by.desk, key)
    present = words_in_force(by.desk, by.pack, key)
    row = DeskWording(
        desk=by.desk, message=key.message, channel=key.channel, language=key.language,
        version=(versions.aggregate(last=Max("version"))["last"] or 0) + 1, text=words.text,
        templates=json.dumps(dict(words.templates)), replaces=present.text if present else "",
        shipped=wordings_in(by.pack)[key].text, is_reset=is_reset,
        reason=reason, proposed_by=by.person, proposed_at=by.now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as taken:
        raise StillProposed from taken
    _record("propose_wording", row, {"is_reset": is_reset}, {"text": words.text, "reason": reason}, by)
    return row


def _decide(row: DeskWording, state: str, decision: str, kind: str, by: Editor) -> None:
    """Claim the proposal, so that it is decided once."""
    ended = None if state == State.IN_FORCE else by.now
    waiting = DeskWording.objects.filter(pk=row.pk, state=State.PROPOSED)
    if not waiting.update(state=state, decided_by=by.person, decided_at=by.now, decision=decision, ended_at=ended):
        raise AlreadyDecided
    _record(kind, row, {}, {"reason": decision} if decision else {}, by)
    row.refresh_from_db()


def _record(kind: str, row: DeskWording, facts: Mapping[str, Any], texts: Mapping[str, str], by: Editor) -> None:
    """On the chain of the desk: which text in which version; the words lie beside it."""
    named = {"message": row.message, "channel": row.channel, "language": row.language, "version": row.version}
    append_in_turn(
        chain_key=f"desk:{by.desk.code}", chain_kind="desk", kind=kind, at=by.now, recorded_at=by.now,
        actor=by.person.actor_id, payload={**named, **facts}, details=texts,
    )  # fmt: skip
