"""What changes rights asks for the password again, unless it was typed within the last five minutes. Nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters

from amends.apps.messaging.allowances import Allowance, give_back, spend
from amends.apps.people.second_factor import has_second_factor
from amends.core.refusals import FieldError, InvalidData
from amends.doors.wording import said_of_field
from amends.web.middleware.session_age import BEGAN
from amends.web.sign_in.entering import check_code

CONFIRMED = "confirmed_at"
PASSWORD, CODE = "_password", "_code"
GOOD_FOR = timedelta(minutes=5)
WRONG_PASSWORDS = Allowance("confirm-password", limit=5, within=timedelta(minutes=15))
View = Callable[..., HttpResponseBase]


def confirmed(view: View) -> View:
    """A view whose POST runs only with the password typed within five minutes; else a page asks for it and sends the rest along."""

    @wraps(view)
    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST" or is_confirmed(request):
            return view(request, *args, **kwargs)
        return _asked(request) or view(request, *args, **kwargs)

    return sensitive_post_parameters(PASSWORD)(asking)


def confirmed_by_code(view: View) -> View:
    """A view whose POST runs only with a code of the second factor, where one is set up; else a page asks for it."""

    @wraps(view)
    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST" or not has_second_factor(request.user):  # type: ignore[arg-type]
            return view(request, *args, **kwargs)
        return _asked_for_code(request) or view(request, *args, **kwargs)

    return sensitive_post_parameters(CODE)(asking)


def is_confirmed(request: HttpRequest) -> bool:
    """Whether whoever is signed in typed their password within the last five minutes, on signing in or since."""
    times = [request.session.get(name) for name in (CONFIRMED, BEGAN)]
    return any(text and timezone.now() - datetime.fromisoformat(text) <= GOOD_FOR for text in times)


def confirm(request: HttpRequest, typed: str, now: datetime) -> None:
    """Accept the password, unless it was typed a moment ago. Raises InvalidData for a wrong one, TooMany after five."""
    if is_confirmed(request):
        return
    if not typed:
        raise InvalidData([FieldError("/password", "required", {"field": "密码"})])
    spend([WRONG_PASSWORDS], subject=str(request.user.pk), now=now)
    if not request.user.check_password(typed):
        raise InvalidData([FieldError("/password", "wrong_password", {})])
    give_back(WRONG_PASSWORDS, subject=str(request.user.pk), now=now)
    request.session[CONFIRMED] = now.isoformat()


def _asked(request: HttpRequest) -> HttpResponse | None:
    """The page that asks, or None once the right password came with the request."""
    typed, problem = request.POST.get(PASSWORD, ""), ""
    if typed:
        try:
            # Raises TooMany too, which becomes a page of its own.
            confirm(request, typed, timezone.now())
        except InvalidData as refusal:
            problem = said_of_field(refusal.errors[0])
        else:
            return None
    return _page(request, problem, asks="password")


def _asked_for_code(request: HttpRequest) -> HttpResponse | None:
    """The page that asks for a code, or None once a right one came with the request."""
    problem = ""
    if CODE in request.POST:
        try:
            check_code(request.user, request.POST[CODE], timezone.now())  # type: ignore[arg-type]
        except InvalidData as refusal:
            problem = said_of_field(refusal.errors[0])
        else:
            return None
    return _page(request, problem, asks="code")


def _page(request: HttpRequest, problem: str, *, asks: str) -> HttpResponse:
    kept = [(name, value) for name, values in request.POST.lists() for value in values if _is_kept(name)]
    context = {"kept": kept, "problem": problem, "asks": asks}
    return render(request, "sign_in/confirm.html", context, status=422 if problem else 403)


def _is_kept(name: str) -> bool:
    return name not in (PASSWORD, CODE, "csrfmiddlewaretoken") and "password" not in name
