"""Trying a draft policy over past cases: what would have been different. Nothing of the cases is changed."""

from __future__ import annotations

import json
import tempfile
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.models import Case
from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.people.actions import log_access
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import version_in_force, versions_of
from amends.apps.studies.asking import ask_what_if, lines_that_differ, studies_of, study_of
from amends.apps.studies.drafts import SHOWN, DraftRefused, NoDraft, draft_in_zip, draft_of_version, read_kept
from amends.apps.studies.models import Study, StudyLine
from amends.core.policy.base import Title
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, NotVisible
from amends.doors.figures import day_of
from amends.doors.files import as_attachment
from amends.doors.routes import route
from amends.doors.what_if import Words, write_what_if
from amends.doors.wording import faults, said, words
from amends.web.forms.drawing import Choice
from amends.web.policies.moves import managed
from amends.web.viewing import zone_of

PAGE_SIZE = 30
EARLIER_SHOWN = 10
KIND = Study.Kind.WHAT_IF
PARTS = ("all", "level", "route", "due", "worse", "better", "unknown")


@route(audience="staff", permission="manage_pack", kind="study", methods=["GET", "POST"])
def page(request: HttpRequest, desk: str) -> HttpResponse:
    """Ask for a trial: a ZIP of a draft, or a stored version, over the cases since a day."""
    viewer, place, pack = managed(request, desk)
    context = _form(request, viewer, place, pack)
    if request.method == "POST":
        try:
            name = getattr(request.FILES.get("file"), "name", None) or ""
            study = ask_what_if(viewer, place, _draft(request, place), _since(request), file=name)
        except DraftRefused as refusal:
            context |= {"problems": [said(refusal), *refusal.lines[:SHOWN]]}
        except InvalidData as refusal:
            context |= {"problems": [sentence for some in faults(refusal).values() for sentence in some]}
        else:
            return HttpResponseRedirect(reverse("what_if_study", args=[place.code, study.pk]))
        return render(request, "policies/what_if.html", context, status=422)
    return render(request, "policies/what_if.html", context)


def _form(request: HttpRequest, viewer: Viewer, desk: Desk, pack: Pack) -> dict[str, Any]:
    in_force, chosen = version_in_force(desk, viewer.now), request.POST.get("version")
    versions = [
        Choice(str(v.version), gettext("第 %(n)s 版") % {"n": v.version}, is_chosen=str(v.version) == chosen)
        for v in versions_of(desk.pack_id)
        if v.pk != in_force.pk
    ]
    half_a_year_ago = viewer.now.astimezone(zone_of(pack)).date() - timedelta(days=183)
    return {
        "area": "policies", "desk": desk, "pack": pack, "versions": versions, "zone": zone_of(pack),
        "since": request.POST.get("since", half_a_year_ago.isoformat()),
        "earlier": [_trial(study, zone_of(pack)) for study in studies_of(viewer, KIND, desk)[:EARLIER_SHOWN]],
    }  # fmt: skip


def _trial(study: Study, zone: ZoneInfo) -> dict[str, Any]:
    """A trial in the record: which draft, over the cases of which days, when and by whom."""
    asked = json.loads(study.question)
    until = asked.get("until") or study.asked_at.astimezone(zone).date().isoformat()
    return {
        "study": study, "draft": _draft_words(asked.get("draft")), "file": (asked.get("draft") or {}).get("file", ""),
        "first": date.fromisoformat(asked["since"]), "last": date.fromisoformat(until),
    }  # fmt: skip


def _draft_words(named: dict[str, Any] | None) -> str:
    """The title and the version of a draft; trials from before it was noted say that it is not known."""
    if named is None:
        return gettext("未记名称的草案")
    title = words(Title.model_validate(named["title"]))
    return gettext("%(policy)s　第 %(version)s 版") % {"policy": title, "version": named["version"]}


def _draft(request: HttpRequest, desk: Desk) -> Any:
    file = request.FILES.get("file")
    if file is not None:
        return draft_in_zip(file)
    version = next((v for v in versions_of(desk.pack_id) if str(v.version) == request.POST.get("version")), None)
    if version is None:
        raise NoDraft
    return draft_of_version(version)


def _since(request: HttpRequest) -> date:
    since = day_of(request.POST.get("since", ""))
    if since is None:
        raise InvalidData([FieldError("/since", "bad_date", {"field": gettext("起始日期")})])
    return since


@route(audience="staff", permission="manage_pack", kind="study")
def one(request: HttpRequest, desk: str, key: UUID) -> HttpResponse:
    """The result in sum, and the cases that differ; while it is made, how far it is."""
    viewer, place, pack = managed(request, desk)
    study = _study(viewer, place, key)
    context: dict[str, Any] = {
        "area": "policies", "desk": place, "study": study, "zone": zone_of(pack), "trial": _trial(study, zone_of(pack)),
    }  # fmt: skip
    if study.state == Study.State.MADE:
        context |= _shown(request, viewer, study, pack)
    part = request.headers.get("HX-Request") == "true"
    return render(request, "policies/_what_if_result.html" if part else "policies/what_if_study.html", context)


def _study(viewer: Viewer, desk: Desk, key: UUID) -> Study:
    study = study_of(viewer, key, KIND)
    if study.desk_id != desk.pk:
        raise NotVisible
    return study


def _shown(request: HttpRequest, viewer: Viewer, study: Study, pack: Pack) -> dict[str, Any]:
    result, said_of = json.loads(study.result), Words(read_kept(study.draft), pack)
    part = request.GET.get("part", "all")
    if part not in PARTS:
        raise NotVisible
    after = request.GET.get("after", "")
    if after and (not after.isdecimal() or len(after) > 18):
        raise InvalidData([FieldError("/cursor", "bad_cursor")])
    lines = lines_that_differ(viewer, study, part).select_related("case")
    found = list((lines.filter(pk__gt=int(after)) if after else lines)[: PAGE_SIZE + 1])
    told = said_of.told(result)
    before, thence = result["broken"]
    return {
        "result": result, "told": told, "part": part, "rows": _rows(viewer, found[:PAGE_SIZE], said_of),
        "broken_before": before, "broken_after": thence, "is_worse": thence > before, "is_better": thence < before,
        "tabs": [Choice(name, title, is_chosen=name == part) for name, title in part_words().items()],
        "next": urlencode({"part": part, "after": found[PAGE_SIZE - 1].pk}) if len(found) > PAGE_SIZE else "",
    }  # fmt: skip


def part_words() -> dict[str, str]:
    return {
        "all": gettext("全部变化"), "level": gettext("级别不同"), "route": gettext("分派不同"), "due": gettext("到期不同"),
        "worse": gettext("超时变多"), "better": gettext("超时变少"), "unknown": gettext("不能完全重演"),
    }  # fmt: skip


def _rows(viewer: Viewer, lines: list[StudyLine], said_of: Words) -> list[dict[str, Any]]:
    keys = [line.case_id for line in lines]
    seen = set(visible_to(viewer).filter(pk__in=keys).values_list("pk", flat=True))
    return [
        {"number": line.case.number, "is_visible": line.case_id in seen, "said": said_of.changes(json.loads(line.data))}
        for line in lines
    ]


@route(audience="staff", permission="manage_pack", kind="study")
def export(request: HttpRequest, desk: str, key: UUID) -> HttpResponseBase:
    """The result as a spreadsheet; who took it is noted."""
    viewer, place, pack = managed(request, desk)
    study = _study(viewer, place, key)
    if study.state != Study.State.MADE:
        raise NotVisible
    said_of = Words(read_kept(study.draft), pack)
    lines = lines_that_differ(viewer, study, "all")
    numbers = dict(Case.objects.filter(pk__in=lines.values("case")).values_list("pk", "number"))
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    cases = ((numbers[line.case_id], said_of.changes(json.loads(line.data))) for line in lines)
    since = date.fromisoformat(json.loads(study.question)["since"])
    write_what_if(
        file,
        said_of,
        json.loads(study.result),
        cases,
        since=since,
        by=study.asked_by.name,
        at=study.made_at or viewer.now,
    )
    file.seek(0)
    log_access(
        actor=viewer.person.actor_id, action="export", object="what_if", field=f"desk:{place.code}", now=viewer.now,
        reason=study.question[:200],
    )  # fmt: skip
    answer = FileResponse(file, content_type="application/octet-stream")
    return as_attachment(answer, f"what-if-{place.code}-{viewer.now:%Y%m%d}.xlsx")
