"""Indicators by API: every figure with its division and its sample, by group, and the cases behind one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from amends.api.cases import answer, size_of
from amends.api.tokens import viewer_of
from amends.apps.cases.queries import Viewer
from amends.apps.policies.queries import pack_in_force
from amends.apps.reporting.analysis import Line as AnalysedLine
from amends.apps.reporting.analysis import analysed
from amends.apps.reporting.figures import Figure, cases_behind, many_figures
from amends.apps.reporting.scores import Scored, scores_of_month
from amends.core.indicators import Verdict
from amends.core.policy.kpis import Indicator
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, NotPermitted
from amends.core.scorecards import Part
from amends.doors.analysis import look_in, names_in
from amends.doors.figures import Asked, asked_in, group_in, group_words, is_withheld
from amends.doors.scores import desks_scored, month_in, names_of, part_words, threshold_words
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
            "kpis": _shown(viewer, asked),
        }
    )


def _asked(request: HttpRequest, viewer: Viewer, *, without: tuple[str, ...] = ()) -> Asked:
    query = {name: value for name, value in request.GET.dict().items() if name not in without}
    desk = next((d for d in viewer.desks() if d.code == query.get("desk")), None)
    if desk is None or not viewer.may_read():
        raise InvalidData(
            [FieldError("/desk", "unknown_choice", {"field": "受理台", "value": query.get("desk", "")[:60]})]
        )
    return asked_in(query, desk=desk, pack=pack_in_force(desk, viewer.now), viewer=viewer)


def _shown(viewer: Viewer, asked: Asked) -> list[dict[str, Any]]:
    found = many_figures(viewer, [asked.question(one) for one in asked.indicators])
    return [_indicator(asked, one, some) for one, some in zip(asked.indicators, found, strict=True)]


def _indicator(asked: Asked, indicator: Indicator, found: list[Figure]) -> dict[str, Any]:
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
    value = None if is_withheld(one) else one.result.value
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


@router.get("/kpis/analysis", operation_id="analyse_complaints")
def analysis(request: HttpRequest) -> HttpResponse:
    """The complaints of a period ranked `by` cause, category, product … with count, share, the share in another period (`than_from`, `than_to`) and the change in percentage points.

    `order` is count, increase (the largest increase of the share first) or cost. With steps, departments and partners; `group` opens the cases.
    """
    viewer = viewer_of(request)
    asked = _asked(request, viewer, without=("than_from", "than_to", "order"))
    found = analysed(viewer, look_in(request.GET.dict(), desk=asked.desk, pack=asked.pack, viewer=viewer))
    names, look = names_in(found, asked.pack), found.look
    return answer(
        {
            "desk": asked.desk.code, "pack": asked.pack.id, "version": asked.pack.version, "by": look.by, "order": look.order,
            "from": look.period.first.isoformat(), "to": look.period.last.isoformat(),
            "than_from": look.before.first.isoformat(), "than_to": look.before.last.isoformat(),
            "total": found.total, "total_before": found.total_before,
            "classes": [_class(line, names[look.by]) for line in found.lines],
            "months": {f"{month:%Y-%m}": {str(name or "-"): n for name, n in counts.items()} for month, counts in found.months.items()},
            "steps": [
                {"state": s.state, "visits": s.visits, "hours": str(s.hours), "working_hours": str(s.working_hours), "part": str(s.part)} for s in found.steps
            ],
            "departments": [{"name": names["department"][d.name], "count": d.count, "share": _text(d.share)} for d in found.departments],
            "partners": [{"name": names["partner"][d.name], "count": d.count, "share": _text(d.share)} for d in found.partners],
        }
    )  # fmt: skip


def _class(line: AnalysedLine, names: dict[Any, str]) -> dict[str, Any]:
    one = line.share
    return {
        "rank": one.rank, "group": str(one.name) if one.name not in (None, "") else "-", "name": names[one.name], "count": one.count,
        "share": _text(one.share), "together": _text(one.together), "before": one.before, "share_before": _text(one.share_before),
        "change": _text(one.change), "cost_minor": one.cost, "currency": line.currency, "hours": _text(line.hours),
    }  # fmt: skip


@router.get("/scores", operation_id="list_scores")
def scores(request: HttpRequest) -> HttpResponse:
    """The scorecards of a month, the best first: of departments, or with `of=person` of people. Without `month` (2026-03) the last complete one."""
    viewer = viewer_of(request)
    query = request.GET.dict()
    found = next(((d, *kinds) for d, kinds in desks_scored(viewer).items() if d.code == query.get("desk")), None)
    of = query.get("of", "department")
    if found is None or not viewer.may_read() or of not in found[2]:
        raise NotPermitted(verb="查看考核得分")
    desk, pack, _ = found
    month = scores_of_month(
        viewer, desk, pack, month_in(query, pack, viewer), "person" if of == "person" else "department"
    )
    names = names_of(month)
    return answer(
        {
            "desk": desk.code, "pack": pack.id, "version": pack.version, "month": f"{month.period.first:%Y-%m}", "of": month.of,
            "weights": [{"indicator": one.id, "weight": w, "points": one.scored_as} for one, w in pack.kpis.weighted(month.of)],
            "scores": [_score(one, names, pack) for one in month.scored],
        }
    )  # fmt: skip


def _score(one: Scored, names: dict[int, str], pack: Pack) -> dict[str, Any]:
    return {
        "id": one.key, "name": names.get(one.key, ""), "place": one.place, "total": _text(one.card.total), "earned": _text(one.card.earned),
        "deducted": str(one.card.deducted), "parts": [_part(part, one) for part in one.card.parts],
        "deductions": [{"number": d.number, "points": str(d.points), "reason": d.subject} for d in one.deductions],
        "bonuses": [
            {
                "id": earned.bonus.id, "title": words(earned.bonus.title), "points": str(earned.points),
                "missed": [{"indicator": t.indicator, "says": threshold_words(t, pack.kpis)} for t in earned.missed],
            }
            for earned in one.bonuses
        ],
    }  # fmt: skip


def _part(part: Part, one: Scored) -> dict[str, Any]:
    shown = part.result.value if part.result.verdict is not Verdict.TOO_FEW else None
    return {
        "indicator": part.indicator.id, "value": _text(shown), "says": part_words(part, one.figures.get(part.indicator.id)),
        "sample": part.result.sample, "weight": part.weight, "share": _text(part.share), "points": _text(part.points),
    }  # fmt: skip


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
