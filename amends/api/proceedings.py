"""Proceedings by API: begin one on a case or a desk, list, read, and perform any verb. Thin, like the cases' part."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from amends.api.bodies import NewOnCase, NewOnDesk, Verb, checked
from amends.api.cases import LIST_PARAMETERS, answer, in_the_data, size_of
from amends.api.reading import read_json
from amends.api.repeats import once
from amends.api.showing import show_action, show_clock, show_entry, show_possible, show_proceeding
from amends.api.tokens import viewer_of
from amends.apps.cases.actions import Wish, perform
from amends.apps.cases.clocks import clocks_of
from amends.apps.cases.facts import pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.beginning import Beginning, begin_proceeding
from amends.apps.cases.proceedings.facts import facts_at
from amends.apps.cases.proceedings.listing import proceedings_page
from amends.apps.cases.proceedings.offering import offered_fills, quoted
from amends.apps.cases.proceedings.queries import (
    actions_in,
    actor_in,
    possible_on_case,
    possible_on_desk,
    proceedings_of,
    visible_proceeding,
)
from amends.apps.cases.proceedings.timeline import proceeding_entries
from amends.apps.cases.queries import Viewer, actor_of, visible_case
from amends.apps.cases.timeline import entries_for
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.core.refusals import FieldError, InvalidData

router = Router(tags=["proceedings"])


@router.get("/cases/{number}/proceedings", operation_id="list_proceedings_of_case")
def on_case(request: HttpRequest, number: str) -> HttpResponse:
    """The proceedings of a case, and those that may be begun now with the JSON Schema of their form and why."""
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    pack, facts = pack_of(case), facts_at(case, viewer.now)
    actor = actor_of(viewer, case)
    possible = possible_on_case(pack, facts, actor)
    said = entries_for(case, pack, actor) if any(one.offer and one.offer.quotes for one in possible) else []
    fills = {
        one.kind_id: offered_fills(one, desk=case.desk, pack=pack, facts=facts, now=viewer.now) for one in possible
    }
    return answer(
        {
            "version": case.version,
            "proceedings": [show_proceeding(one) for one in proceedings_of(viewer, case)],
            "possible": [show_possible(one, pack, fills[one.kind_id], quotes=quoted(one, said)) for one in possible],
        }
    )


@router.post("/cases/{number}/proceedings", operation_id="begin_proceeding_on_case")
def begin_on_case(request: HttpRequest, number: str) -> HttpResponse:
    viewer = viewer_of(request)
    case = visible_case(viewer, number)
    body = checked(NewOnCase, read_json(request))
    return once(request, viewer, lambda: _begin(viewer, case.desk, body.kind, body.data, case, body.version))


@router.get("/proceedings", operation_id="list_proceedings")
def listed(request: HttpRequest) -> HttpResponse:
    """Proceedings by desk, kind, state category, lateness, or only those that wait for the caller; paged by cursor."""
    viewer = viewer_of(request)
    filters = {name: value for name, value in request.GET.items() if name not in LIST_PARAMETERS}
    page = proceedings_page(viewer, filters, cursor=request.GET.get("cursor"), size=size_of(request.GET))
    return answer({"proceedings": [show_proceeding(one) for one in page.rows], "next_cursor": page.next_cursor})


@router.get("/desks/{desk}/proceedings", operation_id="list_possible_proceedings")
def on_desk(request: HttpRequest, desk: str) -> HttpResponse:
    """The proceedings that stand by themselves and may be begun on the desk, with the JSON Schema of their form."""
    viewer = viewer_of(request)
    found = _desk(viewer, desk)
    pack = pack_in_force(found, viewer.now)
    return answer({"possible": [show_possible(one, pack) for one in possible_on_desk(viewer, found)]})


@router.post("/proceedings", operation_id="begin_proceeding")
def begin_on_desk(request: HttpRequest) -> HttpResponse:
    viewer = viewer_of(request)
    body = checked(NewOnDesk, read_json(request))
    desk = _desk(viewer, body.desk)
    parent = visible_proceeding(viewer, body.under) if body.under else None
    return once(request, viewer, lambda: _begin(viewer, desk, body.kind, body.data, parent=parent))


def _desk(viewer: Viewer, code: str) -> Desk:
    found = next((d for d in viewer.desks() if d.code == code), None)
    if found is None:
        raise InvalidData([FieldError("/desk", "unknown_choice", {"field": "受理台", "value": code[:60]})])
    return found


def _begin(
    viewer: Viewer, desk: Desk, kind: str, data: dict[str, Any], case: Case | None = None, version: int | None = None,
    parent: Proceeding | None = None,
) -> HttpResponse:  # fmt: skip
    if parent is not None and parent.desk_id != desk.pk:
        raise InvalidData([FieldError("/under", "unknown_choice", {"field": "under", "value": str(parent.pk)})])
    case = case or (parent.case if parent else None)
    pack = pack_of(case) if case else pack_in_force(desk, viewer.now)
    beginning = Beginning(
        kind=kind, desk=desk, case=case, version=version, data=data, caller=viewer.caller(desk, pack), now=viewer.now,
        parent=parent,
    )  # fmt: skip
    with in_the_data():
        begun = begin_proceeding(beginning)
    return answer(show_proceeding(begun), 201)


@router.get("/proceedings/{key}", operation_id="read_proceeding")
def read(request: HttpRequest, key: str) -> HttpResponse:
    return answer(show_proceeding(visible_proceeding(viewer_of(request), key)))


@router.get("/proceedings/{key}/events", operation_id="list_events_of_proceeding")
def events(request: HttpRequest, key: str) -> HttpResponse:
    viewer = viewer_of(request)
    proceeding = visible_proceeding(viewer, key)
    entries = proceeding_entries(proceeding, pack_of(proceeding), roles=actor_in(viewer, proceeding).roles)
    return answer({"events": [show_entry(entry) for entry in entries]})


@router.get("/proceedings/{key}/clocks", operation_id="list_clocks_of_proceeding")
def clocks(request: HttpRequest, key: str) -> HttpResponse:
    viewer = viewer_of(request)
    proceeding = visible_proceeding(viewer, key)
    readings = clocks_of(proceeding, pack_of(proceeding), viewer.now)
    return answer({"clocks": [show_clock(reading) for reading in readings]})


@router.get("/proceedings/{key}/actions", operation_id="list_actions_of_proceeding")
def actions(request: HttpRequest, key: str) -> HttpResponse:
    viewer = viewer_of(request)
    proceeding = visible_proceeding(viewer, key)
    pack = pack_of(proceeding)
    found = [show_action(action, pack, {}) for action in actions_in(viewer, proceeding)]
    return answer({"version": proceeding.version, "actions": found})


@router.post("/proceedings/{key}/actions/{verb}", operation_id="perform_verb_on_proceeding")
def perform_verb(request: HttpRequest, key: str, verb: str) -> HttpResponse:
    viewer = viewer_of(request)
    proceeding = visible_proceeding(viewer, key)
    body = checked(Verb, read_json(request))
    return once(request, viewer, lambda: _perform(viewer, proceeding, verb, body))


def _perform(viewer: Viewer, proceeding: Proceeding, verb: str, body: Verb) -> HttpResponse:
    caller = viewer.caller(proceeding.desk, pack_of(proceeding))
    wish = Wish(verb=verb, data=body.data, caller=caller, now=viewer.now, version=body.version)
    with in_the_data():
        after = perform(proceeding, wish)
    return answer(show_proceeding(after))
