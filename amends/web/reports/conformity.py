"""The page of conformity: every clause of a policy over many cases, each figure opening its cases; beside it the standard."""

from __future__ import annotations

import json
import tempfile
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext

from amends.apps.cases.queries import Viewer
from amends.apps.lists.exports import RIGHT, holds_right
from amends.apps.people.actions import log_access
from amends.apps.people.choices import departments_to_choose
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.apps.studies.asking import ask_for_conformity, cases_of, lines_behind, studies_of, study_of
from amends.apps.studies.conformity import (
    MOST_LISTED,
    VERDICTS,
    Asked,
    asked_from,
    cases_asked,
    judged_in_turn,
)
from amends.apps.studies.models import Study
from amends.apps.studies.standards import the_standard
from amends.core.periods import Period, begun
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, NotPermitted, NotVisible
from amends.doors.conformity import (
    Report,
    StandardLine,
    proved_by,
    report_of,
    report_paper,
    scope_words,
    verdict_words,
    write_report,
)
from amends.doors.figures import day_of
from amends.doors.files import as_attachment
from amends.doors.papers.tables import PAPERS, paper_as
from amends.doors.routes import route
from amends.doors.wording import faults, words
from amends.web.forms.drawing import Choice
from amends.web.queue.rows import rows_of
from amends.web.viewing import desk_asked_for, packs_of, viewer_of, zone_of

PAGE_SIZE = 30
EARLIER_SHOWN = 10
PROVED_AT_MOST = 60
"""So many cases have what shows their verdicts in a spreadsheet or paper; for more, the pages tell it case by case."""
KIND = Study.Kind.CONFORMITY


def desks_of(viewer: Viewer) -> dict[Desk, Pack]:
    """The desks on which the viewer works."""
    return {desk: pack for desk, pack in packs_of(viewer).items() if viewer.works_on(desk)}


@route(audience="staff", permission="signed_in", kind="study", methods=["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Ask for the conformity of a period, a department or a case; what was asked before stands below."""
    viewer = viewer_of(request)
    packs = desks_of(viewer)
    given = request.POST if request.method == "POST" else request.GET
    desk = desk_asked_for(given, packs)
    if desk is None and request.method == "POST":
        return HttpResponseRedirect(reverse("conformity"))
    if desk is None:
        return render(request, "reports/conformity.html", {"area": "conformity"})
    context: dict[str, Any] = _form(given.dict(), packs, desk, viewer)
    if request.method == "POST":
        try:
            study = ask_for_conformity(viewer, _asked(given.dict(), desk, packs[desk], viewer))
        except InvalidData as refusal:
            context["problems"] = [sentence for some in faults(refusal).values() for sentence in some]
            return render(request, "reports/conformity.html", context | _earlier(viewer, desk), status=422)
        return HttpResponseRedirect(reverse("conformity_study", args=[study.pk]))
    return render(request, "reports/conformity.html", context | _earlier(viewer, desk))


def _form(given: dict[str, str], packs: dict[Desk, Pack], desk: Desk, viewer: Viewer) -> dict[str, Any]:
    today = viewer.now.astimezone(zone_of(packs[desk])).date()
    return {
        "area": "conformity", "desk": desk,
        "desks": [Choice(d.code, words(d.called), is_chosen=d == desk) for d in packs],
        "units": [Choice(str(u.id), words(u.title), is_chosen=str(u.id) == given.get("department")) for u in departments_to_choose(desk)],
        "first": given.get("from", today.replace(day=1).isoformat()), "last": given.get("to", today.isoformat()),
        "case": given.get("case", ""),
    }  # fmt: skip


def _earlier(viewer: Viewer, desk: Desk) -> dict[str, Any]:
    found = studies_of(viewer, KIND, desk)[:EARLIER_SHOWN]
    rows = [(study, scope_words(asked_from(desk, json.loads(study.question)))) for study in found]
    return {"earlier": rows, "zone": zone_of(pack_in_force(desk, viewer.now))}


def _asked(given: dict[str, str], desk: Desk, pack: Pack, viewer: Viewer) -> Asked:
    """What the form asks; a case number alone is enough. Raises InvalidData with a sentence for every fault."""
    number = given.get("case", "").strip()[:40]
    if number:
        return Asked(desk, number=number)
    today = viewer.now.astimezone(ZoneInfo(pack.head.zone)).date()
    period = begun(Period(_day(given, "from", today.replace(day=1)), _day(given, "to", today)), today)
    unit = given.get("department", "")
    if unit and (not unit.isdecimal() or len(unit) > 9):
        raise InvalidData([FieldError("/department", "department_not_visible")])
    return Asked(desk, period, int(unit) if unit else None)


def _day(given: dict[str, str], name: str, usual: date) -> date:
    text = given.get(name, "")
    day = day_of(text) if text else usual
    if day is None:
        field = gettext("起始日期") if name == "from" else gettext("截止日期")
        raise InvalidData([FieldError(f"/{name}", "bad_date", {"field": field})])
    return day


@route(audience="staff", permission="visible", kind="study")
def one(request: HttpRequest, key: UUID) -> HttpResponse:
    """The result, by the clauses of the policy or by those of the standard; while it is made, how far it is."""
    viewer = viewer_of(request)
    study = study_of(viewer, key, KIND)
    asked = asked_from(study.desk, json.loads(study.question))
    pack = pack_in_force(study.desk, viewer.now)
    by = "standard" if request.GET.get("by") == "standard" else "policy"
    context: dict[str, Any] = {
        "area": "conformity", "study": study, "desk": study.desk, "scope": scope_words(asked), "zone": zone_of(pack), "by": by,
        "standard_title": words(the_standard().title), "may_export": holds_right(viewer, RIGHT, on=study.desk),
    }  # fmt: skip
    if study.state == Study.State.MADE:
        report = report_of(asked, pack, json.loads(study.result), study.made_at or viewer.now)
        context["report"] = report
        context["lines"] = [(one, _cases_addresses(study, one.id)) for one in report.clauses]
        context["standard"] = [(line, _page_of(line, study.desk)) for line in report.standard]
    part = request.headers.get("HX-Request") == "true"
    return render(request, "reports/_conformity_result.html" if part else "reports/conformity_study.html", context)


def _cases_addresses(study: Study, clause: str) -> dict[str, str]:
    address = reverse("conformity_cases", args=[study.pk])
    return {verdict: f"{address}?{urlencode({'clause': clause, 'verdict': verdict})}" for verdict in VERDICTS}


def _page_of(line: StandardLine, desk: Desk) -> str:
    """Where the product shows how it carries the clause out."""
    for name in line.carried.clause.pages:
        for args in ([], [desk.code]):
            try:
                return reverse(name, args=args)
            except NoReverseMatch:
                continue
    return ""


@route(audience="staff", permission="visible", kind="study")
def cases(request: HttpRequest, key: UUID) -> HttpResponse:
    """The cases behind a figure, each with the events and clocks that show the verdict."""
    viewer = viewer_of(request)
    study = study_of(viewer, key, KIND)
    clause, verdict = request.GET.get("clause", "")[:80], request.GET.get("verdict", "broken")
    if verdict not in VERDICTS:
        raise NotVisible
    after = request.GET.get("after", "")
    if after and (not after.isdecimal() or len(after) > 18):
        raise InvalidData([FieldError("/cursor", "bad_cursor")])
    lines = lines_behind(viewer, study, clause, verdict)
    page_of_lines = list((lines.filter(pk__gt=int(after)) if after else lines)[: PAGE_SIZE + 1])
    shown = cases_of(page_of_lines[:PAGE_SIZE])
    asked, pack = asked_from(study.desk, json.loads(study.question)), pack_in_force(study.desk, viewer.now)
    report = report_of(asked, pack, json.loads(study.result), study.made_at or viewer.now)
    counted = next((one for one in report.clauses if one.id == clause), None)
    if counted is None:
        raise NotVisible
    proofs = {
        one.number: one.proofs for one in _proved(viewer, report, [case.pk for case in shown]) if one.clause == clause
    }
    rows = [(row, proofs.get(case.number, ())) for row, case in zip(rows_of(shown, viewer.now), shown, strict=True)]
    following = urlencode({"clause": clause, "verdict": verdict, "after": page_of_lines[PAGE_SIZE - 1].pk}) if len(page_of_lines) > PAGE_SIZE else ""  # fmt: skip
    context = {
        "area": "conformity", "study": study, "clause": counted, "verdict": verdict, "verdict_words": verdict_words(verdict),
        "total": getattr(counted, verdict), "most": MOST_LISTED, "rows": rows, "next": following, "scope": scope_words(asked),
    }  # fmt: skip
    return render(request, "reports/conformity_cases.html", context)


def _proved(viewer: Viewer, report: Report, keys: list[UUID]) -> Any:
    found = cases_asked(Asked(report.asked.desk), viewer).filter(pk__in=keys)
    return proved_by(report, (answer for _, answer in judged_in_turn(found, viewer.now, viewer=viewer)))


@route(audience="staff", permission="export", kind="study")
def export(request: HttpRequest, key: UUID, way: str) -> HttpResponseBase:
    """The report as a spreadsheet, or as a paper in PDF or Word; who took it is noted."""
    viewer = viewer_of(request)
    study = study_of(viewer, key, KIND)
    if not holds_right(viewer, RIGHT, on=study.desk):
        raise NotPermitted(verb="导出")
    if study.state != Study.State.MADE:
        raise NotVisible
    report = _report_with_proofs(viewer, study)
    log_access(
        actor=viewer.person.actor_id, action="export", object="conformity", field=f"desk:{study.desk.code}", now=viewer.now,
        reason=study.question[:200],
    )  # fmt: skip
    name = f"conformity-{study.desk.code}-{viewer.now:%Y%m%d}.{way}"
    if way in PAPERS:
        return as_attachment(paper_as(report_paper(report, made_by=viewer.person.name), way), name)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write_report(file, report)
    file.seek(0)
    return as_attachment(FileResponse(file, content_type="application/octet-stream"), name)


def _report_with_proofs(viewer: Viewer, study: Study) -> Report:
    asked, pack = asked_from(study.desk, json.loads(study.question)), pack_in_force(study.desk, viewer.now)
    result, made_at = json.loads(study.result), study.made_at or viewer.now
    report = report_of(asked, pack, result, made_at)
    if report.cases > PROVED_AT_MOST:
        return report
    answers = (answer for _, answer in judged_in_turn(cases_asked(asked, viewer), viewer.now, viewer=viewer))
    return report_of(asked, pack, result, made_at, proved_by(report, answers))
