"""What a person decides about mail that no rule could place: read it again, make it a case, add it to one, or leave it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from django.db import transaction

from amends.apps.cases.actions.by_call import as_told, form_of_verb
from amends.apps.cases.actions.perform import Wish, perform
from amends.apps.cases.evidence import open_evidence
from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.queries import Viewer
from amends.apps.mail.limited import Letter, head_in, letter_in
from amends.apps.mail.models import IncomingMail
from amends.apps.mail.reading import Unreadable
from amends.apps.mail.standing import Standing
from amends.apps.mail.storing import order_reading
from amends.apps.mail.taking_in import ADDS, NOT_READ, attach_rest, files_of, fitting, found_case, with_note
from amends.core.form_data import checked_text
from amends.core.refusals import NotPermitted, Refusal

State = IncomingMail.State
DECIDABLE = (State.QUARANTINED, State.IGNORED)
NOTHING_READ = Letter(
    sender=(), recipients=(), subject="", message_id="", answers=(), text="", new_text="", files=(), marks={},
    why_automatic="",
)  # fmt: skip


class DecidedMeanwhile(Refusal):
    """Somebody else, or the reading again, brought the mail to another end."""

    code = "already_decided"
    status = 409
    sentence = "这封来信刚刚已有处理结果，请刷新后查看。"


def read_again(mail: IncomingMail, *, by: Viewer) -> None:
    """Let the worker read a mail once more, as if it had just come. Raises DecidedMeanwhile."""
    waiting = IncomingMail.objects.filter(pk=mail.pk, state=State.QUARANTINED, twin_of=None)
    if not waiting.update(state=State.NEW, reason="", detail="", attempts=0):
        raise DecidedMeanwhile
    order_reading(mail, now=by.now)


@transaction.atomic
def make_case(mail: IncomingMail, *, by: Viewer) -> Case:
    """A new case of a mail that waits or was ignored. Raises DecidedMeanwhile and every refusal of registering."""
    _decide(mail, State.CASE, by=by)
    with _letter_of(mail) as letter:
        case = found_case(mail, letter, Standing(), now=by.now)
    IncomingMail.objects.filter(pk=mail.pk).update(case=case)
    return case


@transaction.atomic
def add_to(mail: IncomingMail, case: Case, *, by: Viewer) -> Case:
    """What the mail says becomes further information on a case, taken down by whoever decides.

    Raises DecidedMeanwhile, NotPermitted where the policy does not let them, and every refusal of `perform`.
    """
    pack = pack_of(case)
    form = form_of_verb(case, ADDS)
    if form is None:
        raise NotPermitted(verb="补充情况")
    _decide(mail, State.ANSWER, by=by)
    with _letter_of(mail) as letter:
        caller = by.caller(case.desk, pack)
        files, left_out = files_of(mail, letter, pack, by=caller.id, now=by.now)
        data = as_told(form, "x", files)
        taking = next(iter(as_told(form, "x", [])))
        data[taking] = fitting(form, taking, with_note(letter.new_text, left_out))
        case = perform(case, Wish(verb=ADDS, data=data, caller=caller, now=by.now, uploads_of=mail.owner))
        attach_rest(mail, case, by.now)
    IncomingMail.objects.filter(pk=mail.pk).update(case=case)
    return case


@transaction.atomic
def leave(mail: IncomingMail, why: str, *, by: Viewer) -> None:
    """Ignore a mail for a reason in words. Raises DecidedMeanwhile, and InvalidData for a reason that is no text."""
    text = checked_text(why, pointer="/why", field="不处理的理由", limit=300)
    _decide(mail, State.IGNORED, by=by, detail=text)


def _decide(mail: IncomingMail, state: str, *, by: Viewer, detail: str = "") -> None:
    """Claim the mail for this end. Raises DecidedMeanwhile."""
    waiting = IncomingMail.objects.filter(pk=mail.pk, state__in=DECIDABLE, twin_of=None, case=None)
    values = {"state": state, "reason": "by_hand", "detail": detail, "decided_by": by.person, "decided_at": by.now}
    if not waiting.update(**values):
        raise DecidedMeanwhile


@contextmanager
def _letter_of(mail: IncomingMail) -> Iterator[Letter]:
    """What the mail says; only its heads where it can not be read: then the raw mail speaks for itself."""
    octets = b""
    if mail.raw is not None:
        with open_evidence(mail.raw) as source:
            octets = source.read()
    with ExitStack() as stack:
        try:
            if mail.is_head_only:
                raise Unreadable("too_big")
            letter = stack.enter_context(letter_in(octets))
        except Unreadable:
            letter = replace(_head_of(octets, stack), text=NOT_READ, new_text=NOT_READ)
        yield letter


def _head_of(octets: bytes, stack: ExitStack) -> Letter:
    try:
        return stack.enter_context(head_in(octets))
    except Unreadable:
        return NOTHING_READ
