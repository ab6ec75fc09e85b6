"""When the database or the disk can not be used: 503 or 507 with a time to try again, never a broken page."""

from __future__ import annotations

import errno
from collections.abc import Callable

from django.db import DataError, InterfaceError, OperationalError, close_old_connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext, override

RETRY_SECONDS = 5
BUSY = "系统暂时无法保存或读取数据，请稍后再试。您填写的内容仍在页面上。"
FULL = "系统存储空间不足，暂时无法保存，请稍后再试或联系客服。您填写的内容仍在页面上。"


class Unavailable:
    """Turns a lost, locked or full database, and a full disk, into an answer that says so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        except (OperationalError, InterfaceError, OSError) as error:
            return self.process_exception(request, error) or _raise(error)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """503 for a database that can not be used, 507 for a full disk; other errors go on as they are."""
        if isinstance(error, OSError) and not isinstance(error, ConnectionError):
            return answer(request, 507, FULL) if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
        if not isinstance(error, OperationalError | InterfaceError) or isinstance(error, DataError):
            return None
        close_old_connections()
        return answer(request, 507, FULL) if "disk is full" in str(error) else answer(request, 503, BUSY)


def _raise(error: Exception) -> HttpResponse:
    raise error


def typed_in(request: HttpRequest) -> list[tuple[str, str]]:
    """What a form brought, shown again so that nobody loses it; secrets are left out."""
    if request.method != "POST":
        return []
    return [(name, value) for name, values in request.POST.lists() if not _is_secret(name) for value in values if value]


def _is_secret(name: str) -> bool:
    return any(word in name for word in ("csrf", "password", "token", "code", "pin"))


def answer(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    """The refusal as a problem for machines, as a plain page for people."""
    response: HttpResponse
    if request.path.startswith("/api/"):
        body = {"type": "about:blank", "status": status, "code": "unavailable", "title": sentence, "detail": sentence}
        with override("en"):
            body["detail_en"] = gettext(sentence)
        response = JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
        response["Content-Type"] = "application/problem+json"
    else:
        context = {"sentence": gettext(sentence), "typed": typed_in(request)}
        response = render(request, "unavailable.html", context, status=status)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response
