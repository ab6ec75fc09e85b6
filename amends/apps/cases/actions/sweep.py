"""The sweep: looks at cases whose clocks say it is time, reminds, and marks what became late. Nothing else is touched."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from amends.apps.cases.actions.perform import as_stored
from amends.apps.cases.clocks import Timed, clocks_of, refresh_clocks, rows_of
from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case, ClockRow
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.telling import notify_of_proceeding
from amends.apps.cases.telling import by_when_in, message_values, people_in_roles
from amends.apps.messaging.actions import notify, said_on
from amends.core.clocks import ClockReading, LadderMoment
from amends.core.policy.clock_rules import ClockRule
from amends.core.policy.lifecycle import Notice
from amends.core.policy.pack import Pack
from amends.core.policy.wording import placeholders_in

SWEPT_COLUMNS = ("due_at", "due_clock", "due_sort", "due_is_provisional", "is_late", "sweep_at")
PLACED_COLUMNS = (*SWEPT_COLUMNS, "band", "word_due_at", "word_clock")
"""Those of a case, which also moves in the queue when it becomes late."""

USUAL_MESSAGE = "clock_reminder"


def sweep_due_cases(*, now: datetime, limit: int = 200) -> int:
    """Remind and mark on at most `limit` cases and as many proceedings whose time has come; returns how many were looked at."""
    looked_at = 0
    for kind in (Case, Proceeding):
        due = kind._default_manager.filter(sweep_at__lte=now).order_by("sweep_at")
        keys = list(due.values_list("pk", flat=True)[:limit])
        for key in keys:
            sweep_one(kind, key, now)
        looked_at += len(keys)
    return looked_at


@transaction.atomic
def sweep_one(kind: type[Timed], key: UUID, now: datetime) -> None:
    """Remind and mark on one case or proceeding at a moment; harmless when nothing is due."""
    row = as_stored(kind._default_manager.get(pk=key))
    pack = pack_of(row)
    clocks = {clock.instance: clock for clock in rows_of(row)}
    for reading in clocks_of(row, pack, now, with_segments=False):
        if reading.key in clocks:
            _climb(row, pack, reading, clocks[reading.key], now)
    version = row.version
    refresh_clocks(row, pack=pack, now=now).save()
    swept = {name: getattr(row, name) for name in (PLACED_COLUMNS if isinstance(row, Case) else SWEPT_COLUMNS)}
    kind._default_manager.filter(pk=row.pk, version=version).update(**swept)


def _climb(row: Timed, pack: Pack, reading: ClockReading, clock: ClockRow, now: datetime) -> None:
    """Take every step of the ladder that is due and was not taken."""
    taken = json.loads(clock.fired)
    due = [
        step for step in reading.ladder if step.tell_at <= now and step.key not in taken and _was_reached(reading, step)
    ]
    for step in due:
        if isinstance(row, Proceeding):
            _remind_of_proceeding(row, pack, reading.rule, step, now)
        else:
            _remind(row, pack, reading.rule, step, now)
    if due:
        clock.fired = json.dumps(sorted({*taken, *(step.key for step in due)}))
        clock.save(update_fields=["fired"])


def _was_reached(reading: ClockReading, step: LadderMoment) -> bool:
    """A clock that stopped before the step never came to it."""
    return reading.stopped_at is None or step.at <= reading.stopped_at


def _remind(case: Case, pack: Pack, rule: ClockRule, moment: LadderMoment, now: datetime) -> None:
    facts = facts_of(case)
    values = message_values(case, facts, pack, extra=_clock_called(rule, "zh-Hans"))
    values_en = message_values(case, facts, pack, extra=_clock_called(rule, "en"), language="en")
    people = people_in_roles(case, moment.step.tell, pack=pack, now=now)
    notify(
        people, pack=pack, message=moment.step.message or USUAL_MESSAGE, values=values, values_en=values_en, case_key=str(case.pk),
        case_number=case.number, now=now, unique_key=f"{case.pk}:{moment.key}", desk=case.desk,
    )  # fmt: skip


def _remind_of_proceeding(
    proceeding: Proceeding, pack: Pack, rule: ClockRule, moment: LadderMoment, now: datetime
) -> None:
    notice = Notice(to=moment.step.tell, message=moment.step.message or USUAL_MESSAGE)
    said = said_on(pack, notice.message, "notice", proceeding.desk).values()
    # Words that name the proceeding beside its case mean both; in those for every clock the number is what the clock is of.
    names_both = any("proceeding_number" in placeholders_in(words.text) for words in said)
    itself = {} if names_both else {"number": proceeding.number, "case_title": proceeding.subject}
    notify_of_proceeding(
        proceeding, [notice], pack=pack, now=now, key=f"{proceeding.pk}:{moment.key}",
        extra={**_clock_called(rule, "zh-Hans"), **_due(proceeding, pack, "zh-hans"), **itself},
        extra_en={**_clock_called(rule, "en"), **_due(proceeding, pack, "en"), **itself},
    )  # fmt: skip


def _clock_called(rule: ClockRule, language: str) -> dict[str, str]:
    return {"clock": rule.title.get(language, rule.id)}


def _due(proceeding: Proceeding, pack: Pack, language: str) -> dict[str, str]:
    """A reminder of a proceeding speaks of its own due date, not of the one of its case."""
    return {"due_at": by_when_in(proceeding.due_at, ZoneInfo(pack.head.zone), language)}
