"""系统: how the installation stands, its tools and connections, what was done to keep it, and which version ran when. 关于: for everybody."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from amends import __version__
from amends.apps.deferred.actions import discard_parked, parked_jobs, retry_parked
from amends.apps.messaging.models import OutboxMessage
from amends.apps.people.models import Person
from amends.apps.people.queries import person_of
from amends.apps.policies.models import Desk, PackVersion
from amends.apps.policies.queries import open_desks, pack_in_force, version_in_force
from amends.apps.upkeep.health import health
from amends.apps.upkeep.models import MaintenanceWindow
from amends.apps.upkeep.record import Act, acts
from amends.apps.upkeep.tools import INTEGRATIONS, Tool, Trace, catalogue, owners_of
from amends.apps.upkeep.windows import LONGEST_TEXT, Window, announce, withdraw
from amends.core.masking import masked_contact
from amends.core.policy.pack import Pack
from amends.core.refusals import InvalidData, Refusal
from amends.doors.routes import route
from amends.doors.wording import said, words
from amends.web.organisation.fields import Form, Moment, Text, posted
from amends.web.system.menu import functions_of
from amends.web.system.words import ACTS, ActLine, error_words, result_of, tool_words
from amends.web.templatetags.amends_words import DEFAULT_ZONE, exactly
from amends.web.viewing import packs_of, viewer_of, zone_of

PAGE = 50
LISTED = 20
AREA = {"area": "system"}
VERSIONS = ("upgraded", "upgrade_failed")


def _zone(request: HttpRequest) -> ZoneInfo:
    packs = packs_of(viewer_of(request))
    return next((zone_of(pack) for pack in packs.values()), DEFAULT_ZONE)


def _packs(now: datetime) -> dict[Desk, Pack]:
    """Every open desk with the policy in force; an administrator looks after all of them."""
    found = {}
    for desk in open_desks():
        try:
            found[desk] = pack_in_force(desk, now)
        except Refusal:
            continue
    return found


@route(audience="admin", permission="administrator", kind="installation")
def status(request: HttpRequest) -> HttpResponse:
    """Worker, queue, mail, clock sweep, disk and database now; jobs that were given up wait here for a decision."""
    viewer = viewer_of(request)
    context = {
        **AREA,
        "tab": "status",
        "zone": _zone(request),
        "state": health(viewer.now),
        "parked": list(parked_jobs())[:PAGE],
    }
    return render(request, "system/status.html", context)


@route(audience="admin", permission="administrator", kind="job", methods=["POST"])
def settle_job(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a job that was given up run again, or give it up for good."""
    now = viewer_of(request).now
    done = discard_parked(pk, now=now) if request.POST.get("do") == "discard" else retry_parked(pk)
    if not done:
        raise Http404
    messages.success(request, gettext("已处理。"))
    return HttpResponseRedirect(reverse("system"))


@dataclass(frozen=True, slots=True)
class ToolLine:
    """A tool as a row of the catalogue."""

    tool: Tool
    trace: Trace
    title: str
    purpose: str
    owners: list[str]
    error: str
    address: str


@route(audience="admin", permission="administrator", kind="installation")
def tools(request: HttpRequest) -> HttpResponse:
    """Every tool: whether it is in use, whose it is, where it is set up, when it last worked, and what went wrong last."""
    packs = _packs(viewer_of(request).now)
    context = {**AREA, "tab": "tools", "zone": _zone(request), "lines": _tool_lines(packs)}
    return render(request, "system/tools.html", context)


def _tool_lines(packs: dict[Desk, Pack]) -> list[ToolLine]:
    return [
        ToolLine(
            tool, trace, *tool_words(tool.name), owners=_owners(tool, packs), error=error_words(trace.last_error),
            address=reverse(tool.page),
        )
        for tool, trace in catalogue(packs.values())
    ]  # fmt: skip


def _owners(tool: Tool, packs: dict[Desk, Pack]) -> list[str]:
    titles = [words(pack.roles.roles[name].title) for pack in packs.values() for name in owners_of(tool, pack)]
    return list(dict.fromkeys(titles))[:4]


@route(audience="admin", permission="administrator", kind="installation")
def integrations(request: HttpRequest) -> HttpResponse:
    """The connections to other systems, and the messages that a connection did not take yet or at all."""
    viewer = viewer_of(request)
    lines = [line for line in _tool_lines(_packs(viewer.now)) if line.tool.name in INTEGRATIONS]
    stuck = OutboxMessage.objects.filter(
        state__in=(OutboxMessage.State.WAITING, OutboxMessage.State.FAILED, OutboxMessage.State.UNKNOWN), attempts__gt=0
    )
    rows = [(row, masked_contact(row.address), error_words(row.error)) for row in stuck.order_by("-pk")[:PAGE]]
    context = {**AREA, "tab": "integrations", "zone": _zone(request), "lines": lines, "stuck": rows}
    return render(request, "system/integrations.html", context)


class WindowForm(Form):
    """A maintenance window: when, what for, and from when people are told."""

    text = Text(label=_("说明"), limit=LONGEST_TEXT)
    text_en = Text(label=_("英文说明"), limit=LONGEST_TEXT, required=False)

    def __init__(self, *args: Any, zone: ZoneInfo, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["starts_at"] = Moment(label=_("开始"), zone=zone, name="starts_at")
        self.fields["ends_at"] = Moment(label=_("结束"), zone=zone, name="ends_at")
        self.fields["announced_from"] = Moment(label=_("从何时起通知（空：立即）"), zone=zone, name="announced_from")
        self.fields["announced_from"].required = False
        self.order_fields(["starts_at", "ends_at", "announced_from", "text", "text_en"])


@route(audience="admin", permission="administrator", kind="installation", methods=["GET", "POST"])
def maintenance(request: HttpRequest) -> HttpResponse:
    """The maintenance record with results, and windows that are announced to everybody signed in."""
    viewer, zone = viewer_of(request), _zone(request)
    form = WindowForm(posted(request), zone=zone)
    if request.method == "POST" and form.is_valid():
        try:
            announce(Window(**form.cleaned_data), by=viewer.person, now=viewer.now)
        except InvalidData as refusal:
            form.take(refusal)
        else:
            messages.success(request, gettext("已发布，到时显示在每个人的页面上。"))
            return HttpResponseRedirect(reverse("maintenance"))
    before = request.GET.get("before", "")
    rows = acts(before=int(before) if before.isdecimal() and len(before) < 16 else None, most=PAGE + 1)
    windows = MaintenanceWindow.objects.filter(ends_at__gt=viewer.now, withdrawn_at=None).order_by("starts_at", "pk")
    context = {
        **AREA, "tab": "maintenance", "zone": zone, "form": form, "windows": windows[:LISTED],
        "lines": act_lines(rows[:PAGE], zone), "next": rows[PAGE - 1].seq if len(rows) > PAGE else "",
    }  # fmt: skip
    return render(request, "system/maintenance.html", context, status=422 if form.errors else 200)


@route(audience="admin", permission="administrator", kind="installation", methods=["POST"])
def withdraw_window(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Take an announcement back, or end a window early."""
    viewer = viewer_of(request)
    window = MaintenanceWindow.objects.filter(pk=key).first()
    if window is None:
        raise Http404
    try:
        withdraw(window, by=viewer.person, now=viewer.now)
    except Refusal as refusal:
        messages.error(request, said(refusal))
    else:
        messages.success(request, gettext("已撤销。"))
    return HttpResponseRedirect(reverse("maintenance"))


@route(audience="admin", permission="administrator", kind="installation")
def version_history(request: HttpRequest) -> HttpResponse:
    """Which version runs, which ran before, and what each upgrade did."""
    zone = _zone(request)
    lines = act_lines(acts(kinds=VERSIONS, most=PAGE), zone)
    context = {
        **AREA,
        "tab": "versions",
        "zone": zone,
        "lines": lines,
        "version": __version__,
        "state": health(viewer_of(request).now),
    }
    return render(request, "system/versions.html", context)


def act_lines(rows: list[Act], zone: ZoneInfo) -> list[ActLine]:
    """Acts in words, with the names of who did them."""
    ids = {found for row in rows if (found := person_of(row.actor))}
    names = dict(Person.objects.filter(pk__in=ids).values_list("pk", "name"))
    return [
        ActLine(row, gettext(ACTS[row.kind]), result_of(row, lambda text: _moment(text, zone)), _who(row, names))
        for row in rows
    ]


def _moment(text: str, zone: ZoneInfo) -> str:
    return exactly(datetime.fromisoformat(text.replace("Z", "+00:00")), zone)


def _who(row: Act, names: dict[int, str]) -> str:
    return names.get(person_of(row.actor) or 0, "") or gettext("命令行")


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """A policy in force, as the about page names it."""

    desk: Desk
    pack: Pack
    version: PackVersion


@route(audience="staff", permission="signed_in", kind="installation")
def about(request: HttpRequest) -> HttpResponse:
    """What the system is for, the policies in force with their versions, the version of the software, and one's own functions."""
    viewer = viewer_of(request)
    policies = [PolicyLine(desk, pack, version_in_force(desk, viewer.now)) for desk, pack in packs_of(viewer).items()]
    context = {"area": "about", "policies": policies, "version": __version__, "functions": functions_of(request)}
    return render(request, "system/about.html", context)
