"""Answering a questionnaire: by the link of an invitation, once, or by a public address. Looking at a link uses nothing up."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from amends.apps.messaging.allowances import Allowance, spend
from amends.apps.surveys.answering import (
    AlreadyAnswered,
    SurveyOver,
    answer_invitation,
    answer_publicly,
    check_open,
    invitation_of,
)
from amends.apps.surveys.models import Survey
from amends.apps.surveys.planning import questionnaire_of
from amends.apps.surveys.queries import public_survey
from amends.core.policy.surveys import Questionnaire
from amends.core.refusals import InvalidData, NotVisible, Refusal
from amends.doors.routes import route
from amends.doors.wording import said
from amends.web.portal.answering import portal_page
from amends.web.portal.network import network_of
from amends.web.surveys.sheet import sent_in, sheet_of

FROM_A_NETWORK = Allowance("survey-answers", limit=60, within=timedelta(hours=1))
WAYS = ("link", "qr", "portal", "email")
"""Ways in that the address of a public questionnaire may name."""


@route(audience="portal", permission="private_link", kind="survey", methods=["GET", "POST"])
@portal_page
def by_link(request: HttpRequest, secret: str) -> HttpResponse:
    """The questionnaire of an invitation; sent, it is answered. What is over says so kindly."""
    now = timezone.now()
    invitation = invitation_of(secret)
    if invitation is None:
        raise NotVisible
    try:
        check_open(invitation, now=now)
        asked = _questions(invitation.survey)
        if request.method != "POST":
            return _shown(request, invitation.survey, asked)
        spend([FROM_A_NETWORK], subject=network_of(request), now=now)
        answer_invitation(invitation, sent_in(asked, request.POST), now=now)
    except InvalidData as refusal:
        return _shown(request, invitation.survey, _questions(invitation.survey), refusal)
    except (AlreadyAnswered, SurveyOver) as refusal:
        return _over(request, refusal)
    return _thanks(request, invitation.survey, asked)


@route(audience="public", permission="none", kind="survey", methods=["GET", "POST"])
@portal_page
def publicly(request: HttpRequest, desk: str, questionnaire: str) -> HttpResponse:
    """A public questionnaire while a survey with it runs: the answer is feedback and opens no case."""
    now: datetime = timezone.now()
    survey = public_survey(desk, questionnaire)
    if survey is None:
        raise NotVisible
    asked = _questions(survey)
    way = request.GET.get("from", "link")
    if request.method != "POST":
        return _shown(request, survey, asked)
    spend([FROM_A_NETWORK], subject=network_of(request), now=now)
    try:
        answer_publicly(survey, sent_in(asked, request.POST), method=way if way in WAYS else "link", now=now)
    except InvalidData as refusal:
        return _shown(request, survey, asked, refusal)
    except SurveyOver as refusal:
        return _over(request, refusal)
    return _thanks(request, survey, asked)


def _questions(survey: Survey) -> Questionnaire:
    asked = questionnaire_of(survey)
    if asked is None:
        raise NotVisible
    return asked


def _shown(
    request: HttpRequest, survey: Survey, asked: Questionnaire, refusal: InvalidData | None = None
) -> HttpResponse:
    post = request.POST if refusal else None
    context = {
        "asked": asked,
        "sheet": sheet_of(asked, post, refusal),
        "desk": survey.desk,
        "is_wrong": refusal is not None,
    }
    return render(request, "portal/survey.html", context, status=refusal.status if refusal else 200)


def _thanks(request: HttpRequest, survey: Survey, asked: Questionnaire) -> HttpResponse:
    return render(request, "portal/survey_done.html", {"thanks": asked.thanks, "desk": survey.desk})


def _over(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return render(
        request,
        "portal/survey_done.html",
        {"sentence": said(refusal), "was_answered": isinstance(refusal, AlreadyAnswered)},
        status=refusal.status,
    )
