"""How often something may happen within a span of time: counted exactly in the database, on either one.

A key with limit L has L slots. A use takes a slot that was never used or whose last use lies further back than the span;
taking is one `update` that names the use it replaces, so parallel requests never take more than L.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from amends.apps.messaging.models import AllowanceSlot, DailyCount
from amends.core.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most `limit` uses of `what` for one subject within `within`."""

    what: str
    limit: int
    within: timedelta


class TooMany(Refusal):
    """A limit is reached; `retry_after` says in how many seconds a use is free again."""

    code = "too_many"
    status = 429
    sentence = "操作过于频繁，请在 %(minutes)s 分钟后再试。"

    def __init__(self, *, retry_after: int) -> None:
        self.retry_after = max(retry_after, 1)
        super().__init__(minutes=math.ceil(self.retry_after / 60))


def digest_of(what: str, subject: str) -> str:
    """A keyed digest that stands for an address or network without naming it."""
    return salted_hmac(f"amends.allowance.{what}", subject, algorithm="sha256").hexdigest()[:48]


@transaction.atomic
def spend(allowances: Sequence[Allowance], *, subject: str, now: datetime) -> None:
    """Use all the allowances of a subject once, or none. Raises TooMany when one of them is used up."""
    for allowance in allowances:
        free_at = _take(f"{allowance.what}:{digest_of(allowance.what, subject)}", allowance, now)
        if free_at is not None:
            raise TooMany(retry_after=math.ceil((free_at - now).total_seconds()))


def give_back(allowance: Allowance, *, subject: str, now: datetime) -> None:
    """Undo the latest use of an allowance: what it limits did not happen."""
    slots = AllowanceSlot.objects.filter(key=f"{allowance.what}:{digest_of(allowance.what, subject)}")
    if latest := slots.order_by("-used_at").first():
        AllowanceSlot.objects.filter(pk=latest.pk, used_at=latest.used_at).update(used_at=now - allowance.within)


def _take(key: str, allowance: Allowance, now: datetime) -> datetime | None:
    """Take a slot; when none is free, the moment at which the next one will be."""
    while True:
        slots = list(AllowanceSlot.objects.filter(key=key, slot__lt=allowance.limit).order_by("used_at"))
        if slots and slots[0].used_at <= now - allowance.within:
            oldest = slots[0]
            if AllowanceSlot.objects.filter(pk=oldest.pk, used_at=oldest.used_at).update(used_at=now):
                return None
        elif len(slots) >= allowance.limit:
            return slots[0].used_at + allowance.within
        elif _add_slot(key, len(slots), now):
            return None


def _add_slot(key: str, slot: int, now: datetime) -> bool:
    try:
        with transaction.atomic():
            AllowanceSlot.objects.create(key=key, slot=slot, used_at=now)
    except IntegrityError:
        return False
    return True


def spend_budget(name: str, *, limit: int, day: date) -> bool:
    """Spend one of a day's budget; False when it is used up."""
    DailyCount.objects.bulk_create([DailyCount(name=name, day=day)], ignore_conflicts=True)
    return bool(DailyCount.objects.filter(name=name, day=day, used__lt=limit).update(used=F("used") + 1))


def forget_old_allowances(*, now: datetime) -> int:
    """Delete what no limit looks at any more: uses and budgets older than two days; returns how many."""
    slots, _ = AllowanceSlot.objects.filter(used_at__lt=now - timedelta(days=2)).delete()
    counts, _ = DailyCount.objects.filter(day__lt=(now - timedelta(days=2)).date()).delete()
    return slots + counts
