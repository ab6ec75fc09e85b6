"""The page of workload: who has how much, how old, how late; every number opens its list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.people.rights import rights_of
from amends.apps.policies.models import Desk
from amends.apps.reporting.experience import relief_by_person
from amends.apps.reporting.workload import AGES, LATELY, DepartmentLoad, Load, workload
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.viewing import check_sees_others, desk_asked_for, packs_of, viewer_of, zone_of


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and the list it stands for; no address where there is none."""

    title: str
    n: int
    address: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A person as a row of the table."""

    load: Load
    figures: list[Figure]
    ages: list[tuple[int, int, str]]


@route(audience="staff", permission="sees_others", kind="case")
def page(request: HttpRequest) -> HttpResponse:
    """Who has how much to do, among the cases that the viewer may see."""
    viewer = viewer_of(request)
    check_sees_others(viewer)
    packs = {desk: pack for desk, pack in packs_of(viewer).items() if viewer.works_on(desk)}
    desk = desk_asked_for(request.GET, packs)
    context: dict[str, Any] = {"area": "workload", "desk": desk, "desks": list(packs), "ages": age_titles()}
    if desk is not None:
        units = workload(viewer, desk)
        since = (viewer.now - LATELY).astimezone(zone_of(packs[desk])).date().isoformat()
        most = max((load.open for unit in units for load in unit.people), default=0)
        if "reassign_any" in rights_of(viewer.caller(desk, packs[desk]), packs[desk]):
            context["relief"] = relief_by_person(desk, since=viewer.now - LATELY)
        context["skills"] = {name: words(skill.title) for name, skill in packs[desk].routing.skills.items()}
        context["units"] = [(unit, [_line(desk, unit, load, since, most) for load in unit.people]) for unit in units]
    return render(request, "reports/workload.html", context)


def age_titles() -> list[str]:
    """The spans of AGES in words."""
    spans = [gettext("%(n)s 天以内") % {"n": AGES[0]}]
    spans += [gettext("%(from)s–%(to)s 天") % {"from": a, "to": b} for a, b in zip(AGES, AGES[1:], strict=False)]
    return [*spans, gettext("%(n)s 天以上") % {"n": AGES[-1]}]


def _line(desk: Desk, unit: DepartmentLoad, load: Load, since: str, most: int) -> Line:
    who = {
        "desk": desk.code, "handler": str(load.person.pk) if load.person else "none",
        "department": str(unit.department) if unit.department else "none",
    }  # fmt: skip
    figures = [
        Figure(gettext("未结"), load.open, _list(who, status="open")),
        Figure(gettext("超时"), load.late, _list(who, status="open", late="yes"), "late"),
        Figure(gettext("即将到期"), load.soon, _list(who, status="open", late="soon"), "soon"),
        Figure(gettext("等待客户"), load.waiting, _list(who, status="waiting")),
        Figure(gettext("近 30 天收到"), load.received, _list(who, status="all", received_from=since)),
        Figure(gettext("近 30 天办结"), load.closed),
    ]
    widest = most or 1
    ages = [(n, round(100 * n / widest), title) for n, title in zip(load.ages, age_titles(), strict=True)]
    return Line(load, figures, ages)


def _list(who: dict[str, str], **filters: str) -> str:
    return f"{reverse('queue')}?{urlencode({'tab': 'all', **who, **filters})}"
