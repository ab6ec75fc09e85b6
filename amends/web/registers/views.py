"""Registers: which there are on the desks of whoever looks, and one of them as a list, a chart and a spreadsheet."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from amends.apps.cases.proceeding_models import RegisterLine
from amends.apps.cases.proceedings.queries import possible_on_desk
from amends.apps.cases.proceedings.registers import (
    Counted,
    Figure,
    Kept,
    choices_in,
    counts_of,
    course_of,
    lines_for,
    register_page,
    registers_of,
    standing_lines,
)
from amends.apps.cases.queries import Viewer
from amends.apps.cases.timeline import ShownValue
from amends.apps.lists.exports import RIGHT
from amends.apps.people.actions import log_access
from amends.apps.people.rights import rights_of
from amends.core.policy.forms import Field
from amends.core.refusals import InvalidData, NotPermitted
from amends.doors.files import as_attachment
from amends.doors.papers.finding import file_name, made_as
from amends.doors.papers.listing import MOST, list_sheet
from amends.doors.registers import Record, choices_said, concerned_title, readable_columns, records_of, write_register
from amends.doors.routes import route
from amends.doors.wording import button_of, faults, words
from amends.web.outlook.drawing import Drawn, drawn
from amends.web.registers.confirmed import not_confirmed_of
from amends.web.viewing import viewer_of

PAGE_SIZE = 50
AT_ONCE = 500
"""How many lines the spreadsheet reads at a time."""
LONGEST_COURSE = 120
"""So many figures a chart shows at most, the latest of them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A register in the list of registers."""

    kept: Kept
    counted: Counted

    @property
    def title(self) -> str:
        return words(self.kept.kind.listed_as)


@route(audience="staff", permission="registers", kind="proceeding")
def index(request: HttpRequest) -> HttpResponse:
    """The registers of every desk that the viewer may open, each with how many records it holds and how many are late."""
    viewer = viewer_of(request)
    registers = registers_of(viewer)
    if not registers:
        raise NotPermitted(verb="查看台账")
    counts = counts_of(viewer, registers)
    desks: dict[Any, list[Entry]] = {}
    for kept in registers:
        desks.setdefault(kept.desk, []).append(Entry(kept, counts.get((kept.desk.pk, kept.name), Counted())))
    return render(request, "registers/index.html", {"area": "registers", "desks": list(desks.items())})


@route(audience="staff", permission="signed_in", kind="proceeding")
def one(request: HttpRequest, desk: str, kind: str) -> HttpResponse:
    """One register under its filters, the latest day first; asked for by htmx with a cursor, its next lines alone."""
    viewer = viewer_of(request)
    kept = kept_of(viewer, desk, kind)
    asked = _asked(request)
    states = _states(kept)
    context: dict[str, Any] = {
        "area": "registers", "kept": kept, "states": states, "has_limits": bool(kept.kind.clocks),
        "has_states": len(states) > 1 or bool(kept.kind.clocks or kept.kind.concerns), "title": words(kept.kind.listed_as), "zone": kept.zone, "asked": asked, "query": _query(request),
        "columns": (columns := _columns(kept, viewer)), "day_in_column": kept.register.day in [f.id for f in columns],
        "width": len(columns) + 3 + (kept.kind.acknowledged is not None),
        "status": 200, "confirms": kept.kind.acknowledged is not None, "counted": concerned_title(kept) if kept.kind.concerns else "",
    }  # fmt: skip
    try:
        found = lines_for(viewer, kept, asked)
        shown = register_page(kept, found, size=PAGE_SIZE, cursor=request.GET.get("cursor"))
        context |= {
            "records": _shown(kept, viewer, shown.rows), "next_cursor": shown.next_cursor,
            "not_confirmed": not_confirmed_of(kept, shown.rows, viewer.now),
        }  # fmt: skip
    except InvalidData as refusal:
        found = RegisterLine.objects.none()
        context |= {"records": [], "problems": [s for some in faults(refusal).values() for s in some], "status": 422}
    if request.headers.get("HX-Request") == "true" and request.GET.get("cursor"):
        return render(request, "registers/_records.html", context, status=context["status"])
    context |= {
        "filters": choices_said(kept, choices_in(kept, standing_lines(viewer, kept))),
        "begins": _beginning(viewer, kept), "may_export": _may_export(viewer, kept),
        "may_print": kept.kind.list_paper is not None and _may_print(viewer, kept), "course": _course(kept, found, asked),
    }  # fmt: skip
    return render(request, "registers/one.html", context, status=context["status"])


def kept_of(viewer: Viewer, desk: str, kind: str) -> Kept:
    """The register of that desk and kind. Raises Http404 alike for one that is not there and one that may not be opened."""
    found = next((one for one in registers_of(viewer) if (one.desk.code, one.name) == (desk, kind)), None)
    if found is None:
        raise Http404
    return found


def _asked(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET[name] for name in request.GET if request.GET[name] and name != "cursor"}


def _query(request: HttpRequest) -> str:
    """The filters as they stand in the address, without the place in the list."""
    kept = request.GET.copy()
    kept.pop("cursor", None)
    return kept.urlencode()


def _states(kept: Kept) -> list[tuple[str, str]]:
    """The states in which records stand here."""
    shown = kept.register.states or tuple(kept.kind.states)
    return [(name, words(state.title)) for name, state in kept.kind.states.items() if name in shown]


def _columns(kept: Kept, viewer: Viewer) -> list[Field]:
    """The columns of the page: the subject stands in front of them all and is not said twice."""
    return [f for f in readable_columns(kept, viewer) if f.id != kept.kind.title_from]


def _shown(
    kept: Kept, viewer: Viewer, lines: list[RegisterLine]
) -> list[tuple[Record, list[tuple[Field, ShownValue | None]]]]:
    columns = readable_columns(kept, viewer)
    return [
        (record, [(f, cell) for f, cell in zip(columns, record.cells, strict=True) if f.id != kept.kind.title_from])
        for record in records_of(kept, viewer, lines)
    ]


def _beginning(viewer: Viewer, kept: Kept) -> str:
    """What the button says with which the viewer adds a record; empty where they may not, or where it begins elsewhere."""
    possible = next((one for one in possible_on_desk(viewer, kept.desk) if one.kind_id == kept.name), None)
    if possible is None:
        return ""
    return words(possible.action.title) if possible.action.title else button_of(possible.action.verb)


def _may_export(viewer: Viewer, kept: Kept) -> bool:
    return RIGHT in rights_of(viewer.caller(kept.desk, kept.pack), kept.pack)


@dataclass(frozen=True, slots=True)
class Course:
    """A figure over time, as charts and as a table, the latest first."""

    title: str
    charts: list[Drawn]
    rows: list[Figure]


def _course(kept: Kept, found: QuerySet[RegisterLine], asked: dict[str, str]) -> Course | None:
    """The chart of what one record is comparable with; None unless a record was chosen and the policy follows a figure."""
    rule = kept.register.course
    if rule is None or "like" not in asked:
        return None
    rows = course_of(found, at_most=LONGEST_COURSE)
    days, figures = [one.day for one in rows], [float(one.figure) for one in rows]
    charts = [
        drawn(days, figures, [], None, width=760, height=280, last=LONGEST_COURSE, by_day=True),
        drawn(days, figures, [], None, width=360, height=240, last=24, by_day=True),
    ]
    return Course(words(kept.pack.fields[rule.value].title), charts, list(reversed(rows)))


@route(audience="staff", permission="export", kind="proceeding")
def export(request: HttpRequest, desk: str, kind: str) -> HttpResponseBase:
    """What the filters let through as a spreadsheet, as masked as on the page; who took how much of which is noted."""
    viewer = viewer_of(request)
    kept = kept_of(viewer, desk, kind)
    if not _may_export(viewer, kept):
        raise NotPermitted(verb="导出")
    found = lines_for(viewer, kept, _asked(request))
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    count = write_register(file, kept, viewer, _in_portions(kept, viewer, found))
    file.seek(0)
    log_access(
        actor=viewer.person.actor_id, action="export", object=f"register:{kept.desk.pk}:{kept.name}", field=f"count:{count}",
        now=viewer.now, reason=_query(request),
    )  # fmt: skip
    answer = FileResponse(file, content_type="application/octet-stream")
    return as_attachment(answer, f"{words(kept.kind.listed_as)}-{viewer.now.astimezone(kept.zone):%Y%m%d-%H%M}.xlsx")


@route(audience="staff", permission="print", kind="proceeding")
def paper(request: HttpRequest, desk: str, kind: str, way: str) -> HttpResponse:
    """What the filters let through as the list that the company prints of it, PDF or Word, as masked as on the page; noted."""
    viewer = viewer_of(request)
    kept = kept_of(viewer, desk, kind)
    printed = kept.kind.list_paper
    if printed is None:
        raise Http404
    if not _may_print(viewer, kept):
        raise NotPermitted(verb="打印")
    asked = _asked(request)
    shown = register_page(kept, lines_for(viewer, kept, asked), size=MOST)
    # On paper one reads from the first day on.
    records = list(reversed(records_of(kept, viewer, shown.rows)))
    log_access(
        actor=viewer.person.actor_id, action="print", object=f"register:{kept.desk.pk}:{kept.name}", field=f"count:{len(records)}",
        now=viewer.now, reason=_query(request),
    )  # fmt: skip
    sheet = list_sheet(
        kept, printed, viewer, records, since=asked.get("from", ""), until=asked.get("to", ""), is_cut=bool(shown.next_cursor)
    )  # fmt: skip
    response = HttpResponse(made_as(sheet, way), content_type="application/octet-stream")
    return as_attachment(response, file_name(sheet, way))


def _may_print(viewer: Viewer, kept: Kept) -> bool:
    return "print" in rights_of(viewer.caller(kept.desk, kept.pack), kept.pack)


def _in_portions(kept: Kept, viewer: Viewer, found: QuerySet[RegisterLine]) -> Iterator[Record]:
    """Every record, some hundred at a time, so that a register of any length fits into memory."""
    cursor: str | None = None
    while True:
        shown = register_page(kept, found, size=AT_ONCE, cursor=cursor)
        yield from records_of(kept, viewer, shown.rows)
        cursor = shown.next_cursor
        if cursor is None:
            return
