"""The access log: who looked at which case, how, why and from where. Read by those with the right to audit, changed by nobody."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from amends.apps.cases.reading_log import ACTIONS, audited_desks, entries_for, looks, narrowed, read_much
from amends.apps.people.models import AccessEntry, Person
from amends.core.refusals import NotPermitted
from amends.doors.routes import route
from amends.web.templatetags.amends_words import DEFAULT_ZONE
from amends.web.viewing import packs_of, viewer_of, zone_of

PAGE = 50


def action_words() -> dict[str, str]:
    """What each kind of look is called."""
    return {
        "view": gettext("查看"), "search": gettext("搜索"), "reveal": gettext("查看完整信息"), "download": gettext("下载"),
        "export": gettext("导出"), "print": gettext("打印"), "refused": gettext("被拒绝"),
        "erase": gettext("删除"),
    }  # fmt: skip


@route(audience="staff", permission="audit", kind="access")
def page(request: HttpRequest) -> HttpResponse:
    """The log of the desks that the viewer audits, newest first, narrowed and paged."""
    viewer = viewer_of(request)
    if not viewer.person.is_administrator and not audited_desks(viewer.person, viewer.now):
        raise NotPermitted(verb="查阅记录")
    zone = next((zone_of(pack) for pack in packs_of(viewer).values()), DEFAULT_ZONE)
    asked = {name: request.GET.get(name, "").strip()[:60] for name in ("who", "action", "number", "from", "to")}
    entries = narrowed(
        entries_for(viewer.person, viewer.now), who=asked["who"], action=asked["action"] if asked["action"] in ACTIONS else "",
        number=asked["number"], first=_day(asked["from"], zone), last=_day(asked["to"], zone, after=1),
    )  # fmt: skip
    rows = list(_after(entries, request.GET.get("after", "")).order_by("-at", "-pk")[: PAGE + 1])
    shown = looks(rows[:PAGE])
    words = action_words()
    context: dict[str, Any] = {
        "area": "access", "asked": asked, "zone": zone, "actions": words,
        "rows": [(look, words.get(look.row.action, look.row.action), _what(look.row)) for look in shown],
        "next": rows[PAGE - 1].pk if len(rows) > PAGE else "", "much": _much(viewer.person, viewer.now),
    }  # fmt: skip
    return render(request, "access/page.html", context)


def _day(text: str, zone: ZoneInfo, *, after: int = 0) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=after), time(), tzinfo=zone) if text else None
    except (ValueError, OverflowError):
        return None


def _after(entries: Any, number: str) -> Any:
    """Older than the entry at which the page before ended."""
    last = AccessEntry.objects.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 18 else None
    if last is None:
        return entries
    return entries.filter(at__lte=last.at).exclude(at=last.at, pk__gte=last.pk)


def _what(row: AccessEntry) -> str:
    """What beside the case was looked at: a page, a field, a file, a list."""
    kind = row.object.partition(":")[0]
    said = {
        "evidence": gettext("材料"),
        "export": gettext("导出的清单"),
        "cases": gettext("个案清单"),
        "complainant": gettext("投诉人"),
        "complainants": gettext("投诉人"),
    }
    return said.get(kind, "")


def _much(person: Person, now: datetime) -> list[tuple[str, int]]:
    """Who read unusually much within the last hour on a desk that the person audits."""
    desks = {desk.pk for desk in audited_desks(person, now)}
    found = [(actor, n) for actor, desk, n in read_much(now=now) if desk in desks]
    names = {
        f"person:{p.pk}": p.name
        for p in Person.objects.filter(pk__in=[int(a[7:]) for a, _ in found if a.startswith("person:")])
    }
    return [(names.get(actor, actor), n) for actor, n in found]
