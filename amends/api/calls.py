"""Calls by API: a telephone system announces one and gets the address to open on the screen of whoever picks up."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router

from amends.api.bodies import NewCall, checked
from amends.api.cases import answer
from amends.api.reading import read_json
from amends.api.repeats import once
from amends.api.tokens import viewer_of
from amends.apps.cases.calls import LONGEST_LINE, WAITS, announce_call
from amends.apps.cases.queries import Viewer
from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.policies.queries import pack_in_force
from amends.core.facts import CaseFacts
from amends.core.form_data import checked_text, read_phone
from amends.core.refusals import FieldError, InvalidData, NotPermitted
from amends.core.roles import actor_on_case

calls = Router(tags=["calls"])


@calls.post("/calls", operation_id="announce_call")
def announce(request: HttpRequest) -> HttpResponse:
    """The address carries a secret instead of the number: numbers in addresses would stand in histories and logs."""
    viewer = viewer_of(request)
    body = checked(NewCall, read_json(request))
    return once(request, viewer, lambda: _announced(viewer, body))


def _announced(viewer: Viewer, body: NewCall) -> HttpResponse:
    desk = next((d for d in viewer.desks() if d.code == body.desk), None)
    if desk is None:
        raise InvalidData([FieldError("/desk", "unknown_choice", {"field": "受理台", "value": body.desk[:60]})])
    pack = pack_in_force(desk, viewer.now)
    actor = actor_on_case(pack, viewer.caller(desk, pack), CaseFacts(), OrganisationOfDesk(desk, pack, viewer.now))
    registers = any(set(t.by) & actor.roles for t in pack.lifecycle.from_state(None) if t.verb == "register")
    if not registers or (actor.scopes is not None and not {"all", "write", "register"} & actor.scopes):
        raise NotPermitted(verb="登记")
    phone = read_phone(body.phone, pointer="/phone")
    line = checked_text(body.line or "", pointer="/line", field="线路", limit=LONGEST_LINE)
    secret = announce_call(desk=desk, phone=phone, line=line, by=viewer.person.actor_id, now=viewer.now)
    expires_at = (viewer.now + WAITS).isoformat().replace("+00:00", "Z")
    return answer({"url": f"{settings.BASE_URL}/intake/?call={secret}", "expires_at": expires_at}, 201)
