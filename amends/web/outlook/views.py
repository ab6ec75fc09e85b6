"""Trends and forecasts: counts with a trend and its rule, what is to come with a range, and what was said beside what came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.outlook.counting import TOTAL, Monthly, monthly, months_before, volume_of, with_volume
from amends.apps.outlook.effort import difficulty_of, load_of, times_of
from amends.apps.outlook.forecasts import forecast_by, forecast_subjects, kept_of, make_forecasts_of, today_of, trend_by
from amends.apps.outlook.mix import mix_view
from amends.apps.outlook.models import TrendNote
from amends.apps.outlook.queries import desks_looked_after
from amends.apps.outlook.warnings import LONGEST
from amends.apps.people.models import Department
from amends.apps.policies.models import Desk
from amends.core.forecasting import Forecast
from amends.core.form_data import checked_text
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, NotPermitted
from amends.core.trends import Trend
from amends.doors.routes import route
from amends.doors.wording import faults, in_words, words
from amends.web.forms.drawing import Choice
from amends.web.outlook.drawing import drawn
from amends.web.outlook.words import (
    ICONS,
    METHODS,
    departments_named,
    direction_of,
    methods_of,
    percent,
    rule_of,
    subject_words,
)
from amends.web.viewing import viewer_of, zone_of

SHOWN_MONTHS = 24
NOTES = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One subject in the list of trends."""

    subject: str
    title: str
    counts: list[int]
    direction: str
    icon: str
    trend: Trend


def looked_after(request: HttpRequest) -> dict[Desk, Pack]:
    """The desks of whoever looks ahead. Raises NotPermitted for everybody else."""
    desks = desks_looked_after(viewer_of(request))
    if not desks:
        raise NotPermitted(verb="查看趋势与预测")
    return desks


def chosen_desk(request: HttpRequest, code: str | None = None) -> tuple[Desk, Pack, dict[Desk, Pack]]:
    """The desk asked for, or the first one. Raises Http404 for another than those looked after."""
    desks = looked_after(request)
    wanted = code or request.GET.get("desk")
    found = next((desk for desk in desks if desk.code == wanted), None)
    if found is None:
        if wanted:
            raise Http404
        found = next(iter(desks))
    return found, desks[found], desks


def desk_choices(desks: Mapping[Desk, Pack], chosen: Desk) -> list[Choice]:
    return [Choice(desk.code, words(desk.called), is_chosen=desk == chosen) for desk in desks]


@route(audience="staff", permission="warnings", kind="outlook")
def trends(request: HttpRequest) -> HttpResponse:
    """Counts, trends and forecasts of a desk: the whole, a category or a department, with everything they rest on."""
    desk, pack, desks = chosen_desk(request)
    return _page(request, desk, pack, desks)


def _page(request: HttpRequest, desk: Desk, pack: Pack, desks: Mapping[Desk, Pack], **more: Any) -> HttpResponse:
    viewer = viewer_of(request)
    today = today_of(pack, viewer.now)
    volume, departments = volume_of(desk, pack), departments_named()
    counts = with_volume(monthly(desk, today), volume, today)
    subject = request.GET.get("subject", TOTAL)
    subjects = forecast_subjects(counts)
    if subject not in (*subjects, *counts.series):
        raise Http404
    said = forecast_by(pack.warnings, counts.of(subject))
    of_all = said if subject == TOTAL else forecast_by(pack.warnings, counts.of(TOTAL))
    context = {
        "area": "outlook", "tab": "trends", "desk": desk, "desks": desk_choices(desks, desk), "zone": zone_of(pack),
        "lines": [_line(name, counts, pack, departments) for name in subjects], "subject": subject,
        **_subject(desk, pack, subject, counts, said, departments, today, volume if subject == TOTAL else {}), **_ahead(desk, pack, of_all, departments, today, viewer.now),
        "notes": list(TrendNote.objects.filter(desk=desk, subject=subject).select_related("by").order_by("-at")[:NOTES]),
        **more,
    }  # fmt: skip
    return render(request, "outlook/trends.html", context, status=422 if more.get("faults") else 200)


def _line(subject: str, counts: Monthly, pack: Pack, departments: Mapping[int, Department]) -> Line:
    values = counts.of(subject)
    trend = trend_by(pack.warnings, values)
    return Line(
        subject,
        subject_words(subject, pack, departments),
        values[-3:],
        direction_of(trend),
        ICONS[trend.direction],
        trend,
    )


def _subject(
    desk: Desk,
    pack: Pack,
    subject: str,
    counts: Monthly,
    said: Forecast | None,
    departments: Mapping[int, Department],
    today: date,
    volume: Mapping[date, int],
) -> dict[str, Any]:
    """One series: its trend with the rule, its forecast with method and error, the chart and the table behind it."""
    values = counts.of(subject)
    trend = trend_by(pack.warnings, values)
    ahead = [months_before(today.replace(day=1), -step) for step in range(pack.warnings.forecast.months)]
    kept = {one.month: one for one in kept_of(desk, subject, counts)}
    rows = [
        (month, count, kept.get(month), volume.get(month), count * 1000 / volume[month] if volume.get(month) else None)
        for month, count in reversed(list(zip(counts.months, values, strict=True)))
    ]
    charts = [
        drawn(counts.months, values, ahead, said, width=760, height=280, last=SHOWN_MONTHS),
        drawn(counts.months, values, ahead, said, width=360, height=240, last=12),
    ]
    measure = pack.warnings.measures.get(pack.warnings.volume or "")
    return {
        "title": subject_words(subject, pack, departments), "trend": trend, "direction": direction_of(trend),
        "trend_icon": ICONS[trend.direction], "rule": rule_of(trend), "said": said, "months": counts.months, "charts": charts,
        "points": list(zip(ahead, said.points, strict=True)) if said else [], "rows": rows[:SHOWN_MONTHS],
        "methods": methods_of(said.weights) if said else "", "error": percent(said.error) if said else "",
        "errors": _errors(said) if said else [], "covered": percent(said.covered) if said else "",
        "needed": pack.warnings.forecast.least, "range": pack.warnings.forecast.range, "has_kept": bool(kept),
        "volume": words(measure.title) if measure and subject == TOTAL else "", "has_volume": bool(volume),
    }  # fmt: skip


def _errors(said: Any) -> list[tuple[str, str, bool]]:
    best = [
        (in_words(METHODS[name]), error)
        for name, error in said.errors.items()
        if name not in ("steady_level", "steady_trend")
    ]
    ours = [(gettext("本页采用的组合"), said.error)] if said.error is not None else []
    return [(name, percent(error), place < len(ours)) for place, (name, error) in enumerate([*ours, *sorted(best, key=lambda one: one[1])])]  # fmt: skip


def _ahead(
    desk: Desk, pack: Pack, said: Forecast | None, departments: Mapping[int, Department], today: date, now: Any
) -> dict[str, Any]:
    """The mix of complaints, how hard they are, and whether those at hand can do what is coming."""
    mix = mix_view(desk, today)
    difficulty = difficulty_of(desk, pack, today)
    load = load_of(desk, pack, said, today)
    return {
        "mix": mix, "classes": [(subject_words(f"category:{one.name}", pack, departments), one) for one in mix.now.classes],
        "other_share": percent(mix.now.other_share), "difficulty": difficulty, "this_month": today.replace(day=1), "weights": pack.warnings.difficulty,
        "difficulty_direction": direction_of(difficulty.trend), "difficulty_rule": rule_of(difficulty.trend),
        "difficulty_icon": ICONS[difficulty.trend.direction], "load": load, "load_use": percent(load.use),
        "times": [(one, percent(one.kept / one.promised) if one.promised else "—", percent(one.slow / one.cases) if one.cases else "—") for one in reversed(times_of(desk, pack, today, now=now))],
    }  # fmt: skip


@route(audience="staff", permission="warnings", kind="outlook", methods=["POST"])
def note(request: HttpRequest, desk: str) -> HttpResponse:
    """Write down what may have caused a trend."""
    place, pack, desks = chosen_desk(request, desk)
    viewer, subject = viewer_of(request), request.GET.get("subject", TOTAL)
    if subject not in monthly(place, today_of(pack, viewer.now)).series and subject != TOTAL:
        raise Http404
    typed = request.POST.get("text", "")
    try:
        text = checked_text(typed, pointer="/text", field="原因和影响因素", limit=LONGEST)
        if not text:
            raise InvalidData([FieldError("/text", "required", {"field": "原因和影响因素"})])
    except InvalidData as refusal:
        return _page(request, place, pack, desks, faults=faults(refusal), typed=typed)
    TrendNote.objects.create(desk=place, subject=subject, text=text, by=viewer.person, at=viewer.now)
    messages.success(request, gettext("已记录。"))
    return HttpResponseRedirect(_address(place, subject) + "#causes")


@route(audience="staff", permission="warnings", kind="outlook", methods=["POST"])
def keep_forecasts(request: HttpRequest, desk: str) -> HttpResponse:
    """Keep this month's forecasts as they are now; the worker does it by itself when a month begins."""
    place, pack, _ = chosen_desk(request, desk)
    made = make_forecasts_of(place, pack, now=viewer_of(request).now)
    if made:
        messages.success(request, gettext("本月的预测已留存，到期后与实际对照。"))
    else:
        messages.info(request, gettext("本月的预测已经留存过，或数据不足，没有新增。"))
    return HttpResponseRedirect(_address(place, TOTAL))


def _address(desk: Desk, subject: str) -> str:
    return f"{reverse('outlook')}?desk={desk.code}&subject={subject}"
