"""Who has to have a second factor sets it up before anything else, from the request on with which they may administer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

from amends.apps.people.grounds import MANAGE
from amends.apps.people.rights import standing_with
from amends.apps.people.second_factor import has_second_factor, is_asked_of
from amends.doors.routes import declaration_of
from amends.web.viewing import packs_of, viewer_of

BY_CODE = "signed_in_by_code"
ALLOWED = frozenset({"second_factor", "sign_out"})


class SecondFactorFirst:
    """Leads every page of staff to the one that sets it up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        declared = declaration_of(view)
        if declared is None or declared.audience not in ("staff", "admin"):
            return None
        if request.resolver_match is not None and request.resolver_match.url_name in ALLOWED:
            return None
        return HttpResponseRedirect(resolve_url("second_factor")) if must_set_up(request) else None


def must_set_up(request: HttpRequest) -> bool:
    """Whether whoever is signed in may administer by now and has no second factor. Costs nothing once they came in by a code."""
    person = request.user
    if not person.is_authenticated or request.session.get(BY_CODE) or not is_asked_of(person):
        return False
    viewer = viewer_of(request)
    held = (standing_with(MANAGE, viewer.caller(desk, pack), pack) for desk, pack in packs_of(viewer).items())
    return (person.is_administrator or any(held)) and not has_second_factor(person)
