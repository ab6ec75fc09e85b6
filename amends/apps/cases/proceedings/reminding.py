"""Reminders of what has to take place again and again: meetings, reviews."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from amends.apps.cases.proceedings.queries import overdue_periods
from amends.apps.messaging.actions import notify
from amends.apps.people.directory import holders_of
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.core.policy.proceedings import ProceedingKind

MESSAGE = "period_due"


def remind_of_periods(*, now: datetime) -> int:
    """Tell those whom the policies name of what is due on their desks, once a day; returns how many notices were new."""
    return sum(
        _remind(desk, name, kind, now)
        for desk in Desk.objects.filter(closed_at=None)
        for name, kind in overdue_periods(desk, now)
    )


def _remind(desk: Desk, name: str, kind: ProceedingKind, now: datetime) -> int:
    if kind.periodic is None or not kind.periodic.tell:
        return 0
    pack = pack_in_force(desk, now)
    say, day = kind.periodic.say, now.astimezone(ZoneInfo(pack.head.zone)).date()
    return notify(
        holders_of(kind.periodic.tell, desk=desk, now=now), pack=pack, message=MESSAGE, values={}, case_key="",
        case_number="", now=now, unique_key=f"{MESSAGE}:{desk.pk}:{name}:{day}",
        usual={"zh-hans": say.zh_hans, "en": say.in_language("en")}, desk=desk,
    )  # fmt: skip
