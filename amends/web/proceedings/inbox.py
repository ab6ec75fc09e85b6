"""The lists of proceedings: what waits for me with all that is needed to decide beside it, what is open, what has ended."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.proceedings.library import libraries_of, reads_library
from amends.apps.cases.proceedings.listing import filtered_proceedings, proceedings_page
from amends.apps.cases.proceedings.queries import overdue_periods, possible_on_desk, visible_proceeding
from amends.apps.cases.queries import Viewer
from amends.apps.policies.models import Desk
from amends.core.policy.proceedings import ProceedingKind
from amends.core.refusals import FieldError, InvalidData
from amends.doors.routes import route
from amends.doors.wording import faults, words
from amends.web.proceedings.expected import awaited_by
from amends.web.proceedings.ledger import packs_that_pay
from amends.web.proceedings.lines import lines_of
from amends.web.proceedings.seeing import ProceedingView, proceeding_view
from amends.web.proceedings.showing import facts_shown, shown
from amends.web.viewing import packs_of, viewer_of, zone_of

TABS: dict[str, dict[str, str]] = {
    "waiting": {"waiting": "me"},
    "open": {"status": "open"},
    "ended": {"status": "rest"},
}
ASKED = ("desk", "kind", "late")


@route(audience="staff", permission="signed_in", kind="proceeding")
def page(request: HttpRequest) -> HttpResponse:
    """What waits for me, what is open, what has ended; those due first at the top."""
    viewer = viewer_of(request)
    tab = request.GET.get("tab", "waiting")
    asked = {name: request.GET[name] for name in ASKED if request.GET.get(name)}
    context: dict[str, Any] = {"area": "proceedings", "tab": tab, "asked": asked, "zone": _zone(viewer), "status": 200}
    try:
        _refuse_unknown(request, tab)
        found = proceedings_page(viewer, {**TABS[tab], **asked}, cursor=request.GET.get("cursor"))
        context |= {"lines": lines_of(found.rows, viewer=viewer), "next_cursor": found.next_cursor}
    except InvalidData as refusal:
        context |= {"lines": [], "problems": [s for some in faults(refusal).values() for s in some], "status": 422}
    if request.headers.get("HX-Request") == "true" and request.GET.get("cursor"):
        return render(request, "proceedings/_lines.html", context, status=context["status"])
    rows = context["lines"]
    if tab == "waiting" and rows:
        context |= beside_of(ProceedingView(viewer, visible_proceeding(viewer, rows[0].row.pk)))
    beginnings = _beginnings(viewer)
    context |= {
        "has_board": any(kind.board for pack in packs_of(viewer).values() for kind in pack.proceedings.values()),
        "kinds": _kinds(viewer),
        "has_ledger": bool(packs_that_pay(viewer)),
        "beginnings": beginnings,
        "overdue": _overdue(viewer, beginnings),
        "awaited": awaited_by(viewer),
        "libraries": [d for d, pack in packs_of(viewer).items() if libraries_of(pack) and reads_library(viewer, d)],
        "empty": title_of_empty(tab),
        "waiting_count": filtered_proceedings(viewer, {"waiting": "me"}).count(),
    }
    return render(request, "proceedings/page.html", context, status=context["status"])


def _refuse_unknown(request: HttpRequest, tab: str) -> None:
    allowed = {*ASKED, "tab", "cursor"}
    errors = [
        FieldError(f"/{name}", "unknown_filter", {"name": name[:60], "allowed": sorted(allowed)})
        for name in request.GET
        if name not in allowed
    ]
    if tab not in TABS:
        errors.append(FieldError("/tab", "bad_filter_value", {"name": "tab", "value": tab[:60]}))
    if errors:
        raise InvalidData(errors)


def _zone(viewer: Viewer) -> Any:
    packs = list(packs_of(viewer).values())
    return zone_of(packs[0]) if packs else None


def _kinds(viewer: Viewer) -> list[tuple[str, str]]:
    """The kinds that the desks on which the viewer works know, each once; those of every desk for whoever works on none."""
    packs = packs_of(viewer)
    own = {desk: pack for desk, pack in packs.items() if viewer.works_on(desk)} or packs
    found = {name: words(kind.title) for pack in own.values() for name, kind in pack.proceedings.items()}
    return sorted(found.items(), key=lambda one: one[1])


def _beginnings(viewer: Viewer) -> list[tuple[Any, Any]]:
    """What the viewer may begin without a case, by desk."""
    return [(desk, one) for desk in packs_of(viewer) for one in possible_on_desk(viewer, desk)]


def _overdue(viewer: Viewer, beginnings: list[tuple[Any, Any]]) -> list[tuple[Desk, ProceedingKind, str]]:
    """What the policy of a desk on which the viewer works wants to recur and did not, with the address at which they may begin
    it; empty where they may not.
    """
    addresses = {
        (desk, one.kind_id): reverse("begin_on_desk", args=[desk.code, one.kind_id]) for desk, one in beginnings
    }
    return [
        (desk, kind, addresses.get((desk, name), ""))
        for desk in packs_of(viewer)
        if viewer.works_on(desk)
        for name, kind in overdue_periods(desk, viewer.now)
    ]


@route(audience="staff", permission="visible", kind="proceeding")
def beside(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """What somebody needs to decide in their inbox: the facts, the amounts, who decided before them, and the buttons."""
    return render(request, "proceedings/_beside.html", beside_of(proceeding_view(request, key)))


def beside_of(seen: ProceedingView) -> dict[str, Any]:
    """What stands beside the inbox for the chosen row."""
    return {**shown(seen), "facts": facts_shown(seen), "from_inbox": True}


def title_of_empty(tab: str) -> str:
    """What a list without rows says."""
    return {
        "waiting": gettext("没有等您处理的事项"),
        "open": gettext("没有进行中的专项程序"),
        "ended": gettext("还没有办结的专项程序"),
    }.get(tab, "")
