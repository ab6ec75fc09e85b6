"""What is proposed while the form is filled in: categories by the words typed, the level and the department by the rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from amends.apps.cases.actions.foreseeing import foresee_contact
from amends.apps.people.directory import OrganisationOfDesk
from amends.core.decide import fields_shown
from amends.core.foresight import Foresight
from amends.core.grading import Proposal
from amends.core.policy.conditions import holds
from amends.core.policy.pack import Pack
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.forms.choosing import listed_values, suggested_in
from amends.web.forms.drawing import told_in
from amends.web.guidance.answering import Answered, answers_for_typed
from amends.web.guidance.places import facts_typed, guide_of_intake, mark_of
from amends.web.intake.state import Intake, desks_to_register_on
from amends.web.viewing import viewer_of, zone_of


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A value that registering would set, and why."""

    title: str
    value: str
    rank: int
    reasons: list[str]


@route(audience="staff", permission="register", kind="case", methods=["POST"])
def proposals(request: HttpRequest) -> HttpResponse:
    """The proposals for what is typed so far; nothing is set by them."""
    viewer = viewer_of(request)
    desks = desks_to_register_on(viewer)
    if not desks:
        return HttpResponse(status=204)
    intake = Intake(viewer, desks, request.POST)
    foresight = foresee_contact(intake.pack, intake.contact())
    context: dict[str, Any] = {
        "suggestions": _suggestions(intake),
        "foreseen": [one for one in (_foreseen(intake.pack, grade) for grade in foresight.grades) if one],
        "department": _department(intake, foresight),
        "department_reason": words(foresight.route.route.title)
        if foresight.route and foresight.route.route.title
        else "",
    }
    guide = guide_of_intake(intake)
    if mark_of(guide) != request.POST.get("_guide"):
        context |= {"guide": guide, "guide_mark": mark_of(guide), "is_other_guide": True}
    answers = _answers(intake)
    if (answers.key if answers else "-") != request.POST.get("_answers", "-"):
        context |= {
            "answers": answers,
            "answers_form": "intake-form",
            "zone": zone_of(intake.pack),
            "are_other_answers": True,
        }
    return render(request, "intake/_proposals.html", context)


def _answers(intake: Intake) -> Answered | None:
    """Earlier answers while the question is answered at once: as soon as the form asks for the answer."""
    rule = intake.pack.head.care.answering("register")
    f = intake.form.field(rule.field) if rule else None
    if rule is None or f is None or not holds(f.when, facts_typed(intake)):
        return None
    return answers_for_typed(intake.viewer, intake.desk, intake.pack, rule, intake.data())


def _suggestions(intake: Intake) -> list[dict[str, Any]]:
    """For each category field the categories that the words typed speak of, in the shape of a drawn field."""
    told = told_in(intake.form, intake.data())
    found = []
    for f in fields_shown(intake.form, intake.actor.roles):
        scheme = intake.pack.categories.scheme(f.scheme or "") if f.type == "category" else None
        if scheme is None or not any(node.keywords for _, node in scheme.walk()):
            continue
        chosen = {str(value) for value in listed_values(intake.entered.data.get(f.id))}
        found.append({"id": f.id, "name": f.id, "suggested": suggested_in(scheme, told, chosen)})
    return found


def _foreseen(pack: Pack, proposal: Proposal) -> Foreseen | None:
    """The level as it would be proposed. Axes other than the level are shown once a criterion speaks for a value."""
    axis = pack.grading.axis(proposal.axis)
    is_level = proposal.axis == pack.grading.level
    if axis is None or proposal.value is None or not (is_level or proposal.criteria):
        return None
    reasons = [words(c.title) for c in axis.criteria if c.id in proposal.criteria]
    rank = min(axis.rank_of(proposal.value), 4) if is_level else 4
    return Foreseen(words(axis.title), words(axis.title_of(proposal.value)), rank, reasons)


def _department(intake: Intake, foresight: Foresight) -> str:
    if foresight.route is None or foresight.route.department is None:
        return ""
    directory = OrganisationOfDesk(intake.desk, intake.pack, intake.viewer.now)
    return words(directory.name_of_department(foresight.route.department))
