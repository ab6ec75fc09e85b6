"""Beside the form: who calls, what they brought before, and adding what they tell to a case that is open already."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.actions.by_call import add_what_was_told, as_told, form_of_verb
from amends.apps.cases.callers import BY_CALL, Earlier, cases_before
from amends.apps.cases.drafts import drop_draft, save_draft
from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.once import Answer, OtherContent, digest_of_form, key_of_form, once
from amends.apps.cases.queries import Viewer, visible_case
from amends.core.masking import masked
from amends.core.policy.forms import FILE_TYPES, Form
from amends.core.refusals import NotVisible, Refusal
from amends.doors.routes import route
from amends.doors.wording import button_of, said
from amends.web.drafts.views import place_of_intake
from amends.web.forms.drawing import told_in
from amends.web.intake.registering import led_to
from amends.web.intake.state import Intake, desks_to_register_on
from amends.web.queue.rows import Row, rows_of
from amends.web.viewing import viewer_of


@dataclass(frozen=True, slots=True)
class Shown:
    """An earlier case as the panel lists it, with the buttons of what can be done for the caller."""

    row: Row
    verbs: list[str]
    is_linked: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever was recognised: the name as far as it may be shown, and the case by which it can be filled in."""

    name: str
    case: str
    may_fill: bool


@route(audience="staff", permission="register", kind="case", methods=["POST"])
def earlier(request: HttpRequest) -> HttpResponse:
    """Earlier cases of whoever calls, found by number, address or name while the officer types, and those of the parcel."""
    viewer = viewer_of(request)
    desks = desks_to_register_on(viewer)
    if not desks:
        return render(request, "intake/_earlier.html", {"asked": False})
    intake = Intake(viewer, desks, request.POST)
    asked = intake.asked_of_caller()
    found = cases_before(viewer, asked)
    linked = set(request.POST.getlist("_link"))
    context = {
        "asked": not asked.is_blank,
        "found": found,
        "people": _people(found.of_caller, typed=request.POST.get("complainant_name", "").strip()),
        "of_caller": _shown(found.of_caller, viewer, linked),
        "of_matter": _shown(found.of_matter, viewer, linked),
        "action": reverse("intake"),
    }
    return render(request, "intake/_earlier.html", context)


def _shown(found: list[Earlier], viewer: Viewer, linked: set[str]) -> list[Shown]:
    rows = rows_of([one.case for one in found], viewer.now)
    return [Shown(row, list(one.verbs), one.case.number in linked) for one, row in zip(found, rows, strict=True)]


def _people(found: list[Earlier], *, typed: str) -> list[Person]:
    """The different complainants behind the cases, whose name is not typed yet."""
    people: dict[int, Person] = {}
    for one in found:
        complainant = one.case.complainant
        if complainant is None or complainant.name == typed:
            continue
        people.setdefault(complainant.pk, Person(masked("name", complainant.name), one.case.number, one.may_reveal))
    return list(people.values())[:3]


@route(audience="staff", permission="register", kind="case", methods=["POST"])
def append(request: HttpRequest) -> HttpResponse:
    """Add what was typed to a case that is open, instead of registering another; or urge it.

    What its form asks beyond that is asked on its own page, with everything typed already there.
    """
    viewer = viewer_of(request)
    case = visible_case(viewer, request.POST.get("_case", ""))
    verb = request.POST.get("_verb", "")
    form = form_of_verb(case, verb) if verb in BY_CALL else None
    desks = desks_to_register_on(viewer)
    if form is None or not desks:
        raise NotVisible
    intake = Intake(viewer, desks, request.POST)
    data = as_told(form, _told(intake), _files(intake))
    try:
        _add_once(intake, case, verb, form, data)
    except OtherContent:
        return led_to(request, reverse("case", args=[case.number]))
    except Refusal as refusal:
        return _on_its_own_page(request, viewer, case, verb, data, refusal)
    drop_draft(owner=intake.owner, place=place_of_intake(intake.token))
    done = gettext("已完成：%(verb)s（%(number)s）。没有另立新案。")
    messages.success(request, done % {"verb": button_of(verb), "number": case.number})
    return led_to(request, reverse("case", args=[case.number]))


def _add_once(intake: Intake, case: Case, verb: str, form: Form, data: dict[str, object]) -> None:
    viewer = intake.viewer
    caller = viewer.caller(case.desk, pack_of(case))
    once(
        caller=intake.owner, key=key_of_form(f"{intake.token}:{case.number}:{verb}"), now=viewer.now,
        digest=digest_of_form(f"append:{case.number}:{verb}", form, data),
        do=lambda: Answer(add_what_was_told(case, verb, data, caller=caller, now=viewer.now).number),
    )  # fmt: skip


def _told(intake: Intake) -> str:
    return told_in(intake.form, intake.data()).strip()


def _files(intake: Intake) -> list[str]:
    found = [intake.entered.data.get(f.id) for f in intake.form.fields if f.type in FILE_TYPES]
    return [str(file) for files in found if isinstance(files, list) for file in files]


def _on_its_own_page(
    request: HttpRequest, viewer: Viewer, case: Case, verb: str, data: dict[str, object], refusal: Refusal
) -> HttpResponse:
    """The form of the verb, filled with what was typed; why it was not enough is said there."""
    kept = QueryDict(mutable=True)
    for name, value in data.items():
        kept.setlist(name, value if isinstance(value, list) else [str(value)])
    save_draft(
        owner=viewer.person.actor_id, place=f"case:{case.number}:{verb}", content=kept.urlencode(), now=viewer.now
    )
    messages.warning(request, said(refusal))
    return led_to(request, reverse("act", args=[case.number, verb]))
