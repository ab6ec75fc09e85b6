"""The workbench: what the day holds, most urgent first. Every number opens exactly the list that it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.proceedings.listing import proceedings_page
from amends.apps.cases.queries import Viewer
from amends.apps.reporting.workbench import FIGURES, HANDLED, LISTS, SCOPES, Day, day_of, first_lines
from amends.doors.routes import route
from amends.doors.wording import day_words
from amends.web.proceedings.expected import to_hand_in
from amends.web.proceedings.lines import Line as ProceedingLine
from amends.web.proceedings.lines import lines_of as lines_of_proceedings
from amends.web.queue.lines import Line, Look, lines_of
from amends.web.templatetags.amends_words import DEFAULT_ZONE
from amends.web.viewing import holds_a_role, packs_of, viewer_of, zone_of

MOST_WAITING = 5
"""How many approvals and tasks stand on the workbench itself."""
SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Tile:
    """A count with the address of its list."""

    title: str
    count: int
    address: str
    glyph: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Short:
    """The first cases of a list, and what is said when there are none."""

    title: str
    glyph: str
    count: int
    address: str
    rows: list[Line]
    nothing: str


@route(audience="staff", permission="signed_in", kind="case")
def page(request: HttpRequest) -> HttpResponse:
    """The own cases, those of the own department, or all visible ones, whichever is asked for or has any."""
    viewer = viewer_of(request)
    day = day_of(viewer)
    asked = request.GET.get("scope", "")
    scope = asked if asked in SCOPES else day.first_scope
    zone = _zone(viewer)
    context = {
        "area": "workbench",
        "scope": scope,
        "scopes": [(name, _scope_words(name), day.counts[name]["all"]) for name in SCOPES],
        "tiles": _tiles(day, scope),
        "lists": _lists(viewer, day, scope),
        "waiting": _waiting(viewer),
        "asides": [(_scope_words(name), _aside(day, name)) for name in SCOPES if name != scope],
        "greeting": _greeting(viewer.now.astimezone(zone)),
        "today": day_words(viewer.now.astimezone(zone), year=True),
        "zone": zone,
        "to_hand_in": to_hand_in(viewer),
        "is_apart": not day.counts["all"]["all"] and not holds_a_role(viewer),
    }
    return render(request, "workbench/page.html", context)


def _waiting(viewer: Viewer) -> list[ProceedingLine]:
    """The approvals and tasks whose turn is now; what is due much later stands on their own page alone."""
    rows = proceedings_page(viewer, {"waiting": "me"}, size=MOST_WAITING).rows
    return lines_of_proceedings([row for row in rows if row.due_at is None or row.due_at <= viewer.now + SOON])


def _zone(viewer: Viewer) -> ZoneInfo:
    """Where the viewer works: the zone of the first desk on which they hold anything."""
    zones = [zone_of(pack) for desk, pack in packs_of(viewer).items() if viewer.caller(desk, pack).holdings]
    return zones[0] if zones else DEFAULT_ZONE


def _greeting(local: datetime) -> str:
    if local.hour < 5 or local.hour >= 18:
        return gettext("晚上好")
    if local.hour < 11:
        return gettext("早上好")
    return gettext("中午好") if local.hour < 13 else gettext("下午好")


def _scope_words(scope: str) -> str:
    return {"mine": gettext("我的待办"), "department": gettext("本部门"), "all": gettext("全部可见")}[scope]


def address_of(scope: str, figure: str, **more: str) -> str:
    """The list behind a count."""
    return f"{reverse('queue')}?{urlencode({'tab': scope, **FIGURES[figure], **more})}"


def _tile(day: Day, scope: str, figure: str, title: str, glyph: str, tone: str = "") -> Tile:
    return Tile(title, day.counts[scope][figure], address_of(scope, figure), glyph, tone)


def _tiles(day: Day, scope: str) -> list[Tile]:
    whole = {"mine": gettext("等我处理"), "department": gettext("办理中"), "all": gettext("办理中")}[scope]
    first = "all" if scope == "mine" else "open"
    found = [
        _tile(day, scope, first, whole, "inbox"),
        _tile(day, scope, "late", gettext("已超时"), "clock-exclamation", "late"),
        _tile(day, scope, "soon", gettext("24 小时内到期"), "clock", "soon"),
        _tile(day, scope, "task", gettext("由我联系客户"), "phone-outgoing", "soon")
        if scope == "mine"
        else _tile(day, scope, "word", gettext("应告知未告知"), "phone-outgoing", "late"),
        _tile(day, scope, "promised", gettext("今天承诺回复"), "phone-outgoing", "soon"),
        _tile(day, scope, "said", gettext("客户新回复"), "message-dots"),
    ]
    if scope != "mine":
        return [*found, _tile(day, scope, "unowned", gettext("尚无处理人"), "user-question")]
    address = f"{reverse('queue')}?{urlencode({'tab': 'all', **HANDLED})}"
    return [*found, Tile(gettext("由我经办"), day.handled, address, "user-check")]


def _aside(day: Day, scope: str) -> list[Tile]:
    return [
        _tile(day, scope, "open", gettext("办理中"), "inbox"),
        _tile(day, scope, "late", gettext("已超时"), "clock-exclamation", "late"),
        _tile(day, scope, "soon", gettext("24 小时内到期"), "clock", "soon"),
        _tile(day, scope, "urgent", gettext("紧急"), "flame", "soon"),
        _tile(day, scope, "said", gettext("客户新回复"), "message-dots"),
    ]


def _lists(viewer: Viewer, day: Day, scope: str) -> list[Short]:
    words: dict[str, tuple[str, str, str]] = {
        "open": (gettext("先办这些"), "flame", gettext("没有需要办理的个案。")),
        "today": (gettext("已超时和今天到期"), "calendar-due", gettext("没有超时的个案，今天也没有到期的。")),
        "task": (gettext("由我联系客户"), "message-dots", gettext("没有要您联系或答复的客户。")),
        "promised": (gettext("今天承诺回复客户"), "phone-outgoing", gettext("今天没有答应客户要回的电话。")),
        "said": (gettext("客户新回复"), "message-dots", gettext("没有未处理的客户回复。")),
    }
    return [
        Short(
            title, glyph, day.counts[scope][figure], address_of(scope, figure, sort=LISTS[figure]),
            _first_rows(viewer, day, scope, figure), nothing,
        )
        for figure, (title, glyph, nothing) in words.items()
    ]  # fmt: skip


def _first_rows(viewer: Viewer, day: Day, scope: str, figure: str) -> list[Line]:
    """Nothing is asked for what was counted as none."""
    look = Look(now=viewer.now, columns=(), reader=viewer.person.actor_id)
    return lines_of(first_lines(viewer, scope, figure), look) if day.counts[scope][figure] else []
