"""Signing in and out, and the language of the pages."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils import timezone, translation
from django.views.decorators.debug import sensitive_post_parameters

from amends.apps.messaging.allowances import Allowance, TooMany, give_back, spend
from amends.apps.people.models import Person
from amends.core.refusals import InvalidData
from amends.doors.routes import route
from amends.doors.wording import said_of_field
from amends.web.addresses import own_address
from amends.web.middleware.refusals import refusal_page
from amends.web.portal.answering import with_retry
from amends.web.portal.network import network_of
from amends.web.sign_in.entering import check_code, enter, remember_language, signed_in, waiting
from amends.web.sign_in.forms import SignInForm

FAILURES_FROM_A_NETWORK = Allowance("sign-in-network", limit=20, within=timedelta(minutes=15))


@route(audience="public", permission="none", methods=["GET", "POST"])
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for name and password; a new session begins, in the person's own language.

    An account is guarded by its own count of failures; a network that tries many accounts by a count of its failures.
    """
    address = own_address(request.POST.get("next") or request.GET.get("next") or "")
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
        return enter(request, form.get_user(), address, timezone.now())
    status = 422 if request.method == "POST" else 200
    return render(request, "sign_in/page.html", {"form": form, "next": request.GET.get("next", "")}, status=status)


@route(audience="public", permission="none", methods=["GET", "POST"])
@sensitive_post_parameters("code")
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """Ask whoever typed their password for the code of their second factor, or for a recovery code in its place."""
    now = timezone.now()
    half = waiting(request, now)
    if half is None:
        return HttpResponseRedirect(resolve_url("sign_in"))
    person, address = half
    problem = ""
    if request.method == "POST":
        try:
            check_code(person, request.POST.get("code", ""), now)
            return signed_in(request, person, address, now)
        except InvalidData as refusal:
            problem = said_of_field(refusal.errors[0])
        except TooMany as refusal:
            return with_retry(refusal_page(request, refusal), refusal)
    context = {"person": person, "problem": problem}
    return render(request, "sign_in/code.html", context, status=422 if problem else 200)


@route(audience="staff", permission="signed_in", methods=["POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return HttpResponseRedirect(resolve_url(settings.LOGOUT_REDIRECT_URL))


@route(audience="public", permission="none", methods=["POST"])
def set_language(request: HttpRequest) -> HttpResponse:
    """Show pages in another language; somebody signed in keeps it."""
    chosen = request.POST.get("language", "")
    response = HttpResponseRedirect(own_address(request.POST.get("next", "")))
    if chosen in dict(settings.LANGUAGES):
        remember_language(response, chosen)
        if request.user.is_authenticated:
            Person.objects.filter(pk=request.user.pk).update(language=chosen)
        translation.activate(chosen)
    return response
