"""Signing in and out, and the language of the pages."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters

from amends.apps.messaging.allowances import Allowance, TooMany, give_back, spend
from amends.apps.people.models import Person
from amends.doors.routes import route
from amends.web.middleware.refusals import refusal_page
from amends.web.middleware.session_age import BEGAN, LAST_USED
from amends.web.portal.answering import with_retry
from amends.web.portal.network import network_of
from amends.web.sign_in.forms import SignInForm

FAILURES_FROM_A_NETWORK = Allowance("sign-in-network", limit=20, within=timedelta(minutes=15))


@route(audience="public", permission="none", methods=["GET", "POST"])
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for name and password; a new session begins, in the person's own language.

    An account is guarded by its own count of failures; a network that tries many accounts by a count of its failures.
    """
    address = _own_address(request.POST.get("next") or request.GET.get("next") or "")
    if request.user.is_authenticated:
        return HttpResponseRedirect(address)
    if request.method == "POST":
        try:
            spend([FAILURES_FROM_A_NETWORK], subject=network_of(request), now=timezone.now())
        except TooMany as refusal:
            return with_retry(refusal_page(request, refusal), refusal)
    form = SignInForm(request, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        give_back(FAILURES_FROM_A_NETWORK, subject=network_of(request), now=timezone.now())
        return _signed_in(request, form.get_user(), address)
    status = 422 if request.method == "POST" else 200
    return render(request, "sign_in/page.html", {"form": form, "next": request.GET.get("next", "")}, status=status)


def _signed_in(request: HttpRequest, person: Person, address: str) -> HttpResponse:
    login(request, person)
    now = timezone.now().isoformat()
    request.session[BEGAN] = now
    request.session[LAST_USED] = now
    response = HttpResponseRedirect(address)
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        _remember_language(response, person.language)
    return response


@route(audience="staff", permission="signed_in", methods=["POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return HttpResponseRedirect(resolve_url(settings.LOGOUT_REDIRECT_URL))


@route(audience="public", permission="none", methods=["POST"])
def set_language(request: HttpRequest) -> HttpResponse:
    """Show pages in another language; somebody signed in keeps it."""
    chosen = request.POST.get("language", "")
    response = HttpResponseRedirect(_own_address(request.POST.get("next", "")))
    if chosen in dict(settings.LANGUAGES):
        _remember_language(response, chosen)
        if request.user.is_authenticated:
            Person.objects.filter(pk=request.user.pk).update(language=chosen)
        translation.activate(chosen)
    return response


def _remember_language(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


def _own_address(wanted: str) -> str:
    """Where to go on: only paths of this installation, never another host."""
    is_path = wanted.startswith("/") and not wanted.startswith("//")
    if is_path and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)
