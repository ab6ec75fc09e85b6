"""Messages to groups: what each recipient will read, who is left out and why, released by a second person, sent as planned."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from amends.apps.cases.telling import signature_of
from amends.apps.circulars.models import BookEntry, BookGroup, Circular, Recipient
from amends.apps.circulars.rights import KEEP, RELEASE, Keeper
from amends.apps.deferred.actions import enqueue
from amends.apps.messaging.actions import Wording, out_of_quiet_hours, put_into_outbox
from amends.apps.messaging.models import OptOut, OutboxMessage
from amends.apps.messaging.rendering import fill
from amends.apps.messaging.texting import Length, length_of
from amends.apps.messaging.wordings import own_words
from amends.apps.policies.models import Desk
from amends.core.desk_wordings import GROUP, Words
from amends.core.form_data import checked_text
from amends.core.policy.pack import Pack
from amends.core.policy.texting import Groups, GroupWording
from amends.core.refusals import AlreadyDecided, FieldError, InvalidData, NotPermitted, Stale

State = Circular.State
LANGUAGE = "zh-hans"
LONGEST_FILL = 300
OPTED_OUT, WRONG_NUMBER, NOT_ENTERED, CHANGED = "opted_out", "wrong_number", "not_entered", "changed"
SEND = "send_circular"


@dataclass(frozen=True, slots=True)
class Line:
    """One recipient with the text as they will read it, or why they get none."""

    entry: BookEntry
    text: str
    left_out: str = ""

    @property
    def length(self) -> Length:
        return length_of(self.text)


@dataclass(frozen=True, slots=True)
class Preview:
    """Exactly who gets what."""

    lines: tuple[Line, ...]
    left_out: tuple[Line, ...]

    @property
    def parts(self) -> int:
        return sum(line.length.parts for line in self.lines)

    @property
    def digest(self) -> str:
        """The same as long as recipients, numbers and texts are the same."""
        said = json.dumps([[line.entry.pk, line.entry.phone, line.text] for line in self.lines], ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody wrote: the wording, what fills it, to whom, and when it is to leave (None: at once)."""

    wording: str
    fills: Mapping[str, str]
    groups: tuple[int, ...] = ()
    entries: tuple[int, ...] = ()
    planned_at: datetime | None = None


def groups_of(pack: Pack) -> Groups:
    return pack.texting.groups or Groups()


@transaction.atomic
def write_circular(draft: Draft, *, by: Keeper, circular: Circular | None = None) -> Circular:
    """Keep a message as a draft, new or written again.

    Raises NotPermitted, AlreadyDecided when it was sent off, and InvalidData for every placeholder that is not resolved,
    a time in the past or in quiet hours, and a message to nobody.
    """
    by.check(KEEP)
    if circular is not None and not Circular.objects.filter(pk=circular.pk, state=State.DRAFT).update(digest=""):
        raise AlreadyDecided
    wording = groups_of(by.pack).wordings.get(draft.wording)
    if wording is None:
        raise InvalidData([FieldError("/wording", "unknown_choice", {"field": "模板", "value": draft.wording[:60]})])
    fills, faults = _checked_fills(wording, draft.fills)
    faults += _time_faults(draft.planned_at, by)
    groups = BookGroup.objects.filter(desk=by.desk, pk__in=draft.groups)
    entries = BookEntry.objects.filter(desk=by.desk, pk__in=draft.entries)
    if not groups.exists() and not entries.exists():
        faults.append(FieldError("/groups", "nobody_to_send_to"))
    if faults:
        raise InvalidData(faults)
    circular = circular or Circular(desk=by.desk, written_at=by.now)
    circular.wording, circular.fills = draft.wording, json.dumps(fills, ensure_ascii=False)
    circular.written_by, circular.planned_at = by.person, draft.planned_at
    circular.save()
    circular.groups.set(groups)
    circular.entries.set(entries)
    return circular


def _checked_fills(wording: GroupWording, given: Mapping[str, str]) -> tuple[dict[str, str], list[FieldError]]:
    """What fills the placeholders, and a fault at each that is open or holds another placeholder."""
    fills: dict[str, str] = {}
    faults: list[FieldError] = []
    for name, title in wording.asks.items():
        try:
            text = checked_text(given.get(name, ""), pointer=f"/{name}", field=title, limit=LONGEST_FILL)
        except InvalidData as refusal:
            faults += refusal.errors
            continue
        fills[name] = " ".join(text.split())
        if not fills[name]:
            faults.append(FieldError(f"/{name}", "required", {"field": title}))
        elif open_places := _open_places(fills[name]):
            faults.append(FieldError(f"/{name}", "unresolved", {"field": title, "value": open_places}))
    return fills, faults


def _open_places(text: str) -> str:
    return next((mark for mark in ("{{", "}}", "${", "【】") if mark in text), "")


def _time_faults(planned_at: datetime | None, by: Keeper) -> list[FieldError]:
    if planned_at is None:
        return []
    if planned_at < by.now:
        return [FieldError("/planned_at", "in_past", {"field": "发送时间"})]
    if out_of_quiet_hours(by.pack, planned_at) != planned_at and (quiet := by.pack.texting.quiet):
        hours = {"begins": f"{quiet.begins:%H:%M}", "ends": f"{quiet.ends:%H:%M}"}
        return [FieldError("/planned_at", "quiet_hours", {"field": "发送时间", **hours})]
    return []


def preview(circular: Circular, pack: Pack) -> Preview:
    """Who gets the message now, with which words, and who is left out; in the order of the book."""
    text = words_of(circular, pack).text
    shared = _shared_values(circular, pack)
    entries = list(
        BookEntry.objects.filter(Q(groups__in=circular.groups.all()) | Q(pk__in=circular.entries.values("pk")))
        .distinct()
        .order_by("sort_key", "pk")
    )
    opted_out = set(OptOut.objects.filter(number__in=[e.phone for e in entries]).values_list("number", flat=True))
    lines = [_line(entry, text, shared, opted_out) for entry in entries]
    return Preview(tuple(x for x in lines if not x.left_out), tuple(x for x in lines if x.left_out))


def _line(entry: BookEntry, template: str, shared: Mapping[str, str], opted_out: Iterable[str]) -> Line:
    text = fill(template, _values(entry, shared)).strip()
    why = ""
    if entry.state != BookEntry.State.ENTERED:
        why = NOT_ENTERED
    elif entry.phone in opted_out:
        why = OPTED_OUT
    elif entry.wrong_since is not None:
        why = WRONG_NUMBER
    return Line(entry, text, why)


def _shared_values(circular: Circular, pack: Pack) -> dict[str, str]:
    """What fills the text for every recipient alike."""
    return {**json.loads(circular.fills), "desk": signature_of(circular.desk, pack, LANGUAGE)}


def _values(entry: BookEntry, shared: Mapping[str, str]) -> dict[str, str]:
    return {**shared, "name": entry.name, "company": entry.company}


def words_of(circular: Circular, pack: Pack) -> Words:
    """The template as it was released; before that in the words of the desk, else of its pack."""
    if circular.text:
        return Words(circular.text, json.loads(circular.templates))
    return group_words(circular.desk, circular.wording, pack)


def group_words(desk: Desk, name: str, pack: Pack) -> Words:
    """What a message to groups says on a desk today."""
    wording = groups_of(pack).wordings[name]
    shipped = Words(wording.text.in_language(LANGUAGE), wording.templates)
    return own_words(desk, name, GROUP).get(LANGUAGE, shipped)


def needs_second_person(found: Preview, pack: Pack) -> bool:
    """Whether so many get the message that the policy asks for a second person."""
    return len(found.lines) >= groups_of(pack).second_person_from


@transaction.atomic
def send_off(circular: Circular, *, seen: str, by: Keeper) -> Circular:
    """Send a draft as planned, or hand it to a second person where the policy asks for one.

    `seen` is the digest of what was looked at. Raises NotPermitted, AlreadyDecided, Stale when recipients or texts are
    others by now, and InvalidData when nobody is left.
    """
    by.check(KEEP)
    found = _as_seen(circular, seen, by)
    if needs_second_person(found, by.pack):
        _claim(circular, State.DRAFT, state=State.TO_RELEASE, digest=found.digest, written_by=by.person, sent_back="")
    else:
        _release(circular, State.DRAFT, found, by)
    return circular


@transaction.atomic
def release(circular: Circular, *, seen: str, by: Keeper) -> Circular:
    """Release what somebody else wrote. Raises as `send_off`, and NotPermitted for whoever wrote it."""
    by.check(RELEASE)
    if circular.written_by_id == by.person.pk:
        raise NotPermitted(verb="复核自己写的短信")
    _release(circular, State.TO_RELEASE, _as_seen(circular, seen, by), by)
    return circular


@transaction.atomic
def send_back(circular: Circular, *, reason: str, by: Keeper) -> None:
    """Give what somebody else wrote back to them with a reason."""
    by.check(RELEASE)
    reason = checked_text(reason, pointer="/reason", field="退回原因", limit=200)
    if not reason:
        raise InvalidData([FieldError("/reason", "required", {"field": "退回原因"})])
    _claim(circular, State.TO_RELEASE, state=State.DRAFT, sent_back=reason)


@transaction.atomic
def cancel(circular: Circular, *, by: Keeper) -> None:
    """Give up a message that has not begun to leave. Raises NotPermitted and AlreadyDecided."""
    by.check(KEEP)
    waiting = Circular.objects.filter(pk=circular.pk, state__in=(State.DRAFT, State.TO_RELEASE, State.RELEASED))
    if not waiting.update(state=State.CANCELLED):
        raise AlreadyDecided
    circular.recipients.all().delete()


def _as_seen(circular: Circular, seen: str, by: Keeper) -> Preview:
    found = preview(circular, by.pack)
    if not found.lines:
        raise InvalidData([FieldError("/groups", "nobody_to_send_to")])
    if seen != found.digest:
        raise Stale
    return found


def leaves_at(circular: Circular, pack: Pack, now: datetime) -> datetime:
    """When a message leaves if it is released now: as planned or at once, in quiet hours when they end."""
    return out_of_quiet_hours(pack, max(circular.planned_at or now, now))


def _release(circular: Circular, was: str, found: Preview, by: Keeper) -> None:
    leaves = leaves_at(circular, by.pack, by.now)
    words = words_of(circular, by.pack)
    _claim(
        circular, was, state=State.RELEASED, text=words.text, templates=json.dumps(dict(words.templates)), released_by=by.person, released_at=by.now, digest=found.digest,
        planned_at=circular.planned_at or leaves,
    )  # fmt: skip
    _keep_recipients(circular, found)
    enqueue(SEND, {"circular": circular.pk}, now=by.now, run_at=leaves, unique_key=f"{SEND}:{circular.pk}")


def _keep_recipients(circular: Circular, found: Preview) -> None:
    """Who was looked at, with which words: what is entered into the group later is none of this message."""
    lines = [*found.lines, *found.left_out]
    Recipient.objects.bulk_create(
        [Recipient(circular=circular, entry=x.entry, text=x.text, left_out=x.left_out) for x in lines]
    )


def as_released(circular: Circular, pack: Pack) -> Preview:
    """Who still gets a released message: nobody but those who were looked at, and no other words than those.

    Who opted out, was retired or turned out wrong meanwhile is left out, and so is whoever would read something else by now.
    """
    kept = list(circular.recipients.filter(left_out="").select_related("entry").order_by("entry__sort_key", "entry_id"))
    found = preview(circular, pack)
    present = {line.entry.pk: line for line in (*found.lines, *found.left_out)}
    gone = [_still(present.get(row.entry_id), row) for row in kept]
    return Preview(tuple(x for x in gone if not x.left_out), tuple(x for x in gone if x.left_out))


def _still(line: Line | None, row: Recipient) -> Line:
    if line is None:
        return Line(row.entry, row.text, CHANGED)
    return line if line.left_out or line.text == row.text else replace(line, left_out=CHANGED)


def _claim(circular: Circular, was: str, **values: object) -> None:
    if not Circular.objects.filter(pk=circular.pk, state=was).update(**values):
        raise AlreadyDecided
    circular.refresh_from_db()


@transaction.atomic
def put_out(circular: Circular, pack: Pack, *, now: datetime) -> int:
    """Write one message for each recipient of the release into the outbox; returns how many."""
    if not Circular.objects.filter(pk=circular.pk, state=State.RELEASED).update(state=State.SENT):
        return 0
    if not circular.recipients.exists():
        # It was released by an earlier version, which kept nobody.
        _keep_recipients(circular, preview(circular, pack))
    found = as_released(circular, pack)
    said = words_of(circular, pack)
    shared = _shared_values(circular, pack)
    rows = {row.entry_id: row for row in circular.recipients.filter(left_out="")}
    for line in found.left_out:
        rows[line.entry.pk].left_out = line.left_out
    for line in found.lines:
        words = Wording(said.text, _values(line.entry, shared), templates=said.templates)
        rows[line.entry.pk].message = put_into_outbox(
            words, message=circular.wording, channel="sms", address=line.entry.phone, language=LANGUAGE, case_key="",
            now=now, not_before=out_of_quiet_hours(pack, now), desk=circular.desk,
        )  # fmt: skip
    Recipient.objects.bulk_update(rows.values(), ["message", "left_out"], batch_size=200)
    return len(found.lines)


Out = OutboxMessage.State


def with_progress(circulars: QuerySet[Circular]) -> QuerySet[Circular]:
    """Circulars with how many messages were sent, arrived, failed, wait and may not leave, and when the last one left."""
    count = "recipients__message__state"
    return circulars.annotate(
        total=Count("recipients__message"),
        sent=Count("pk", filter=Q(**{count: Out.SENT})),
        arrived=Count("pk", filter=Q(recipients__message__receipt=OutboxMessage.Receipt.DELIVERED)),
        failed=Count(
            "pk", filter=Q(**{count: Out.FAILED}) | Q(recipients__message__receipt=OutboxMessage.Receipt.FAILED)
        ),
        waiting=Count("pk", filter=Q(**{f"{count}__in": (Out.WAITING, Out.SENDING, Out.UNKNOWN)})),
        withheld=Count("pk", filter=Q(**{count: Out.WITHHELD})),
        last_sent=Max("recipients__message__sent_at"),
    )


def late_by(circular: Circular, pack: Pack, now: datetime) -> timedelta | None:
    """By how much a message missed its planned time beyond what the policy tolerates; None when it did not.

    What may not leave (a demo, a desk for practice) is not late. Asks for a circular of `with_progress`.
    """
    if circular.planned_at is None or circular.state in (State.DRAFT, State.CANCELLED):
        return None
    if circular.withheld:  # type: ignore[attr-defined]
        return None
    is_over = circular.state == State.SENT and not circular.waiting  # type: ignore[attr-defined]
    ended = (circular.last_sent or now) if is_over else now  # type: ignore[attr-defined]
    late = ended - circular.planned_at
    return late if late > timedelta(minutes=groups_of(pack).late_after_minutes) else None
