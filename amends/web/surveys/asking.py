"""Asking by telephone: whom, and taking down what they say, with the name of whoever asked."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.people.actions import log_access
from amends.apps.policies.queries import read_version
from amends.apps.surveys.answering import answer_invitation, answer_publicly, check_asking
from amends.apps.surveys.models import Survey, SurveyInvitation
from amends.apps.surveys.planning import methods_of, questionnaire_of
from amends.apps.surveys.queries import survey_to_ask, to_be_telephoned
from amends.core.policy.surveys import Questionnaire
from amends.core.refusals import InvalidData, NotVisible, Refusal
from amends.doors.routes import route
from amends.doors.wording import said
from amends.web.surveys.sheet import sent_in, sheet_of
from amends.web.viewing import viewer_of, zone_of

AT_ONCE = 100
"""So many are shown: the rest follows when these are asked."""
TAKEN_DOWN = ("telephone", "email")


@route(audience="staff", permission="visible", kind="survey")
def list_to_ask(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Whom the viewer may ask by telephone: customers whose case they see and do not handle."""
    viewer = viewer_of(request)
    survey = survey_to_ask(viewer, key)
    waiting = to_be_telephoned(viewer, survey)
    context = {
        "area": "calls", "survey": survey, "lines": waiting[:AT_ONCE], "count": waiting.count(), "at_once": AT_ONCE,
        "zone": zone_of(read_version(survey.pack_id)), "is_public": "link" in methods_of(survey),
    }  # fmt: skip
    return render(request, "surveys/to_ask.html", context)


@route(audience="staff", permission="visible", kind="survey", methods=["GET", "POST"])
def ask(request: HttpRequest, key: uuid.UUID, invitation: uuid.UUID) -> HttpResponse:
    """The questionnaire to read out; sent, it is the customer's answer, marked with who asked. Refused on one's own case."""
    viewer = viewer_of(request)
    survey = survey_to_ask(viewer, key)
    found = _invitation(survey, invitation, viewer)
    asked = _questions(survey)
    if request.method != "POST":
        try:
            check_asking(found, viewer.person, now=viewer.now)
        except Refusal as refusal:
            return render(
                request,
                "surveys/refused.html",
                {**_around(survey, asked), "sentence": said(refusal)},
                status=refusal.status,
            )
        phone = _phone_of(found)
        log_access(
            actor=viewer.person.actor_id, action="reveal", object=f"case:{found.case_id}", field="complainant_phone",
            reason=gettext("问卷电话访问"), now=viewer.now,
        )  # fmt: skip
        return render(
            request,
            "surveys/ask.html",
            {**_around(survey, asked), "invitation": found, "phone": phone, "sheet": sheet_of(asked)},
        )
    try:
        answer_invitation(found, sent_in(asked, request.POST), now=viewer.now, interviewer=viewer.person)
    except InvalidData as refusal:
        context = {
            **_around(survey, asked),
            "invitation": found,
            "phone": "",
            "sheet": sheet_of(asked, request.POST, refusal),
        }
        return render(request, "surveys/ask.html", context, status=422)
    except Refusal as refusal:
        return render(
            request,
            "surveys/refused.html",
            {**_around(survey, asked), "sentence": said(refusal)},
            status=refusal.status,
        )
    messages.success(request, gettext("已记下客户的回答。"))
    return HttpResponseRedirect(reverse("survey_to_ask", args=[survey.pk]))


@route(audience="staff", permission="visible", kind="survey", methods=["GET", "POST"])
def take_down(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """An answer to a public questionnaire that came by telephone or e-mail: feedback, marked with who took it down."""
    viewer = viewer_of(request)
    survey = survey_to_ask(viewer, key)
    if "link" not in methods_of(survey):
        raise NotVisible
    asked = _questions(survey)
    if request.method != "POST":
        return render(
            request, "surveys/ask.html", {**_around(survey, asked), "sheet": sheet_of(asked), "ways": TAKEN_DOWN}
        )
    method = request.POST.get("_method", "telephone")
    try:
        answer_publicly(
            survey, sent_in(asked, request.POST), method=method if method in TAKEN_DOWN else "telephone", now=viewer.now,
            interviewer=viewer.person,
        )  # fmt: skip
    except InvalidData as refusal:
        context = {**_around(survey, asked), "sheet": sheet_of(asked, request.POST, refusal), "ways": TAKEN_DOWN}
        return render(request, "surveys/ask.html", context, status=422)
    messages.success(request, gettext("已记下客户的回答。"))
    return HttpResponseRedirect(reverse("survey_to_ask", args=[survey.pk]))


def _invitation(survey: Survey, key: uuid.UUID, viewer: Viewer) -> SurveyInvitation:
    found = (
        SurveyInvitation.objects.filter(survey=survey, pk=key, case__in=visible_to(viewer).values("pk"))
        .select_related("survey__desk", "survey__pack", "chain", "case__complainant", "case__desk")
        .first()
    )
    if found is None:
        raise NotVisible
    return found


def _phone_of(invitation: SurveyInvitation) -> str:
    case = invitation.case
    points = case.complainant.contact_points.filter(kind="phone").order_by("-pk") if case and case.complainant else []
    return next((point.value for point in points), "")


def _questions(survey: Survey) -> Questionnaire:
    asked = questionnaire_of(survey)
    if asked is None:
        raise NotVisible
    return asked


def _around(survey: Survey, asked: Questionnaire) -> dict[str, object]:
    return {"area": "calls", "survey": survey, "asked": asked}
