"""One customer across all their cases: every contact in order, with what they need and think."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.queries import Viewer, tasks_of, visible_to
from amends.apps.ledger.models import Detail, Event
from amends.apps.people.models import Complainant, Person
from amends.core.conversation import CONTACTING_VERBS, TELLING_VERBS
from amends.core.form_data import options_of
from amends.core.policy.base import Title
from amends.core.policy.forms import TEXT_TYPES, Field
from amends.core.policy.lifecycle import Transition
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import ProceedingKind
from amends.core.refusals import NotVisible
from amends.core.roles import complainant_roles
from amends.core.verbs import NOTE_PROCEEDING, SPOKEN_BY_CUSTOMER

MOST_CASES = 50
"""So many of the latest cases of a customer are read."""

CONTACTS = TELLING_VERBS | CONTACTING_VERBS | SPOKEN_BY_CUSTOMER
SHOWN_PERSONAL = (None, "content")


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was said: the field it stands in, its words or coded value, and whether it is a need or an opinion."""

    title: Title
    value: str | Title
    heard_as: str


@dataclass(frozen=True, slots=True)
class CustomerContact:
    """One contact: when, about which case, by whom, and what was said."""

    at: datetime
    verb: str
    case: Case
    by_customer: bool
    person: str
    said: Sequence[Said]


@dataclass(frozen=True, slots=True)
class CourseStep:
    """One step of a case: what was done, when, by whom (the customer: empty)."""

    at: datetime
    verb: str
    person: str


@dataclass(frozen=True, slots=True)
class CustomerCourse:
    """A case of a customer as service data: its content and every step from intake on. Source: SVC-3.1a"""

    case: Case
    content: str
    steps: Sequence[CourseStep]


@dataclass(frozen=True, slots=True)
class CustomerView:
    """A customer as somebody sees them: the cases, open plans of contact, and every contact, the latest first."""

    complainant: Complainant
    cases: Sequence[Case]
    plans: Sequence[Proceeding]
    contacts: Sequence[CustomerContact]
    courses: Sequence[CustomerCourse] = ()


def customer_seen_by(viewer: Viewer, key: int | None) -> CustomerView:
    """The customer with what lies in the cases that the viewer sees in full; the number of queries is always the same.

    Raises NotVisible where there is no such case: then nobody learns that there is such a customer. Source: REP-6.2.3
    """
    seen = (
        visible_to(viewer)
        .filter(complainant=key, complainant__isnull=False, hides_reporter=False)
        .exclude(tasks_of(viewer))
    )
    cases = list(seen.select_related("desk", "complainant").defer("facts").order_by("-received_at", "-pk")[:MOST_CASES])
    if not cases or cases[0].complainant is None:
        raise NotVisible
    begun = list(Proceeding.objects.filter(case__in=cases).select_related("case", "desk").defer("facts"))
    by_chain: dict[int, tuple[Case, str | None]] = {case.chain_id: (case, None) for case in cases}
    by_key = {case.pk: case for case in cases}
    open_to_all = [one for one in begun if one.case_id is not None and not _kind_of(one, by_key[one.case_id]).seen_by]
    by_chain |= {one.chain_id: (by_key[one.case_id], one.kind) for one in open_to_all if one.case_id is not None}
    plans = [one for one in open_to_all if one.is_open and _is_plan(one, by_key)]
    return CustomerView(cases[0].complainant, cases, plans, _contacts(by_chain), _courses(cases))


def _courses(cases: Sequence[Case]) -> list[CustomerCourse]:
    """Content and steps of each case, the latest case first; three queries, however many there are."""
    chains = [case.chain_id for case in cases]
    events = Event.objects.filter(chain__in=chains).exclude(kind=NOTE_PROCEEDING).order_by("chain_id", "seq")
    steps: dict[int, list[Event]] = {}
    for event in events:
        steps.setdefault(event.chain_id, []).append(event)
    told = Detail.objects.filter(chain__in=chains, field="description", erased_at=None).order_by("chain_id", "seq")
    contents = dict(told.values_list("chain_id", "text"))
    people = {int(e.actor[7:]) for found in steps.values() for e in found if e.actor.startswith("person:")}
    names = dict(Person.objects.filter(pk__in=people).values_list("pk", "name"))
    return [
        CustomerCourse(
            case,
            contents.get(case.chain_id, "") if _shows_content(pack_of(case)) else "",
            [
                CourseStep(e.at, e.kind, names.get(int(e.actor[7:]), "") if e.actor.startswith("person:") else "")
                for e in steps.get(case.chain_id, ())
            ],
        )
        for case in cases
    ]


def _shows_content(pack: Pack) -> bool:
    """Whether what customers tell is shown to whoever sees the case."""
    f = pack.fields.get("description")
    return f is not None and not f.seen_by and f.personal in SHOWN_PERSONAL


def _kind_of(proceeding: Proceeding, case: Case) -> Any:
    return pack_of(case).proceedings[proceeding.kind]


def _is_plan(proceeding: Proceeding, cases: Mapping[Any, Case]) -> bool:
    return is_plan_of_contact(_kind_of(proceeding, cases[proceeding.case_id]), pack_of(cases[proceeding.case_id]))


def is_plan_of_contact(kind: ProceedingKind, pack: Pack) -> bool:
    """Whether contacts with the customer are recorded in it again and again."""
    return any(t.verb == "contact" and t.to == "same" and _is_with_customer(t, pack) for t in kind.transitions)


def steps_with_customer(kind: ProceedingKind, pack: Pack) -> set[str]:
    """The verbs of a proceeding that are words between the customer and the house."""
    return {t.verb for t in kind.transitions if t.verb in CONTACTS and _is_with_customer(t, pack)}


def _is_with_customer(t: Transition, pack: Pack) -> bool:
    """Whether a step of a proceeding is a word with the customer: theirs, or of somebody who speaks with them.

    What staff withdraw within the house is no word of the customer, and what finance settles with a partner is none either.
    """
    if set(t.by) & complainant_roles(pack):
        return True
    return t.verb in CONTACTS - {"withdraw"} and bool(set(t.by) & set(pack.roles.contact_roles))


def _contacts(by_chain: Mapping[int, tuple[Case, str | None]]) -> list[CustomerContact]:
    found_events = Event.objects.filter(chain__in=by_chain, kind__in=CONTACTS).order_by("-at", "-pk")
    events = [event for event in found_events if _is_contact(event, *by_chain[event.chain_id])]
    texts: dict[tuple[int, int], dict[str, str]] = {}
    for detail in Detail.objects.filter(chain__in=by_chain, erased_at=None):
        texts.setdefault((detail.chain_id, detail.seq), {})[detail.field] = detail.text
    people = {int(e.actor[7:]) for e in events if e.actor.startswith("person:")}
    names = dict(Person.objects.filter(pk__in=people).values_list("pk", "name"))
    found = []
    for event in events:
        case, _ = by_chain[event.chain_id]
        by_customer = event.actor.startswith("complainant:")
        person = "" if by_customer or not event.actor.startswith("person:") else names.get(int(event.actor[7:]), "")
        said = list(_said(pack_of(case), event.data, texts.get((event.chain_id, event.seq), {})))
        heard = by_customer or event.kind in SPOKEN_BY_CUSTOMER
        found.append(CustomerContact(event.at, event.kind, case, heard, person, said))
    return found


def _is_contact(event: Event, case: Case, kind: str | None) -> bool:
    if kind is None:
        return True
    pack = pack_of(case)
    return event.kind in steps_with_customer(pack.proceedings[kind], pack)


MAIN_TEXTS = frozenset(
    {"subject", "description", "contact_text", "answer_text", "feedback_text", "result_text", "promise_text"}
)
"""Texts that say what a contact was about where the policy marks nothing in it."""


def _said(pack: Pack, data: Mapping[str, Any], texts: Mapping[str, str]) -> Iterable[Said]:
    """What was said, in the order of the form; fields that only some roles see, and personal ones, are left out."""
    form = pack.forms.get(data.get("form", ""))
    fields: Iterable[Field] = form.fields if form else ()
    values = data.get("set", {})
    for f in fields:
        if f.seen_by or f.personal not in SHOWN_PERSONAL or not (f.heard_as or f.id in MAIN_TEXTS):
            continue
        value: str | Title | None = texts.get(f.id) if f.type in TEXT_TYPES else _coded(f, values.get(f.id), data, pack)
        if value:
            yield Said(f.title, value, f.heard_as or "")


def _coded(f: Field, value: Any, data: Mapping[str, Any], pack: Pack) -> str | Title | None:
    if f.type == "axis":
        axis = pack.grading.axis(f.axis or "")
        graded = data.get("graded", {}).get(f.axis or "", {}).get("value") or value
        return axis.title_of(graded) if axis and isinstance(graded, str) else None
    if f.type != "choice" or not isinstance(value, str):
        return None
    return options_of(f, pack).get(value, value)
