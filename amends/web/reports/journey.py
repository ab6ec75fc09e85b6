"""客户旅程: complaints, satisfaction and open actions by stage; the weakest stage without an action is flagged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from amends.apps.cases.proceedings.queries import possible_on_desk
from amends.apps.cases.queries import Viewer
from amends.apps.policies.models import Desk
from amends.apps.reporting.journey import StageFigures, journey_of
from amends.core.policy.kpis import Journey
from amends.core.policy.pack import Pack
from amends.core.refusals import NotPermitted
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.forms.drawing import Choice
from amends.web.viewing import check_sees_others, desk_asked_for, journeys_of, viewer_of, zone_of

USUAL_DAYS = 365


@dataclass(frozen=True, slots=True)
class Line:
    """A stage with its figures in words, and the list of open cases behind it where one category stands for it."""

    figures: StageFigures
    title: str
    mean: str
    width: int
    address: str


@route(audience="staff", permission="sees_others", kind="case")
def page(request: HttpRequest) -> HttpResponse:
    """The journey of one desk over a span of days, by default the last year."""
    viewer = viewer_of(request)
    check_sees_others(viewer)
    packs = journeys_of(viewer)
    desk = desk_asked_for(request.GET, packs)
    if desk is None:
        raise NotPermitted(verb="查看客户旅程")
    pack = packs[desk]
    today = viewer.now.astimezone(zone_of(pack)).date()
    first, last = today - timedelta(days=USUAL_DAYS), today
    found = journey_of(viewer, desk, _journey(pack), first=first, last=last)
    most = max((stage.complaints for stage in found), default=0) or 1
    context: dict[str, Any] = {
        "area": "journey", "desk": desk, "desks": [Choice(d.code, words(d.called), is_chosen=d == desk) for d in packs],
        "first": first, "last": last, "lines": [_line(desk, _journey(pack), stage, most) for stage in found],
        "total": sum(stage.complaints for stage in found), "others": sum(stage.others for stage in found),
        "scored": sum(stage.scored for stage in found), "actions": sum(stage.actions for stage in found),
        "best": pack.kpis.reads.satisfaction.best, "flagged": next((s for s in found if s.lacks_action), None),
        "begins": _begins(viewer, desk, pack),
    }  # fmt: skip
    return render(request, "reports/journey.html", context)


def _journey(pack: Pack) -> Journey:
    assert pack.kpis.journey is not None  # noqa: S101 - only desks with one are shown
    return pack.kpis.journey


def _line(desk: Desk, journey: Journey, stage: StageFigures, most: int) -> Line:
    mean = "" if stage.mean is None else f"{stage.mean:.1f}"
    categories = journey.stages[stage.name].categories if stage.name else ()
    asked = (
        {"tab": "all", "desk": desk.code, "status": "all", "category": categories[0]} if len(categories) == 1 else {}
    )
    address = f"{reverse('queue')}?{urlencode(asked)}" if asked else ""
    return Line(stage, words(stage.title), mean, round(100 * stage.complaints / most), address)


def _begins(viewer: Viewer, desk: Desk, pack: Pack) -> str:
    """Where the viewer begins an action without a case; empty where the policy gives them none."""
    kinds = {one.kind_id for one in possible_on_desk(viewer, desk)}
    kind = next((name for name in _journey(pack).actions if name in kinds), None)
    return reverse("begin_on_desk", args=[desk.code, kind]) if kind else ""
