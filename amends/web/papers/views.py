"""Printed papers as downloads: of a case, and blank ones of a desk's policy for writing by hand."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from amends.apps.cases.proceedings.queries import visible_proceeding
from amends.apps.cases.queries import Viewer, visible_case
from amends.apps.people.actions import log_access
from amends.apps.policies.models import Desk
from amends.core.form_data import checked_text
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, NotPermitted, NotVisible
from amends.doors.files import as_attachment
from amends.doors.papers.casefile import CaseFile
from amends.doors.papers.filling import PrintedFile
from amends.doors.papers.finding import blank_called, file_name, forms_offered, made_as, sheet_called
from amends.doors.papers.proceedingfile import ProceedingFile
from amends.doors.papers.sheet import Sheet
from amends.doors.routes import route
from amends.web.viewing import packs_of, viewer_of

REASON_LENGTH = 300


@route(audience="staff", permission="print", kind="case", methods=["GET", "POST"])
def printed(request: HttpRequest, number: str, form_id: str, way: str) -> HttpResponse:
    """A paper of a case, personal data masked; posted with a reason by somebody who may reveal, in full. Noted."""
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    return _printed(request, CaseFile(viewer, case), f"case:{case.pk}", form_id, way)


@route(audience="staff", permission="print", kind="proceeding", methods=["GET", "POST"])
def printed_in(request: HttpRequest, key: uuid.UUID, form_id: str, way: str) -> HttpResponse:
    """A paper of a proceeding, by the same rules as those of cases."""
    viewer = viewer_of(request)
    return _printed(request, ProceedingFile(viewer, visible_proceeding(viewer, key)), f"proceeding:{key}", form_id, way)


def _printed(request: HttpRequest, file: PrintedFile, what: str, form_id: str, way: str) -> HttpResponse:
    if not file.may("print"):
        raise NotPermitted(verb="打印")
    reason = _reason_for_all(request, file)
    file.in_full = bool(reason)
    sheet = sheet_called(file, form_id)
    log_access(
        actor=file.viewer.person.actor_id, action="print", object=what, field=form_id[:63], reason=reason,
        now=file.viewer.now, address=request.META.get("REMOTE_ADDR", ""),
    )  # fmt: skip
    return _download(sheet, way)


def _reason_for_all(request: HttpRequest, file: PrintedFile) -> str:
    """Why the paper is printed in full; empty when it is printed masked."""
    if request.method != "POST":
        return ""
    if not file.may("reveal"):
        raise NotPermitted(verb="查看完整信息")
    reason = request.POST.get("reason", "")
    if not reason.strip():
        raise InvalidData([FieldError("/reason", "required", {"field": "查看理由"})])
    return checked_text(reason, pointer="/reason", field="查看理由", limit=REASON_LENGTH)


@route(audience="staff", permission="signed_in", kind="policy")
def blank_forms(request: HttpRequest, desk: str) -> HttpResponse:
    """The forms of a desk's policy, to be printed blank."""
    place, pack = _desk_and_pack(viewer_of(request), desk)
    context = {"area": "policies", "desk": place, "pack": pack, "forms": forms_offered(pack)}
    return render(request, "papers/blank.html", context)


@route(audience="staff", permission="signed_in", kind="policy")
def blank(request: HttpRequest, desk: str, form_id: str, way: str) -> HttpResponse:
    """A blank form for writing by hand, as PDF or Word."""
    place, pack = _desk_and_pack(viewer_of(request), desk)
    return _download(blank_called(pack, place, form_id), way)


def _desk_and_pack(viewer: Viewer, code: str) -> tuple[Desk, Pack]:
    found = next(((desk, pack) for desk, pack in packs_of(viewer).items() if desk.code == code), None)
    if found is None:
        raise NotVisible
    return found


def _download(sheet: Sheet, way: str) -> HttpResponse:
    response = HttpResponse(made_as(sheet, way), content_type="application/octet-stream")
    return as_attachment(response, file_name(sheet, way))
