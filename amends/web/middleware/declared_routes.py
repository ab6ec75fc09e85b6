"""Denied unless declared: an address whose view declares nothing does not exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render

from amends.doors.routes import Declared, declaration_of

SIGNED_IN_AUDIENCES = frozenset({"staff", "admin"})


class DeclaredRoutes:
    """Answers 404 without a declaration, 405 for other methods, and leads staff who are not signed in to sign in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        declared = declaration_of(view)
        if declared is None:
            raise Http404
        if not _is_allowed(request.method or "", declared):
            return HttpResponseNotAllowed(declared.methods)
        if declared.audience in SIGNED_IN_AUDIENCES:
            return _unless_signed_in(request, declared)
        return None


def _is_allowed(method: str, declared: Declared) -> bool:
    return method in declared.methods or (method == "HEAD" and "GET" in declared.methods)


def _unless_signed_in(request: HttpRequest, declared: Declared) -> HttpResponse | None:
    user = request.user
    if not (user.is_authenticated and user.is_active):
        return ask_to_sign_in(request)
    if declared.audience == "admin" and not getattr(user, "is_administrator", False):
        raise Http404
    return None


def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """The way to the sign-in page and back. What was being typed waits as a draft, so a lost session loses no text."""
    came_from = request.headers.get("HX-Current-URL-Path") or request.get_full_path()
    address = f"{settings.LOGIN_URL}?{urlencode({'next': came_from})}"
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(status=401)
        response["HX-Trigger"] = "signed-out"
        return response
    if request.method in ("GET", "HEAD"):
        return HttpResponseRedirect(address)
    context = {"address": settings.LOGIN_URL, "typed": _typed(request)}
    return render(request, "sign_in/session_ended.html", context, status=401)


def _typed(request: HttpRequest) -> list[tuple[str, str]]:
    """The longer texts of a form that came too late, to be copied from the page."""
    found = [(name, value) for name in request.POST for value in request.POST.getlist(name)]
    return [(name, value) for name, value in found if not name.startswith(("_", "csrf")) and len(value) > 20]
