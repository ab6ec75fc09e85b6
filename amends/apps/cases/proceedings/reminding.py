"""Reminders of what has to take place again and again: meetings, reviews."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from amends.apps.cases.proceedings.expecting import Due, due_around, due_before, missing
from amends.apps.cases.proceedings.queries import overdue_periods
from amends.apps.cases.telling import day_in
from amends.apps.messaging.actions import notify
from amends.apps.people.directory import holders_of
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.core.periods import name_of
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import ProceedingKind

MESSAGE = "period_due"
MISSING = "handing_in_due"
YOURS_IS_DUE = {
    "zh-hans": "{{period}}的{{kind}}请在 {{due}} 前提交。",
    "en": "The {{kind}} for {{period}} is due by {{due}}.",
}
YOURS_IS_LATE = {
    "zh-hans": "{{period}}的{{kind}}应在 {{due}} 前提交，尚未收到，请尽快补交。",
    "en": "The {{kind}} for {{period}} was due by {{due}} and is missing. Please hand it in.",
}
SOME_ARE_LATE = {
    "zh-hans": "{{period}}的{{kind}}已过期限 {{due}}，还有 {{count}} 人没有提交。",
    "en": "The {{kind}} for {{period}} was due by {{due}}; {{count}} are missing.",
}
"""The words where a pack has none of its own."""


def remind_of_periods(*, now: datetime) -> int:
    """Tell those whom the policies name of what is due on their desks, once a day; returns how many notices were new."""
    return sum(
        _remind(desk, name, kind, now)
        for desk in Desk.objects.filter(closed_at=None, practice_of=None)
        for name, kind in overdue_periods(desk, now)
    )


def remind_of_what_is_missing(*, now: datetime) -> int:
    """Tell whoever has not handed in what is expected of them: before the period ends, and daily once it was due, until the
    next one is; returns how many notices were new. Source: SVC-3.2a
    """
    return sum(
        _remind_of_missing(desk, pack, name, kind, now)
        for desk in Desk.objects.filter(closed_at=None)
        for pack in (pack_in_force(desk, now),)
        for name, kind in pack.proceedings.items()
        if kind.expected_from is not None
    )


def _remind_of_missing(desk: Desk, pack: Pack, name: str, kind: ProceedingKind, now: datetime) -> int:
    asked = kind.expected_from
    if asked is None:
        return 0
    today = now.astimezone(ZoneInfo(pack.head.zone)).date()
    present = due_around(asked, today)
    last = due_before(asked, present)
    told = 0
    if (present.period.last - today).days <= asked.remind_before:
        told += _tell_missing(desk, pack, name, kind, present, f"{MISSING}:{desk.pk}:{name}:{present.key}", now)
    if today > last.until:
        told += _tell_missing(desk, pack, name, kind, last, f"{MISSING}:{desk.pk}:{name}:{last.key}:{today}", now)
    return told


def _tell_missing(desk: Desk, pack: Pack, name: str, kind: ProceedingKind, due: Due, key: str, now: datetime) -> int:
    """One notice for each who is missing and, once it was due, one for each who receives it."""
    asked = kind.expected_from
    absent = missing(name, kind, desk, due, now=now)
    if asked is None or not absent:
        return 0
    zh, en = name_of(due.period, asked.every)
    is_late = now.astimezone(ZoneInfo(pack.head.zone)).date() > due.until
    values = {"kind": kind.title.zh_hans, "period": zh, "due": day_in(due.until, "zh-hans"), "count": str(len(absent))}
    values_en = {**values, "kind": kind.title.in_language("en"), "period": en, "due": day_in(due.until, "en")}

    def tell(people: Iterable[Person], words: Mapping[str, str], unique: str) -> int:
        return notify(
            people, pack=pack, message=MISSING, values=values, values_en=values_en, case_key="", case_number="", now=now,
            unique_key=unique, usual=words, desk=desk,
        )  # fmt: skip

    told = tell(absent, YOURS_IS_LATE if is_late else YOURS_IS_DUE, key)
    if is_late:
        told += tell(holders_of(asked.to, desk=desk, now=now), SOME_ARE_LATE, f"{key}:to")
    return told


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
