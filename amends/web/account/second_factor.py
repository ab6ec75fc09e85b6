"""The second factor of one's own: set up with an authenticator app, with fresh recovery codes, and taken off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters

from amends.apps.messaging.allowances import give_back, spend
from amends.apps.people.models import Person
from amends.apps.people.sealing import CannotOpen
from amends.apps.people.second_factor import (
    as_address,
    as_typed,
    has_second_factor,
    new_secret,
    renew_codes,
    set_up,
    take_off,
)
from amends.apps.people.sessions import end_sessions
from amends.core.refusals import FieldError, InvalidData
from amends.doors.routes import route
from amends.doors.wording import said_of_field
from amends.web.account.views import AREA
from amends.web.confirming import confirmed, confirmed_by_code
from amends.web.middleware.second_factor_first import BY_CODE, must_set_up
from amends.web.sign_in.entering import WRONG_CODES
from amends.web.viewing import viewer_of

OFFERED = "offered_second_factor"
LONGEST_CODE = 20


@route(audience="staff", permission="signed_in", kind="account", methods=["GET", "POST"])
@sensitive_post_parameters("code", "earlier")
@confirmed
def page(request: HttpRequest) -> HttpResponse:
    """The QR code for the app; sent with a code of the app, the second factor is set up and the recovery codes are shown."""
    viewer = viewer_of(request)
    sealed, problems = _offered(request), {}
    if request.method == "POST":
        try:
            codes = _set_up(viewer.person, sealed, request.POST, viewer.now)
        except InvalidData as refusal:
            problems = {error.pointer.lstrip("/"): said_of_field(error) for error in refusal.errors}
        else:
            _is_set_up(request, viewer.person)
            return _codes(request, codes, is_new=True)
    context = {
        **AREA, "problems": problems, "typed": as_typed(sealed), "has": has_second_factor(viewer.person),
        "must": must_set_up(request), "person": viewer.person,
        "qr": _qr(as_address(sealed, viewer.person)),
    }  # fmt: skip
    return render(request, "account/second_factor.html", context, status=422 if problems else 200)


def _offered(request: HttpRequest) -> str:
    """The secret that this session is offered: the same one until it is set up, so that a reload changes no picture."""
    sealed = str(request.session.get(OFFERED, ""))
    try:
        if sealed and as_typed(sealed):
            return sealed
    except CannotOpen:
        pass
    request.session[OFFERED] = fresh = new_secret()
    return fresh


def _qr(address: str) -> str:
    return str(segno.make(address, error="m", micro=False).svg_data_uri(scale=4, border=2, light="#fff"))


def _set_up(person: Person, sealed: str, typed: Mapping[str, str], now: datetime) -> list[str]:
    code, earlier = ("".join(typed.get(name, "").split())[:LONGEST_CODE] for name in ("code", "earlier"))
    if not code:
        raise InvalidData([FieldError("/code", "required", {"field": "验证码"})])
    spend([WRONG_CODES], subject=person.actor_id, now=now)
    codes = set_up(person, sealed=sealed, code=code, earlier=earlier, now=now)
    give_back(WRONG_CODES, subject=person.actor_id, now=now)
    return codes


def _is_set_up(request: HttpRequest, person: Person) -> None:
    """What was signed in by password alone elsewhere ends."""
    request.session.pop(OFFERED, None)
    request.session[BY_CODE] = True
    end_sessions(person, keep=request.session.session_key or "")


def _codes(request: HttpRequest, codes: list[str], *, is_new: bool) -> HttpResponse:
    response = render(request, "account/codes.html", {**AREA, "codes": codes, "is_new": is_new})
    response["Referrer-Policy"] = "no-referrer"
    return response


@route(audience="staff", permission="signed_in", kind="account", methods=["POST"])
@confirmed
@confirmed_by_code
def codes(request: HttpRequest) -> HttpResponse:
    """Ten fresh recovery codes, shown once."""
    viewer = viewer_of(request)
    return _codes(request, renew_codes(viewer.person, now=viewer.now), is_new=False)


@route(audience="staff", permission="signed_in", kind="account", methods=["POST"])
@confirmed
@confirmed_by_code
def remove(request: HttpRequest) -> HttpResponse:
    """Sign in by password alone again, for whom it is allowed; sessions elsewhere end."""
    viewer = viewer_of(request)
    take_off(viewer.person, now=viewer.now)
    request.session[BY_CODE] = False
    end_sessions(viewer.person, keep=request.session.session_key or "")
    messages.success(request, gettext("已关闭两步验证。"))
    return HttpResponseRedirect(reverse("account"))
