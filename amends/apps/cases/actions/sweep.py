"""The sweep: looks at cases whose clocks say it is time, reminds, and marks what became late. Nothing else is touched."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from django.db import transaction

from amends.apps.cases.clocks import clocks_of, refresh_clocks
from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case, ClockRow
from amends.apps.cases.telling import message_values, people_in_roles
from amends.apps.messaging.actions import notify
from amends.core.clocks import ClockReading, LadderMoment
from amends.core.policy.pack import Pack

SWEPT_COLUMNS = ("due_at", "due_clock", "due_sort", "due_is_provisional", "is_late", "sweep_at")
USUAL_MESSAGE = "clock_reminder"


def sweep_due_cases(*, now: datetime, limit: int = 200) -> int:
    """Remind and mark on at most `limit` cases whose time has come; returns how many were looked at."""
    due = list(Case.objects.filter(sweep_at__lte=now).order_by("sweep_at").values_list("pk", flat=True)[:limit])
    for key in due:
        _sweep(key, now)
    return len(due)


@transaction.atomic
def _sweep(key: UUID, now: datetime) -> None:
    case = Case.objects.select_related("desk", "chain", "complainant", "department", "handler").get(pk=key)
    pack = pack_of(case)
    readings = clocks_of(case, pack, now, with_segments=False)
    rows = {row.instance: row for row in ClockRow.objects.filter(case=case)}
    for reading in readings:
        row = rows.get(reading.key)
        if row is not None:
            _climb(case, pack, reading, row, now)
    version = case.version
    refresh_clocks(case, pack=pack, now=now).save()
    Case.objects.filter(pk=case.pk, version=version).update(**{name: getattr(case, name) for name in SWEPT_COLUMNS})


def _climb(case: Case, pack: Pack, reading: ClockReading, row: ClockRow, now: datetime) -> None:
    """Take every step of the ladder that is due and was not taken."""
    taken = json.loads(row.fired)
    due = [
        step for step in reading.ladder if step.tell_at <= now and step.key not in taken and _was_reached(reading, step)
    ]
    for step in due:
        _remind(case, pack, reading, step, now)
    if due:
        row.fired = json.dumps(sorted({*taken, *(step.key for step in due)}))
        row.save(update_fields=["fired"])


def _was_reached(reading: ClockReading, step: LadderMoment) -> bool:
    """A clock that stopped before the step never came to it."""
    return reading.stopped_at is None or step.at <= reading.stopped_at


def _remind(case: Case, pack: Pack, reading: ClockReading, moment: LadderMoment, now: datetime) -> None:
    rule = next(rule for rule in pack.clocks if rule.id == reading.rule_id)
    facts = facts_of(case)
    title, title_en = rule.title.get("zh-Hans", rule.id), rule.title.get("en", rule.id)
    values = message_values(case, facts, pack, texts={}, extra={"clock": title})
    values_en = message_values(case, facts, pack, texts={}, extra={"clock": title_en}, language="en")
    people = people_in_roles(case, moment.step.tell, pack=pack, now=now)
    notify(
        people, pack=pack, message=moment.step.message or USUAL_MESSAGE, values=values, values_en=values_en, case_key=str(case.pk),
        case_number=case.number, now=now, unique_key=f"{case.pk}:{moment.key}",
    )  # fmt: skip
