"""Papers by API: what can be printed of a case, as PDF or Word with personal data masked, and blank forms of a desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from ninja import Router

from amends.api.cases import answer
from amends.api.tokens import viewer_of
from amends.apps.cases.proceedings.queries import visible_proceeding
from amends.apps.cases.queries import Viewer, visible_case
from amends.apps.people.actions import log_access
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.core.refusals import NotPermitted, NotVisible
from amends.doors.files import as_attachment
from amends.doors.papers.casefile import CaseFile
from amends.doors.papers.filling import PrintedFile
from amends.doors.papers.finding import (
    WAYS,
    blank_called,
    file_name,
    forms_offered,
    made_as,
    papers_of_case,
    papers_of_proceeding,
    sheet_called,
)
from amends.doors.papers.proceedingfile import ProceedingFile
from amends.doors.papers.sheet import Sheet

router = Router(tags=["papers"])


@router.get("/cases/{number}/papers", operation_id="list_papers")
def papers(request: HttpRequest, number: str) -> HttpResponse:
    """The papers of a case that can be printed: the forms of its policy and the cover of its file."""
    viewer = viewer_of(request)
    file = CaseFile(viewer, visible_case(viewer, number))
    return answer({"papers": _listed(papers_of_case(file), f"/api/v1/cases/{quote(number)}/papers")})


@router.get("/cases/{number}/papers/{paper}", operation_id="print_paper")
def paper(request: HttpRequest, number: str, paper: str) -> HttpResponse:
    """A paper as `<name>.pdf` or `<name>.docx`, personal data masked; needs the right to print, and is noted."""
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    return _printed(request, CaseFile(viewer, case), f"case:{case.pk}", paper)


@router.get("/proceedings/{key}/papers", operation_id="list_papers_of_proceeding")
def papers_in(request: HttpRequest, key: str) -> HttpResponse:
    """The papers of a proceeding that can be printed: the forms of its kind, one filled in again each time."""
    viewer = viewer_of(request)
    file = ProceedingFile(viewer, visible_proceeding(viewer, key))
    return answer({"papers": _listed(papers_of_proceeding(file), f"/api/v1/proceedings/{file.proceeding.pk}/papers")})


@router.get("/proceedings/{key}/papers/{paper}", operation_id="print_paper_of_proceeding")
def paper_in(request: HttpRequest, key: str, paper: str) -> HttpResponse:
    """A paper of a proceeding as `<name>.pdf` or `<name>.docx`, by the same rules as those of cases."""
    viewer = viewer_of(request)
    proceeding = visible_proceeding(viewer, key)
    return _printed(request, ProceedingFile(viewer, proceeding), f"proceeding:{proceeding.pk}", paper)


def _printed(request: HttpRequest, file: PrintedFile, what: str, paper: str) -> HttpResponse:
    if not file.may("print"):
        raise NotPermitted(verb="打印")
    name, _, way = paper.rpartition(".")
    sheet = sheet_called(file, name)
    log_access(
        actor=file.viewer.person.actor_id, action="print", object=what, field=name[:63], now=file.viewer.now,
        address=request.META.get("REMOTE_ADDR", ""),
    )  # fmt: skip
    return _download(sheet, way)


@router.get("/desks/{desk}/papers", operation_id="list_blank_papers")
def blank_papers(request: HttpRequest, desk: str) -> HttpResponse:
    """The forms of a desk's policy that can be printed blank."""
    viewer = viewer_of(request)
    pack = pack_in_force(_desk(viewer, desk), viewer.now)
    return answer({"papers": _listed(forms_offered(pack), f"/api/v1/desks/{quote(desk)}/papers")})


@router.get("/desks/{desk}/papers/{paper}", operation_id="print_blank_paper")
def blank_paper(request: HttpRequest, desk: str, paper: str) -> HttpResponse:
    """A blank form as `<name>.pdf` or `<name>.docx`, for writing by hand."""
    viewer = viewer_of(request)
    place = _desk(viewer, desk)
    name, _, way = paper.rpartition(".")
    return _download(blank_called(pack_in_force(place, viewer.now), place, name), way)


def _desk(viewer: Viewer, code: str) -> Desk:
    found = next((desk for desk in viewer.desks() if desk.code == code), None)
    if found is None:
        raise NotVisible
    return found


def _listed(titles: Mapping[str, str], address: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "title": title, **{way: f"{address}/{quote(name)}.{way}" for way in WAYS}}
        for name, title in titles.items()
    ]


def _download(sheet: Sheet, way: str) -> HttpResponse:
    response = HttpResponse(made_as(sheet, way), content_type="application/octet-stream")
    return as_attachment(response, file_name(sheet, way))
