"""A list as a spreadsheet: asking for it with a reason, waiting for it, taking it while it lasts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.listing import PARTS
from amends.apps.cases.queries import Viewer
from amends.apps.lists.exports import (
    FULL_RIGHT,
    REASON_LENGTH,
    RIGHT,
    exports_of,
    holds_right,
    open_export,
    order_export,
)
from amends.apps.lists.habits import habit_of
from amends.apps.lists.models import Export
from amends.apps.lists.saved import kept_query
from amends.core.refusals import InvalidData, NotPermitted
from amends.doors.files import as_attachment
from amends.doors.routes import route
from amends.doors.wording import faults, language
from amends.web.addresses import own_address
from amends.web.confirming import confirm, is_confirmed
from amends.web.queue.columns import chosen
from amends.web.queue.filter_bar import Chip, chips_of, quick_fields
from amends.web.queue.views import asked_of, with_words
from amends.web.searching import PLACE, WORDS, searched
from amends.web.viewing import packs_of, viewer_of, zone_of


@route(audience="staff", permission="export", kind="export", methods=["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """What somebody asked for, and the form for one more list; sent, the worker is asked to make it."""
    viewer = viewer_of(request)
    if not holds_right(viewer, RIGHT):
        raise NotPermitted(verb="导出")
    if request.method == "POST":
        return _ordered(request, viewer)
    if request.headers.get("HX-Request") == "true":
        return render(request, "queue/_exports.html", _made(viewer))
    return _shown(request, viewer, {}, status=200)


def _ordered(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    part, asked, chips = _asked(request, viewer)
    try:
        confirm(request, request.POST.get("password", ""), viewer.now)
        order_export(
            viewer=viewer, query=kept_query({**request.GET.dict(), **asked}), words=searched(request).get(WORDS, ""),
            columns=list(chosen(habit_of(viewer.person).columns)), reason=request.POST.get("reason", ""),
            full=request.POST.get("full") == "yes", language=language(),
            asked_for=_in_words(part, chips),
        )  # fmt: skip
    except InvalidData as refusal:
        return _shown(request, viewer, faults(refusal), status=422)
    return HttpResponseRedirect(reverse("export"))


def _shown(request: HttpRequest, viewer: Viewer, errors: dict[str, list[str]], *, status: int) -> HttpResponse:
    part, _, chips = _asked(request, viewer)
    asks = bool(request.GET)
    context: dict[str, Any] = {
        "area": "queue", "asks": asks, "errors": errors, "of_the_list": _of_the_list(errors), "reason_length": REASON_LENGTH, "typed": request.POST,
        "may_full": holds_right(viewer, FULL_RIGHT), "confirmed": is_confirmed(request),
        "chips": chips, "part_title": _part_titles()[part],
        "back": own_address(f"{reverse('queue')}?{_back(request)}"), **_made(viewer),
    }  # fmt: skip
    return render(request, "queue/export.html", context, status=status)


def _asked(request: HttpRequest, viewer: Viewer) -> tuple[str, dict[str, str], list[Chip]]:
    """The part of the queue, the filters as the list itself takes them, and both in words."""
    named, packs = request.GET.get("tab", ""), packs_of(viewer)
    part = named if named in PARTS else "mine"
    asked = with_words(asked_of(request), part)
    fields = quick_fields({d: p for d, p in packs.items() if viewer.works_on(d)}, part, asked)
    return part, asked, chips_of(fields, packs.values(), asked, {})


def _of_the_list(errors: dict[str, list[str]]) -> list[str]:
    """What is wrong with the filters of the list, which have no field on this page."""
    return [sentence for name, found in errors.items() if name not in ("reason", "password") for sentence in found]


def _part_titles() -> dict[str, str]:
    return {
        "mine": gettext("我的待办"), "department": gettext("本部门"), "all": gettext("全部可见"), "archive": gettext("归档"),
    }  # fmt: skip


def _in_words(part: str, chips: Iterable[Chip]) -> str:
    """What the list was narrowed to, a line each. Words looked for may be somebody's name: the file says only that there were some."""
    said = [
        gettext("按搜索词查找（内容不写入文件）") if chip.name == WORDS else f"{chip.label}：{chip.value}"
        for chip in chips
    ]
    return "\n".join([_part_titles()[part], *said])


def _back(request: HttpRequest) -> str:
    query = kept_query(request.GET.dict())
    place = request.GET.get(PLACE, "")
    return (
        f"{query}&{PLACE}={place}" if place.isascii() and place.replace("-", "").replace("_", "").isalnum() else query
    )


def _made(viewer: Viewer) -> dict[str, Any]:
    made = list(exports_of(viewer)[:20])
    return {
        "made": made,
        "waits": any(one.state == Export.State.WAITING for one in made),
        "zone": _zone(viewer),
    }


def _zone(viewer: Viewer) -> ZoneInfo | None:
    """The zone of the viewer's first desk; that of the server for whoever has none."""
    return next((zone_of(pack) for pack in packs_of(viewer).values()), None)


@route(audience="staff", permission="export", kind="export")
def download(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """The file, for whoever asked for it, until its day is over; anybody else's is not there."""
    viewer = viewer_of(request)
    export, content = open_export(viewer, key)
    name = f"amends-{export.created_at.astimezone(_zone(viewer)):%Y%m%d-%H%M}.xlsx"
    answer = FileResponse(content, content_type="application/octet-stream")
    return as_attachment(answer, name)
