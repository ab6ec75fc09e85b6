"""The rights of one person: what is held about them, and its erasure on request. Source: P5 of the promises

Nothing of them stays but codes, times, amounts and hashes; what somebody else wrote about them elsewhere is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q, QuerySet

from amends.apps.cases.actions.erase import erase_cases
from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import (
    ArchivePackage,
    Case,
    Draft,
    EvidenceFile,
    IncomingCall,
    OldRecord,
    PortalCode,
)
from amends.apps.cases.packages import drop_packages
from amends.apps.cases.portal_keys import address_hash, normal_contact
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.circulars.models import BookEntry
from amends.apps.deferred.actions import enqueue
from amends.apps.ledger.actions import append_in_turn
from amends.apps.lists.exports import remove_ready
from amends.apps.mail.erasing import forget_mails_from
from amends.apps.mail.models import IncomingMail
from amends.apps.messaging.models import InboundText, OptOut, OutboxMessage
from amends.apps.messaging.providers.base import national
from amends.apps.people.actions import erase_complainant, forget_reasons, log_access
from amends.apps.people.models import Complainant, ContactPoint, Person
from amends.apps.people.rights import Ground, may_on_desk
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, pack_in_force
from amends.core.archive import kept_until
from amends.core.form_data import storable
from amends.core.refusals import CHOSEN, FieldError, InvalidData, NotPermitted, NotVisible, Refusal, not_given

REACHED = ("phone", "email")
RIGHT, SEES_REPORTERS = "personal_data", "see_reporter"
GROUNDS = {
    "asked": "本人要求删除",
    "consent_withdrawn": "本人撤回同意",
    "purpose_ended": "处理目的已实现，或不再需要",
    "not_lawful": "收集或使用违反规定或约定",
}
"""Why somebody is erased: a code, so that the ledger holds no word about them."""
_REFERENCE = re.compile(r"[A-Za-z0-9/_.-]{0,40}")
ERASED, COPIED = "erase_subject", "copy_subject"


class NotTheirs(NotPermitted):
    """Some of the person's cases lie where the viewer does not have the right."""

    sentence = "这位客户的个案不全在您有权办理的受理台，请由系统管理员办理。"


class StillNeeded(Refusal):
    """Something of the person is still being worked on."""

    code = "still_needed"
    status = 409
    sentence = "还没有办结，现在不能删除：%(numbers)s。"


class KeptByLaw(StillNeeded):
    """The law asks for keeping a file of theirs for some time yet."""

    sentence = "法定保存期限未满，现在不能删除：%(numbers)s。"


class ErasedAlready(StillNeeded):
    sentence = "这位客户的个人信息已经删除。"


@dataclass(frozen=True)
class Subject:
    """One person on file, with everything of theirs; each thing is read once.

    Who writes by mail or in an app stands on file apart from who called: entries of the same name that share a number or an
    address are the same person, others of another name are only `look_alikes`.
    """

    complainant: Complainant

    @cached_property
    def entries(self) -> list[Complainant]:
        """Every entry of the person, the one that was asked for first."""
        found = {self.complainant.pk: self.complainant}
        while True:
            same = ContactPoint.objects.filter(complainant__in=found, kind__in=REACHED).values("normal")
            more = Complainant.objects.filter(name=self.complainant.name, erased_at=None).exclude(pk__in=found)
            new = more.filter(contact_points__normal__in=same, contact_points__kind__in=REACHED).distinct()
            found |= {row.pk: row for row in new}
            if not new:
                return list(found.values())

    @cached_property
    def cases(self) -> list[Case]:
        rows = Case.objects.filter(complainant__in=self.entries).select_related("desk", "pack", "chain", "complainant")
        return list(rows.order_by("received_at", "pk"))

    @cached_property
    def proceedings(self) -> list[Proceeding]:
        return list(Proceeding.objects.filter(case__in=self.cases).select_related("case", "chain").order_by("begun_at"))

    @cached_property
    def points(self) -> list[ContactPoint]:
        return list(ContactPoint.objects.filter(complainant__in=self.entries).order_by("pk"))

    @property
    def phones(self) -> set[str]:
        """The numbers on file in every way that tables write them."""
        found = {point.value for point in self.points if point.kind == "phone"}
        return {form for value in found for form in (value, normal_contact("phone", value), national(value)) if form}

    @property
    def mails(self) -> set[str]:
        return {point.normal for point in self.points if point.kind == "email"}

    @property
    def keys(self) -> list[str]:
        """The keys under which messages lie: those of cases and of their proceedings."""
        return [str(row.pk) for row in (*self.cases, *self.proceedings)]

    @property
    def files(self) -> QuerySet[EvidenceFile]:
        return EvidenceFile.objects.filter(Q(case__in=self.cases) | Q(incoming_mail__in=self.letters)).distinct()

    @property
    def letters(self) -> QuerySet[IncomingMail]:
        of_cases = Q(case__in=self.cases) | Q(twin_of__case__in=self.cases)
        return IncomingMail.objects.filter(of_cases | Q(case=None, sender__in=self.mails)).distinct()

    @property
    def sent(self) -> QuerySet[OutboxMessage]:
        """What was written to them; messages to groups of the address book are not theirs alone."""
        to_them = Q(address__in=self.phones | self.mails, recipient=None)
        return OutboxMessage.objects.filter(Q(case_key__in=self.keys) | to_them)

    @property
    def texts(self) -> QuerySet[InboundText]:
        return InboundText.objects.filter(Q(case_key__in=self.keys) | Q(number__in=self.phones))

    @property
    def in_the_book(self) -> QuerySet[BookEntry]:
        """Entries of the address book under one of their numbers: kept by a policy of their own, and not erased here."""
        return BookEntry.objects.filter(phone__in=self.phones)

    @property
    def look_alikes(self) -> QuerySet[Complainant]:
        """Others on file under one of the same addresses but another name: perhaps the same person, perhaps not."""
        same = ContactPoint.objects.filter(normal__in={p.normal for p in self.points if p.kind in REACHED})
        return (
            Complainant.objects.filter(contact_points__in=same).exclude(pk__in=[e.pk for e in self.entries]).distinct()
        )


@dataclass(frozen=True, slots=True)
class Held:
    """How much is held about somebody, by kind."""

    cases: int
    proceedings: int
    files: int
    letters: int
    sent: int
    texts: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that the policy keeps for some time: `until` is None where it is kept for good; `by_law` forbids erasing it."""

    case: Case
    until: date | None
    by_law: bool


def found_by(asked: str) -> list[Complainant]:
    """The people on file under a telephone number, an address of mail or the number of a case; nobody who was erased."""
    asked = storable(asked).strip()[:254]
    if not asked:
        return []
    points = Q(contact_points__kind="phone", contact_points__normal=normal_contact("phone", asked))
    points |= Q(contact_points__kind="email", contact_points__normal=normal_contact("email", asked))
    found = Complainant.objects.filter(points | Q(cases__number=asked), erased_at=None)
    return list(found.distinct().order_by("pk")[:50])


def subject_for(person: Person, key: int, *, now: datetime) -> Subject:
    """Somebody on file, for a person who may answer for their data.

    Raises NotVisible where the person has the right nowhere or there is nobody, and NotTheirs where it is missing on one of the
    desks concerned, or who reported a case is kept from them.
    """
    complainant = Complainant.objects.filter(pk=key).first()
    if complainant is None or not may_answer_somewhere(person, now=now):
        raise NotVisible
    subject = Subject(complainant)
    hidden = {case.desk_id for case in subject.cases if case.hides_reporter}
    for desk in {case.desk_id: case.desk for case in subject.cases}.values():
        wanted = (RIGHT, SEES_REPORTERS) if desk.pk in hidden else (RIGHT,)
        if not all(_has(person, right, desk, now) for right in wanted):
            raise NotTheirs
    return subject


def may_answer_somewhere(person: Person, *, now: datetime) -> bool:
    """Whether somebody has the right on a desk, or administers the installation."""
    return person.is_administrator or any(_has(person, RIGHT, desk, now) for desk in Desk.objects.all())


def _has(person: Person, right: str, desk: Desk, now: datetime) -> Ground | None:
    try:
        return may_on_desk(person, right, desk, pack_in_force(desk, now), now)
    except NoPackInForce:
        return Ground() if person.is_administrator else None


def held_about(subject: Subject) -> Held:
    """How much there is of each kind."""
    return Held(
        len(subject.cases), len(subject.proceedings), subject.files.count(), subject.letters.count(), subject.sent.count(),
        subject.texts.count(),
    )  # fmt: skip


def still_open(subject: Subject) -> list[str]:
    """The numbers of cases and proceedings that are being worked on: nothing is erased before they end."""
    open_cases = [case.number for case in subject.cases if case.is_open]
    return open_cases + [one.number for one in subject.proceedings if one.is_open]


def kept_by_policy(subject: Subject, *, now: datetime) -> list[Kept]:
    """Files whose time of keeping, by the policy of their desk, is not over."""
    found = []
    for case in subject.cases:
        pack = pack_of(case)
        if pack.head.archive is None or case.archived_on is None:
            continue
        until = kept_until(pack, case.archived_on)
        if until is None or until >= now.astimezone(ZoneInfo(pack.head.zone)).date():
            found.append(Kept(case, until, pack.head.archive.kept_by_law))
    return found


def note_copy(subject: Subject, *, by: str, now: datetime) -> None:
    """Keep on the chains of the desks concerned that a copy of what is held was handed out."""
    log_access(actor=by, action="export", object=f"complainant:{subject.complainant.pk}", now=now)
    _record(subject, COPIED, {"cases": len(subject.cases)}, by=by, now=now)


def erase_subject(
    subject: Subject, *, ground: str, reference: str = "", before_time: bool = False, by: str, now: datetime
) -> Held:
    """Erase everything that is held about one person; chains, codes, times and amounts stay and verify.

    `before_time` says that files which the policy, not the law, still keeps go too. The act stands on the chains of the desks
    concerned without a word about the person. Returns what there was. Raises InvalidData at `ground`, `reference` or
    `before_time`, StillNeeded while something is open, KeptByLaw, and ErasedAlready.
    """
    if faults := list(_faults(ground, reference)):
        raise InvalidData(faults)
    with transaction.atomic():
        # Whatever came in since the page was shown counts.
        fresh = Subject(Complainant.objects.get(pk=subject.complainant.pk))
        _refuse_what_is_needed(fresh, before_time=before_time, now=now)
        held = held_about(fresh)
        _forget(fresh, now=now)
        payload = {"reason": ground, "cases": held.cases, "files": held.files}
        _record(fresh, ERASED, {**payload, **({"reference": reference} if reference else {})}, by=by, now=now)
        enqueue("forget_old_words", {}, now=now)
        log_access(actor=by, action="erase", object=f"complainant:{fresh.complainant.pk}", now=now)
    return held


def _faults(ground: str, reference: str) -> Iterable[FieldError]:
    if ground not in GROUNDS:
        yield not_given("/ground", "删除原因", way=CHOSEN)
    if not _REFERENCE.fullmatch(reference):
        yield FieldError("/reference", "bad_reference", {"field": "申请编号"})


def _refuse_what_is_needed(subject: Subject, *, before_time: bool, now: datetime) -> None:
    if subject.complainant.erased_at is not None:
        raise ErasedAlready
    if numbers := still_open(subject):
        raise StillNeeded(numbers=_some(numbers))
    kept = kept_by_policy(subject, now=now)
    if by_law := [one.case.number for one in kept if one.by_law]:
        raise KeptByLaw(numbers=_some(by_law))
    if kept and not before_time:
        raise InvalidData([FieldError("/before_time", "confirm_kept", {"count": len(kept)})])


def _some(numbers: list[str]) -> str:
    return "、".join(numbers[:10])


def _forget(subject: Subject, *, now: datetime) -> None:
    # Read before anything goes: what is erased first is what the rest is found by.
    phones, mails, values, _ = subject.phones, subject.mails, [p.value for p in subject.points], subject.entries
    in_book = set(subject.in_the_book.values_list("phone", flat=True))
    keys = [case.pk for case in subject.cases]
    packages = ArchivePackage.objects.filter(case__in=keys)
    drop_packages(ArchivePackage.objects.filter(Q(pk__in=packages) | Q(pk__in=packages.values("whole"))))
    remove_ready()
    subject.sent.delete()
    subject.texts.delete()
    forget_mails_from(mails)
    erase_cases(keys, now=now)
    OldRecord.objects.filter(case__in=keys).update(salt="", digest="")
    IncomingCall.objects.filter(phone__in=phones).delete()
    OptOut.objects.filter(number__in=phones - in_book).delete()
    PortalCode.objects.filter(address_hash__in=[address_hash(one) for one in phones | mails]).delete()
    for typed in {*phones, *mails, *values} - {""}:
        Draft.objects.filter(content__contains=typed).delete()
    forget_reasons([f"complainant:{entry.pk}" for entry in subject.entries])
    for entry in subject.entries:
        erase_complainant(complainant=entry, now=now)


def _record(subject: Subject, kind: str, facts: Mapping[str, object], *, by: str, now: datetime) -> None:
    """On the chain of every desk concerned, or of the installation where there is none: who is meant stands there as a number."""
    for key, sort in _chains(subject.cases):
        append_in_turn(
            chain_key=key, chain_kind=sort, kind=kind, at=now, recorded_at=now, actor=by,
            payload={"complainant": subject.complainant.pk, **facts},
        )  # fmt: skip


def _chains(cases: Iterable[Case]) -> list[tuple[str, str]]:
    codes = sorted({case.desk.code for case in cases})
    return [(f"desk:{code}", "desk") for code in codes] or [("installation", "installation")]
