"""Keeping the address book: applied for, approved, entered on the day the approval arrived, and kept current."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import F

from amends.apps.cases.portal_keys import normal_contact, takes_texts
from amends.apps.circulars.models import BookChange, BookEntry, BookGroup, Circular
from amends.apps.circulars.rights import APPROVE, KEEP, REVEAL, Keeper
from amends.apps.messaging.models import OutboxMessage
from amends.apps.messaging.providers.base import ONE_NUMBER
from amends.apps.people.actions import log_access, sort_key_of
from amends.apps.policies.models import Desk
from amends.core.form_data import checked_text
from amends.core.masking import masked
from amends.core.refusals import AlreadyDecided, FieldError, InvalidData, Refusal, Stale

State = BookEntry.State
FIELDS = ("company", "name", "phone", "note")


class NotApproved(Refusal):
    """The application was not approved: nothing of it is entered."""

    code = "wrong_state"
    status = 409
    sentence = "申请尚未批准，不能录入通讯录。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is entered about a dealer or contact."""

    company: str
    name: str
    phone: str
    note: str = ""
    groups: tuple[int, ...] = ()


@transaction.atomic
def apply_for(given: Given, *, by: Keeper) -> BookEntry:
    """File an application for a new entry. Raises NotPermitted and InvalidData at the field."""
    by.check(KEEP)
    entry = BookEntry(desk=by.desk, applied_at=by.now, applied_by=by.person)
    return _save_new(entry, given, by)


@transaction.atomic
def approve(entry: BookEntry, *, by: Keeper) -> None:
    """Approve an application: it reaches whoever enters it at this moment. Raises NotPermitted and AlreadyDecided."""
    by.check(APPROVE)
    _move(
        entry, State.APPLIED, state=State.APPROVED, approved_at=by.now, approved_by=by.person.name, received_at=by.now
    )


@transaction.atomic
def enter(entry: BookEntry, *, by: Keeper) -> None:
    """Enter an approved application into the book; after its day it is marked late for good.

    Raises NotPermitted, NotApproved and AlreadyDecided.
    """
    by.check(KEEP)
    if entry.state == State.APPLIED:
        raise NotApproved
    late = entry.received_at is not None and is_late(entry.received_at, by.now, by)
    _move(entry, State.APPROVED, state=State.ENTERED, entered_at=by.now, entered_by=by.person, was_late=late)


@transaction.atomic
def enter_approved_on_paper(
    given: Given, *, approved_by: str, approved_on: date | None, by: Keeper, groups: Iterable[str] = ()
) -> BookEntry:
    """Enter what was approved outside, with who approved it and on which day; None stands for what is no day.

    `groups` are titles; one that is new becomes a group. Raises NotPermitted, and InvalidData with every fault: those of
    `apply_for`, nobody who approved, no day or one to come, a title that is none.
    """
    by.check(KEEP)
    today = by.now.astimezone(by.zone).date()
    faults = [*_faults(given), *_faults_of_approval(approved_by, approved_on, today), *_faults_of_titles(groups)]
    if approved_on is None or faults:
        raise InvalidData([*faults, *_fault_of_taken(given, by)])
    titles = [BookGroup.objects.get_or_create(desk=by.desk, title=title)[0].pk for title in groups]
    given = replace(given, groups=(*given.groups, *titles))
    day = datetime.combine(approved_on, datetime.min.time(), tzinfo=by.zone)
    entry = BookEntry(
        desk=by.desk, applied_at=day, state=State.ENTERED, approved_at=day, approved_by=approved_by.strip(), received_at=day,
        entered_at=by.now, entered_by=by.person, was_late=approved_on < today,
    )  # fmt: skip
    return _save_new(entry, given, by)


@transaction.atomic
def change(entry: BookEntry, given: Given, *, version: int, by: Keeper) -> None:
    """Say something else of an entry; the old values stay in its history, and a new number counts as right again.

    Raises NotPermitted, Stale and InvalidData.
    """
    by.check(KEEP)
    clean = _checked(given)
    new = {name: getattr(clean, name) for name in FIELDS}
    changed = [name for name in FIELDS if getattr(entry, name) != new[name]]
    values: dict[str, object] = {**new, "sort_key": sort_key_of(clean.company), "version": F("version") + 1}
    if "phone" in changed:
        values["wrong_since"] = None
    try:
        with transaction.atomic():
            if not BookEntry.objects.filter(pk=entry.pk, version=version).update(**values):
                raise Stale
    except IntegrityError as taken:
        raise _number_taken(clean.phone) from taken
    history = [
        BookChange(entry=entry, at=by.now, by=by.person, field=name, before=getattr(entry, name), after=new[name])
        for name in changed
    ]
    BookChange.objects.bulk_create(history)
    entry.groups.set(_groups(clean.groups, by))


@transaction.atomic
def retire(entry: BookEntry, *, by: Keeper) -> None:
    """Take an entry out of use: it gets no more messages."""
    by.check(KEEP)
    if not BookEntry.objects.filter(pk=entry.pk).exclude(state=State.RETIRED).update(state=State.RETIRED):
        raise AlreadyDecided
    _note(entry, "state", entry.state, State.RETIRED, by)


@transaction.atomic
def mark_wrong(entry: BookEntry, *, by: Keeper) -> None:
    """Note that the number is wrong: it is left out until it is corrected."""
    by.check(KEEP)
    if BookEntry.objects.filter(pk=entry.pk, wrong_since=None).update(wrong_since=by.now):
        _note(entry, "wrong", "", "wrong", by)


@transaction.atomic
def reveal(entry: BookEntry, *, reason: str, by: Keeper) -> str:
    """The number in full; who asked and why is noted. Raises NotPermitted, and InvalidData without a reason."""
    by.check(REVEAL)
    reason = checked_text(reason, pointer="/reason", field="查看理由", limit=300)
    if not reason.strip():
        raise InvalidData([FieldError("/reason", "required", {"field": "查看理由"})])
    log_access(
        actor=by.person.actor_id, action="reveal", object=f"book:{entry.pk}", field="phone", reason=reason, now=by.now,
        desk=by.desk.pk,
    )  # fmt: skip
    return entry.phone


def add_group(title: str, *, by: Keeper) -> BookGroup:
    """A new group. Raises NotPermitted, and InvalidData for a name that is taken or missing."""
    by.check(KEEP)
    title = checked_text(title, pointer="/title", field="分组名称", limit=60).strip()
    if not title:
        raise InvalidData([FieldError("/title", "required", {"field": "分组名称"})])
    group, is_new = BookGroup.objects.get_or_create(desk=by.desk, title=title)
    if not is_new:
        raise InvalidData([FieldError("/title", "taken", {"field": "分组名称", "value": title})])
    return group


@transaction.atomic
def forget_book_of(desks: Collection[Desk]) -> None:
    """Erase the book of these desks with its history, and what was written to it."""
    messages = OutboxMessage.objects.filter(recipient__circular__desk__in=desks)
    messages.update(address="", subject="", body="", sealed="", vetted="")
    Circular.objects.filter(desk__in=desks).delete()
    BookEntry.objects.filter(desk__in=desks).delete()
    BookGroup.objects.filter(desk__in=desks).delete()


def is_late(received_at: datetime, now: datetime, by: Keeper) -> bool:
    """Whether the day on which an approval arrived is over in the desk's zone."""
    return received_at.astimezone(by.zone).date() < now.astimezone(by.zone).date()


def _move(entry: BookEntry, was: str, **values: object) -> None:
    if not BookEntry.objects.filter(pk=entry.pk, state=was).update(**values):
        raise AlreadyDecided
    entry.refresh_from_db()


def _note(entry: BookEntry, field: str, before: str, after: str, by: Keeper) -> None:
    BookChange.objects.create(entry=entry, at=by.now, by=by.person, field=field, before=before, after=after)


def _save_new(entry: BookEntry, given: Given, by: Keeper) -> BookEntry:
    clean = _checked(given)
    for name in FIELDS:
        setattr(entry, name, getattr(clean, name))
    entry.sort_key = sort_key_of(clean.company)
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError as taken:
        raise _number_taken(clean.phone) from taken
    entry.groups.set(_groups(clean.groups, by))
    return entry


def _number_taken(phone: str) -> InvalidData:
    return InvalidData([FieldError("/phone", "taken", {"field": "手机号码", "value": masked("phone", phone)})])


def _groups(keys: Iterable[int], by: Keeper) -> list[BookGroup]:
    return list(BookGroup.objects.filter(desk=by.desk, pk__in=list(keys)))


def _checked(given: Given) -> Given:
    """What was given, tidied. Raises InvalidData with every fault at its field."""
    if faults := list(_faults(given)):
        raise InvalidData(faults)
    company, name, note = (" ".join(text.split()) for text in (given.company, given.name, given.note))
    phone = normal_contact("phone", given.phone)
    return replace(given, company=company, name=name, note=note, phone=phone)


def _faults(given: Given) -> Iterator[FieldError]:
    yield from _faults_of_text(given.company, "/company", "公司名称", limit=120)
    yield from _faults_of_text(given.name, "/name", "联系人", limit=60)
    yield from _faults_of_text(given.note, "/note", "备注", limit=200, is_needed=False)
    phone = normal_contact("phone", given.phone)
    if not phone:
        yield FieldError("/phone", "required", {"field": "手机号码"})
    elif not ONE_NUMBER.fullmatch(phone) or not takes_texts(phone):
        yield FieldError("/phone", "no_mobile_number", {"field": "手机号码"})


def _faults_of_approval(approved_by: str, approved_on: date | None, today: date) -> Iterator[FieldError]:
    yield from _faults_of_text(approved_by, "/approved_by", "批准人", limit=60)
    if approved_on is None:
        yield FieldError("/approved_on", "bad_date", {"field": "批准日期"})
    elif approved_on > today:
        yield FieldError("/approved_on", "in_future", {"field": "批准日期"})


def _faults_of_titles(titles: Iterable[str]) -> Iterator[FieldError]:
    for title in titles:
        yield from _faults_of_text(title, "/groups", "分组", limit=60)


def _faults_of_text(text: str, pointer: str, field: str, *, limit: int, is_needed: bool = True) -> Iterable[FieldError]:
    try:
        clean = checked_text(text, pointer=pointer, field=field, limit=limit)
    except InvalidData as refusal:
        return refusal.errors
    return [] if clean or not is_needed else [FieldError(pointer, "required", {"field": field})]


def _fault_of_taken(given: Given, by: Keeper) -> Iterable[FieldError]:
    """That the number is in the book, for an entry that is refused for something else as well."""
    phone = normal_contact("phone", given.phone)
    in_use = BookEntry.objects.filter(desk=by.desk, phone=phone).exclude(state=State.RETIRED)
    return _number_taken(phone).errors if phone and in_use.exists() else []
