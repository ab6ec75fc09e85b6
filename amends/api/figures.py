"""Indicators by API: every figure with its division and its sample, by group, and the cases behind one."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from amends.api.cases import answer, size_of
from amends.api.tokens import viewer_of
from amends.apps.cases.queries import Viewer
from amends.apps.policies.queries import pack_in_force
from amends.apps.reporting.figures import Figure, cases_behind, figures
from amends.core.policy.kpis import Indicator
from amends.core.refusals import FieldError, InvalidData
from amends.doors.figures import Asked, asked_in, group_in, group_words
from amends.doors.wording import words

router = Router(tags=["kpis"])
PARTS = ("all", "counted", "rest", "open")


@router.get("/kpis", operation_id="list_kpis")
def kpis(request: HttpRequest) -> HttpResponse:
    """The indicators of a desk over the days `from` to `to`, split by up to three of `by`; every dimension is a filter as well."""
    viewer = viewer_of(request)
    asked = _asked(request, viewer)
    return answer(
        {
            "desk": asked.desk.code,
            "pack": asked.pack.id,
            "version": asked.pack.version,
            "from": asked.period.first.isoformat(),
            "to": asked.period.last.isoformat(),
            "by": list(asked.by),
            "kpis": [_shown(viewer, asked, one) for one in asked.indicators],
        }
    )


def _asked(request: HttpRequest, viewer: Viewer) -> Asked:
    query = request.GET.dict()
    desk = next((d for d in viewer.desks() if d.code == query.get("desk")), None)
    if desk is None or not viewer.may_read():
        raise InvalidData(
            [FieldError("/desk", "unknown_choice", {"field": "受理台", "value": query.get("desk", "")[:60]})]
        )
    return asked_in(query, desk=desk, pack=pack_in_force(desk, viewer.now), viewer=viewer)


def _shown(viewer: Viewer, asked: Asked, indicator: Indicator) -> dict[str, Any]:
    found = figures(viewer, asked.question(indicator))
    return {
        "id": indicator.id,
        "title": words(indicator.title),
        "says": words(indicator.says),
        "clause": list(indicator.clause),
        "kind": indicator.kind,
        "unit": indicator.unit,
        "by": indicator.by,
        "direction": indicator.direction,
        "target": str(indicator.target.value) if indicator.target else None,
        "weight": indicator.weight,
        "minimum": indicator.minimum,
        "figures": [_figure(asked, one) for one in found],
    }


def _figure(asked: Asked, one: Figure) -> dict[str, Any]:
    value = one.result.value
    return {
        "group": {name: str(v) if v not in (None, "") else None for name, v in zip(asked.by, one.group, strict=True)},
        "group_words": group_words(asked, [one.group])[one.group] if asked.by else [],
        "value": None if value is None else str(value),
        "numerator": one.result.numerator,
        "denominator": one.result.denominator,
        "sample": one.result.sample,
        "verdict": str(one.result.verdict),
        "open": one.open,
    }


@router.get("/kpis/cases", operation_id="list_cases_of_kpi")
def cases(request: HttpRequest) -> HttpResponse:
    """The numbers of the cases behind a figure, oldest first: `part` is all, counted, rest or open."""
    viewer = viewer_of(request)
    asked = _asked(request, viewer)
    part = request.GET.get("part", "all")
    if asked.indicator is None:
        raise InvalidData([FieldError("/indicator", "required", {"field": "指标"})])
    if part not in PARTS:
        raise InvalidData([FieldError("/part", "unknown_filter", {"name": part[:60], "allowed": list(PARTS)})])
    group = group_in(request.GET.get("group", ""), asked.by)
    found = cases_behind(viewer, asked.question(asked.indicator), group=group, part=part)  # type: ignore[arg-type]
    size, cursor = size_of(request.GET), request.GET.get("cursor", "")
    if cursor:
        found = found.filter(case__number__gt=cursor[:40])
    numbers = list(found.order_by("case__number").values_list("case__number", flat=True)[: size + 1])
    return answer({"cases": numbers[:size], "next_cursor": numbers[size - 1] if len(numbers) > size else None})
