"""When the database or the disk can not be used: 503 or 507 with a time to try again; when it can not take a value: 422.

Forms and the API refuse what can not be stored by name and at its field. What comes beside them, in hidden fields and addresses,
is told here, so that it is never a broken page.
"""

from __future__ import annotations

import errno
import uuid
from collections.abc import Callable

from django.db import DataError, InterfaceError, OperationalError, close_old_connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext, override

from amends.web.once_more import once_more, typed_in

RETRY_SECONDS = 5
BUSY = "系统暂时无法保存或读取数据，请稍后再试。您填写的内容仍在页面上。"
UNSTORABLE = "提交的内容中有无法保存的字符或过长的内容，请检查后重新提交。您填写的内容仍在页面上。"
FULL = "系统存储空间不足，暂时无法保存，请稍后再试或联系客服。您填写的内容仍在页面上。"


class Unavailable:
    """Turns a lost, locked or full database, a full disk, and values that neither can hold into an answer that says so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        except (OperationalError, InterfaceError, DataError, OSError) as error:
            return self.process_exception(request, error) or _raise(error)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """503 for a database that can not be used, 507 for a full disk, 422 for a value; other errors go on as they are."""
        if isinstance(error, DataError) or _is_half_a_character(error):
            return answer(request, 422, UNSTORABLE, code="invalid")
        if isinstance(error, OSError) and not isinstance(error, ConnectionError):
            return answer(request, 507, FULL) if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
        if not isinstance(error, OperationalError | InterfaceError):
            return None
        close_old_connections()
        return answer(request, 507, FULL) if "disk is full" in str(error) else answer(request, 503, BUSY)


def _raise(error: Exception) -> HttpResponse:
    raise error


def _is_half_a_character(error: Exception) -> bool:
    """Whether a text held half of a character beyond the first plane, which no database takes."""
    return isinstance(error, UnicodeEncodeError) and "surrogates not allowed" in error.reason


def answer(request: HttpRequest, status: int, sentence: str, *, code: str = "unavailable") -> HttpResponse:
    """The refusal as a problem for machines, as a plain page for people."""
    response: HttpResponse
    if request.path.startswith("/api/"):
        body = {"type": "about:blank", "status": status, "code": code, "title": sentence, "detail": sentence,
                "request_id": getattr(request, "amends_request_id", uuid.uuid4().hex)}  # fmt: skip
        with override("en"):
            body["detail_en"] = gettext(sentence)
        response = JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
        response["Content-Type"] = "application/problem+json"
    elif status >= 500 and request.headers.get("HX-Request") != "true":
        response = once_more(request, gettext(sentence), status=status)
    else:
        title = gettext("暂时不可用") if status >= 500 else gettext("无法保存")
        context = {"title": title, "sentence": gettext(sentence), "typed": typed_in(request)}
        response = render(request, "unavailable.html", context, status=status)
    if status >= 500:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response
