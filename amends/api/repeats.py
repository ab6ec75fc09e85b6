"""Repeating a request is safe: the same key and content get the first answer, stored in the transaction of the change."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from amends.apps.cases.models import IdempotencyKey
from amends.apps.cases.queries import Viewer
from amends.core.refusals import FieldError, InvalidData, Refusal


class OtherContent(Refusal):
    """The key was used before with other content."""

    code = "idempotency_mismatch"
    status = 422
    sentence = "这个 Idempotency-Key 已用于另一内容的请求。"


class _AnsweredBefore(Exception):
    def __init__(self, entry: IdempotencyKey) -> None:
        self.entry = entry
        super().__init__()


def once(request: HttpRequest, viewer: Viewer, work: Callable[[], HttpResponse]) -> HttpResponse:
    """Do the work, or give the answer that the same request got before. Without a key the work is simply done.

    The key is stored in the same transaction as what the work changes, so neither exists without the other.
    Raises OtherContent for a key that was used with other content.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return work()
    if not re.fullmatch(r"[\x21-\x7e]{1,128}", key):
        raise InvalidData([FieldError("/Idempotency-Key", "bad_format", {"field": "Idempotency-Key"})])
    caller, digest = viewer.person.actor_id, _digest(request)
    try:
        with transaction.atomic():
            entry = _claim(caller, key, digest, viewer)
            response = work()
            body = response.content.decode()
            IdempotencyKey.objects.filter(pk=entry.pk).update(status=response.status_code, body=body)
            return response
    except _AnsweredBefore as before:
        return _first_answer(before.entry, digest)


def _claim(caller: str, key: str, digest: str, viewer: Viewer) -> IdempotencyKey:
    try:
        with transaction.atomic():
            return IdempotencyKey.objects.create(caller=caller, key=key, digest=digest, created_at=viewer.now)
    except IntegrityError:
        raise _AnsweredBefore(IdempotencyKey.objects.get(caller=caller, key=key)) from None


def _first_answer(entry: IdempotencyKey, digest: str) -> HttpResponse:
    if entry.digest != digest:
        raise OtherContent
    return HttpResponse(entry.body, status=entry.status or 200, content_type="application/json")


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
