"""The page of indicators: value, sample and target of every figure beside the periods before; each opens the list of its cases."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext

from amends.apps.cases.queries import Viewer
from amends.apps.lists.exports import RIGHT, holds_right
from amends.apps.people.actions import log_access
from amends.apps.people.choices import departments_to_choose
from amends.apps.policies.models import Desk
from amends.apps.reporting.figures import NUMBERED, Figure, Part, Question, cases_behind, counts_behind
from amends.core.periods import Period
from amends.core.policy.pack import Pack
from amends.core.refusals import CHOSEN, FieldError, InvalidData, NotPermitted, not_given
from amends.doors.figures import (
    Asked,
    Line,
    asked_in,
    change_words,
    dimension_words,
    grid_of,
    group_in,
    group_words,
    lines_of,
    part_words,
    span_words,
    target_words,
    value_words,
    verdict_words,
    write_figures,
)
from amends.doors.files import as_attachment
from amends.doors.routes import route
from amends.doors.wording import faults, words
from amends.web.addresses import own_address
from amends.web.forms.drawing import Choice
from amends.web.queue.behind import page_of_cases
from amends.web.viewing import desk_asked_for, packs_of, viewer_of

EVER_DAYS = 3650
PARTS: tuple[Part, ...] = ("all", "counted", "rest", "open")
AREAS = {"analysis_of_causes": "analysis"}
"""Pages that the menu knows under another name."""
BACK = "back"
"""Under which name the address of a list carries the page from which it was opened, with its period and filters."""


def desks_of(viewer: Viewer) -> dict[Desk, Pack]:
    """The desks on which the viewer works whose policy has indicators."""
    return {desk: pack for desk, pack in packs_of(viewer).items() if viewer.works_on(desk) and pack.kpis.indicators}


@route(audience="staff", permission="signed_in", kind="case")
def page(request: HttpRequest) -> HttpResponse:
    """The indicators of a desk over a period, or split by a dimension."""
    viewer = viewer_of(request)
    packs = desks_of(viewer)
    desk = desk_asked_for(request.GET, packs)
    context: dict[str, Any] = {
        "area": "figures",
        "desk": desk,
        "first": request.GET.get("from", ""),
        "last": request.GET.get("to", ""),
    }
    if desk is None:
        return render(request, "reports/figures.html", context)
    context |= _frame(request, packs, desk)
    try:
        asked = asked_in(request.GET.dict(), desk=desk, pack=packs[desk], viewer=viewer)
        context |= _shown(viewer, asked)
    except InvalidData as refusal:
        context |= {"problems": [sentence for some in faults(refusal).values() for sentence in some]}
        return render(request, "reports/figures.html", context, status=422)
    context |= {"query": request.GET.urlencode(), "may_export": holds_right(viewer, RIGHT, on=desk)}
    return render(request, "reports/figures.html", context)


def _frame(request: HttpRequest, packs: dict[Desk, Pack], desk: Desk) -> dict[str, Any]:
    by, pack = request.GET.get("by", ""), packs[desk]
    splits = {**dimension_words(pack), **span_words()}
    units = [
        Choice(str(unit.id), words(unit.title), is_chosen=str(unit.id) == request.GET.get("department"))
        for unit in departments_to_choose(desk)
    ]
    kinds = [
        Choice(k, words(v.title), is_chosen=k == request.GET.get("channel")) for k, v in pack.channels.channels.items()
    ]
    tops = [
        Choice(v.id, words(v.title), is_chosen=v.id == request.GET.get("category"))
        for v in pack.categories.schemes[0].values
    ]
    return {
        "desks": [Choice(d.code, words(d.called), is_chosen=d == desk) for d in packs],
        "splits": [Choice(name, title, is_chosen=name == by) for name, title in splits.items()],
        "units": units, "channels": kinds, "categories": tops,
    }  # fmt: skip


def _shown(viewer: Viewer, asked: Asked) -> dict[str, Any]:
    shown = {"first": asked.period.first.isoformat(), "last": asked.period.last.isoformat()}
    if not asked.by:
        return {**shown, "lines": [_line(asked, line) for line in lines_of(viewer, asked)]}
    grid, titles = grid_of(viewer, asked), {**dimension_words(asked.pack), **span_words()}
    groups = [(said, [_cell(asked, one) for one in row]) for _, said, row in grid.groups]
    return {
        **shown,
        "heads": [titles[name] for name in asked.by],
        "indicators": [words(one.title) for one in grid.indicators],
        "groups": groups,
    }


def _line(asked: Asked, line: Line) -> dict[str, Any]:
    indicator = line.indicator
    return {
        **_cell(asked, line.now), "title": words(indicator.title), "says": words(indicator.says), "target": target_words(indicator),
        "earlier": [_earlier(line, one, asked) for one in (line.before, line.a_year_before)],
        "clauses": indicator.clause,
    }  # fmt: skip


def _cell(asked: Asked, one: Figure | None) -> dict[str, Any]:
    if one is None:
        return {"value": "", "title": ""}
    word, icon, tone = verdict_words(one.result.verdict)
    back = _address_of(asked)
    of = one.question.indicator.kind in ("share", "per_volume")
    value, sample = value_words(one), one.result.sample
    return {
        "title": words(one.question.indicator.title), "value": value, "sample": sample, "open": one.open, "word": word, "icon": icon, "tone": tone,
        "of": "" if value == str(sample) else sample, "part": f"{one.result.numerator} / {one.result.denominator}" if of and one.result.denominator else "",
        "address": cases_address(one, "all", back=back), "counted": cases_address(one, "counted", back=back) if of else "",
        "open_address": cases_address(one, "open", back=back),
    }  # fmt: skip


def _earlier(line: Line, earlier: Figure, asked: Asked) -> dict[str, Any]:
    change = line.change(earlier)
    is_better = (
        change is not None and line.indicator.direction != "none" and (change > 0) == (line.indicator.direction == "up")
    )
    return {
        "value": value_words(earlier), "sample": earlier.result.sample, "change": "" if change is None else change_words(line.indicator, change),
        "icon": "" if not change else "trending-up" if change > 0 else "trending-down",
        "tone": "" if not change or line.indicator.direction == "none" else "good" if is_better else "late",
    }  # fmt: skip


def _address_of(asked: Asked) -> str:
    """The page of the indicators as it was asked for."""
    query = {
        "desk": asked.desk.code, "from": asked.period.first.isoformat(), "to": asked.period.last.isoformat(),
        **({"by": ",".join(asked.by)} if asked.by else {}), **{k: v or "-" for k, v in asked.filters.items()},
    }  # fmt: skip
    return f"{reverse('figures')}?{urlencode(query)}"


def cases_address(one: Figure, part: Part = "all", *, back: str = "") -> str:
    """The address of the list behind a figure: the same filters, the group as filters of its own, and the way back."""
    question = one.question
    query = {
        "desk": question.desk.code, "from": question.period.first.isoformat(), "to": question.period.last.isoformat(),
        "indicator": question.indicator.id, "part": part, **{k: v or "-" for k, v in question.filters.items()},
    }  # fmt: skip
    if one.group:
        query |= {"by": ",".join(question.by), "group": "|".join("-" if v in (None, "") else str(v) for v in one.group)}
    return f"{reverse('figure_cases')}?{urlencode(query | ({BACK: back} if back else {}))}"


@route(audience="staff", permission="signed_in", kind="case")
def cases(request: HttpRequest) -> HttpResponse:
    """The cases behind one figure, the latest first: as many as the figure says."""
    viewer = viewer_of(request)
    packs = desks_of(viewer)
    desk = desk_asked_for(request.GET, packs)
    if desk is None:
        return render(request, "reports/figure_cases.html", {"area": "figures", "title": gettext("指标"), "total": 0})
    query = {name: value for name, value in request.GET.dict().items() if name != BACK}
    asked = asked_in(query, desk=desk, pack=packs[desk], viewer=viewer)
    found, question, group = behind(viewer, asked, query)
    part = query.get("part", "all")
    counts = counts_behind(viewer, question, group=group)
    context = {
        **_came_from(request), "title": words(question.indicator.title), "says": words(question.indicator.says), **page_of_cases(request, found),
        "total": counts[part] if part in counts else found.count(), "parts": _parts(request, question, counts, part),  # type: ignore[index]
        "period": asked.period, "is_of_today": asked.period == ever_until(asked.period.last), "group": [*_filtered(asked), *(group_words(asked, [group])[group] if group else [])],
        "part": part_words(question.indicator).get(part, ""),  # type: ignore[call-overload]
    }  # fmt: skip
    return render(request, "reports/figure_cases.html", context)


def _filtered(asked: Asked) -> list[str]:
    """The filters of a list in words: what a title does not say."""
    shown = {name: value for name, value in asked.filters.items() if name != "restricted"}
    key = tuple(int(v) if k in NUMBERED and v.isdecimal() else v for k, v in shown.items())
    return group_words(replace(asked, by=tuple(shown)), [key])[key] if shown else []


def _parts(request: HttpRequest, question: Question, counts: Mapping[Part, int], chosen: str) -> list[dict[str, Any]]:
    """The parts of a figure side by side, each with how many cases it has; none where there is only one."""
    said = part_words(question.indicator)
    found = []
    for name, n in counts.items():
        query = request.GET.copy()
        query.pop("cursor", None)
        query["part"] = name
        found.append({"title": said[name], "n": n, "query": query.urlencode(), "is_chosen": name == chosen})
    return found if len(found) > 1 else []


def _came_from(request: HttpRequest) -> dict[str, Any]:
    """The page from which the list was opened, else that of the indicators with the same desk and days."""
    titles = {
        "overview": gettext("概览"), "figures": gettext("指标"), "analysis_of_causes": gettext("原因分析"), "scores": gettext("考核得分"),
    }  # fmt: skip
    wanted = request.GET.get(BACK, "")[:2000]
    name = _name_of(wanted)
    if name in titles:
        return {"area": AREAS.get(name, name), "back": wanted, "back_title": titles[name]}
    kept = {key: request.GET[key] for key in ("desk", "from", "to") if request.GET.get(key)}
    return {"area": "figures", "back": f"{reverse('figures')}?{urlencode(kept)}", "back_title": titles["figures"]}


def _name_of(address: str) -> str:
    """The name of the page of ours that an address asks for; nothing where it is none."""
    if not address or own_address(address) != address:
        return ""
    try:
        return resolve(urlsplit(address).path).url_name or ""
    except (Resolver404, ValueError):
        return ""


def ever_until(day: date) -> Period:
    """What is open on a day, whenever it was received."""
    return Period(day - timedelta(days=EVER_DAYS), day)


def behind(viewer: Viewer, asked: Asked, query: dict[str, str]) -> tuple[Any, Question, Any]:
    """The rows behind the figure that an address names, its question, and the group."""
    part = query.get("part", "all")
    if asked.indicator is None:
        raise InvalidData([not_given("/indicator", "指标", way=CHOSEN)])
    if part not in PARTS:
        raise InvalidData([FieldError("/part", "unknown_filter", {"name": part[:60], "allowed": list(PARTS)})])
    question = asked.question(asked.indicator)
    group = group_in(query.get("group", ""), asked.by)
    return cases_behind(viewer, question, group=group, part=part), question, group


@route(audience="staff", permission="export", kind="case")
def export(request: HttpRequest) -> HttpResponseBase:
    """The table as a spreadsheet: figures only, no cases; who took it is noted."""
    viewer = viewer_of(request)
    packs = desks_of(viewer)
    desk = desk_asked_for(request.GET, packs)
    if desk is None or not holds_right(viewer, RIGHT, on=desk):
        raise NotPermitted(verb="导出")
    asked = asked_in(request.GET.dict(), desk=desk, pack=packs[desk], viewer=viewer)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write_figures(file, lines_of(viewer, asked), grid_of(viewer, asked) if asked.by else None, asked)
    file.seek(0)
    log_access(
        actor=viewer.person.actor_id, action="export", object="figures", field=f"desk:{desk.code}", now=viewer.now,
        reason=request.GET.urlencode()[:200],
    )  # fmt: skip
    answer = FileResponse(file, content_type="application/octet-stream")
    return as_attachment(answer, f"figures-{desk.code}-{viewer.now:%Y%m%d}.xlsx")
