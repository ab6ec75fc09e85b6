"""Conformity of many cases: every clause of a desk's policy, in how many cases it applied, was kept and was not, and which those are.

One case is judged by the same function as its own page (`cases.conformity.judged`), so that the two never disagree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from amends.apps.cases.conformity import judged
from amends.apps.cases.facts import core_events, pack_of
from amends.apps.cases.models import Case, Proceeding
from amends.apps.cases.proceedings.queries import visible_proceedings
from amends.apps.cases.queries import Viewer, below, visible_to
from amends.apps.ledger.models import Event as LedgerEvent
from amends.apps.people.models import Department
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.apps.studies.reading import in_turn
from amends.core.facts import Event
from amends.core.periods import Period
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData

AT_ONCE = 100
MOST_LISTED = 500
"""So many cases of each clause and verdict are kept by name; the counts are always whole."""
VERDICTS = ("broken", "running", "kept")


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose conformity: the cases of a desk received in a period, of a department and those below it, or one case."""

    desk: Desk
    period: Period | None = None
    department: int | None = None
    number: str = ""

    def as_data(self) -> dict[str, Any]:
        first, last = (self.period.first.isoformat(), self.period.last.isoformat()) if self.period else ("", "")
        return {"from": first, "to": last, "department": self.department, "case": self.number}


def asked_from(desk: Desk, data: Mapping[str, Any]) -> Asked:
    """The question as it was kept."""
    period = Period(date.fromisoformat(data["from"]), date.fromisoformat(data["to"])) if data["from"] else None
    return Asked(desk, period, data["department"], data["case"])


def cases_asked(asked: Asked, viewer: Viewer | None) -> QuerySet[Case]:
    """The cases of the question that the viewer may see, in the order of their receipt; without a viewer (an operator) all of them.

    Raises InvalidData for a department or a case outside what the viewer may see, in the same words as for one that does not exist.
    """
    found = visible_to(viewer, on=asked.desk.pk) if viewer else Case.objects.filter(desk=asked.desk)
    if asked.number:
        found = found.filter(number=asked.number)
        if not found.exists():
            raise InvalidData([FieldError("/case", "no_such_case", {"value": asked.number[:40]})])
    if asked.department is not None:
        department = Department.objects.filter(pk=asked.department).first()
        if department is None or (viewer and not _sees_department(viewer, asked.desk, department)):
            raise InvalidData([FieldError("/department", "department_not_visible")])
        found = found.filter(department__in=below(department.pk))
    if asked.period is not None:
        found = found.filter(received_on__gte=asked.period.first, received_on__lte=asked.period.last)
    return found.order_by("received_at", "pk")


def _sees_department(viewer: Viewer, desk: Desk, department: Department) -> bool:
    """Whoever sees the whole desk sees each of its departments; others their own and those below it."""
    pack = pack_in_force(desk, viewer.now)
    roles = (pack.roles.roles.get(holding.role) for holding in viewer.caller(desk, pack).holdings)
    if any(role is not None and role.sees == "desk" for role in roles):
        return True
    return any(department.path.startswith(path) for path in viewer.unit_paths())


@dataclass(slots=True)
class ClauseCount:
    """One clause of the policy over many cases: in how many it applied, and with which verdict."""

    id: str
    title: str
    kept_by: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(VERDICTS, 0))

    @property
    def applied(self) -> int:
        return sum(self.counts.values())

    def as_data(self) -> dict[str, Any]:
        return {"id": self.id, "title": self.title, "kept_by": self.kept_by, "applied": self.applied, **self.counts}


@dataclass(slots=True)
class Findings:
    """What a look at many cases found. `listed` are the cases by clause and verdict, the first ones of each."""

    clauses: dict[str, ClauseCount]
    cases: int = 0
    not_judged: int = 0
    listed: dict[tuple[str, str], list[UUID]] = field(default_factory=lambda: defaultdict(list))

    def as_data(self) -> dict[str, Any]:
        lines = [clause.as_data() for clause in self.clauses.values()]
        return {"cases": self.cases, "not_judged": self.not_judged, "clauses": lines}


def findings_over(
    cases: QuerySet[Case], pack: Pack, now: datetime, *, viewer: Viewer | None = None, progress: Callable[[int], Any] = lambda done: None
) -> Findings:  # fmt: skip
    """Judge the cases one after the other; memory does not grow with their number. Every clause of `pack` is listed, also those that never applied."""
    found = Findings({c.id: ClauseCount(c.id, c.title, c.kept_by) for c in pack.clauses})
    for case, answer in judged_in_turn(cases, now, viewer=viewer):
        _take_in(found, case, answer)
        if found.cases % AT_ONCE == 0:
            progress(found.cases)
    progress(found.cases)
    return found


def _take_in(found: Findings, case: Case, answer: Mapping[str, Any]) -> None:
    found.cases += 1
    if answer["note"]:
        found.not_judged += 1
    for line in answer["clauses"]:
        # A clause of an earlier version that the present one no longer has is counted under its own words.
        clause = found.clauses.setdefault(line["id"], ClauseCount(line["id"], line["title"], "pack"))
        clause.counts[line["verdict"]] += 1
        listed = found.listed[line["id"], line["verdict"]]
        if len(listed) < MOST_LISTED:
            listed.append(case.pk)


def judged_in_turn(
    cases: QuerySet[Case], now: datetime, *, viewer: Viewer | None
) -> Iterator[tuple[Case, dict[str, Any]]]:
    """Each case with its conformity; three queries for a batch of cases."""
    for batch in in_turn(cases.defer("facts"), AT_ONCE):
        yield from _judged(batch, now, viewer)


def _judged(batch: list[Case], now: datetime, viewer: Viewer | None) -> Iterator[tuple[Case, dict[str, Any]]]:
    beneath: dict[UUID, list[Proceeding]] = defaultdict(list)
    seen = visible_proceedings(viewer) if viewer else Proceeding.objects.all()
    for proceeding in seen.filter(case__in=batch).order_by("begun_at", "number").distinct():
        beneath[proceeding.case_id].append(proceeding)  # type: ignore[index]
    chains = [case.chain_id for case in batch] + [p.chain_id for some in beneath.values() for p in some]
    events = events_by_chain(chains)
    for case in batch:
        own = [(p, events[p.chain_id]) for p in beneath[case.pk]]
        yield case, judged(case, pack_of(case), now, events[case.chain_id], own)


def events_by_chain(chains: Iterable[int]) -> dict[int, list[Event]]:
    """The events of chains as the rules see them; one query."""
    found: dict[int, list[LedgerEvent]] = defaultdict(list)
    for event in LedgerEvent.objects.filter(chain__in=list(chains)).order_by("chain", "seq"):
        found[event.chain_id].append(event)
    return defaultdict(list, {chain: core_events(some) for chain, some in found.items()})
