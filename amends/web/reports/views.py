"""Counts, and the check that every open case has a state, an owner and a due date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from amends.apps.people.choices import departments_to_choose
from amends.apps.reporting.queries import DIMENSIONS, FIRST_VALUES, Counts, counts, further_schemes, gaps
from amends.core.periods import Period, begun
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData
from amends.doors.figures import day_of
from amends.doors.papers.formats import month_in_print
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.forms.drawing import Choice
from amends.web.queue.rows import rows_of
from amends.web.viewing import desk_asked_for, packs_of, viewer_of, zone_of


@route(audience="staff", permission="signed_in", kind="case")
def page(request: HttpRequest) -> HttpResponse:
    """A table for a desk: months down, the values of one dimension across."""
    viewer = viewer_of(request)
    packs = {d: p for d, p in packs_of(viewer).items() if viewer.caller(d, p).holdings} or packs_of(viewer)
    desk = desk_asked_for(request.GET, packs)
    context: dict[str, Any] = {"area": "counts", "by": request.GET.get("by", "kind")}
    if desk is None:
        return render(request, "reports/counts.html", context)
    pack, by = packs[desk], context["by"]
    first, last = days_in(request, today=viewer.now.astimezone(zone_of(pack)).date())
    names = values_in_words(pack, by)
    shown = {
        counted: _drawn(counts(viewer, desk, by=by, counted=counted, first=first, last=last), names)
        for counted in (True, False)
    }
    context |= {
        "desk": desk,
        "desks": [Choice(d.code, words(d.called), is_chosen=d == desk) for d in packs],
        "dimensions": [Choice(k, title, is_chosen=k == by) for k, title in dimension_titles(pack).items()],
        "first": request.GET.get("from", ""),
        "last": request.GET.get("to", ""),
        "counted": shown[True],
        "apart": shown[False],
    }
    return render(request, "reports/counts.html", context)


def days_in(
    request: HttpRequest, *, today: date, first: date | None = None, last: date | None = None
) -> tuple[Any, Any]:
    """The days between which a filter asks, each left out as it usually is. Raises InvalidData for what is no day, for an end before the start, and for a start after today."""
    first, last = _day_in(request, "from") or first, _day_in(request, "to") or last
    if first and last and last < first:
        raise InvalidData([FieldError("/to", "period_ends_before_it_starts")])
    if first:
        begun(Period(first, first), today)
    return first, last


def _day_in(request: HttpRequest, name: str) -> date | None:
    """The day in a filter; None where it is left out. Raises InvalidData for what is none."""
    text = request.GET.get(name, "")
    if not text:
        return None
    day = day_of(text)
    if day is None:
        field = gettext("起始日期") if name == "from" else gettext("截止日期")
        raise InvalidData([FieldError(f"/{name}", "bad_date", {"field": field})])
    return day


def dimension_titles(pack: Pack) -> dict[str, str]:
    """The dimensions in words; the level and the main category under the pack's own names."""
    axis = pack.grading.axis(pack.grading.level or "")
    titles = {
        "kind": gettext("类型"), "channel": gettext("渠道"), "channel_group": gettext("渠道分类"),
        "category": words(pack.categories.schemes[0].title), "level": words(axis.title) if axis else gettext("级别"),
        "state": gettext("状态"), "department": gettext("责任部门"), "handler": gettext("处理人"),
        "outcome": gettext("处理结果"), "partner": gettext("合作方"),
    }  # fmt: skip
    further = {name: words(scheme.title) for name, scheme in further_schemes(pack).items()}
    first = {name: gettext("%(what)s（初步）") % {"what": titles[of]} for name, of in FIRST_VALUES.items()}
    return {name: titles[name] for name in DIMENSIONS} | first | further


def values_in_words(pack: Pack, by: str) -> Mapping[str, str]:
    """The stored codes of a dimension with their words."""
    axis = pack.grading.axis(pack.grading.level or "")
    titles: dict[str, Any] = {
        "kind": {k: v.title for k, v in pack.channels.kinds.items()},
        "channel": {k: v.title for k, v in pack.channels.channels.items()},
        "channel_group": pack.channels.groups,
        "category": {path: node.title for path, node in pack.categories.schemes[0].walk()},
        "level": {v.id: v.title for v in axis.values} if axis else {},
        "state": {k: v.title for k, v in pack.lifecycle.states.items()},
        "outcome": pack.categories.outcomes,
        "department": {u.title.zh_hans: u.title for u in departments_to_choose()} if by == "department" else {},
    }.get(FIRST_VALUES.get(by, by)) or _titles_in_scheme(pack, by)
    return {name: words(title) for name, title in titles.items()}


def _titles_in_scheme(pack: Pack, by: str) -> dict[str, Any]:
    scheme = further_schemes(pack).get(by)
    return {path: node.title for path, node in scheme.walk()} if scheme else {}


def _drawn(found: Counts, names: Mapping[str, str]) -> dict[str, Any]:
    """The table as lines: newest month first, every line with its sum."""
    lines = [
        (month_in_print(month), [found.cells[month].get(value, 0) for value in found.values], found.of_month(month))
        for month in reversed(found.months)
    ]
    heads = [names.get(value, value) or gettext("未定") for value in found.values]
    sums = [found.of_value(value) for value in found.values]
    return {"heads": heads, "lines": lines, "sums": sums, "total": found.total, "has_several": found.has_several}


@route(audience="staff", permission="signed_in", kind="case")
def gap_page(request: HttpRequest) -> HttpResponse:
    """The open cases that nobody would move: without state, owner or next due date."""
    viewer = viewer_of(request)
    found = gaps(viewer)
    titles = {
        "no_state": gettext("没有状态"), "no_owner": gettext("没有承办人"), "owner_left": gettext("承办人已停用"),
        "no_due": gettext("没有到期时间"),
    }  # fmt: skip
    rows = rows_of([gap.case for gap in found], viewer.now)
    lines = [(row, [titles[reason] for reason in gap.reasons]) for row, gap in zip(rows, found, strict=True)]
    return render(request, "reports/gaps.html", {"area": "gaps", "lines": lines})
