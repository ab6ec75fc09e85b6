"""Coming in: by password, and where a second factor is set up by its code as well. Every way of signing in ends here."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

from amends.apps.messaging.allowances import Allowance, give_back, spend
from amends.apps.people.models import Person
from amends.apps.people.second_factor import has_second_factor, is_right
from amends.apps.people.sessions import note_session
from amends.core.refusals import FieldError, InvalidData
from amends.web.middleware.second_factor_first import BY_CODE
from amends.web.middleware.session_age import BEGAN, LAST_USED
from amends.web.portal.network import network_of

BACKEND = "amends.apps.people.signed_in.SignedIn"
WAITING = "password_was_right"
WAITS_FOR = timedelta(minutes=5)
WRONG_CODES = Allowance("second-factor", limit=5, within=timedelta(minutes=15))


def enter(request: HttpRequest, person: Person, address: str, now: datetime) -> HttpResponse:
    """The password was right: on to the address, or to the page that asks for the code of the second factor."""
    if not has_second_factor(person):
        return signed_in(request, person, address, now)
    # The password stands in it as a hash: changed meanwhile, the half sign-in counts no more.
    request.session[WAITING] = {
        "person": person.pk, "hash": person.get_session_auth_hash(), "until": (now + WAITS_FOR).isoformat(),
        "address": address,
    }  # fmt: skip
    return HttpResponseRedirect(resolve_url("sign_in_code"))


def waiting(request: HttpRequest, now: datetime) -> tuple[Person, str] | None:
    """Who typed the right password within five minutes, and where they want to go on."""
    half = request.session.get(WAITING)
    if half is None or datetime.fromisoformat(half["until"]) < now:
        return None
    person = Person.objects.filter(pk=half["person"], is_active=True).first()
    if person is None or person.get_session_auth_hash() != half["hash"]:
        return None
    return person, half["address"]


def check_code(person: Person, typed: str, now: datetime) -> None:
    """Raises InvalidData for a code that is not good, and TooMany after five of them within a quarter of an hour."""
    if not typed.strip():
        raise InvalidData([FieldError("/code", "required", {"field": "验证码"})])
    spend([WRONG_CODES], subject=person.actor_id, now=now)
    if not is_right(person, typed[:40], now):
        raise InvalidData([FieldError("/code", "wrong_code", {})])
    give_back(WRONG_CODES, subject=person.actor_id, now=now)


def signed_in(request: HttpRequest, person: Person, address: str, now: datetime) -> HttpResponse:
    """A new session begins, in the person's own language."""
    begin_session(request, person, now)
    response = HttpResponseRedirect(address)
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        remember_language(response, person.language)
    return response


def begin_session(request: HttpRequest, person: Person, now: datetime) -> None:
    """Sign in: the session gets another key, and a line in the person's list of browsers."""
    request.session.pop(WAITING, None)
    login(request, person, backend=BACKEND)
    request.session[BEGAN] = request.session[LAST_USED] = now.isoformat()
    request.session[BY_CODE] = has_second_factor(person)
    note_here(request, person, now)


def note_here(request: HttpRequest, person: Person, now: datetime) -> None:
    """List the present session among those of the person."""
    if request.session.session_key is None:
        request.session.create()
    key, browser = request.session.session_key or "", request.headers.get("User-Agent", "")
    note_session(person, key=key, browser=browser, address=network_of(request), now=now)


def remember_language(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
