"""The clocks of a case or proceeding: read from its events by the core, cached with an index so that a sweep touches only what is due."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from amends.apps.cases.facts import core_events, pack_at, packs_through
from amends.apps.cases.models import FAR_FUTURE, Case, ClockRow
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.projection import place_in_queue
from amends.apps.ledger.models import Event as LedgerEvent
from amends.apps.ledger.queries import events_of
from amends.apps.policies.queries import calendars_of
from amends.apps.prepared import Prepared, given_key
from amends.core.clocks import ClockEvent, ClockReading
from amends.core.clockwork import Clockwork
from amends.core.conversation import waits_for_a_word
from amends.core.facts import Event
from amends.core.moving import Era
from amends.core.policy.clock_rules import ClockRule
from amends.core.policy.lifecycle import RESTING, Process
from amends.core.policy.pack import Pack

Timed = Case | Proceeding
"""What has clocks."""


def kind_of(row: Timed) -> str | None:
    """Which proceeding of the pack a row is; None for a case."""
    return row.kind if isinstance(row, Proceeding) else None


def process_of(row: Timed, pack: Pack) -> Process:
    """The process that a case or proceeding goes through."""
    return _process(pack, kind_of(row))


def _process(pack: Pack, kind: str | None) -> Process:
    return pack.proceedings[kind] if kind is not None else pack.lifecycle


def _rules(pack: Pack, kind: str | None) -> tuple[ClockRule, ...]:
    return pack.proceedings[kind].clocks if kind is not None else pack.clocks


def rows_of(row: Timed) -> list[ClockRow]:
    """The clocks of a case or proceeding as last read."""
    return _ROWS[type(row)].ask(key=row.pk)


_ROWS: dict[type, Prepared[ClockRow]] = {
    Case: Prepared(lambda: ClockRow.objects.filter(case=given_key("key"))),
    Proceeding: Prepared(lambda: ClockRow.objects.filter(proceeding=given_key("key"))),
}


def _owner(row: Timed) -> dict[str, Any]:
    return {"proceeding": row} if isinstance(row, Proceeding) else {"case": row}


def clock_events(events: Iterable[Event], eras: list[tuple[Era, Pack]], kind: str | None) -> list[ClockEvent]:
    """The events of a case or proceeding as clocks see them, each with the meaning its state had in the version of its time."""
    found = []
    for event in events:
        payload = event.payload
        category = _process(pack_at(event.seq, eras), kind).states[payload["to"]].category
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
                done=category in RESTING,
            )
        )
    return found


def read_clocks(
    events: Iterable[Event], pack: Pack, now: datetime, *, kind: str | None = None, with_segments: bool = False
) -> list[ClockReading]:
    """Every clock of a case over its events at `now`, in the order of the pack; with `kind`, those of a proceeding.

    Where the case was moved to another version of its policy, a clock that had stopped by then stays as the version
    before read it, and the present version reads every other one, from its start on: nobody is judged afterwards by a
    rule that did not hold. See docs/decisions/0010.
    """
    events = list(events)
    eras = packs_through(events, pack)
    seen = clock_events(events, eras, kind)
    found: dict[str, ClockReading] = {}
    for era, policy in eras:
        for reading in _read_under(policy, kind, seen, now, with_segments=with_segments):
            is_of_this_time = era.end is None if reading.stop_seq is None else era.holds(reading.stop_seq)
            if is_of_this_time:
                found.setdefault(reading.key, reading)
    return list(found.values())


def _read_under(
    pack: Pack, kind: str | None, seen: list[ClockEvent], now: datetime, *, with_segments: bool
) -> Iterator[ClockReading]:
    return _clockwork(_rules(pack, kind)).readings(seen, calendars_of(pack), now, with_segments=with_segments)


KEPT_CLOCKWORKS = 512
_CLOCKWORKS: dict[int, tuple[tuple[ClockRule, ...], Clockwork]] = {}


def _clockwork(rules: tuple[ClockRule, ...]) -> Clockwork:
    """Kept by the identity of the rules, which are kept alive beside it."""
    found = _CLOCKWORKS.get(id(rules))
    if found is None:
        if len(_CLOCKWORKS) >= KEPT_CLOCKWORKS:
            _CLOCKWORKS.clear()
        found = _CLOCKWORKS[id(rules)] = (rules, Clockwork(rules))
    return found[1]


def clocks_of(row: Timed, pack: Pack, now: datetime, *, with_segments: bool = True) -> list[ClockReading]:
    """The clocks of a case or proceeding with their explanation; none for a case that was taken over and not reopened."""
    if isinstance(row, Case) and row.taken_over and row.cycle == 1:
        return []
    if not _rules(pack, kind_of(row)):
        return []
    return read_clocks(core_events(events_of(row.chain)), pack, now, kind=kind_of(row), with_segments=with_segments)


def has_open_promise(case: Case, pack: Pack) -> bool:
    """Whether the customer was promised a time that still stands."""
    promises = _promises(pack)
    return bool(promises) and any(clock.rule in promises for clock in _running(case))


def read_at(row: Timed, pack: Pack, now: datetime) -> tuple[frozenset[str], bool]:
    """Those of the clocks that steps are bound to whose time is over at `now`, and whether a promise to the customer stands.

    One query; none where the policy binds no step and knows no promise.
    """
    limits = process_of(row, pack).limits
    promises = _promises(pack) if isinstance(row, Case) else frozenset()
    if not limits and not promises:
        return frozenset(), False
    running = _running(row)
    over = {
        clock.rule for clock in running if clock.rule in limits and clock.due_at is not None and clock.due_at <= now
    }
    return frozenset(over), any(clock.rule in promises for clock in running)


def _promises(pack: Pack) -> frozenset[str]:
    return frozenset(rule.id for rule in pack.clocks if rule.limit.promise)


def _running(row: Timed) -> list[ClockRow]:
    return [clock for clock in rows_of(row) if clock.stopped_at is None]


@dataclass(slots=True)
class ClockChanges:
    """Clock rows to write once the case row is saved."""

    new: list[ClockRow] = field(default_factory=list)
    changed: list[ClockRow] = field(default_factory=list)
    gone: list[ClockRow] = field(default_factory=list)

    def save(self) -> None:
        """Write what changed, in at most three statements."""
        if self.gone:
            ClockRow.objects.filter(pk__in=[row.pk for row in self.gone]).delete()
        if self.new:
            ClockRow.objects.bulk_create(self.new)
        if self.changed:
            # An insert that finds its rows: Django takes several times as long to put an update of many columns into words.
            ClockRow.objects.bulk_create(
                self.changed, update_conflicts=True, unique_fields=["id"], update_fields=WRITTEN
            )


def refresh_clocks(row: Timed, *, pack: Pack, now: datetime) -> ClockChanges:
    """Set the due columns of the row from its clocks at `now`, and return the clock rows to write."""
    readings = clocks_of(row, pack, now, with_segments=False)
    present = {} if row._state.adding else {clock.instance: clock for clock in rows_of(row)}
    read = {reading.key for reading in readings}
    changes = ClockChanges(gone=[clock for key, clock in present.items() if key not in read])
    for reading in readings:
        clock = present.get(reading.key)
        if clock is None:
            clock = ClockRow(rule=reading.rule_id, instance=reading.key, **_owner(row))
            changes.new.append(clock)
        elif _same(clock, reading):
            continue
        else:
            changes.changed.append(clock)
        _copy_reading(clock, reading)
    summarise(row, readings, {key: json.loads(clock.fired) for key, clock in present.items()})
    if isinstance(row, Case):
        note_next_word(row, readings, pack)
        place_in_queue(row, pack)
    return changes


def note_next_word(case: Case, readings: Iterable[ClockReading], pack: Pack) -> None:
    """When the customer has to hear from the house next: columns of the case."""
    running = (r for r in readings if r.stopped_at is None and r.due_at is not None)
    words = (r for r in running if waits_for_a_word(r.rule, pack.lifecycle))
    first = min(words, key=lambda r: r.due_at or FAR_FUTURE, default=None)
    case.word_due_at, case.word_clock = (first.due_at, first.rule_id) if first else (None, "")


COPIED = (
    "status",
    "started_at",
    "due_at",
    "original_due_at",
    "stopped_at",
    "breached_at",
    "provisional",
    "next_at",
)
WRITTEN = (*COPIED, "given_by", "given_in")  # fmt: skip


def _copy_reading(row: ClockRow, reading: ClockReading) -> None:
    row.kind = reading.rule.kind
    if reading.rule.limit.promise and row.case is not None and row.given_in is None:
        row.given_in, row.given_by_id = reading.start_seq, _whose_word(row.case, reading.start_seq)
    for name in COPIED:
        setattr(row, name, getattr(reading, name))


def _whose_word(case: Case, seq: int) -> int | None:
    """The person who did an event of the case; None where a program or the customer did."""
    actor = LedgerEvent.objects.filter(chain=case.chain, seq=seq).values_list("actor", flat=True).get()
    kind, _, key = actor.partition(":")
    return int(key) if kind == "person" else None


def _same(row: ClockRow, reading: ClockReading) -> bool:
    return all(getattr(row, name) == getattr(reading, name) for name in COPIED)


def summarise(row: Timed, readings: Iterable[ClockReading], fired: Mapping[str, list[str]]) -> None:
    """The nearest due date, lateness, and when the next sweep must look: columns of the row."""
    alive = [r for r in readings if r.stopped_at is None]
    running = [r for r in alive if not r.rule.rhythm]
    nearest = min((r for r in running if r.due_at is not None), key=lambda r: r.due_at or FAR_FUTURE, default=None)
    row.due_at = nearest.due_at if nearest else None
    row.due_clock = nearest.rule_id if nearest else ""
    row.due_sort = row.due_at or FAR_FUTURE
    row.due_is_provisional = bool(nearest and nearest.provisional)
    row.is_late = any(r.breached_at is not None for r in running)
    looks = (moment for r in alive for moment in _next_looks(r, fired.get(r.key, [])))
    row.sweep_at = min(looks, default=FAR_FUTURE)


def _next_looks(reading: ClockReading, fired: list[str]) -> list[datetime]:
    looks = [step.tell_at for step in reading.ladder if step.key not in fired]
    return looks + ([reading.next_at] if reading.next_at else [])
