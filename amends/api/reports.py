"""Documents that write themselves, by API: the list, one with its kept figures, and the cases behind a figure."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from amends.api.cases import answer, size_of
from amends.api.tokens import viewer_of
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.queries import visible_proceeding
from amends.apps.cases.queries import Viewer
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.apps.reporting.documents.queries import document_rows, is_released, late_among
from amends.core.documents import DUE_ON, FROM, TO
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData
from amends.doors.documents.behind import cases_of_figure, cases_shown
from amends.doors.documents.data import as_data
from amends.doors.documents.written import Written, written

router = Router(tags=["reports"])


@router.get("/reports", operation_id="list_reports")
def reports(request: HttpRequest) -> HttpResponse:
    """The documents of a desk, or of all that the caller works on, the latest first; `document` leaves one of them. Paged by cursor."""
    viewer = viewer_of(request)
    packs, size = _packs(viewer, request.GET.get("desk", "")), size_of(request.GET)
    rows = document_rows(
        viewer, packs, document=request.GET.get("document", "")[:63],
        before=request.GET.get("cursor", ""), size=size + 1,
    )  # fmt: skip
    late = late_among(rows)
    shown = [_line(row, packs[row.desk], is_late=row.pk in late) for row in rows[:size]]
    return answer({"reports": shown, "next_cursor": str(rows[size - 1].pk) if len(rows) > size else None})


def _packs(viewer: Viewer, code: str) -> dict[Desk, Pack]:
    desks = [desk for desk in viewer.desks() if not code or desk.code == code]
    if not viewer.may_read() or (code and not desks):
        raise InvalidData([FieldError("/desk", "unknown_choice", {"field": "受理台", "value": code[:60]})])
    return {desk: pack_in_force(desk, viewer.now) for desk in desks}


def _line(row: Proceeding, pack: Pack, *, is_late: bool) -> dict[str, Any]:
    values, found = json.loads(row.facts)["values"], pack.reports.of_kind(row.kind)
    return {
        "id": str(row.pk), "number": row.number, "document": found[0] if found else None, "title": row.subject, "desk": row.desk.code,
        "from": values[FROM], "to": values[TO], "state": row.state, "released": is_released(row), "late": is_late,
        "due": values.get(DUE_ON),
    }  # fmt: skip


@router.get("/reports/{key}", operation_id="read_report")
def report(request: HttpRequest, key: str) -> HttpResponse:
    """One document at its latest version, or at `version`: chapters in order, every figure as it was counted when it was drawn."""
    return answer(as_data(_written(request, viewer_of(request), key)))


def _written(request: HttpRequest, viewer: Viewer, key: str) -> Written:
    no = request.GET.get("version", "")
    if no and not (no.isdecimal() and len(no) < 5):
        raise InvalidData([FieldError("/version", "bad_filter_value", {"name": "version", "value": no[:60]})])
    return written(visible_proceeding(viewer, key), no=int(no) if no else None)


@router.get("/reports/{key}/cases", operation_id="list_cases_of_report")
def cases(request: HttpRequest, key: str) -> HttpResponse:
    """The numbers of the cases behind a `figure` of a document as they were when it was drawn; `total` counts those closed to the caller too."""
    viewer = viewer_of(request)
    keys = cases_of_figure(_written(request, viewer, key), request.GET.get("figure", "")[:120])
    size, cursor = size_of(request.GET), request.GET.get("cursor", "")
    found = cases_shown(viewer, keys).order_by("number")
    if cursor:
        found = found.filter(number__gt=cursor[:40])
    numbers = list(found.values_list("number", flat=True)[: size + 1])
    return answer(
        {"cases": numbers[:size], "total": len(keys), "next_cursor": numbers[size - 1] if len(numbers) > size else None}
    )
