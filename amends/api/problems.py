"""Every refusal as problem details (RFC 9457), with the sentence in Chinese and English and each fault at its pointer."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import override

from amends.core.refusals import InvalidData, Refusal, WrongState
from amends.doors.wording import in_words, said, said_of_field, words

TYPE = "about:blank"


def problem(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The answer to a refusal."""
    body: dict[str, Any] = {
        "type": TYPE,
        "status": refusal.status,
        "code": refusal.code,
        "request_id": request_id(request),
    }
    with override("zh-hans"):
        body["title"] = body["detail"] = said(refusal)
    with override("en"):
        body["detail_en"] = said(refusal)
    if isinstance(refusal, InvalidData):
        body["errors"] = [_fault(error) for error in refusal.errors]
    if isinstance(refusal, WrongState):
        body["missing"] = [words(m) if not isinstance(m, str) else in_words(m) for m in refusal.missing]
    # A sentence may quote what was sent, and half a character can not be sent back.
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    response = HttpResponse(content, status=refusal.status, content_type="application/problem+json")
    if retry := getattr(refusal, "retry_after", None):
        response["Retry-After"] = str(retry)
    return response


def _fault(error: Any) -> dict[str, Any]:
    fault = {"pointer": error.pointer, "code": error.code}
    with override("zh-hans"):
        fault["message"] = said_of_field(error)
    with override("en"):
        fault["message_en"] = said_of_field(error)
    return fault


def request_id(request: HttpRequest) -> str:
    """The id of this request, the same in the answer and in the log."""
    found = getattr(request, "amends_request_id", None)
    if found is None:
        found = request.amends_request_id = uuid.uuid4().hex  # type: ignore[attr-defined]
    return str(found)
