"""Repeating a request is safe: the same key and content get the first answer, stored in the transaction of the change."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from amends.apps.cases import once as repeats
from amends.apps.cases.queries import Viewer
from amends.core.refusals import FieldError, InvalidData

KEY = re.compile(r"[\x21-\x7e]{1,128}")


def once(request: HttpRequest, viewer: Viewer, work: Callable[[], HttpResponse]) -> HttpResponse:
    """Do the work, or give the answer that the same request got before. Without a key the work is simply done.

    Raises InvalidData for a key that is none, OtherContent for one that was used with other content.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return work()
    if not KEY.fullmatch(key):
        raise InvalidData([FieldError("/Idempotency-Key", "bad_format", {"field": "Idempotency-Key"})])

    def do() -> repeats.Answer:
        response = work()
        return repeats.Answer(response.content.decode(), response.status_code)

    try:
        kept = repeats.once(caller=viewer.person.actor_id, key=key, digest=_digest(request), now=viewer.now, do=do)
    except repeats.OtherContent as other:
        raise repeats.OtherContent(other.first, "这个 Idempotency-Key 已用于另一内容的请求。") from other
    return HttpResponse(kept.body, status=kept.status, content_type="application/json")


def _digest(request: HttpRequest) -> str:
    """What makes two requests the same. The parts of a multipart body count, not the chance boundary between them."""
    kind = request.content_type or ""
    hasher = hashlib.sha256("\n".join((request.method or "", request.get_full_path(), kind)).encode() + b"\n")
    if kind != "multipart/form-data":
        hasher.update(request.body)
        return hasher.hexdigest()
    for name, values in sorted(request.POST.lists()):
        hasher.update(repr((name, values)).encode())
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            hasher.update(repr((name, file.name, file.size)).encode())
            for chunk in file.chunks():
                hasher.update(chunk)
            file.seek(0)
    return hasher.hexdigest()
