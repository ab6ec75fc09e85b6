"""Where the time goes, step by step; and steps that the policy lets administrators leave out."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.actions.move_version import RIGHT
from amends.apps.cases.models import Case
from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.keyset import behind
from amends.apps.people.rights import may_on_desk
from amends.apps.policies.actions import switch_step
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import versions_of
from amends.apps.reporting.steps import StepTime, step_times, total_of, visits
from amends.core.periods import Period, begun
from amends.core.policy.pack import Pack
from amends.core.process_map import main_line
from amends.core.refusals import FieldError, InvalidData, NotVisible
from amends.doors.routes import route
from amends.doors.wording import faults, span_words, words
from amends.web.policies.moves import managed
from amends.web.queue.rows import rows_of
from amends.web.viewing import desk_and_pack, viewer_of, zone_of

PAGE_SIZE = 50


@route(audience="staff", permission="signed_in", kind="policy")
def page(request: HttpRequest, desk: str) -> HttpResponse:
    """Mean duration and waiting of every step over the cases closed in a period."""
    viewer = viewer_of(request)
    place, pack = desk_and_pack(viewer, desk)
    manages = may_on_desk(viewer.person, RIGHT, place, pack, viewer.now) is not None
    first, last = _days(request, viewer, pack)
    context: dict[str, Any] = {
        "area": "policies", "desk": place, "pack": pack, "manages": manages, "first": first, "last": last,
        "next_version": max((v.version for v in versions_of(place.pack_id)), default=0) + 1,
    }  # fmt: skip
    try:
        period = begun(Period(_day(first, "from"), _day(last, "to")), viewer.now.astimezone(zone_of(pack)).date())
    except InvalidData as refusal:
        context["problems"] = [sentence for some in faults(refusal).values() for sentence in some]
        return render(request, "policies/steps.html", context, status=422)
    # Sums over the desk name nobody: whoever manages the policy sees them without seeing the cases.
    times = step_times(place, period, None if manages else visible_to(viewer, on=place.pk))
    context |= {"steps": _steps(place, pack, period, times), "has_times": bool(times)}
    return render(request, "policies/steps.html", context)


def _days(request: HttpRequest, viewer: Viewer, pack: Pack) -> tuple[str, str]:
    """The days of the address; left out, the last ninety."""
    today = viewer.now.astimezone(zone_of(pack)).date()
    usual = ((today - timedelta(days=89)).isoformat(), today.isoformat())
    return request.GET.get("from") or usual[0], request.GET.get("to") or usual[1]


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        field = gettext("起始日期") if name == "from" else gettext("截止日期")
        raise InvalidData([FieldError(f"/{name}", "bad_date", {"field": field})]) from None


def _steps(desk: Desk, pack: Pack, period: Period, times: dict[str, StepTime]) -> list[dict[str, Any]]:
    total = total_of(times)
    names = dict.fromkeys([*main_line(pack.lifecycle), *pack.lifecycle.states, *times])
    address = reverse("step_cases", args=[desk.code])
    return [
        _step(name, pack, times.get(name), total, f"{address}?{urlencode({'state': name, 'from': period.first, 'to': period.last})}")
        for name in names
        if name in times or (name in pack.lifecycle.states and pack.lifecycle.states[name].optional)
    ]  # fmt: skip


def _step(name: str, pack: Pack, time: StepTime | None, total: float, address: str) -> dict[str, Any]:
    state = pack.lifecycle.states.get(name)
    shown: dict[str, Any] = {"name": name, "title": words(state.title) if state else name, "address": address}
    if state is not None and state.optional:
        around = pack.lifecycle.states.get(state.skipped_to or "")
        shown |= {"is_optional": True, "is_off": state.skipped, "around": words(around.title) if around else ""}
    if time is None:
        return shown
    share = 100 * time.mean * time.visits / total if total else 0
    return shown | {
        "cases": time.cases, "visits": time.visits, "mean": _span(time.mean), "waiting": _span(time.waiting),
        "handling": _span(time.handling), "share": _percent(share),
    }  # fmt: skip


def _span(seconds: float) -> str:
    return span_words(timedelta(seconds=round(seconds)))


@route(audience="staff", permission="signed_in", kind="case")
def cases(request: HttpRequest, desk: str) -> HttpResponse:
    """The cases behind a step that the viewer may see, those that stood there longest first."""
    viewer = viewer_of(request)
    place, pack = desk_and_pack(viewer, desk)
    first, last = _days(request, viewer, pack)
    period = Period(_day(first, "from"), _day(last, "to"))
    name = request.GET.get("state", "")[:63]
    found = visits(place, period, visible_to(viewer, on=place.pk)).filter(state=name).order_by("-seconds", "pk")
    if after := request.GET.get("after", ""):
        found = found.filter(_behind(after))
    steps = list(found[: PAGE_SIZE + 1])
    shown = (
        Case.objects.select_related("desk", "department", "handler", "pack")
        .defer("facts")
        .in_bulk([step.case_id for step in steps[:PAGE_SIZE]])
    )
    rows = {row.case.pk: row for row in rows_of(shown.values(), viewer.now)}
    state = pack.lifecycle.states.get(name)
    edge = steps[PAGE_SIZE - 1] if len(steps) > PAGE_SIZE else None
    query = {"state": name, "from": period.first, "to": period.last}
    context = {
        "area": "policies", "desk": place, "title": words(state.title) if state else name, "zone": zone_of(pack),
        "rows": [(rows[s.case_id], s, _span(s.seconds or 0)) for s in steps[:PAGE_SIZE] if s.case_id in rows],
        "next": urlencode({**query, "after": f"{edge.seconds}.{edge.pk}"}) if edge else "", "period": period,
    }  # fmt: skip
    return render(request, "policies/step_cases.html", context)


def _behind(cursor: str) -> Q:
    seconds, _, key = cursor.partition(".")
    if not (seconds.isdecimal() and key.isdecimal()) or len(cursor) > 36:
        raise InvalidData([FieldError("/cursor", "bad_cursor")])
    return behind({"-seconds": int(seconds), "pk": int(key)})


@route(audience="staff", permission="manage_pack", kind="policy", methods=["POST"])
def switch(request: HttpRequest, desk: str, name: str) -> HttpResponse:
    """Leave an optional step out from now on, or take it in again: as the next version of the policy."""
    viewer, place, pack = managed(request, desk)
    if name not in pack.lifecycle.states:
        raise NotVisible
    is_on = request.POST.get("to") == "on"
    version = switch_step(place, name, is_on=is_on, now=viewer.now, actor=viewer.person.actor_id)
    title = words(pack.lifecycle.states[name].title)
    said = gettext("“%(step)s”已恢复：第 %(n)s 版自今日起用于新个案。") if is_on else gettext("“%(step)s”已停用：第 %(n)s 版自今日起用于新个案，在办个案照原流程办完。")  # fmt: skip
    messages.success(request, said % {"step": title, "n": version.version})
    return HttpResponseRedirect(reverse("steps", args=[place.code]))


def _percent(share: float) -> str:
    """A share in whole percent; what is there but rounds to nothing is not said to be nothing."""
    return gettext("小于 1%") if 0 < share < 0.5 else f"{round(share)}%"
