"""Documents as pages: what there is and what is late, one with its contents, the cases behind a figure, and PDF, Word and Excel."""

from __future__ import annotations

import json
import tempfile
import uuid
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext

from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.queries import possible_on_desk
from amends.apps.cases.queries import Viewer
from amends.apps.people.actions import log_access
from amends.apps.policies.models import Desk
from amends.apps.reporting.documents.queries import document_rows, is_released, late_among
from amends.core.documents import DUE_ON, FROM, TO, title_of_period
from amends.core.periods import Period
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData
from amends.doors.document_book import write_document
from amends.doors.documents.behind import cases_of_figure, cases_shown
from amends.doors.documents.written import Written, written
from amends.doors.files import as_attachment
from amends.doors.papers.document import report_of_document
from amends.doors.papers.tables import PAPERS, paper_as
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.documents.drawing import bars_of
from amends.web.forms.drawing import Choice
from amends.web.proceedings.seeing import proceeding_view
from amends.web.proceedings.showing import shown
from amends.web.queue.behind import page_of_cases
from amends.web.viewing import desk_asked_for, packs_of, viewer_of, zone_of

PAGE_SIZE = 50
FILES = (("pdf", "PDF"), ("docx", "Word"), ("xlsx", "Excel"))


def desks_with_documents(viewer: Viewer) -> dict[Desk, Pack]:
    """The desks on which the viewer works whose policy has documents."""
    return {desk: pack for desk, pack in packs_of(viewer).items() if viewer.works_on(desk) and pack.reports.documents}


@route(audience="staff", permission="signed_in", kind="proceeding")
def page(request: HttpRequest) -> HttpResponse:
    """The documents that the viewer may read, the latest first, and those that they may begin."""
    viewer = viewer_of(request)
    packs = desks_with_documents(viewer)
    desk = desk_asked_for(request.GET, packs) if request.GET.get("desk") else None
    chosen = [desk] if desk else list(packs)
    rows = document_rows(
        viewer, {one: packs[one] for one in chosen}, before=request.GET.get("cursor", ""), size=PAGE_SIZE + 1
    )
    late = late_among(rows)
    begins = [
        (one, found)
        for one in chosen
        for found in possible_on_desk(viewer, one)
        if packs[one].reports.of_kind(found.kind_id)
    ]
    context = {
        "area": "documents", "lines": [_line(row, packs[row.desk], is_late=row.pk in late) for row in rows[:PAGE_SIZE]],
        "next": str(rows[PAGE_SIZE - 1].pk) if len(rows) > PAGE_SIZE else "", "begins": begins, "desk": desk,
        "desks": [Choice(one.code, words(one.called), is_chosen=one == desk) for one in packs],
    }  # fmt: skip
    return render(request, "documents/page.html", context)


def _line(row: Proceeding, pack: Pack, *, is_late: bool) -> dict[str, Any]:
    values = json.loads(row.facts)["values"]
    found, kind = pack.reports.of_kind(row.kind), pack.proceedings.get(row.kind)
    span = Period.of_texts(values[FROM], values[TO])
    title = words(title_of_period(found[1], span)) if found else row.subject
    state = kind.states.get(row.state) if kind else None
    return {
        "row": row, "title": title, "first": span.first, "last": span.last, "state": words(state.title) if state else row.state,
        "due": values.get(DUE_ON, ""), "desk": words(row.desk.called), "zone": zone_of(pack), "is_late": is_late,
        "is_released": is_released(row),
    }  # fmt: skip


def _version(request: HttpRequest) -> int | None:
    text = request.GET.get("version", "")
    if text and not (text.isdecimal() and len(text) < 5):
        raise InvalidData([FieldError("/version", "bad_filter_value", {"name": "version", "value": text[:60]})])
    return int(text) if text else None


@route(audience="staff", permission="visible", kind="proceeding")
def one(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """One document with its contents, chapters, versions and what may be done with it now."""
    seen = proceeding_view(request, key)
    made = written(seen.proceeding, no=_version(request))
    chapters = [(chapter, [(block, bars_of(block)) for block in chapter.blocks]) for chapter in made.chapters]
    context = shown(seen) | {"area": "documents", "made": made, "chapters": chapters, "files": FILES}
    return render(request, "documents/one.html", context)


@route(audience="staff", permission="visible", kind="proceeding")
def cases(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The cases behind a figure of a document, as they were when it was drawn; what is closed to the viewer is only counted."""
    seen = proceeding_view(request, key)
    made = written(seen.proceeding, no=_version(request))
    keys = cases_of_figure(made, request.GET.get("figure", "")[:120])
    found = cases_shown(seen.viewer, keys)
    context = {
        "area": "documents", "made": made, "total": len(keys), "hidden": len(keys) - found.count(), **page_of_cases(request, found),
    }  # fmt: skip
    return render(request, "documents/cases.html", context)


@route(audience="staff", permission="visible", kind="proceeding")
def file(request: HttpRequest, key: uuid.UUID, way: str) -> HttpResponseBase:
    """The document as PDF, Word or Excel; who took it is noted."""
    seen = proceeding_view(request, key)
    made = written(seen.proceeding, no=_version(request))
    answer = _made_as(made, way, seen.viewer)
    log_access(
        actor=seen.viewer.person.actor_id, action="export", object=f"proceeding:{key}", field=f"document:{way}", now=seen.viewer.now,
        address=request.META.get("REMOTE_ADDR", ""),
    )  # fmt: skip
    return as_attachment(answer, f"{made.title} {made.proceeding.number}.{way}")


def _made_as(made: Written, way: str, viewer: Viewer) -> HttpResponseBase:
    if way in PAPERS:
        return paper_as(report_of_document(made, viewer), way)
    if way != "xlsx":
        raise Http404(gettext("没有这种格式。"))
    book = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write_document(book, made)
    book.seek(0)
    return FileResponse(book, content_type="application/octet-stream")
