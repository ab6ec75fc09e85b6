"""The page of one case: everything at a glance, its story, why each clock is due, its personal data on request."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from amends.apps.cases.actions.reveal import reveal_field
from amends.apps.cases.evidence import asked_for_evidence
from amends.apps.cases.presence import asked_for_presence, others_present
from amends.apps.cases.queries import asked_for_related
from amends.apps.ledger.queries import asked_for_details, asked_for_events
from amends.apps.people.queries import asked_for_ways
from amends.apps.prepared import Asked, asked_together
from amends.core.archive import EVIDENCE_IN_WORDS
from amends.core.decide import allowed_actions
from amends.core.refusals import FieldError, InvalidData, NotPermitted
from amends.core.roles import sees_task_only
from amends.doors.pack_words import waits_words, words_of
from amends.doors.routes import route
from amends.doors.wording import faults, listed
from amends.web.case.asked import open_questions
from amends.web.case.beside import axes_of, forms_of, order_of, people_of, related_to
from amends.web.case.buttons import buttons_of
from amends.web.case.conformity import conformity_shown
from amends.web.case.gallery import shown_files
from amends.web.case.glance import (
    asked_for_last_message,
    clocks_shown,
    explained,
    flags_of,
    heard_of,
    nearest,
    stages_of,
    states_passed,
    tasks_of,
)
from amends.web.case.proceedings import proceedings_on
from amends.web.case.seeing import CaseView, case_view
from amends.web.case.story import SHOWS, story_of, stretch_of
from amends.web.case.tools import tools_of
from amends.web.case.watching import in_words
from amends.web.case.writing import WRITE
from amends.web.guidance.customer import brief_of, moods_of, studies_like
from amends.web.registers.confirmed import asked_for_records, shown_at_step
from amends.web.viewing import asked_for_menu

__all__ = ["CaseView", "case_view", "clocks", "page", "reveal"]

TABS = ("", "evidence", "proceedings", "conformity")
REASON_LENGTH = 300


@route(audience="staff", permission="visible", kind="case")
def page(request: HttpRequest, number: str) -> HttpResponse:
    """Everything about a case on one page, and the verbs that are open now.

    `tab` chooses what stands below the head, `show` filters the story. htmx gets the story alone, a stretch of it that was
    folded (`from`, `to`), or the record of one event (`record`).
    """
    seen = case_view(request, number)
    if request.headers.get("HX-Request") == "true":
        return _part(request, seen)
    tab = request.GET.get("tab", "")
    if tab not in TABS or (tab == "conformity" and sees_task_only(seen.pack, seen.actor)):
        raise Http404
    with asked_together(_asked_about(seen, tab)):
        context = {**head_of(seen), "tab": tab, **_below(seen, tab, _show(request))}
        return render(request, "case/page.html", context)


def _asked_about(seen: CaseView, tab: str) -> list[Asked[Any]]:
    """What the page asks of its case whatever is found; whoever sees their task only is shown less."""
    case, menu = seen.case, asked_for_menu(seen.viewer)
    if sees_task_only(seen.pack, seen.actor):
        return [menu]
    asked: list[Asked[Any]] = [
        asked_for_events(case.chain_id),
        asked_for_details(case.chain_id, 1, case.version),
        asked_for_presence(case, seen.viewer.person, now=seen.viewer.now),
        asked_for_last_message(seen),
        asked_for_evidence(case, seen.actor),
        *asked_for_records(seen),
    ]
    if not tab:
        asked += asked_for_related(seen.viewer, case)
        asked += [asked_for_ways(case.complainant_id)] if case.complainant_id else []
    return [*asked, menu]


def _part(request: HttpRequest, seen: CaseView) -> HttpResponse:
    context: dict[str, Any] = {"case": seen.case, "address": seen.address, "zone": seen.zone}
    if "record" in request.GET:
        record = next(iter(stretch_of(seen, *[_seq(request, "record")] * 2)), None)
        return render(request, "case/_record.html", {**context, "entry": record.entry if record else None})
    if "from" in request.GET:
        context["lines"] = stretch_of(seen, _seq(request, "from"), _seq(request, "to"))
        return render(request, "case/_lines.html", context)
    context["story"], _ = story_of(seen, _show(request), seen.readings)
    return render(request, "case/_story.html", context)


def _show(request: HttpRequest) -> str:
    show = request.GET.get("show", "")
    return show if show in SHOWS else ""


def _seq(request: HttpRequest, name: str) -> int:
    """The number of an event in the address; what is none finds nothing."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def head_of(seen: CaseView) -> dict[str, Any]:
    """What stands on top of every tab: state, ball, due date, customer, stages and verbs."""
    case, pack, now = seen.case, seen.pack, seen.viewer.now
    found = clocks_shown(seen.readings, now)
    said = words_of(pack)
    level, rank = said.level(case.level)
    state, kind = pack.lifecycle.states[case.state], pack.channels.kinds.get(case.kind)
    actions = allowed_actions(pack=pack, process=pack.lifecycle, facts=seen.facts, actor=seen.actor)
    buttons = buttons_of(seen, actions)
    heard = heard_of(seen, found)
    return {
        "area": "queue",
        "seen": seen,
        "case": case,
        "address": seen.address,
        "zone": seen.zone,
        "state": state,
        "hint": next((g.text for g in pack.guidance if g.state == case.state and g.as_ == "hint" and not g.field), None)
        or state.hint,
        "in_force": shown_at_step(seen),
        "waits_for": said.waits(case.waits_for) if case.is_open else _who_archives(seen),
        "handled_by": said.handler(),
        "level": level,
        "rank": rank,
        "kind": kind.title if kind else case.kind,
        "category": said.category(case.category),
        "stages": stages_of(pack, seen.facts, states_passed(seen)),
        "clocks": [clock for clock in found if clock.is_running],
        "ended": [clock for clock in found if not clock.is_running],
        "nearest": nearest(found),
        "heard": heard,
        "held_until": heard.held_until(now),
        "tasks": tasks_of(seen, found),
        "questions": open_questions(seen),
        "flags": flags_of(seen),
        "buttons": buttons,
        "tools": tools_of(seen, buttons),
        "adds_evidence": buttons.of(EVIDENCE_IN_WORDS),
        "writes": buttons.of(WRITE),
        "present": in_words(others_present(case, seen.viewer.person, now=now), pack),
        "files": shown_files(seen),
        "brief": brief_of(seen),
        "moods": moods_of(seen),
        "may_see_conformity": not sees_task_only(pack, seen.actor),
        "has_proceedings": any(kind.about != "desk" for kind in pack.proceedings.values()),
    }


def _who_archives(seen: CaseView) -> str:
    """Who still has to put a finished case into the archive; empty when that is done or not wanted."""
    process = seen.pack.lifecycle
    steps = [
        t
        for t in process.from_state(seen.case.state)
        if process.states[t.target(seen.case.state)].category == "archived"
    ]
    roles = dict.fromkeys(role for step in steps for role in step.by) if seen.case.state_category == "done" else {}
    return listed(waits_words(seen.pack, role) for role in roles)


def _below(seen: CaseView, tab: str, show: str) -> dict[str, Any]:
    if tab == "evidence":
        return {}
    if tab == "proceedings":
        return proceedings_on(seen)
    if tab == "conformity":
        return {"conformity": conformity_shown(seen)}
    case, pack = seen.case, seen.pack
    story, rounds = story_of(seen, show, seen.readings)
    channel = pack.channels.channels.get(case.channel)
    return {
        "story": story,
        "rounds": rounds,
        "channel": channel.title if channel else case.channel,
        "people": people_of(seen),
        "forms": forms_of(seen.readable, pack),
        "related": related_to(seen),
        "studies": studies_like(seen),
        "order": order_of(pack, seen.facts),
        "axes": axes_of(pack, seen.facts),
    }


@route(audience="staff", permission="visible", kind="case")
def clocks(request: HttpRequest, number: str) -> HttpResponse:
    """Why each clock of a case is due when it is, minute by minute; htmx gets one (`clock`), or the list of those that
    have stopped (`ended`)."""
    seen = case_view(request, number)
    context: dict[str, Any] = {"area": "queue", "case": seen.case, "zone": seen.zone}
    if request.headers.get("HX-Request") == "true" and "ended" in request.GET:
        found = clocks_shown(seen.readings, seen.viewer.now)
        return render(request, "case/_ended.html", {**context, "ended": [c for c in found if not c.is_running]})
    if request.headers.get("HX-Request") == "true":
        one = next(iter(explained(seen, request.GET.get("clock") or "-")), None)
        return render(request, "case/_why.html", {**context, "explained": one})
    every = explained(seen)
    context["running"] = [one for one in every if one.clock.is_running]
    context["ended"] = [one for one in every if not one.clock.is_running]
    return render(request, "case/clocks.html", context)


@route(audience="staff", permission="reveal", kind="case", methods=["POST"])
def reveal(request: HttpRequest, number: str) -> HttpResponse:
    """Show one personal value in full, for a reason that is noted with the name of whoever asked."""
    seen = case_view(request, number)
    if not seen.may("reveal") or (seen.case.hides_reporter and not seen.may("see_reporter")):
        raise NotPermitted(verb="查看完整信息")
    field, reason = request.POST.get("field", ""), request.POST.get("reason", "").strip()
    context: dict[str, Any] = {"case": seen.case, "field": field, "reason": reason}
    try:
        if not reason:
            raise InvalidData([FieldError("/reason", "required", {"field": "查看理由"})])
        if len(reason) > REASON_LENGTH:
            params = {"field": "查看理由", "limit": REASON_LENGTH, "length": len(reason)}
            raise InvalidData([FieldError("/reason", "too_long", params)])
        context["text"] = reveal_field(
            seen.case, field, reason=reason, by=seen.viewer.person, roles=seen.actor.roles, now=seen.viewer.now
        )
    except InvalidData as refusal:
        context["problems"] = [s for found in faults(refusal).values() for s in found]
        return render(request, "case/_reveal.html", context, status=422)
    return render(request, "case/_reveal.html", context)
