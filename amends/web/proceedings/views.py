"""The page of one proceeding with everything in it, and its files."""

from __future__ import annotations

import uuid

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from amends.apps.cases.evidence import open_evidence
from amends.apps.cases.queries import visible_to
from amends.apps.people.actions import log_access
from amends.core.refusals import NotVisible
from amends.doors.files import as_attachment
from amends.doors.routes import route
from amends.web.case.glance import clocks_shown
from amends.web.proceedings.causes import causes_of
from amends.web.proceedings.kept import forms_to_keep
from amends.web.proceedings.lines import lines_of
from amends.web.proceedings.meetings import meeting_of, on_the_table
from amends.web.proceedings.room import room_of
from amends.web.proceedings.seeing import proceeding_view
from amends.web.proceedings.showing import facts_shown, shown
from amends.web.registers.concerned import concerned_shown
from amends.web.registers.confirmed import not_confirmed


@route(audience="staff", permission="visible", kind="proceeding")
def one(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """One proceeding: where it stands, who decides, what was started by it, what happened."""
    seen = proceeding_view(request, key)
    context = shown(seen)
    in_room = {name for part in seen.kind.room for name in part.children}
    context |= {
        "clocks": clocks_shown(seen.readings, seen.viewer.now),
        "room": room_of(seen),
        "buttons": {button.verb: button for button in (*context["moves"], *context["exits"])},
        "facts": [] if seen.kind.room else facts_shown(seen),
        "is_document": seen.pack.reports.of_kind(seen.proceeding.kind) is not None,
        "children": lines_of([row for row in seen.children if row.kind not in in_room]),
        "parent": seen.proceeding.parent,
        "register": seen.register,
        "entries": list(reversed(seen.entries)),
        "causes": causes_of(seen),
        "concerned": concerned_shown(seen),
        "not_confirmed": not_confirmed(seen),
        "forms_to_keep": forms_to_keep(seen),
        "is_meeting": meeting_of(seen) is not None,
        "on_the_table": on_the_table(seen),
        "named_cases": visible_to(seen.viewer).filter(named_in__proceeding=seen.proceeding).order_by("received_at"),
        "files": seen.files,
    }
    return render(request, "proceedings/one.html", context)


@route(audience="staff", permission="visible", kind="proceeding")
def file(request: HttpRequest, key: uuid.UUID, file_id: uuid.UUID) -> HttpResponseBase:
    """A file of the proceeding as it was sent, byte for byte; every download is noted."""
    seen = proceeding_view(request, key)
    found = next((one for one in seen.files if one.pk == file_id), None)
    if found is None:
        raise NotVisible
    log_access(
        actor=seen.viewer.person.actor_id, action="download", object=f"evidence:{found.pk}", now=seen.viewer.now,
        address=request.META.get("REMOTE_ADDR", ""),
    )  # fmt: skip
    return as_attachment(FileResponse(open_evidence(found), content_type="application/octet-stream"), found.name)
