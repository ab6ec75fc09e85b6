"""What follows from every verb inside its transaction: who was asked, files attached, links, words to find the case by."""

from __future__ import annotations

from amends.apps.cases.actions.perform import Performed, case_numbers_in, projector
from amends.apps.cases.evidence import attach
from amends.apps.cases.models import Case, CaseAsked, CaseLink
from amends.apps.cases.previews import order_previews_of
from amends.apps.cases.proceedings.concerning import keep_concerns
from amends.apps.cases.queries import visible_to_caller
from amends.apps.cases.search import index_case
from amends.apps.cases.signatures import refuse_what_is_no_signature
from amends.apps.cases.telling import people_in_roles
from amends.apps.messaging.actions import notify
from amends.core.facts import CaseFacts
from amends.core.policy.forms import FILE_TYPES
from amends.core.refusals import FieldError, InvalidData
from amends.core.roles import restrictions_on

LINKING = {"link": "similar", "mark_duplicate": "duplicate"}


@projector
def remember_who_was_asked(done: Performed) -> None:
    """Departments asked in an open item see the case until it is settled."""
    if done.facts.lists == done.before.lists:
        return
    asked = _asked_in(done.facts)
    present = set(CaseAsked.objects.filter(case=done.case).values_list("department_id", flat=True))
    CaseAsked.objects.filter(case=done.case, department_id__in=present - asked).delete()
    CaseAsked.objects.bulk_create([CaseAsked(case=done.case, department_id=d) for d in asked - present])


def _asked_in(facts: CaseFacts) -> set[int]:
    items = (item for items in facts.lists.values() for item in items if item.get("open"))
    return {item["asked_department"] for item in items if item.get("asked_department")}


@projector
def attach_files(done: Performed) -> None:
    """Files named in the form are attached to the case; only uploads of the same hand."""
    files = [
        file for field in done.pack.fields.values() if field.type in FILE_TYPES for file in _new_files(done, field.id)
    ]
    if files:
        given = done.event.payload.get("set", {})
        refuse_what_is_no_signature(done.pack.fields.values(), given)
        attach(
            files, case=done.case, owner=done.uploads_of, now=done.now, kind=given.get("evidence_kind", ""),
            source=done.decision.texts.get("evidence_source", ""), supersedes=given.get("superseded_file", ""),
        )  # fmt: skip
        order_previews_of(files, now=done.now)


def _new_files(done: Performed, name: str) -> list[str]:
    return list(done.event.payload.get("set", {}).get(name, ()))


@projector
def link_the_other_case(done: Performed) -> None:
    """Linking names a case that the caller may see; both sides know of each other."""
    kind = LINKING.get(done.event.verb)
    numbers = case_numbers_in(done.pack, done.event.payload.get("set", {}))
    if kind is None or not numbers:
        return
    other = _visible_other(done, numbers[0])
    pairs = [(done.case, other), (other, done.case)]
    links = [CaseLink(case=one, other=two, kind=kind, created_at=done.now) for one, two in pairs]
    CaseLink.objects.bulk_create(links, ignore_conflicts=True)


def _visible_other(done: Performed, number: str) -> Case:
    found = visible_to_caller(done.caller, done.now).filter(number=number).exclude(pk=done.case.pk).distinct().first()
    if found is None:
        raise InvalidData([FieldError("/case", "no_such_case", {"value": number})])
    return found


@projector
def find_what_it_concerns(done: Performed) -> None:
    """The records that a case has to do with count it."""
    keep_concerns(done.case, done.facts, done.before, done.pack)


@projector
def make_findable(done: Performed) -> None:
    """The words entered join the words the case is found by; a case that hides its reporter is not found by them."""
    index_case(done.case, done.decision.texts, was_hidden=done.reporter_was_hidden, is_new=done.before.state is None)


RESTRICTED = {
    "zh-hans": "个案 {{number}} 只限指定人员查看，请您及时处理。",
    "en": "Case {{number}} is open to named people only; please look at it.",
}
"""What the named people read where the policy has no words of its own."""


@projector
def alert_the_restricted_circle(done: Performed) -> None:
    """When a case falls under a restriction, the people named there learn of it at once."""
    before = restrictions_on(done.pack, done.before) if done.before.state else []
    for restriction in restrictions_on(done.pack, done.facts):
        if restriction in before or not restriction.notifies:
            continue
        people = people_in_roles(done.case, restriction.notifies, pack=done.pack, now=done.now)
        notify(
            people, pack=done.pack, message="restricted_case", values={"number": done.case.number}, now=done.now,
            case_key=str(done.case.pk), case_number=done.case.number, unique_key=f"{done.case.pk}:restricted",
            usual=RESTRICTED, desk=done.case.desk,
        )  # fmt: skip
