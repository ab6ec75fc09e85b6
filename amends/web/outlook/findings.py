"""Key problems and analyses of a period: listed, explained, met by measures, handed to departments that confirm them."""

from __future__ import annotations

import json
import tempfile
import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.lists.exports import RIGHT, holds_right
from amends.apps.outlook.analyses import analyse, confirm, hand_over, ranked
from amends.apps.outlook.counting import months_before
from amends.apps.outlook.forecasts import today_of
from amends.apps.outlook.key_problems import cases_behind, find_key_problems_of, record_measure
from amends.apps.outlook.models import Analysis, HandOver
from amends.apps.outlook.queries import (
    PAGE,
    analyses_of,
    analysis_for,
    desks_looked_after,
    hand_over_for,
    hand_overs_to,
    key_problem_for,
    key_problems_of,
)
from amends.apps.people.actions import log_access
from amends.apps.people.choices import departments_to_choose
from amends.apps.people.models import Department
from amends.apps.policies.queries import pack_in_force
from amends.core.policy.pack import Pack
from amends.core.policy.warnings import KeyProblems
from amends.core.refusals import CHOSEN, FieldError, InvalidData, NotPermitted, Refusal, not_given
from amends.doors.figures import day_of
from amends.doors.files import as_attachment
from amends.doors.key_problems import Listed, paper_of_key_problems, write_key_problems
from amends.doors.papers.tables import PAPERS, paper_as
from amends.doors.routes import route
from amends.doors.wording import faults, listed, said, words
from amends.web.outlook.views import chosen_desk, desk_choices
from amends.web.outlook.words import departments_named, fact_words, problem_words, subject_words
from amends.web.queue.behind import page_of_cases
from amends.web.viewing import viewer_of, zone_of

ENDS = {"first": "起始日期", "last": "截止日期"}


@route(audience="staff", permission="warnings", kind="key_problem")
def key_list(request: HttpRequest) -> HttpResponse:
    """The problems that come back, those without a measure first."""
    desk, pack, desks = chosen_desk(request)
    return _key_page(request, desk, pack, desks)


def _key_page(request: HttpRequest, desk: Any, pack: Any, desks: Any, **more: Any) -> HttpResponse:
    waiting, met = key_problems_of(desk)
    departments, rule = departments_named(), pack.warnings.key_problems
    context = {
        "area": "outlook", "tab": "key", "desk": desk, "desks": desk_choices(desks, desk), "zone": zone_of(pack), "rule": rule,
        "lead": _lead(rule, pack) if rule else "",
        "may_export": holds_right(viewer_of(request), RIGHT, on=desk),
        "waiting": [(problem_words(one, pack, departments), one) for one in waiting],
        "met": [(problem_words(one, pack, departments), one) for one in met], **more,
    }  # fmt: skip
    return render(request, "outlook/key.html", context, status=more.get("status", 200))


@route(audience="staff", permission="warnings", kind="key_problem")
def export_key(request: HttpRequest) -> HttpResponseBase:
    """The list as a spreadsheet, or as a paper in PDF or Word; who took it is noted."""
    viewer = viewer_of(request)
    desk, pack, _ = chosen_desk(request)
    if not holds_right(viewer, RIGHT, on=desk):
        raise NotPermitted(verb=gettext("导出"))
    way = request.GET.get("as", "xlsx")
    if way != "xlsx" and way not in PAPERS:
        raise Http404
    departments, rule = departments_named(), pack.warnings.key_problems
    waiting, met = ([(problem_words(one, pack, departments), one) for one in some] for some in key_problems_of(desk))
    listed = Listed(desk, pack, _lead(rule, pack) if rule else "", waiting, met, viewer.now)
    answer = _key_file(listed, way, viewer)
    log_access(
        actor=viewer.person.actor_id, action="export", object="key_problems", field=f"desk:{desk.code}", now=viewer.now
    )
    today = today_of(pack, viewer.now)
    return as_attachment(answer, f"key-problems-{desk.code}-{today:%Y%m%d}.{way}")


def _key_file(listed: Listed, way: str, viewer: Viewer) -> HttpResponseBase:
    if way in PAPERS:
        return paper_as(paper_of_key_problems(listed, made_by=viewer.person.name), way)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write_key_problems(file, listed)
    file.seek(0)
    return FileResponse(file, content_type="application/octet-stream")


def _lead(rule: KeyProblems, pack: Pack) -> str:
    params = {"days": rule.days, "by": listed(fact_words(fact, pack) for fact in rule.by), "n": rule.times}
    return gettext("%(days)s 天内%(by)s相同的投诉达到 %(n)s 件，列入重点，记录措施之前一直保留。") % params


@route(audience="staff", permission="warnings", kind="key_problem", methods=["POST"])
def find_key(request: HttpRequest, desk: str) -> HttpResponse:
    """Look now instead of at night."""
    place, pack, _ = chosen_desk(request, desk)
    new = find_key_problems_of(place, pack, now=viewer_of(request).now)
    messages.success(request, gettext("已检查，新列入重点投诉 %(n)s 个。") % {"n": new})
    return HttpResponseRedirect(f"{reverse('key_problems')}?desk={place.code}")


@route(audience="staff", permission="warnings", kind="key_problem")
def key_cases(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The cases that a key problem counts; those closed to the viewer are only counted."""
    viewer = viewer_of(request)
    problem = key_problem_for(viewer, key)
    pack = desks_looked_after(viewer)[problem.desk]
    keys = cases_behind(problem, pack, now=viewer.now)
    found = visible_to(viewer).filter(pk__in=keys)
    context = {
        "area": "outlook", "problem": problem, "title": problem_words(problem, pack, departments_named()), "total": len(keys),
        "hidden": len(keys) - found.count(), **page_of_cases(request, found),
    }  # fmt: skip
    return render(request, "outlook/key_cases.html", context)


@route(audience="staff", permission="warnings", kind="key_problem", methods=["POST"])
def meet_key(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Record why a problem comes back and what is done about it."""
    viewer = viewer_of(request)
    problem = key_problem_for(viewer, key)
    desks = desks_looked_after(viewer)
    typed = {"analysis": request.POST.get("analysis", ""), "measure": request.POST.get("measure", "")}
    try:
        record_measure(problem, **typed, by=viewer.person, now=viewer.now)
    except InvalidData as refusal:
        more = {"faults": faults(refusal), "typed": typed, "at": problem.pk, "status": 422}
        return _key_page(request, problem.desk, desks[problem.desk], desks, **more)
    messages.success(request, gettext("措施已记录。"))
    return HttpResponseRedirect(f"{reverse('key_problems')}?desk={problem.desk.code}")


@route(audience="staff", permission="signed_in", kind="analysis", methods=["GET", "POST"])
def analyses(request: HttpRequest) -> HttpResponse:
    """The analyses of the viewer's desks and those handed to them; a new one over a period."""
    viewer = viewer_of(request)
    rows = list(analyses_of(viewer).prefetch_related("hand_overs__department").order_by("-made_at", "pk")[:PAGE])
    desks = desks_looked_after(viewer)
    if not desks:
        if not rows or request.method == "POST":
            raise NotPermitted(verb="查看趋势与预测")
        return render(request, "outlook/analyses.html", {"area": "outlook", "tab": "analyses", "rows": rows})
    desk, pack, _ = chosen_desk(request)
    context = {
        "area": "outlook", "tab": "analyses", "desk": desk, "desks": desk_choices(desks, desk), "zone": zone_of(pack), "rows": rows,
        **_proposed(pack, viewer.now),
    }  # fmt: skip
    if request.method != "POST":
        return render(request, "outlook/analyses.html", context)
    try:
        made = analyse(
            desk, pack, *_period(request), comment=request.POST.get("comment", ""), by=viewer.person, now=viewer.now
        )
    except InvalidData as refusal:
        typed = {name: request.POST.get(name, "") for name in ("first", "last", "comment")}
        return render(request, "outlook/analyses.html", {**context, **typed, "faults": faults(refusal)}, status=422)
    return HttpResponseRedirect(reverse("analysis", args=[made.pk]))


def _proposed(pack: Any, now: Any) -> dict[str, str]:
    """The period that the policy analyses: its last complete months."""
    this = today_of(pack, now).replace(day=1)
    first = months_before(this, pack.warnings.analysis_months)
    return {"first": first.isoformat(), "last": this.fromordinal(this.toordinal() - 1).isoformat()}


def _period(request: HttpRequest) -> tuple[date, date]:
    typed = {name: request.POST.get(name, "") for name in ENDS}
    days = {name: day for name, text in typed.items() if (day := day_of(text)) is not None}
    if missing := [name for name in ENDS if name not in days]:
        raise InvalidData(
            [
                FieldError(f"/{name}", "bad_date" if typed[name] else "required", {"field": ENDS[name]})
                for name in missing
            ]
        )
    return days["first"], days["last"]


@route(audience="staff", permission="visible", kind="analysis")
def analysis(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """One analysis: the ranking with the difference to the period before, and who has it."""
    return render(request, "outlook/analysis.html", _of_analysis(request, analysis_for(viewer_of(request), key)))


def _of_analysis(request: HttpRequest, found: Analysis) -> dict[str, Any]:
    viewer, pack = viewer_of(request), pack_in_force(found.desk, viewer_of(request).now)
    departments = departments_named()
    lines = [(subject_words(f"category:{one.category}", pack, departments), one) for one in ranked(found)]
    data = json.loads(found.found)
    made = list(
        HandOver.objects.filter(analysis=found)
        .select_related("department", "handed_by", "confirmed_by")
        .order_by("handed_at")
    )
    ours = set(hand_overs_to(viewer).filter(analysis=found).values_list("pk", flat=True))
    looks = found.desk in desks_looked_after(viewer)
    return {
        "area": "outlook", "tab": "analyses", "analysis": found, "lines": lines, "data": data, "zone": zone_of(pack),
        "total": sum(data["counts"].values()), "total_before": sum(data["before"].values()),
        "made": [(one, one.pk in ours) for one in made], "looks": looks,
        "departments": [(one.id, words(one.title), one.depth) for one in departments_to_choose(found.desk)] if looks else [],
    }  # fmt: skip


@route(audience="staff", permission="warnings", kind="analysis", methods=["POST"])
def hand(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Hand an analysis to a department, which confirms it."""
    viewer = viewer_of(request)
    found = analysis_for(viewer, key)
    pack = desks_looked_after(viewer).get(found.desk)
    if pack is None:
        raise NotPermitted(verb="移交分析")
    asked = request.POST.get("department", "")
    is_number = asked.isdecimal() and len(asked) < 16
    unit = Department.objects.filter(pk=int(asked), retired_at=None).first() if is_number else None
    try:
        if unit is None:
            raise InvalidData([not_given("/department", "移交部门", way=CHOSEN)])
        hand_over(found, unit, pack, by=viewer.person, now=viewer.now)
    except InvalidData as refusal:
        return render(
            request, "outlook/analysis.html", {**_of_analysis(request, found), "faults": faults(refusal)}, status=422
        )
    except Refusal as refusal:
        return render(
            request,
            "outlook/analysis.html",
            {**_of_analysis(request, found), "trouble": said(refusal)},
            status=refusal.status,
        )
    messages.success(request, gettext("已移交，等待对方确认。"))
    return HttpResponseRedirect(reverse("analysis", args=[found.pk]))


@route(audience="staff", permission="visible", kind="analysis", methods=["POST"])
def confirm_it(request: HttpRequest, key: uuid.UUID, made: int) -> HttpResponse:
    """Confirm for one's department that the analysis arrived."""
    viewer = viewer_of(request)
    confirm(hand_over_for(viewer, key, made), by=viewer.person, now=viewer.now)
    messages.success(request, gettext("已确认收到。"))
    return HttpResponseRedirect(reverse("analysis", args=[key]))
