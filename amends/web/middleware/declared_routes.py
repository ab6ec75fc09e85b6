"""Denied unless declared: an address whose view declares nothing does not exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils.translation import gettext

from amends.doors.routes import Declared, declaration_of
from amends.web.once_more import once_more

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
    """The way to the sign-in page and back. What was sent too late stands on the page, so a lost session loses no text."""
    came_from = request.headers.get("HX-Current-URL-Path") or request.get_full_path()
    address = f"{settings.LOGIN_URL}?{urlencode({'next': came_from})}"
    if request.headers.get("HX-Request") == "true":
        response = HttpResponse(status=401)
        response["HX-Trigger"] = "signed-out"
        return response
    if request.method in ("GET", "HEAD"):
        return HttpResponseRedirect(address)
    sentence = gettext(
        "您停留的时间较长，登录已自动结束，这次提交还没有保存。您写的内容都在这一页：请先在新窗口登录，再回到这里提交。"
    )
    return once_more(request, sentence, status=401, sign_in=settings.LOGIN_URL)
