"""Doing something once, however often it is asked: the answer is stored with the key, in the same transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from django.db import IntegrityError, transaction

from amends.apps.cases.models import IdempotencyKey


@transaction.atomic
def once(*, caller: str, key: str, now: datetime, do: Callable[[], str]) -> tuple[str, bool]:
    """The answer of `do`, and whether it was done just now; the same caller and key get the first answer again.

    When `do` refuses, the key stays unused: what was typed can be corrected and sent again.
    """
    digest = hashlib.sha256(f"page:{key}".encode()).hexdigest()
    try:
        with transaction.atomic():
            entry = IdempotencyKey.objects.create(caller=caller, key=f"page:{key}"[:128], digest=digest, created_at=now)
    except IntegrityError:
        return IdempotencyKey.objects.get(caller=caller, key=f"page:{key}"[:128]).body, False
    answer = do()
    IdempotencyKey.objects.filter(pk=entry.pk).update(status=201, body=answer)
    return answer, True
