"""The page of scorecards: departments and people of a month with points, rank, deductions and bonuses; each figure opens its cases."""

from __future__ import annotations

import tempfile
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.proceedings.queries import Possible, possible_on_desk
from amends.apps.cases.queries import Viewer
from amends.apps.lists.exports import RIGHT, holds_right
from amends.apps.people.actions import log_access
from amends.apps.policies.models import Desk
from amends.apps.reporting.scores import Month, Of, Scored, scores_of_month
from amends.core.policy.pack import Pack
from amends.core.refusals import InvalidData, NotPermitted
from amends.core.scorecards import Earned, Part
from amends.doors.figures import verdict_words
from amends.doors.files import as_attachment
from amends.doors.routes import route
from amends.doors.scores import (
    desks_scored,
    missed_words,
    month_in,
    names_of,
    part_words,
    scored_words,
    total_words,
    write_scores,
)
from amends.doors.wording import faults, words
from amends.web.forms.drawing import Choice
from amends.web.reports.figures import cases_address
from amends.web.viewing import desk_asked_for, viewer_of

Desks = dict[Desk, tuple[Pack, tuple[Of, ...]]]


def _chosen(request: HttpRequest) -> tuple[Desks, Desk, Pack, Of]:
    """The desk and kind of scorecard that an address names, as far as the viewer may see them. Raises NotPermitted."""
    desks = desks_scored(viewer_of(request))
    desk = desk_asked_for(request.GET, desks)
    if desk is None:
        raise NotPermitted(verb="查看考核得分")
    pack, kinds = desks[desk]
    wanted = request.GET.get("of", "")
    if wanted and wanted not in kinds:
        raise NotPermitted(verb="查看考核得分")
    return desks, desk, pack, next((of for of in kinds if of == wanted), kinds[0])


@route(audience="staff", permission="scores", kind="score")
def page(request: HttpRequest) -> HttpResponse:
    """The scorecards of a month, the best first."""
    viewer = viewer_of(request)
    desks, desk, pack, of = _chosen(request)
    context: dict[str, Any] = {
        "area": "scores", "desk": desk, "of": of, "kinds": desks[desk][1], "month": request.GET.get("month", ""),
        "desks": [Choice(one.code, words(one.called), is_chosen=one == desk) for one in desks],
        "may_export": holds_right(viewer, RIGHT, on=desk), "deducting": _deducting(viewer, desk, pack),
    }  # fmt: skip
    try:
        month = scores_of_month(viewer, desk, pack, month_in(request.GET.dict(), pack, viewer), of)
    except InvalidData as refusal:
        problems = [sentence for some in faults(refusal).values() for sentence in some]
        return render(request, "reports/scores.html", {**context, "problems": problems}, status=422)
    return render(request, "reports/scores.html", {**context, **_shown(month, pack)})


def _deducting(viewer: Viewer, desk: Desk, pack: Pack) -> Possible | None:
    """What takes points off a score, where the viewer may begin it."""
    rule = pack.kpis.scores.deductions
    return next((one for one in possible_on_desk(viewer, desk) if rule and one.kind_id == rule.proceeding), None)


def _shown(month: Month, pack: Pack) -> dict[str, Any]:
    names, kpis, back = names_of(month), pack.kpis, _address_of(month)
    rules = [
        (words(one.title), weight, scored_words(one, kpis), words(one.says)) for one, weight in kpis.weighted(month.of)
    ]
    return {
        "month": f"{month.period.first:%Y-%m}", "rules": rules, "heads": [words(one.title) for one in month.indicators],
        "lines": [_line(one, names, pack, back) for one in month.scored], "deductions": kpis.scores.deductions,
        "bonus_titles": [words(one.title) for one in kpis.scores.bonuses] if month.of == "department" else [],
    }  # fmt: skip


def _address_of(month: Month) -> str:
    query = {"desk": month.desk.code, "of": month.of, "month": f"{month.period.first:%Y-%m}"}
    return f"{reverse('scores')}?{urlencode(query)}"


def _line(one: Scored, names: dict[int, str], pack: Pack, back: str) -> dict[str, Any]:
    return {
        "name": names.get(one.key, str(one.key)), "place": one.place, "total": total_words(one.card.total),
        "is_scored": one.card.total is not None, "earned": one.card.earned, "deducted": one.card.deducted,
        "parts": [_part(part, one, back) for part in one.card.parts], "deductions": one.deductions,
        "bonuses": [_bonus(one, earned, pack) for earned in one.bonuses],
    }  # fmt: skip


def _part(part: Part, one: Scored, back: str) -> dict[str, Any]:
    figure = one.figures.get(part.indicator.id)
    word, icon, tone = verdict_words(part.result.verdict)
    return {
        "title": words(part.indicator.title), "value": part_words(part, figure), "sample": part.result.sample, "points": part.points,
        "share": part.share, "word": word, "icon": icon, "tone": tone if tone in ("good", "late") else "",
        "address": cases_address(figure, back=back) if figure is not None and part.result.sample else "",
    }  # fmt: skip


def _bonus(one: Scored, earned: Earned, pack: Pack) -> dict[str, Any]:
    return {"points": earned.points, "missed": missed_words(one, earned, pack.kpis)}


@route(audience="staff", permission="scores", kind="score")
def export(request: HttpRequest) -> HttpResponseBase:
    """The scorecards as a spreadsheet, with the rules, deductions and bonuses for payroll; who took it is noted."""
    viewer = viewer_of(request)
    _, desk, pack, of = _chosen(request)
    if not holds_right(viewer, RIGHT, on=desk):
        raise NotPermitted(verb=gettext("导出"))
    month = scores_of_month(viewer, desk, pack, month_in(request.GET.dict(), pack, viewer), of)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write_scores(file, month, pack)
    file.seek(0)
    log_access(
        actor=viewer.person.actor_id, action="export", object="scores", field=f"desk:{desk.code}", now=viewer.now,
        reason=f"{of} {month.period.first:%Y-%m}",
    )  # fmt: skip
    answer = FileResponse(file, content_type="application/octet-stream")
    return as_attachment(answer, f"scores-{desk.code}-{month.period.first:%Y%m}.xlsx")
