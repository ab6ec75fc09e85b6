"""Registers by API: which there are, and the records of one, filtered and paged by cursor as on the page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from amends.api.cases import answer, size_of
from amends.api.showing import show_proceeding, show_value
from amends.api.tokens import viewer_of
from amends.apps.cases.proceedings.registers import (
    Counted,
    Kept,
    counts_of,
    filters_of,
    lines_for,
    register_page,
    registers_of,
)
from amends.core.refusals import NotVisible
from amends.doors.registers import Record, records_of
from amends.doors.wording import words

router = Router(tags=["registers"])
PAGING = {"cursor", "size"}


@router.get("/registers", operation_id="list_registers")
def index(request: HttpRequest) -> HttpResponse:
    """The registers that the caller may open, with how many records they hold and how many of these are late."""
    viewer = viewer_of(request)
    registers = registers_of(viewer)
    counts = counts_of(viewer, registers) if registers else {}
    return answer({"registers": [_said(one, counts.get((one.desk.pk, one.name), Counted())) for one in registers]})


def _said(kept: Kept, counted: Counted) -> dict[str, Any]:
    return {
        "desk": kept.desk.code,
        "kind": kept.name,
        "title": words(kept.kind.title),
        "filters": filters_of(kept),
        "count": counted.count,
        "late": counted.late,
    }


@router.get("/registers/{desk}/{kind}", operation_id="list_records_of_register")
def records(request: HttpRequest, desk: str, kind: str) -> HttpResponse:
    """The records of a register, the latest day first, with the latest value of each column, personal ones masked.

    What `list_registers` names as its filters narrows it.
    """
    viewer = viewer_of(request)
    kept = next((one for one in registers_of(viewer) if (one.desk.code, one.name) == (desk, kind)), None)
    if kept is None:
        raise NotVisible
    asked = {name: request.GET[name] for name in request.GET if name not in PAGING}
    found = lines_for(viewer, kept, asked)
    page = register_page(kept, found, size=size_of(request.GET), cursor=request.GET.get("cursor"))
    return answer(
        {"records": [_record(one) for one in records_of(kept, viewer, page.rows)], "next_cursor": page.next_cursor}
    )


def _record(record: Record) -> dict[str, Any]:
    return {
        **show_proceeding(record.line.proceeding),
        "day": record.line.day.isoformat(),
        "concerned": record.concerned,
        "proposes": record.proposes,
        "values": [show_value(cell) for cell in record.cells if cell is not None],
    }
