"""Doing something once, however often it is asked: the answer is stored with the key, in the transaction of the change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from amends.apps.cases.models import IdempotencyKey
from amends.core.policy.forms import FILE_TYPES, Form
from amends.core.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. `is_first` says that it was done just now."""

    body: str
    status: int = 201
    is_first: bool = True


class OtherContent(Refusal):
    """The key was used before with other content; `first` is what was answered to that."""

    code = "idempotency_mismatch"
    status = 422
    sentence = "这份表单已经提交过，这次改动的内容没有保存。如需再办理一次，请核对后重新提交。"

    def __init__(self, first: Answer, sentence: str | None = None, /, **params: Any) -> None:
        super().__init__(sentence, **params)
        self.first = first


@transaction.atomic
def once(*, caller: str, key: str, digest: str, now: datetime, do: Callable[[], Answer]) -> Answer:
    """Do it and return its answer, or return the first answer when the same caller used the key before.

    Raises OtherContent when the key was used with another digest. When `do` refuses, the key stays unused: what was sent
    can be corrected and sent again.
    """
    try:
        with transaction.atomic():
            entry = IdempotencyKey.objects.create(caller=caller, key=key, digest=digest, created_at=now)
    except IntegrityError:
        return _given_before(caller, key, digest)
    answer = do()
    IdempotencyKey.objects.filter(pk=entry.pk).update(status=answer.status, body=answer.body)
    return answer


def _given_before(caller: str, key: str, digest: str) -> Answer:
    entry = IdempotencyKey.objects.get(caller=caller, key=key)
    first = Answer(entry.body, entry.status or 200, is_first=False)
    if entry.digest != digest:
        raise OtherContent(first)
    return first


def answered_before(*, caller: str, key: str) -> str:
    """What the caller was answered for the key; empty when nothing was done for it."""
    return IdempotencyKey.objects.filter(caller=caller, key=key).values_list("body", flat=True).first() or ""


def key_of_form(token: str) -> str:
    """The key under which a form counts as sent, by its hidden token; whatever was sent as such can be kept."""
    return f"form:{hashlib.sha256(token.encode('utf-8', 'replace')).hexdigest()}"


def digest_of_form(place: str, form: Form, data: Mapping[str, Any]) -> str:
    """What makes two sent forms the same: where they were sent, and what was typed.

    The ids of files are left out: a second click uploads the same files under other ids.
    """
    files = {field.id for field in form.fields if field.type in FILE_TYPES}
    typed = {name: value for name, value in data.items() if name not in files}
    text = json.dumps([place, typed], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
