"""The list of promises: due, overdue, mine and my department's, kept and broken ones counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.promise_list import (
    SHOWS,
    WHOSE,
    Promise,
    counts_of,
    is_broken,
    page_of,
    promises_for,
    title_of_kind,
)
from amends.core.refusals import FieldError, InvalidData
from amends.doors.routes import route
from amends.doors.wording import faults, left_words, words
from amends.web.viewing import viewer_of, zone_of


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """A promise as the list shows it."""

    promise: Promise
    case: Case
    zone: Any
    kind: str
    left: str
    state: str
    tone: str


@route(audience="staff", permission="signed_in", kind="case")
def page(request: HttpRequest) -> HttpResponse:
    """A part of the list (`show`) of the own promises, those of the department, or all visible ones (`whose`).

    Without a part it opens with what is overdue, and where nothing is, with what is still to be done.
    """
    viewer = viewer_of(request)
    whose, show = request.GET.get("whose", "mine"), request.GET.get("show", "")
    context: dict[str, Any] = {"area": "promises", "whose": whose, "show": show, "lines": [], "problems": []}
    status = 200
    try:
        _refuse_unknown(request)
        found = promises_for(viewer, whose)
        counts = counts_of(found, viewer.now)
        show = context["show"] = show or ("late" if counts["late"] else "open")
        shown = page_of(found, show, viewer.now, request.GET.get("cursor", ""))
        context["lines"] = list(_lines(shown.promises, viewer.now))
        if shown.next_cursor:
            context["next"] = urlencode({"whose": whose, "show": show, "cursor": shown.next_cursor})
    except InvalidData as refusal:
        status, counts = 422, dict.fromkeys(SHOWS, 0)
        context["problems"] = [sentence for some in faults(refusal).values() for sentence in some]
    if request.headers.get("HX-Request") == "true" and request.GET.get("cursor"):
        return render(request, "promises/_lines.html", context, status=status)
    titles = {
        "late": gettext("已逾期未履行"), "open": gettext("待履行"), "broken": gettext("失约"), "kept": gettext("按时履行"),
    }  # fmt: skip
    scopes = {"mine": gettext("我的"), "department": gettext("本部门"), "all": gettext("全部可见")}
    context["parts"] = [(name, titles[name], counts[name]) for name in SHOWS]
    context["scopes"] = [(name, scopes[name]) for name in WHOSE]
    return render(request, "promises/page.html", context, status=status)


def _refuse_unknown(request: HttpRequest) -> None:
    allowed = ["whose", "show", "cursor"]
    errors = [
        FieldError(f"/{name}", "unknown_filter", {"name": name[:60], "allowed": allowed})
        for name in request.GET
        if name not in allowed
    ]
    if errors:
        raise InvalidData(errors)


def _lines(promises: Iterable[Promise], now: datetime) -> Iterable[PromiseLine]:
    for promise in promises:
        row, case = promise.row, promise.case
        pack, broken = pack_of(case), is_broken(row, now)
        is_open = row.stopped_at is None
        state = _state(is_open=is_open, broken=broken)
        yield PromiseLine(
            promise=promise,
            case=case,
            zone=zone_of(pack),
            kind=words(title_of_kind(pack, promise.kind)),
            left=left_words(row.due_at, now) if is_open and row.due_at else "",
            state=state,
            tone="late" if broken else "",
        )


def _state(*, is_open: bool, broken: bool) -> str:
    if is_open:
        return gettext("已逾期未履行") if broken else gettext("待履行")
    return gettext("逾期才履行") if broken else gettext("按时履行")
