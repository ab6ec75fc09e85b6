"""The clocks of a case: read from its events by the core, cached with an index so that a sweep touches only what is due."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from amends.apps.cases.facts import core_events
from amends.apps.cases.models import FAR_FUTURE, Case, ClockRow
from amends.apps.ledger.queries import events_of
from amends.apps.policies.queries import calendars_of
from amends.core.clocks import ClockEvent, ClockReading, Known, read_clock
from amends.core.facts import Event
from amends.core.policy.conditions import Condition, holds
from amends.core.policy.pack import Pack


def clock_events(events: Iterable[Event], pack: Pack) -> list[ClockEvent]:
    """The events of a case as clocks see them. A case that was taken over has none: its clocks are not judged."""
    found = []
    for event in events:
        payload = event.payload
        category = pack.lifecycle.states[payload["to"]].category
        values = payload.get("set", {})
        found.append(
            ClockEvent(
                seq=event.seq,
                at=event.at,
                recorded_at=event.recorded_at,
                verb=event.verb,
                state=payload["to"],
                cycle=payload["cycle"],
                round=payload["round"],
                values=values,
                pause_reason=values.get("pause_reason"),
                resumes=event.verb == "resume",
                done=category in ("done", "archived"),
            )
        )
    return found


@lru_cache(maxsize=2048)
def _condition(text: str) -> Condition:
    return Condition.model_validate(json.loads(text))


def decide_when(table: Mapping[str, Any], known: Known) -> bool:
    """Whether a clock applies, by the condition of its rule."""
    return holds(_condition(json.dumps(table, sort_keys=True, default=list)), known)


def read_clocks(
    events: Iterable[Event], pack: Pack, now: datetime, *, with_segments: bool = False
) -> list[ClockReading]:
    """Every clock of the pack over these events at `now`, in the order of the pack."""
    seen = clock_events(events, pack)
    calendar = calendars_of(pack)
    readings: list[ClockReading] = []
    for rule in pack.clocks:
        readings += read_clock(
            rule, seen, calendar(rule.calendar), now, decide_when=decide_when, with_segments=with_segments
        )
    return readings


def clocks_of(case: Case, pack: Pack, now: datetime, *, with_segments: bool = True) -> list[ClockReading]:
    """The clocks of a case with their explanation; none for a case that was taken over and not reopened."""
    if case.taken_over and case.cycle == 1:
        return []
    return read_clocks(core_events(events_of(case.chain)), pack, now, with_segments=with_segments)


@dataclass(slots=True)
class ClockChanges:
    """Clock rows to write once the case row is saved."""

    new: list[ClockRow] = field(default_factory=list)
    changed: list[ClockRow] = field(default_factory=list)

    def save(self) -> None:
        """Write what changed, in at most two statements."""
        if self.new:
            ClockRow.objects.bulk_create(self.new)
        if self.changed:
            ClockRow.objects.bulk_update(self.changed, COPIED)


def refresh_clocks(case: Case, *, pack: Pack, now: datetime) -> ClockChanges:
    """Set the due columns of the case from its clocks at `now`, and return the clock rows to write."""
    readings = clocks_of(case, pack, now, with_segments=False)
    rows = {} if case._state.adding else {row.instance: row for row in ClockRow.objects.filter(case=case)}
    changes = ClockChanges()
    for reading in readings:
        row = rows.get(reading.key)
        if row is None:
            row = ClockRow(case=case, rule=reading.rule_id, instance=reading.key)
            changes.new.append(row)
        elif _same(row, reading):
            continue
        else:
            changes.changed.append(row)
        _copy_reading(row, reading, pack)
    summarise(case, readings, {key: json.loads(row.fired) for key, row in rows.items()})
    return changes


COPIED = (
    "status", "started_at", "due_at", "original_due_at", "stopped_at", "breached_at", "provisional", "next_at",
)  # fmt: skip


def _copy_reading(row: ClockRow, reading: ClockReading, pack: Pack) -> None:
    row.kind = next(rule.kind for rule in pack.clocks if rule.id == reading.rule_id)
    for name in COPIED:
        setattr(row, name, getattr(reading, name))


def _same(row: ClockRow, reading: ClockReading) -> bool:
    return all(getattr(row, name) == getattr(reading, name) for name in COPIED)


def summarise(case: Case, readings: Iterable[ClockReading], fired: Mapping[str, list[str]]) -> None:
    """The nearest due date, lateness, and when the next sweep must look: columns of the case row."""
    running = [r for r in readings if r.stopped_at is None]
    nearest = min((r for r in running if r.due_at is not None), key=lambda r: r.due_at or FAR_FUTURE, default=None)
    case.due_at = nearest.due_at if nearest else None
    case.due_clock = nearest.rule_id if nearest else ""
    case.due_sort = case.due_at or FAR_FUTURE
    case.due_is_provisional = bool(nearest and nearest.provisional)
    case.is_late = any(r.breached_at is not None for r in running)
    looks = (moment for r in running for moment in _next_looks(r, fired.get(r.key, [])))
    case.sweep_at = min(looks, default=FAR_FUTURE)


def _next_looks(reading: ClockReading, fired: list[str]) -> list[datetime]:
    looks = [step.tell_at for step in reading.ladder if step.key not in fired]
    return looks + ([reading.next_at] if reading.next_at else [])
