"""The policies in force: the process as a chart, and the published matrix of duties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from amends.apps.cases.facts import pack_of
from amends.apps.cases.queries import visible_case
from amends.apps.people.rights import desks_where
from amends.core.policy.pack import Pack
from amends.core.process_map import main_line
from amends.doors.routes import route
from amends.doors.wording import words
from amends.web.policies.chart import chart_of
from amends.web.policies.narrow import narrow_chart_of
from amends.web.viewing import desk_and_pack, packs_of, viewer_of


@route(audience="staff", permission="signed_in", kind="policy")
def index(request: HttpRequest) -> HttpResponse:
    """The policies of all desks, with version and date."""
    viewer = viewer_of(request)
    packs = packs_of(viewer)
    managed = desks_where(viewer.person, "manage_pack", list(packs.items()), viewer.now)
    return render(request, "policies/index.html", {"area": "policies", "packs": packs, "managed": managed})


@route(audience="staff", permission="signed_in", kind="policy")
def process(request: HttpRequest, desk: str) -> HttpResponse:
    """The process of a desk's policy, made from its configured steps; with `case`, where that case stands."""
    viewer = viewer_of(request)
    place, pack = desk_and_pack(viewer, desk)
    context: dict[str, Any] = {"area": "policies", "desk": place, "pack": pack}
    number = request.GET.get("case")
    if number:
        case = visible_case(viewer, number)
        pack = pack_of(case)
        context |= {"case": case, "pack": pack, "state": pack.lifecycle.states[case.state]}
    context["flow"] = flow_of(pack)
    now_in = context["case"].state if number else ""
    context |= {"chart": chart_of(pack, now_in=now_in), "narrow": narrow_chart_of(pack, now_in=now_in)}
    return render(request, "policies/process.html", context)


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One step of a flow that the policy describes in its own words, and the steps that may come next."""

    title: str
    then: list[str]

    @property
    def branches(self) -> bool:
        return len(self.then) > 1


def flow_of(pack: Pack) -> dict[str, Any] | None:
    """The flow that the policy draws beside its process, step by step with its branches; None when it draws none."""
    flow = pack.extra.get("flow_chart")
    if not flow:
        return None
    titles = {step["id"]: words(step["title"]) for step in flow["steps"]}
    steps = [FlowStep(titles[step["id"]], [titles[name] for name in step["then"]]) for step in flow["steps"]]
    return {"title": words(flow["title"]), "hotline": flow.get("hotline", ""), "steps": steps}


@route(audience="staff", permission="signed_in", kind="policy")
def duties(request: HttpRequest, desk: str) -> HttpResponse:
    """Who has which duty and authority in which state, as the policy publishes it; with `case`, its stage is marked."""
    viewer = viewer_of(request)
    place, pack = desk_and_pack(viewer, desk)
    context: dict[str, Any] = {"area": "policies", "desk": place}
    number = request.GET.get("case")
    if number:
        case = visible_case(viewer, number)
        pack = pack_of(case)
        context["case"] = case
    return render(request, "policies/duties.html", context | {"pack": pack} | _matrix(pack))


def _matrix(pack: Pack) -> dict[str, Any]:
    """The functions as heads, and a line for every state that names a duty."""
    functions = list(dict.fromkeys(duty.function for duty in pack.routing.duties))
    ordered = dict.fromkeys([*main_line(pack.lifecycle), *pack.lifecycle.states])
    states = [name for name in ordered if any(d.state == name for d in pack.routing.duties)]
    cells = {(d.state, d.function): d for d in pack.routing.duties}
    return {
        "heads": [words(pack.routing.functions[f].title) if f else gettext("责任部门") for f in functions],
        "rows": [(s, words(pack.lifecycle.states[s].title), [cells.get((s, f)) for f in functions]) for s in states],
    }
