"""The page of causes: ranked classes beside another period, Pareto chart, months, steps, departments and partners; each number opens its cases."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from amends.apps.lists.exports import RIGHT, holds_right
from amends.apps.people.actions import log_access
from amends.apps.policies.models import Desk
from amends.apps.reporting.analysis import Analysed, Look, analysed
from amends.core.policy.pack import Pack
from amends.core.refusals import InvalidData, NotPermitted
from amends.doors.analysis import (
    class_words,
    cost_words,
    look_in,
    names_in,
    order_words,
    state_words,
    together_by,
    write_analysis,
)
from amends.doors.files import as_attachment
from amends.doors.routes import route
from amends.doors.wording import faults, words
from amends.web.forms.drawing import Choice
from amends.web.reports.charts import Bar
from amends.web.reports.figures import BACK
from amends.web.viewing import desk_asked_for, packs_of, viewer_of

SHOWN_IN_CHART = 10
SHOWN_BY_MONTH = 8


def _chosen(request: HttpRequest) -> tuple[dict[Desk, Pack], Desk | None]:
    viewer = viewer_of(request)
    packs = {desk: pack for desk, pack in packs_of(viewer).items() if viewer.works_on(desk)}
    return packs, desk_asked_for(request.GET, packs)


@route(audience="staff", permission="signed_in", kind="case")
def page(request: HttpRequest) -> HttpResponse:
    """Ranked causes, or another class, of the complaints of a period that the viewer may see."""
    packs, desk = _chosen(request)
    if desk is None:
        return render(request, "reports/analysis.html", {"area": "analysis"})
    viewer, pack = viewer_of(request), packs[desk]
    context: dict[str, Any] = {
        "area": "analysis", "desk": desk, "desks": [Choice(d.code, words(d.called), is_chosen=d == desk) for d in packs],
        "first": request.GET.get("from", ""), "last": request.GET.get("to", ""), "may_export": holds_right(viewer, RIGHT, on=desk),
        "query": request.GET.urlencode(),
    }  # fmt: skip
    asked = {name: request.GET.get(name, "") for name in ("by", "kind", "order")}
    try:
        look = look_in(request.GET.dict(), desk=desk, pack=pack, viewer=viewer)
    except InvalidData as refusal:
        problems = [sentence for some in faults(refusal).values() for sentence in some]
        context |= {**_choices(pack, **asked), "problems": problems}
        return render(request, "reports/analysis.html", context, status=422)
    return render(request, "reports/analysis.html", {**context, **_shown(analysed(viewer, look), pack)})


def _choices(pack: Pack, *, by: str, kind: str | None, order: str) -> dict[str, list[Choice]]:
    """What can be asked for, with what is chosen."""
    return {
        "classes": [Choice(name, said, is_chosen=name == by) for name, said in class_words(pack).items()],
        "kinds": [Choice(name, words(one.title), is_chosen=name == kind) for name, one in pack.channels.kinds.items()],
        "orders": [Choice(name, said, is_chosen=name == order) for name, said in order_words().items()],
    }


def _shown(found: Analysed, pack: Pack) -> dict[str, Any]:
    look, names = found.look, names_in(found, pack)
    own, titles = names[look.by], class_words(pack)
    lines = [
        {
            "name": own[line.share.name], "share": line.share, "cost": cost_words(line), "hours": line.hours,
            "address": _cases(look, (look.by,), (line.share.name,)) if line.share.count else "",
        }
        for line in found.lines
    ]  # fmt: skip
    by_count = sorted(found.lines, key=lambda line: -line.share.count)
    ranked = tuple(
        Bar(own[one.share.name], one.share.count, one.share.together)
        for one in by_count[:SHOWN_IN_CHART]
        if one.share.count
    )
    return {
        "first": look.period.first.isoformat(), "last": look.period.last.isoformat(), "look": look, "total": found.total,
        "total_before": found.total_before, "lines": lines, "title": titles.get(look.by, look.by),
        **_choices(pack, by=look.by, kind=look.filters.get("kind"), order=look.order),
        "ranked": ranked,
        "months": list(found.months), "by_month": _by_month(found, own), "steps": [(state_words(pack, one.state), one) for one in found.steps],
        "departments": _who(look, "department", found.departments, names), "partners": [one for one in _who(look, "partner", found.partners, names) if one["is_known"]],
        "together_heads": [titles.get(name, name) for name in together_by(look)],
        "together": [
            ([names[name][value] for name, value in zip(together_by(look), key, strict=True)], number, _cases(look, together_by(look), key))
            for key, number in found.together
        ],
    }  # fmt: skip


def _by_month(found: Analysed, names: dict[Any, str]) -> list[tuple[str, list[int]]]:
    most = sorted(found.lines, key=lambda line: -line.share.count)[:SHOWN_BY_MONTH]
    return [
        (names[one.share.name], [found.months[month].get(one.share.name, 0) for month in found.months]) for one in most
    ]


def _who(look: Look, by: str, some: Sequence[Any], names: dict[str, dict[Any, str]]) -> list[dict[str, Any]]:
    return [
        {"name": names[by][one.name], "share": one, "is_known": one.name is not None, "address": _cases(look, (by,), (one.name,))}
        for one in some
    ]  # fmt: skip


def _cases(look: Look, by: Sequence[str], key: Sequence[Any]) -> str:
    """The address of the cases of a class."""
    query = {
        "desk": look.desk.code, "from": look.period.first.isoformat(), "to": look.period.last.isoformat(), "indicator": look.counted_as,
        **{name: value or "-" for name, value in look.filters.items()}, "by": ",".join(by),
        "group": "|".join("-" if value in (None, "") else str(value) for value in key), BACK: _address_of(look),
    }  # fmt: skip
    return f"{reverse('figure_cases')}?{urlencode(query)}"


def _address_of(look: Look) -> str:
    """The analysis as it was asked for."""
    compared = {"than_from": look.before.first.isoformat(), "than_to": look.before.last.isoformat()}
    query = {
        "desk": look.desk.code, "from": look.period.first.isoformat(), "to": look.period.last.isoformat(), "by": look.by, "order": look.order,
        **({} if look.before == look.period.before() else compared), **{name: value or "-" for name, value in look.filters.items()},
    }  # fmt: skip
    return f"{reverse('analysis_of_causes')}?{urlencode(query)}"


@route(audience="staff", permission="export", kind="case")
def export(request: HttpRequest) -> HttpResponseBase:
    """The analysis as a spreadsheet: figures only; who took it is noted."""
    viewer = viewer_of(request)
    packs, desk = _chosen(request)
    if desk is None or not holds_right(viewer, RIGHT, on=desk):
        raise NotPermitted(verb="导出")
    found = analysed(viewer, look_in(request.GET.dict(), desk=desk, pack=packs[desk], viewer=viewer))
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write_analysis(file, found, packs[desk])
    file.seek(0)
    log_access(
        actor=viewer.person.actor_id, action="export", object="figures", field=f"desk:{desk.code}", now=viewer.now,
        reason=request.GET.urlencode()[:200],
    )  # fmt: skip
    answer = FileResponse(file, content_type="application/octet-stream")
    return as_attachment(answer, f"analysis-{desk.code}-{viewer.now:%Y%m%d}.xlsx")
