"""The experience summary: what reviews say of each item, how results compare with expectations, which guidance is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from amends.apps.cases.care_models import GuidanceUse
from amends.apps.reporting.experience import Comment, Item, Usage, experience, guidance_used
from amends.core.form_data import options_of
from amends.core.guidance import title_of_tick
from amends.core.policy.forms import Field
from amends.core.policy.pack import Pack
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.forms.drawing import Choice
from amends.web.reports.views import days_in
from amends.web.viewing import check_sees_others, desk_asked_for, packs_of, viewer_of, zone_of

USUAL_DAYS = 365


@dataclass(frozen=True, slots=True)
class Bar:
    """One value of an item: how often it was given and its share."""

    title: str
    n: int
    share: int


@dataclass(frozen=True, slots=True)
class Shown:
    """An item as it is shown; `mean` only where it is a number."""

    title: str
    count: int
    mean: str
    best: int | None
    bars: list[Bar]
    comments: list[Comment]


@route(audience="staff", permission="sees_others", kind="case")
def page(request: HttpRequest) -> HttpResponse:
    """The items of a desk in a span of days, by default the last year."""
    viewer = viewer_of(request)
    check_sees_others(viewer)
    packs = {d: p for d, p in packs_of(viewer).items() if viewer.works_on(d)}
    desk = desk_asked_for(request.GET, packs)
    context: dict[str, Any] = {"area": "experience", "desk": desk}
    if desk is None:
        return render(request, "reports/experience.html", context)
    pack = packs[desk]
    zone = zone_of(pack)
    today = viewer.now.astimezone(zone).date()
    first, last = days_in(request, today=today, first=today - timedelta(days=USUAL_DAYS), last=today)
    since, until = (datetime.combine(day, time.min, zone) for day in (first, _day_after(last)))
    found = experience(viewer, desk, pack, since=since, until=until)
    context |= {
        "desks": [Choice(d.code, words(d.called), is_chosen=d == desk) for d in packs],
        "first": first.isoformat(),
        "last": last.isoformat(),
        "zone": zone,
        "items": [_shown(f, found[f.id], pack) for f in pack.fields.values() if f.id in found],
        "phrases": _phrases(pack, guidance_used(desk, GuidanceUse.Kind.PHRASE, since=since, until=until)),
        "ticks": _ticks(pack, guidance_used(desk, GuidanceUse.Kind.TICK, since=since, until=until)),
    }
    return render(request, "reports/experience.html", context)


def _day_after(day: date) -> date:
    return day + timedelta(days=1) if day < date.max else day


def _shown(f: Field, item: Item, pack: Pack) -> Shown:
    if f.type == "number":
        best = f.scored.best if f.scored else None
        values = sorted(item.counts, key=int, reverse=True)
        bars = [Bar(value, item.counts[value], item.share(value)) for value in values]
        return Shown(words(f.title), item.count, f"{item.mean:.1f}", best, bars, item.comments)
    bars = [Bar(words(t), item.counts.get(v, 0), item.share(v)) for v, t in options_of(f, pack).items()]
    return Shown(words(f.title), item.count, "", None, bars, item.comments)


def _phrases(pack: Pack, used: list[Usage]) -> list[tuple[str, Usage]]:
    titles = {g.id: words(g.title) for g in pack.guidance if g.id}
    return [(titles.get(usage.name, usage.name), usage) for usage in used]


def _ticks(pack: Pack, used: list[Usage]) -> list[tuple[str, Usage]]:
    named = [(title_of_tick(pack, usage.name), usage) for usage in used]
    return [(f"{words(found[0])} · {words(found[1])}" if found else usage.name, usage) for found, usage in named]
