"""The call list, and the page of one call: whom to ring, what to say, and how it went."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.cases.actions.reveal import reveal_field
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.standing import standing_texts
from amends.apps.cases.queries import Viewer
from amends.apps.people.actions import log_access
from amends.apps.people.choices import departments_to_choose
from amends.apps.surveys.calls import (
    Planned,
    attempts_on,
    call_of_kind,
    call_on_case,
    calls_page,
    count_calls,
    desks_that_call,
)
from amends.apps.surveys.queries import surveys_by_telephone
from amends.core.decide import Action, allowed_actions
from amends.core.facts import CaseFacts
from amends.core.masking import masked
from amends.core.policy.base import Title
from amends.core.policy.followups import Call
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, NotPermitted
from amends.doors.routes import route
from amends.doors.wording import button_of, faults, words
from amends.web.case.seeing import CaseView, case_view
from amends.web.proceedings.seeing import ProceedingView, proceeding_view
from amends.web.viewing import viewer_of, zone_of

ASKED = ("when", "desk", "mine", "department")
PHONE, NAME = "complainant_phone", "complainant_name"


@dataclass(frozen=True, slots=True)
class Line:
    """One call as the list shows it."""

    planned: Planned
    address: str
    what: str
    who: str
    is_late: bool
    zone: ZoneInfo


@route(audience="staff", permission="signed_in", kind="case")
def page(request: HttpRequest) -> HttpResponse:
    """The calls that are due, overdue or planned, of all desks the viewer works on; the first to make at the top."""
    viewer = viewer_of(request)
    asked = {name: request.GET[name] for name in ASKED if request.GET.get(name)}
    context: dict[str, Any] = {
        "area": "calls",
        "asked": asked,
        "when": asked.get("when", "due"),
        "query": _query(request),
        "status": 200,
    }
    try:
        _refuse_unknown(request)
        found = calls_page(viewer, asked, cursor=request.GET.get("cursor", ""))
        context |= {"lines": [_line(one, viewer) for one in found.calls], "next_cursor": found.next_cursor}
    except InvalidData as refusal:
        context |= {"lines": [], "problems": [s for some in faults(refusal).values() for s in some], "status": 422}
    if request.headers.get("HX-Request") == "true" and request.GET.get("cursor"):
        return render(request, "calls/_lines.html", context, status=context["status"])
    desks = desks_that_call(viewer)
    kept: dict[str, str] = {}
    if "problems" not in context:
        kept = {name: value for name, value in asked.items() if name != "when"}
    context |= {
        "desks": list(desks),
        "by_telephone": surveys_by_telephone(viewer)[:5],
        "departments": [(str(unit.id), unit.title) for unit in departments_to_choose()],
        "counts": count_calls(viewer, kept),
        "groups": [(desk, kind, call) for desk, pack in desks.items() for kind, call in groups_of(pack)],
    }
    return render(request, "calls/page.html", context, status=context["status"])


def groups_of(pack: Pack) -> Iterable[tuple[str, Call]]:
    """The kinds of calls that can be planned for a group of customers: proceedings that name them."""
    return [(c.proceeding, c) for c in pack.followups.calls.values() if c.proceeding and c.name and c.phone]


def _refuse_unknown(request: HttpRequest) -> None:
    allowed = {*ASKED, "cursor"}
    errors = [
        FieldError(f"/{name}", "unknown_filter", {"name": name[:60], "allowed": sorted(allowed)})
        for name in request.GET
        if name not in allowed
    ]
    if errors:
        raise InvalidData(errors)


def _query(request: HttpRequest) -> str:
    kept = request.GET.copy()
    kept.pop("cursor", None)
    return kept.urlencode()


def _line(planned: Planned, viewer: Viewer) -> Line:
    case, proceeding = planned.case, planned.proceeding
    address = reverse("call_in_proceeding", args=[proceeding.pk]) if proceeding else ""
    if proceeding is None and case is not None:
        address = reverse("call_on_case", args=[case.number])
    what = (proceeding.subject if proceeding else "") or (case.subject if case else "")
    who = masked("name", case.complainant.name) if case and case.complainant and not case.hides_reporter else ""
    return Line(planned, address, what, who, planned.due_at < viewer.now, zone_of(planned.pack))


@dataclass(frozen=True, slots=True)
class Way:
    """One way a call can go: its button, or why it is not open."""

    title: str
    address: str
    why: str = ""


@route(audience="staff", permission="visible", kind="case", methods=["GET", "POST"])
def on_case(request: HttpRequest, number: str) -> HttpResponse:
    """The call about a case; a POST shows the number to ring, which is noted."""
    seen = case_view(request, number)
    call = call_on_case(seen.case, seen.pack)
    if call is None:
        raise Http404
    actions = allowed_actions(pack=seen.pack, process=seen.pack.lifecycle, facts=seen.facts, actor=seen.actor)
    context = _about(seen.case, call, seen.facts, seen.zone)
    context |= _who_of_case(request, seen)
    context |= _ways(call, actions, seen.pack.lifecycle, lambda verb: f"{seen.address_of(verb)}?from=calls")
    return render(request, "calls/one.html", context)


@route(audience="staff", permission="visible", kind="proceeding", methods=["GET", "POST"])
def in_proceeding(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """The call that a proceeding is; a POST shows the number to ring, which is noted."""
    seen = proceeding_view(request, key)
    call = call_of_kind(seen.proceeding.kind, seen.pack)
    if call is None or not seen.proceeding.is_open:
        raise Http404
    context = _about(seen.proceeding, call, seen.facts, seen.zone)
    if seen.proceeding.case is not None:
        context |= _who_of_case(request, CaseView(seen.viewer, seen.proceeding.case))
    else:
        context |= _who_of_proceeding(request, seen, call)
    context |= _ways(
        call,
        seen.actions,
        seen.kind,
        lambda verb: reverse("proceeding_act", args=[seen.proceeding.pk, verb]) + "?from=calls",
    )
    return render(request, "calls/one.html", context)


def _about(row: Case | Proceeding, call: Call, facts: CaseFacts, zone: ZoneInfo) -> dict[str, Any]:
    last = facts.done.get(call.missed) if call.missed else None
    case = row if isinstance(row, Case) else row.case
    attempts = attempts_on(row, call)
    return {
        "area": "calls", "call": call, "case": case, "row": row, "zone": zone, "attempts": attempts,
        "tried_at": last.at if last and attempts else None,
        "subject": (row.subject or (case.subject if case else "")),
    }  # fmt: skip


def _who_of_case(request: HttpRequest, seen: CaseView) -> dict[str, Any]:
    """Who is rung: masked until the number is asked for, and only for whoever may see it in full."""
    case = seen.case
    may = seen.may("reveal") and not (case.hides_reporter and not seen.may("see_reporter"))
    name = case.complainant.name if case.complainant else ""
    points = case.complainant.contact_points.filter(kind="phone").order_by("-pk") if case.complainant else []
    phone = next((point.value for point in points), "")
    context = {"who": masked("name", name), "phone": masked("phone", phone), "may_reveal": may and bool(phone)}
    if request.method == "POST":
        if not context["may_reveal"]:
            raise NotPermitted(verb="查看完整信息")
        reason = gettext("回访 %(number)s") % {"number": case.number}
        full = reveal_field(
            case, PHONE, reason=reason, by=seen.viewer.person, roles=seen.actor.roles, now=seen.viewer.now
        )
        context |= {"who": name, "phone": full, "is_shown": True}
    return context


def _who_of_proceeding(request: HttpRequest, seen: ProceedingView, call: Call) -> dict[str, Any]:
    texts = standing_texts(seen.proceeding.chain)
    name, phone = texts.get(call.name or "", ""), texts.get(call.phone or "", "")
    may = any(action.verb in call.verbs() for action in seen.actions)
    context = {"who": masked("name", name), "phone": masked("phone", phone), "may_reveal": may and bool(phone)}
    if request.method == "POST":
        if not context["may_reveal"]:
            raise NotPermitted(verb="查看完整信息")
        log_access(
            actor=seen.viewer.person.actor_id, action="reveal", object=f"proceeding:{seen.proceeding.pk}",
            field=call.phone or "", reason=gettext("回访 %(number)s") % {"number": seen.proceeding.number}, now=seen.viewer.now,
        )  # fmt: skip
        context |= {"who": name, "phone": phone, "is_shown": True}
    return context


def _ways(call: Call, actions: Sequence[Action], process: Any, address_of: Callable[[str], str]) -> dict[str, Any]:
    """The ways a call can go. A verb of the process that is not open to this person says so in place of its button."""
    by_verb = {action.verb: action for action in actions}

    def way(verb: str | None, usual: str) -> Way | None:
        if verb is None:
            return None
        action = by_verb.get(verb)
        if action is None:
            return None
        unmet = "、".join(words(title) for title in action.needs_unmet)
        why = gettext("还缺：%(missing)s") % {"missing": unmet} if unmet else ""
        return Way(usual or _title(action.title, verb), address_of(verb), why)

    return {
        "reached": way(call.reached, gettext("接通了，记录回访")),
        "missed": way(call.missed, gettext("没有接通")),
        "given_up": way(call.given_up, ""),
        "converts": way(call.converts, ""),
        "is_for_others": call.reached not in by_verb,
    }


def _title(title: Title | None, verb: str) -> str:
    return words(title) if title else button_of(verb)
