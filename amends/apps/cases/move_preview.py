"""What moving the open cases of a desk to another version would do: how many can, and for each what changes. Reads only."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from amends.apps.cases.actions.move_version import cases_to_move
from amends.apps.cases.clocks import read_clocks, summarise
from amends.apps.cases.facts import core_events, facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceedings.queries import open_proceedings
from amends.apps.ledger.models import Event as LedgerEvent
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk, PackVersion
from amends.apps.policies.queries import read_published, read_version
from amends.core.clocks import ClockReading
from amends.core.facts import CaseFacts
from amends.core.moving import Hindrance, Standing, as_if_moved, facts_missing, hindrances, hindrances_of
from amends.core.policy.base import Title
from amends.core.policy.pack import Pack

COLUMNS = ("pack__version", "kind", "channel", "state", "level")
SHOWN_AT_ONCE = 30


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A running clock before and after: one of the two is None where the clock ends with the move or begins by it."""

    title: dict[str, str]
    before: ClockReading | None
    after: ClockReading | None

    @property
    def differs(self) -> bool:
        if self.before is None or self.after is None:
            return True
        return self.before.due_at != self.after.due_at or self.before.status != self.after.status


@dataclass(frozen=True, slots=True)
class Preview:
    """One open case: what hinders its move, or else what it would be afterwards."""

    case: Case
    old: Pack
    hindrances: list[Hindrance]
    state: tuple[Title, Title] | None = None
    level: tuple[Title | None, Title | None] | None = None
    clocks: tuple[ClockChange, ...] = ()
    missing: tuple[Title, ...] = ()
    due_before: datetime | None = None
    due_after: datetime | None = None
    is_late_after: bool = False

    @property
    def becomes_late(self) -> bool:
        return self.is_late_after and not self.case.is_late


@dataclass(frozen=True, slots=True)
class Summary:
    """How many of the open cases can move, and how many can not for each reason; `guarded` of them are not listed by number."""

    can: int
    can_not: list[tuple[Hindrance, int]]
    guarded: int
    total: int


def summary_of(desk: Desk, to: PackVersion, *, source: int | None = None) -> Summary:
    """Counted by what the rows say (version, kind, channel, state, level, open proceedings); a handful of queries for any
    number of cases.

    Grades beside the level are looked at case by case when the move is performed.
    """
    cases = cases_to_move(desk, to, source=source)
    new = read_version(to.pk)
    held_back = _held_back(cases, new)
    by_reason = dict[str, tuple[Hindrance, int]]()
    held = held_back.ids()
    can = _count(cases.exclude(pk__in=held), new, by_reason)
    if held:
        _count(cases.filter(pk__in=held), new, by_reason)
        for hindrance, count in held_back.reasons():
            _add(by_reason, hindrance, count)
    return Summary(can, list(by_reason.values()), cases.filter(_guarded()).count(), cases.count())


def _count(cases: QuerySet[Case], new: Pack, by_reason: dict[str, tuple[Hindrance, int]]) -> int:
    """How many of the cases their own rows let move; adds up why the others can not."""
    can = 0
    for *values, count in cases.values_list(*COLUMNS).annotate(Count("pk")).order_by():
        old = read_published(new.id, values[0])
        found = hindrances(old=old, new=new, facts=_as_facts(old, *values[1:]))
        can += 0 if found else count
        for hindrance in found:
            _add(by_reason, hindrance, count)
    return can


def _add(by_reason: dict[str, tuple[Hindrance, int]], hindrance: Hindrance, count: int) -> None:
    key = json.dumps([hindrance.sentence, str(hindrance.params)])
    by_reason[key] = (hindrance, by_reason.get(key, (hindrance, 0))[1] + count)


@dataclass(frozen=True, slots=True)
class HeldBack:
    """The cases that an open proceeding holds back, by the reason."""

    cases: dict[str, tuple[Hindrance, set[UUID]]]

    def ids(self) -> set[UUID]:
        return {case for _, cases in self.cases.values() for case in cases}

    def reasons(self) -> list[tuple[Hindrance, int]]:
        return [(hindrance, len(cases)) for hindrance, cases in self.cases.values()]


def _held_back(cases: QuerySet[Case], new: Pack) -> HeldBack:
    """Only kinds and states that the new version lacks are looked up by case; usually there are none."""
    standing = open_proceedings(cases)
    found: dict[str, tuple[Hindrance, set[UUID]]] = {}
    for version, kind, state in standing.order_by().values_list("pack__version", "kind", "state").distinct():
        stuck = hindrances_of(read_published(new.id, version), new, kind, state)
        if stuck:
            of_these = standing.filter(pack__version=version, kind=kind, state=state)
            key = json.dumps([stuck[0].sentence, str(stuck[0].params)])
            _, held = found.setdefault(key, (stuck[0], set()))
            held |= set(of_these.values_list("case", flat=True))
    return HeldBack(found)


def _as_facts(old: Pack, kind: str, channel: str, state: str, level: str) -> CaseFacts:
    graded = {old.grading.level: level} if old.grading.level and level else {}
    return CaseFacts(state=state, values={"kind": kind, "channel": channel, **graded})


def _guarded() -> Q:
    return ~Q(restricted_to="") | Q(hides_from_accused=True)


def listed(desk: Desk, to: PackVersion, *, viewer: Person, source: int | None = None) -> QuerySet[Case]:
    """The cases that the preview names one by one: none with a restricted circle, and none about the viewer."""
    return cases_to_move(desk, to, source=source).exclude(_guarded()).exclude(accused_person=viewer)


def previews(cases: Iterable[Case], to: PackVersion, *, now: datetime) -> list[Preview]:
    """What would become of these cases; one query for the events and one for the open proceedings of all of them."""
    cases = list(cases)
    events: dict[int, list[LedgerEvent]] = {}
    for event in LedgerEvent.objects.filter(chain__in=[case.chain_id for case in cases]).order_by("chain", "seq"):
        events.setdefault(event.chain_id, []).append(event)
    new = read_version(to.pk)
    standing: dict[UUID | None, list[Standing]] = {}
    for key, kind, state in open_proceedings(cases).values_list("case", "kind", "state"):
        standing.setdefault(key, []).append((kind, state))
    return [_preview(case, events[case.chain_id], standing.get(case.pk, []), new, now=now) for case in cases]


def _preview(case: Case, ledger: list[LedgerEvent], standing: list[Standing], new: Pack, *, now: datetime) -> Preview:
    old, facts, events = pack_of(case), facts_of(case), core_events(ledger)
    found = hindrances(old=old, new=new, facts=facts, proceedings=standing)
    if found:
        return Preview(case, old, found)
    judged = not (case.taken_over and case.cycle == 1)
    before = read_clocks(events, old, now) if judged else []
    after = read_clocks(as_if_moved(events, old=old, new=new, now=now), new, now) if judged else []
    then = copy.copy(case)
    summarise(then, after, {})
    return Preview(
        case=case,
        old=old,
        hindrances=[],
        state=_if_changed(old.lifecycle.states[case.state].title, new.lifecycle.states[case.state].title),
        level=_if_changed(_level(old, case.level), _level(new, case.level)),
        clocks=tuple(_changes(before, after)),
        missing=tuple(facts_missing(new=new, facts=facts)),
        due_before=case.due_at,
        due_after=then.due_at,
        is_late_after=then.is_late,
    )


def _level(pack: Pack, level: str) -> Title | None:
    axis = pack.grading.axis(pack.grading.level or "")
    return axis.title_of(level) if axis and level else None


def _if_changed(before: Any, after: Any) -> Any:
    return None if before == after else (before, after)


def _changes(before: Iterable[ClockReading], after: Iterable[ClockReading]) -> Iterable[ClockChange]:
    """Every clock that runs before or after the move and is not the same in both."""
    old = {r.key: r for r in before if r.stopped_at is None}
    new = {r.key: r for r in after if r.stopped_at is None}
    for key in dict.fromkeys([*old, *new]):
        reading = new.get(key) or old[key]
        change = ClockChange(dict(reading.rule.title), old.get(key), new.get(key))
        if change.differs:
            yield change
