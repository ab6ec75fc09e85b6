"""Replaying the ledger under a draft policy: cases are read in batches and worked out by the pure core, on several processes where there are many.

Nothing is written to cases or ledger. Every process reads its own batches and gives back sums: handing events over costs more than reading them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from pydantic_core import from_json

from amends.apps.cases.models import Case, ClockRow
from amends.apps.deferred.processes import shared_out
from amends.apps.ledger.bulk import without_collecting
from amends.apps.ledger.models import Event as LedgerEvent
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import calendars_of, pack_in_force, read_version
from amends.apps.reporting.models import CaseFact
from amends.apps.studies.reading import in_turn
from amends.core.facts import Event
from amends.core.policy.pack import Pack
from amends.core.what_if import Draft, Past, Replayed, Simulation, Stood, Sums, figures_asked

AT_ONCE = 250
PROCESSES = 2
WORTH_PROCESSES = 1500
"""From so many cases on, starting further processes pays."""
MOST_LISTED = 2000
"""So many of the cases that differ are kept one by one, the earliest; sums are of all."""

MEASURES = {
    "response": "response_seconds", "response_work": "response_work_seconds", "any_response": "any_response_seconds",
    "any_response_work": "any_response_work_seconds", "telling": "telling_seconds", "telling_work": "telling_work_seconds",
    "handling": "handling_seconds", "handling_work": "handling_work_seconds", "closing": "closing_seconds",
    "closing_work": "closing_work_seconds", "score": "score", "compensation": "compensation_minor", "rounds": "rounds",
    "cycles": "cycles", "escalations": "escalations",
}  # fmt: skip
DAYS = ("received", "responded", "told", "resolved", "closed")
COLUMNS = tuple(field.attname for field in CaseFact._meta.concrete_fields)

Named = tuple[UUID, int, int, bool, int, datetime]
"""A case as it is given out: its key, its chain, its version, whether it was taken over, its cycle, and when it was received."""


@dataclass(slots=True)
class Outcome:
    """What a simulation found: the sums, and the first cases that differ."""

    sums: Sums
    differing: list[Replayed] = field(default_factory=list)


def cases_since(desk: Desk, since: date) -> QuerySet[Case]:
    """The cases of a desk that were received on a day or later, in the order in which they are replayed."""
    return Case.objects.filter(desk=desk, received_on__gte=since).order_by("received_at", "pk")


def simulate(
    desk: Desk, draft: Pack, since: date, now: datetime, *, processes: int = PROCESSES, progress: Callable[[int], Any] = lambda done: None
) -> Outcome:  # fmt: skip
    """Replay the cases of a desk received since a day under a draft; changes nothing."""
    cases = cases_since(desk, since)
    given = Given(draft, calendars_for(draft), versions_among(cases), pack_in_force(desk, now), since, now)
    is_large = processes > 1 and cases.count() >= WORTH_PROCESSES
    found = Outcome(Sums())
    done = 0
    for sums, differing in _in_processes(given, cases, processes) if is_large else _here(given, cases):
        done += sums.cases
        found.sums.add(sums)
        found.differing += differing[: max(0, MOST_LISTED - len(found.differing))]
        progress(done)
    return found


def calendars_for(draft: Pack) -> dict[str, Any]:
    """The working calendars that the clocks of a policy run by."""
    calendar = calendars_of(draft)
    return {name: calendar(name) for name in {rule.calendar for rule in draft.clocks}}


def versions_among(cases: QuerySet[Case]) -> dict[int, Pack]:
    """The versions of the policy under which these cases stand."""
    return {key: read_version(key) for key in cases.order_by().values_list("pack_id", flat=True).distinct()}


@dataclass(frozen=True, slots=True)
class Given:
    """What every process has to know."""

    draft: Pack
    calendars: Mapping[str, Any]
    versions: Mapping[int, Pack]
    present: Pack
    since: date
    now: datetime

    def simulation(self) -> Simulation:
        return Simulation(Draft(self.draft, self.calendars, self.versions, self.now), self.present, self.since)


def _here(given: Given, cases: QuerySet[Case]) -> Iterator[tuple[Sums, list[Replayed]]]:
    simulation = given.simulation()
    for batch in batches(cases):
        yield replayed(simulation, batch)


def replayed(simulation: Simulation, batch: list[Named]) -> tuple[Sums, list[Replayed]]:
    """Read some cases and replay them: their sums under a draft, and those that differ."""
    with without_collecting():
        return simulation.over(pasts_of(batch))


_simulation: Simulation | None = None


def _begin(given: Given) -> None:
    global _simulation
    _simulation = given.simulation()


def _work(batch: list[Named]) -> tuple[Sums, list[Replayed]]:
    assert _simulation is not None  # noqa: S101 - every process begins with `_begin`
    sums, differing = replayed(_simulation, batch)
    for one in differing:
        # Clocks travel as what differs between them.
        one.clocks_before = one.clocks_after = ()
    return sums, differing


def _in_processes(given: Given, cases: QuerySet[Case], processes: int) -> Iterator[tuple[Sums, list[Replayed]]]:
    """As `_here`, in the same order."""
    return shared_out(_work, batches(cases), processes, begin=partial(_begin, given))


# Reading


def batches(cases: QuerySet[Case]) -> Iterator[list[Named]]:
    """The cases in turn, some at a time; one query for each."""
    columns = cases.values_list("pk", "chain_id", "pack_id", "taken_over", "cycle", "received_at")
    return in_turn(columns, AT_ONCE, place=lambda row: (row[5], row[0]))


def pasts_of(rows: list[Named]) -> Iterator[Past]:
    """Some cases as the core replays them, with all that is asked of them; three queries."""
    keys, chains = [row[0] for row in rows], [row[1] for row in rows]
    events: dict[int, list[Event]] = defaultdict(list)
    found = LedgerEvent.objects.filter(chain__in=chains).order_by("chain", "seq")
    for chain, seq, verb, at, noted, actor, payload in found.values_list(
        "chain_id", "seq", "kind", "at", "recorded_at", "actor", "payload"
    ):
        events[chain].append(Event(seq, verb, at, noted, actor, from_json(payload)))
    clocks: dict[UUID, list[Stood]] = defaultdict(list)
    stood = ClockRow.objects.filter(case__in=keys).order_by("started_at", "instance")
    for case, *clock in stood.values_list("case_id", "instance", "rule", "due_at", "stopped_at"):
        clocks[case].append(Stood._make(clock))
    facts = {row["case_id"]: row for row in CaseFact.objects.filter(case__in=keys).values(*COLUMNS)}
    for key, chain, version, taken, cycle, _ in rows:
        if (row := facts.get(key)) is not None:
            yield Past(
                id=str(key), version=version, is_judged=not (taken and cycle == 1), events=events[chain], clocks=clocks[key],
                figures=figures_asked(row), days={name: row[f"{name}_on"] for name in DAYS},
                measures={name: row[column] for name, column in MEASURES.items()},
            )  # fmt: skip


# The result as data


def as_data(found: Outcome, desk: Desk, draft: Pack, now: datetime) -> dict[str, Any]:
    """The sums as plain data: before and after for levels, routes, clocks and indicators, and what could not be replayed."""
    present, sums = pack_in_force(desk, now), found.sums
    return {
        "cases": sums.cases, "differing": sums.differing, "draft": draft.version, "present": present.version,
        "levels": _pairs(sums.levels), "routes": _pairs(sums.routes),
        "clocks": [
            {"clock": name, "before": one.before, "broken_before": one.broken_before, "after": one.after, "broken_after": one.broken_after, "moved": one.moved}
            for name, one in sums.clocks.items()
        ],
        "broken": [sum(one.broken_before for one in sums.clocks.values()), sum(one.broken_after for one in sums.clocks.values())],
        "indicators": list(_indicators(sums, present, draft)),
        "not_replayed": {
            "verbs": [{"verb": name, "cases": counts[0], "events": counts[1]} for name, counts in sorted(sums.unknown_verbs.items())],
            "states": [{"state": name, "cases": count} for name, count in sorted(sums.unknown_states.items())],
            "indicators": sorted({one.id for pack in (present, draft) for one in pack.kpis.indicators if one.id not in sums.before and one.id not in sums.after}),
        },
    }  # fmt: skip


def _pairs(found: Mapping[str, list[int]]) -> list[dict[str, Any]]:
    return [{"name": name, "before": counts[0], "after": counts[1]} for name, counts in sorted(found.items())]


def _indicators(sums: Sums, present: Pack, draft: Pack) -> Iterator[dict[str, Any]]:
    ids = dict.fromkeys([*sums.before, *sums.after])
    for name in ids:
        sides: dict[str, Any] = {}
        for side, pack, tallies in (("before", present, sums.before), ("after", draft, sums.after)):
            indicator = pack.kpis.indicator(name)
            if indicator is None or name not in tallies:
                sides[side] = None
                continue
            result = tallies[name].result(indicator)
            value = None if result.value is None else str(result.value)
            sides[side] = {"value": value, "sample": result.sample, "verdict": str(result.verdict)}
        yield {"indicator": name, **sides}


def line_data(one: Replayed) -> dict[str, Any]:
    """What differs for one case, as plain data."""
    return {
        "level": list(one.level), "route": list(one.route), "broken": list(one.broken),
        "due": [[key, *(moment.isoformat() if moment else None for moment in (before, after))] for key, before, after in one.due],
        "unknown": sorted([*one.unknown_verbs, *one.unknown_states]),
    }  # fmt: skip


def parts_of(one: Replayed) -> Iterable[str]:
    """Under which figures a case is listed."""
    if one.differs:
        yield "all"
    if one.level[0] != one.level[1]:
        yield "level"
    if one.route[0] != one.route[1]:
        yield "route"
    if one.due:
        yield "due"
    if one.broken[1] > one.broken[0]:
        yield "worse"
    if one.broken[1] < one.broken[0]:
        yield "better"
    if one.unknown_verbs or one.unknown_states:
        yield "unknown"
