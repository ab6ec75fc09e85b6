"""Surveys: their plans, whom they ask, what was answered, and what follows from it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.queries import visible_to
from amends.apps.people.choices import name_of_department
from amends.apps.people.models import Department
from amends.apps.policies.queries import read_version
from amends.apps.surveys.analysis import (
    DIMENSIONS,
    Slice,
    choices_of,
    comments_of,
    ranking_of,
    response_of,
    responses_of,
    slices_of,
    spreads_of,
)
from amends.apps.surveys.models import Survey
from amends.apps.surveys.planning import (
    change_survey,
    draft_survey,
    end_survey,
    methods_of,
    missing_parts,
    questionnaire_of,
    start_survey,
)
from amends.apps.surveys.queries import answers_page, desks_with_surveys, survey_for, surveys_page
from amends.core.policy.pack import Pack
from amends.core.refusals import NotPermitted, Refusal
from amends.doors.pack_words import category_words
from amends.doors.papers.qr import qr_svg
from amends.doors.routes import route
from amends.doors.wording import listed, said, words
from amends.web.surveys.forms import METHODS, SurveyForm, initial_of
from amends.web.viewing import viewer_of, zone_of


@route(audience="staff", permission="surveys", kind="survey")
def index(request: HttpRequest) -> HttpResponse:
    """The surveys of the desks on which the viewer runs them, the latest first."""
    viewer = viewer_of(request)
    desks = _desks(request)
    found = surveys_page(viewer, cursor=request.GET.get("cursor", ""))
    lines = list(responses_of(found.rows).items())
    context = {
        "area": "surveys",
        "lines": lines,
        "next_cursor": found.next_cursor,
        "desks": desks,
        "zone": zone_of(next(iter(desks.values()))),
    }
    return render(request, "surveys/index.html", context)


def _desks(request: HttpRequest) -> Mapping[Any, Pack]:
    """The desks of whoever runs surveys. Raises NotPermitted for everybody else."""
    desks = desks_with_surveys(viewer_of(request))
    if not desks:
        raise NotPermitted(verb="开展和分析满意度调查")
    return desks


@route(audience="staff", permission="surveys", kind="survey", methods=["GET", "POST"])
def new(request: HttpRequest, desk: str) -> HttpResponse:
    """A new plan; it is stored however incomplete it is."""
    found = next(((one, pack) for one, pack in _desks(request).items() if one.code == desk), None)
    if found is None:
        raise Http404
    form = SurveyForm(*found, request.POST if request.method == "POST" else None, initial=initial_of(None))
    if request.method == "POST" and form.is_valid():
        viewer = viewer_of(request)
        survey = draft_survey(found[0], form.plan(), by=viewer.person, now=viewer.now)
        messages.success(request, gettext("方案已保存。"))
        return HttpResponseRedirect(reverse("survey", args=[survey.pk]))
    context = {"area": "surveys", "form": form, "desk": found[0], "action": request.path}
    return render(request, "surveys/plan.html", context, status=422 if form.errors else 200)


@route(audience="staff", permission="surveys", kind="survey", methods=["GET", "POST"])
def one(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """A survey: the plan while it is a draft, then how it goes."""
    viewer = viewer_of(request)
    survey = survey_for(viewer, key)
    if survey.state != Survey.State.DRAFT:
        if request.method == "POST":
            raise NotPermitted(verb="修改方案")
        return render(request, "surveys/one.html", _shown(request, survey))
    pack = desks_with_surveys(viewer)[survey.desk]
    form = SurveyForm(survey.desk, pack, request.POST if request.method == "POST" else None, initial=initial_of(survey))
    if request.method == "POST" and form.is_valid():
        change_survey(survey, form.plan(), by=viewer.person, now=viewer.now)
        messages.success(request, gettext("方案已保存。"))
        return HttpResponseRedirect(reverse("survey", args=[survey.pk]))
    context = {
        "area": "surveys", "form": form, "desk": survey.desk, "survey": survey, "action": request.path,
        "missing": [words(part) for part in missing_parts(survey)],
    }  # fmt: skip
    return render(request, "surveys/plan.html", context, status=422 if form.errors else 200)


def _shown(request: HttpRequest, survey: Survey) -> dict[str, Any]:
    pack, asked = read_version(survey.pack_id), questionnaire_of(survey)
    target = json.loads(survey.target)
    kinds = [words(pack.channels.kinds[name].title) for name in target.get("kinds", ()) if name in pack.channels.kinds]
    unit = name_of_department(int(target["department"])) if target.get("department") else None
    return {
        "area": "surveys", "survey": survey, "asked": asked, "response": response_of(survey), "zone": zone_of(pack),
        "target": target, "kinds": listed(kinds), "department": words(unit) if unit else "",
        "methods": listed(str(title) for name, title in METHODS if name in methods_of(survey)),
        "is_public": "link" in methods_of(survey), "by_telephone": "telephone" in methods_of(survey),
        "public_address": _public_address(request, survey),
    }  # fmt: skip


def _public_address(request: HttpRequest, survey: Survey) -> str:
    return request.build_absolute_uri(
        reverse("portal_public_survey", args=[survey.desk.code, survey.questionnaire or "x"])
    )


@route(audience="staff", permission="surveys", kind="survey")
def qr(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The QR code of the public questionnaire, as a drawing."""
    survey = survey_for(viewer_of(request), key)
    return HttpResponse(qr_svg(_public_address(request, survey) + "?from=qr"), content_type="image/svg+xml")


@route(audience="staff", permission="surveys", kind="survey", methods=["POST"])
def start(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Start a complete plan; an incomplete one says what is missing."""
    viewer = viewer_of(request)
    survey = survey_for(viewer, key)
    try:
        start_survey(survey, by=viewer.person, now=viewer.now)
    except Refusal as refusal:
        context = {"area": "surveys", "survey": survey, "sentence": said(refusal)}
        return render(request, "surveys/refused.html", context, status=refusal.status)
    messages.success(request, gettext("调查已启动，邀请正在发出。"))
    return HttpResponseRedirect(reverse("survey", args=[survey.pk]))


@route(audience="staff", permission="surveys", kind="survey", methods=["POST"])
def end(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """End a running survey; links that were not used yet say so."""
    viewer = viewer_of(request)
    survey = survey_for(viewer, key)
    end_survey(survey, by=viewer.person, now=viewer.now)
    messages.success(request, gettext("调查已结束。"))
    return HttpResponseRedirect(reverse("survey", args=[survey.pk]))


@route(audience="staff", permission="surveys", kind="survey")
def analysis(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """What the survey found; every figure has its table, every sum adds up, and comments lead to their cases."""
    viewer = viewer_of(request)
    survey = survey_for(viewer, key)
    asked = questionnaire_of(survey)
    if asked is None:
        raise Http404
    by = request.GET.get("by", DIMENSIONS[0])
    if by not in DIMENSIONS:
        raise Http404
    spreads = spreads_of(survey, asked)
    slices = slices_of(survey, asked, by)
    pack = read_version(survey.pack_id)
    names = _names_of(slices, by, pack)
    context = {
        "area": "surveys", "survey": survey, "asked": asked, "response": response_of(survey), "spreads": spreads,
        "ranking": ranking_of(spreads, minimum=survey.minimum), "chosen": choices_of(survey, asked), "by": by,
        "dimensions": dimension_titles(), "slices": [(names.get(one.value) or gettext("未标明"), one) for one in slices],
        "total": sum(one.answers for one in slices), "widest": max((spread.question.scale for spread in spreads), default=5),
        "comments": comments_of(survey, asked, visible_cases=visible_to(viewer)), "zone": zone_of(pack),
    }  # fmt: skip
    return render(request, "surveys/analysis.html", context)


def dimension_titles() -> dict[str, str]:
    return {
        "category": gettext("类别"),
        "channel": gettext("受理渠道"),
        "department": gettext("责任部门"),
        "method": gettext("作答方式"),
    }


HOW = {
    "sms": "短信",
    "email": "邮件",
    "telephone": "电话访问",
    "link": "公开链接",
    "qr": "二维码",
    "portal": "客户服务网站",
}


def _names_of(slices: list[Slice], by: str, pack: Pack) -> Mapping[str, str]:
    values = [one.value for one in slices if one.value]
    if by == "department":
        units = Department.objects.filter(pk__in=[int(value) for value in values])
        return {str(unit.pk): words(unit.called) for unit in units}
    if by == "category":
        return {value: category_words(pack, value) for value in values}
    if by == "channel":
        return {
            value: words(pack.channels.channels[value].title) for value in values if value in pack.channels.channels
        }
    return {value: gettext(HOW.get(value, value)) for value in values}


@route(audience="staff", permission="surveys", kind="survey")
def answers(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The answers behind the figures, each with its case where the reader sees it."""
    viewer = viewer_of(request)
    survey = survey_for(viewer, key)
    asked = questionnaire_of(survey)
    if asked is None:
        raise Http404
    found = answers_page(survey, cursor=request.GET.get("cursor", ""))
    seen = set(
        visible_to(viewer).filter(pk__in=[a.case_id for a in found.rows if a.case_id]).values_list("pk", flat=True)
    )
    questions = [q for q in asked.questions if q.type == "score"]
    lines = [
        (a, a.case if a.case_id in seen else None, _scores(a, questions), gettext(HOW.get(a.method, a.method)))
        for a in found.rows
    ]
    context = {
        "area": "surveys", "survey": survey, "questions": questions, "lines": lines, "next_cursor": found.next_cursor,
        "zone": zone_of(read_version(survey.pack_id)),
    }  # fmt: skip
    if request.headers.get("HX-Request") == "true" and request.GET.get("cursor"):
        return render(request, "surveys/_answers.html", context)
    return render(request, "surveys/answers.html", context)


def _scores(answer: Any, questions: list[Any]) -> list[tuple[str, int | None]]:
    """What the answer gave to every question, by what the question rates: on a phone each score says it itself."""
    given = {score.question: score.value for score in answer.scores.all() if score.value is not None}
    return [(words(question.rates or question.title), given.get(question.id)) for question in questions]
