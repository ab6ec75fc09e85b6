"""The page of warnings: what was raised, whose it is, what was done, what became of it; and figures that come in."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.outlook import warnings as verbs
from amends.apps.outlook.figures import take_figures
from amends.apps.outlook.models import EarlyWarning, LeadingFigure
from amends.apps.outlook.queries import PAGE, desks_looked_after, rates_of, shown, warning_for, warnings_of
from amends.apps.outlook.scanning import look_at
from amends.apps.policies.queries import read_version
from amends.core.refusals import InvalidData, Refusal
from amends.doors.routes import route
from amends.doors.wording import faults, said, said_of_field, words
from amends.web.outlook.views import chosen_desk, desk_choices, looked_after
from amends.web.outlook.words import departments_named, percent, seen_words
from amends.web.viewing import viewer_of, zone_of

LATEST = 30


@route(audience="staff", permission="signed_in", kind="warning")
def index(request: HttpRequest) -> HttpResponse:
    """The warnings of the viewer's desks, and their own: those to be acted on first."""
    viewer = viewer_of(request)
    show = request.GET.get("show", "open")
    every = warnings_of(viewer)
    rows = list(every.filter(shown(show, viewer.now)).order_by("-raised_at", "pk")[:PAGE])
    if not rows and not every.exists():
        looked_after(request)
    departments = departments_named()
    packs = {row.pack_id: read_version(row.pack_id) for row in rows}
    lines = [_line(row, packs[row.pack_id], departments) for row in rows]
    desks = desks_looked_after(viewer)
    titles = {
        name: words(rule.title)
        for pack in [*desks.values(), *packs.values()]
        for name, rule in pack.warnings.rules.items()
    }
    rates = [(titles.get(rate.rule, rate.rule), rate, percent(rate.false_share)) for rate in rates_of(every)]
    context = {
        "area": "warnings", "show": show, "lines": lines, "rates": rates, "now": viewer.now,
        "desks": desks, "zone": zone_of(next(iter(packs.values()))) if packs else None,
    }  # fmt: skip
    return render(request, "outlook/warnings.html", context)


def _line(row: EarlyWarning, pack: Any, departments: Any) -> tuple[EarlyWarning, str, str]:
    rule = pack.warnings.rules.get(row.rule)
    return row, words(rule.title) if rule else row.rule, seen_words(row, pack, departments)


@route(audience="staff", permission="visible", kind="warning", methods=["GET", "POST"])
def one(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """A warning: what it saw, and taking it over, acting on it, closing it."""
    viewer = viewer_of(request)
    warning = warning_for(viewer, key)
    if request.method != "POST":
        return render(request, "outlook/warning.html", _shown(request, warning))
    asked = request.POST
    try:
        _do(warning, asked, viewer)
    except InvalidData as refusal:
        more = {"faults": faults(refusal), "typed": asked}
        return render(request, "outlook/warning.html", {**_shown(request, warning), **more}, status=422)
    except Refusal as refusal:
        more = {"trouble": said(refusal), "typed": asked}
        return render(request, "outlook/warning.html", {**_shown(request, warning), **more}, status=refusal.status)
    messages.success(request, gettext("已记录。"))
    return HttpResponseRedirect(reverse("warning", args=[warning.pk]))


def _do(warning: EarlyWarning, asked: Mapping[str, str], viewer: Viewer) -> None:
    person, now = viewer.person, viewer.now
    if asked.get("do") == "take":
        verbs.take_over_warning(warning, by=person, now=now)
    elif asked.get("do") == "act":
        verbs.act_on_warning(warning, asked.get("intervention", ""), by=person, now=now)
    elif asked.get("do") == "close":
        is_false = asked.get("is_false_alarm") == "yes"
        verbs.close_warning(warning, outcome=asked.get("outcome", ""), is_false_alarm=is_false, by=person, now=now)
    else:
        raise Http404


def _shown(request: HttpRequest, warning: EarlyWarning) -> dict[str, Any]:
    viewer, pack = viewer_of(request), read_version(warning.pack_id)
    rule = pack.warnings.rules.get(warning.rule)
    seen = warning.case is not None and visible_to(viewer).filter(pk=warning.case.pk).exists()
    return {
        "area": "warnings", "warning": warning, "rule": rule, "title": words(rule.title) if rule else warning.rule,
        "seen": seen_words(warning, pack, departments_named()), "case": warning.case if seen else None, "zone": zone_of(pack),
        "is_mine": warning.owner_id == viewer.person.pk, "now": viewer.now,
    }  # fmt: skip


@route(audience="staff", permission="warnings", kind="warning", methods=["POST"])
def look(request: HttpRequest, desk: str) -> HttpResponse:
    """Look now instead of at the next full hour."""
    place, _, _ = chosen_desk(request, desk)
    raised = look_at(place, now=viewer_of(request).now)
    messages.success(request, gettext("已检查，新增预警 %(n)s 条。") % {"n": raised})
    return HttpResponseRedirect(reverse("warnings"))


@route(audience="staff", permission="warnings", kind="leading_figure", methods=["GET", "POST"])
def figures(request: HttpRequest) -> HttpResponse:
    """Leading figures: handed in as a table, looked at at once; what is wrong is listed by line, the rest is kept."""
    desk, pack, desks = chosen_desk(request)
    measures = pack.warnings.measures
    measure = request.POST.get("measure") or request.GET.get("measure") or next(iter(measures), "")
    if measure and measure not in measures:
        raise Http404
    context: dict[str, Any] = {
        "area": "warnings", "desk": desk, "desks": desk_choices(desks, desk), "measure": measures.get(measure), "name": measure,
        "measures": [(name, words(one.title)) for name, one in measures.items()],
    }  # fmt: skip
    status = 200
    if request.method == "POST" and measure:
        status = _take(request, desk, pack, measure, context)
    latest = LeadingFigure.objects.filter(desk=desk, measure=measure).order_by("-day", "place")
    context["latest"] = list(latest[:LATEST])
    return render(request, "outlook/figures.html", context, status=status)


def _take(request: HttpRequest, desk: Any, pack: Any, measure: str, context: dict[str, Any]) -> int:
    viewer, file = viewer_of(request), request.FILES.get("file")
    typed = request.POST.get("lines", "")
    try:
        kept, wrong = take_figures(
            desk, pack, measure, file.read() if file else typed.encode(), by=viewer.person, now=viewer.now
        )
    except Refusal as refusal:
        context |= {"trouble": said(refusal), "typed": typed}
        return 422
    raised = look_at(desk, now=viewer.now, only=["measure"]) if kept else 0
    context |= {
        "was_read": True,
        "kept": kept,
        "raised": raised,
        "wrong": [(row.line, _why(row.refusal)) for row in wrong],
    }
    if wrong:
        context["typed"] = typed
    return 422 if wrong else 200


def _why(refusal: Refusal) -> str:
    errors = getattr(refusal, "errors", ())
    return said_of_field(errors[0]) if errors else said(refusal)
