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
from amends.apps.people.models import ContactPoint, Person
from amends.core.directory import Caller
from amends.core.refusals import Refusal

State = InboundText.State
ADDING = "add_information"


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
    """Of texts that wait to be assigned those that the viewer may read: whose sender takes part in no open case at all,
    or in one that the viewer sees. Three queries.
    """
    found = list(texts)
    cases = open_cases_of_senders(text.number for text in found)
    of_sender: dict[str, set[str]] = {}
    for key, normal in cases.values_list("pk", "complainant__contact_points__normal"):
        of_sender.setdefault(normal or "", set()).add(str(key))
    seen = visible_among(viewer, {key for keys in of_sender.values() for key in keys})
    return [
        text for text in found if not (own := of_sender.get(normal_contact("phone", text.number))) or own & set(seen)
    ]


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
