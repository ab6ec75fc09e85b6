"""One file of a case: looked at as pictures that were drawn anew, or downloaded as it was handed in."""

from __future__ import annotations

import uuid

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from amends.apps.cases.evidence import open_evidence
from amends.apps.cases.previews import SMALL, open_picture
from amends.apps.people.actions import log_access
from amends.doors.files import as_attachment
from amends.doors.routes import route
from amends.web.case.gallery import ShownFile, all_versions, shown_files
from amends.web.case.seeing import CaseView, case_view


@route(audience="staff", permission="visible", kind="evidence")
def look(request: HttpRequest, number: str, file_id: uuid.UUID) -> HttpResponse:
    """A file large, page by page, with its caption and the ones before and after it: a page, or what htmx puts into one."""
    seen = case_view(request, number)
    files = all_versions(shown_files(seen))
    place = next((n for n, shown in enumerate(files) if shown.file.pk == file_id), None)
    if place is None:
        raise Http404
    shown = files[place]
    context = {
        "area": "queue",
        "case": seen.case,
        "zone": seen.zone,
        "shown": shown,
        "page": _page(request, shown),
        "place": place + 1,
        "count": len(files),
        "before": files[place - 1] if place else None,
        "after": files[place + 1] if place + 1 < len(files) else None,
    }
    is_part = request.headers.get("HX-Request") == "true"
    return render(request, "case/_look.html" if is_part else "case/look.html", context)


def _page(request: HttpRequest, shown: ShownFile) -> int:
    """The page asked for, within those that have a picture; 0 when none has."""
    text = request.GET.get("page", "")
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 1
    return min(max(wanted, 1), shown.pages)


@route(audience="staff", permission="visible", kind="evidence")
def picture(request: HttpRequest, number: str, file_id: uuid.UUID, page: int) -> HttpResponse | FileResponse:
    """A picture of a file, made by us: the small one (0), or one of its pages. Looking at a page is noted."""
    seen = case_view(request, number)
    shown = _file_of(seen, file_id)
    if page > shown.pages or not shown.pages:
        raise Http404
    try:
        content = open_picture(shown.file, page)
    except FileNotFoundError as gone:
        raise Http404 from gone
    if page != SMALL:
        _note(request, seen, shown, "view")
    response = FileResponse(content, content_type="image/jpeg")
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@route(audience="staff", permission="visible", kind="evidence")
def download(request: HttpRequest, number: str, file_id: uuid.UUID) -> HttpResponse | FileResponse:
    """A file as it was handed in: as a download only, never shown by the browser, and noted."""
    seen = case_view(request, number)
    shown = _file_of(seen, file_id)
    _note(request, seen, shown, "download")
    content = FileResponse(open_evidence(shown.file), content_type="application/octet-stream")
    return as_attachment(content, shown.file.name)


def _file_of(seen: CaseView, file_id: uuid.UUID) -> ShownFile:
    """The file of the case, as far as the viewer may see it."""
    found = next((shown for shown in all_versions(shown_files(seen)) if shown.file.pk == file_id), None)
    if found is None:
        raise Http404
    return found


def _note(request: HttpRequest, seen: CaseView, shown: ShownFile, action: str) -> None:
    log_access(
        actor=seen.viewer.person.actor_id, action=action, object=f"evidence:{shown.file.pk}", now=seen.viewer.now,
        address=request.META.get("REMOTE_ADDR", ""),
    )  # fmt: skip
