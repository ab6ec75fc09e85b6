"""What customers answer by text message: on the one open case they take part in, or on a list until somebody assigns it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from amends.apps.cases.actions.by_call import add_what_was_told, as_told, form_of_verb
from amends.apps.cases.models import Case
from amends.apps.cases.portal_keys import normal_contact
from amends.apps.cases.queries import Viewer, complainant_caller, open_cases, visible_among
from amends.apps.messaging.models import InboundText
from amends.apps.messaging.providers.base import national
from amends.apps.people.models import ContactPoint, Person
from amends.core.directory import Caller
from amends.core.policy.lifecycle import RESTING
from amends.core.refusals import Refusal

State = InboundText.State
ADDING = "add_information"
_Cases = dict[str, set[str]]


class TextSettled(Refusal):
    """Somebody else assigned or put the message aside first."""

    code = "already_decided"
    status = 409
    sentence = "这条短信已由他人处理。"


class NothingAddedThere(Refusal):
    """The policy of the case takes no further information in its state."""

    code = "wrong_state"
    status = 409
    sentence = "个案 %(number)s 目前不能补充情况。"


@transaction.atomic
def place_text(text: InboundText, *, now: datetime) -> InboundText:
    """Put a new message on the one open case of its sender as the customer's word; else it waits to be assigned."""
    case = _only_open_case_of(text.number)
    if text.state != State.NEW:
        return text
    if case is not None and (form := form_of_verb(case, ADDING)) is not None:
        try:
            with transaction.atomic():
                data = as_told(form, text.text, [])
                add_what_was_told(case, ADDING, data, caller=complainant_caller(case), now=now)
        except Refusal:
            case = None
        else:
            return _settled(text, State.ON_CASE, case)
    return _settled(text, State.TO_ASSIGN, None)


def _only_open_case_of(number: str) -> Case | None:
    found = list(open_cases_of_senders([number]).order_by("pk")[:2])
    return found[0] if len(found) == 1 else None


def open_cases_of_senders(numbers: Iterable[str]) -> QuerySet[Case]:
    """The open cases in which whoever writes from one of the numbers takes part."""
    normals = {normal_contact("phone", number) for number in numbers}
    points = ContactPoint.objects.filter(kind="phone", normal__in=normals)
    return open_cases(Case.objects.filter(complainant__in=points.values("complainant")))


def texts_open_to(viewer: Viewer, texts: Iterable[InboundText]) -> list[InboundText]:
    """Of texts those that the viewer may read: on a case, whoever sees the case; on none, whoever sees one of the open
    cases of its sender, one of the closed ones where none is open, or anybody where the sender has none. Two queries.
    """
    found = list(texts)
    opened, closed = _cases_of_senders(text.number for text in found if not text.case_key)
    keys = {text.case_key for text in found if text.case_key}
    seen = visible_among(viewer, keys.union(*opened.values(), *closed.values()))
    return [text for text in found if _is_for(text, opened, closed, seen)]


def _is_for(text: InboundText, opened: _Cases, closed: _Cases, seen: set[str]) -> bool:
    if text.case_key:
        return text.case_key in seen
    sender = normal_contact("phone", text.number)
    own = opened.get(sender) or closed.get(sender)
    return not own or bool(own & seen)


def _cases_of_senders(numbers: Iterable[str]) -> tuple[_Cases, _Cases]:
    """The open and the other cases of whoever writes from the numbers, by number."""
    normals = {normal_contact("phone", number) for number in numbers}
    points = ContactPoint.objects.filter(kind="phone", normal__in=normals)
    opened: _Cases = {}
    closed: _Cases = {}
    rows = points.filter(complainant__cases__isnull=False)
    for normal, key, category in rows.values_list("normal", "complainant__cases", "complainant__cases__state_category"):
        (closed if category in RESTING else opened).setdefault(normal, set()).add(str(key))
    return opened, closed


def waiting_texts() -> QuerySet[InboundText]:
    """Every text message that waits for a person, the latest first."""
    return InboundText.objects.filter(state=State.TO_ASSIGN).order_by("-received_at", "-pk")


def texts_from(number: str) -> QuerySet[InboundText]:
    """Every text message from a number, however the number is written, the latest first."""
    spellings = {number, normal_contact("phone", number), national(number)}
    return InboundText.objects.filter(number__in=spellings).order_by("-received_at", "-pk")


@transaction.atomic
def assign_text(text: InboundText, case: Case, *, caller: Caller, by: Person, now: datetime) -> InboundText:
    """Put a message that waits on a case, in the name of whoever decides it.

    Raises TextSettled, NothingAddedThere and every refusal of `perform`.
    """
    _claim(text, State.ON_CASE, by)
    form = form_of_verb(case, ADDING)
    if form is None:
        raise NothingAddedThere(number=case.number)
    add_what_was_told(case, ADDING, as_told(form, text.text, []), caller=caller, now=now)
    return _settled(text, State.ON_CASE, case)


def set_text_aside(text: InboundText, *, by: Person) -> None:
    """Note that a message needs no answer. Raises TextSettled."""
    _claim(text, State.SET_ASIDE, by)


def _claim(text: InboundText, state: str, by: Person) -> None:
    waiting = InboundText.objects.filter(pk=text.pk, state=State.TO_ASSIGN)
    if not waiting.update(state=state, settled_by=by):
        raise TextSettled


def _settled(text: InboundText, state: str, case: Case | None) -> InboundText:
    text.state, text.case_key = state, str(case.pk) if case else ""
    InboundText.objects.filter(pk=text.pk).update(state=text.state, case_key=text.case_key)
    return text
