"""Keeping the rows that figures are read from: worked out of events for many cases at once, written where they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Count, F, Max, Min, Q, Sum
from pydantic import TypeAdapter

from amends.apps.cases.actions.erase import eraser
from amends.apps.cases.actions.perform import Performed, projector
from amends.apps.cases.changes import watcher
from amends.apps.cases.facts import pack_at, packs_through
from amends.apps.cases.models import Case, ClockRow, Payout, Praised
from amends.apps.ledger.bulk import insert_rows
from amends.apps.ledger.models import Event as LedgerEvent
from amends.apps.ledger.queries import latest_texts
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import calendar_for, read_version
from amends.apps.reporting.models import CaseFact, DayFact, StepFact
from amends.core.case_life import Life, life_of
from amends.core.facts import Event
from amends.core.periods import Period, month_of
from amends.core.policy.kpis import Reads
from amends.core.policy.pack import Pack
from amends.core.refusals import Stale
from amends.core.working_time import SECOND, WorkingCalendar

AT_ONCE = 500
COPIED = (
    "desk_id", "pack_id", "kind", "counts", "internal", "channel", "channel_group", "category", "level", "urgent", "department_id",
    "team_id", "handler_id", "partner_id", "complainant_id", "outcome", "state", "state_category", "taken_over", "received_at",
    "received_on", "closed_at",
)  # fmt: skip
"""What a figure takes from the row of the case as it stands there."""

SPANS = {
    "any_response": "first_told_at",
    "response": "responded_at",
    "telling": "told_at",
    "handling": "resolved_at",
    "closing": "closed_at",
}
"""Every span from receipt, and the moment at which it ends."""

CASE_COLUMNS = tuple(f.attname for f in CaseFact._meta.concrete_fields)
STEP_COLUMNS = tuple(f.attname for f in StepFact._meta.concrete_fields if f.attname != "id")
DAY_KEYS = (
    "desk_id", "day", "state", "kind", "counts", "channel", "channel_group", "category_top", "level", "urgent", "department_id",
    "restricted",
)  # fmt: skip
DAY_COUNTS = (
    "received", "responded", "resolved", "closed", "ended", "completed", "in_time", "scored", "score_sum", "standing", "visits",
    "visit_seconds",
)  # fmt: skip
NO_KIND = {"kind": "", "channel_group": "", "level": "", "urgent": False}
"""Counts of a state are split by less than those of a day: nobody asks for more, and there are far fewer rows."""
ENDS = ("done", "archived")


@projector
def keep_figures(done: Performed) -> None:
    """The figures of a case follow every verb on it."""
    refresh_figures([done.case.pk])


@eraser
@watcher
def keep_figures_of(cases: Collection[UUID]) -> None:
    """The figures follow what changes beside the events of a case."""
    refresh_figures(cases)


_waiting: ContextVar[set[UUID] | None] = ContextVar("cases whose figures wait for the last verb", default=None)


@contextmanager
def figures_at_the_end() -> Iterator[None]:
    """Within, many verbs follow one another on few cases: their figures are worked out once, after the last.

    It lies within one transaction, so that nobody reads an event without its figures.
    """
    waiting = set[UUID]()
    before = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(before)
    refresh_figures(waiting)


def refresh_figures(cases: Collection[UUID]) -> None:
    """Work out the figures of these cases and write what differs; inside the transaction of whoever calls."""
    if (waiting := _waiting.get()) is not None:
        waiting.update(cases)
        return
    keys = list(cases)
    for first in range(0, len(keys), AT_ONCE):
        some = keys[first : first + AT_ONCE]
        add_days(_write(some, _worked_out(some)))


# Working out


class Fact(SimpleNamespace):
    """A row of CaseFact before it is written: a model costs several times as much, and a rebuild makes millions."""

    def row(self) -> tuple[Any, ...]:
        return _row_of(self)

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Fact:
        return cls(**dict(zip(CASE_COLUMNS, row, strict=True)))


_row_of: Callable[[Any], tuple[Any, ...]] = attrgetter(*CASE_COLUMNS)
_copied: Callable[[Any], tuple[Any, ...]] = attrgetter(*COPIED)
BLANK: Mapping[str, Any] = dict.fromkeys(CASE_COLUMNS)
Step = tuple[Any, ...]
"""A row of StepFact before it is written, in the order of STEP_COLUMNS."""
NO, STATE, ENTERED_ON, SECONDS = (STEP_COLUMNS.index(name) for name in ("no", "state", "entered_on", "seconds"))


@dataclass(slots=True)
class Figured:
    """The rows of one case as its events have it now, or as they were."""

    fact: Fact
    steps: list[Step] = field(default_factory=list)


class Clock(NamedTuple):
    """What is read of a clock."""

    rule: str
    due_at: datetime | None
    stopped_at: datetime | None


@dataclass(slots=True)
class _Beside:
    """What lies beside the events of the cases at hand; each part one query, or none where no policy asks for it."""

    events: dict[int, list[Event]]
    clocks: dict[UUID, list[Clock]]
    calendars: dict[int, WorkingCalendar]
    paid: dict[UUID, tuple[int, str]]
    praised: set[UUID]
    invited: set[UUID]
    answers: dict[UUID, dict[str, int]]
    texts: dict[tuple[int, str], str]


def _worked_out(cases: Collection[UUID]) -> list[Figured]:
    # What is only practised is never counted: it has no rows here, so no figure can read it.
    rows = list(Case.objects.filter(pk__in=cases, desk__practice_of=None).order_by("pk"))
    packs = {row.pack_id: read_version(row.pack_id) for row in rows}
    beside = _beside(rows, packs)
    return [_figured(row, packs[row.pack_id], beside) for row in rows]


def _beside(rows: list[Case], packs: Mapping[int, Pack]) -> _Beside:
    keys, chains = [row.pk for row in rows], {row.chain_id: row.pk for row in rows}
    reads = [pack.kpis.reads for pack in packs.values()]
    return _Beside(
        events=_events(chains),
        clocks=_clocks(keys, {rule for one in reads for rule in one.limit}),
        calendars={key: calendar_for(pack, _hours(pack)) for key, pack in packs.items()},
        paid=_paid(keys) if any(pack.proceedings for pack in packs.values()) else {},
        praised=set(Praised.objects.filter(case__in=keys).values_list("case_id", flat=True)),
        invited=_invited(keys) if any(pack.surveys.plans for pack in packs.values()) else set(),
        answers=_answers(keys) if any(one.satisfaction.question for one in reads) else {},
        texts=latest_texts(chains, fields) if (fields := _texts_read(packs.values())) else {},
    )


def _texts_read(packs: Iterable[Pack]) -> set[str]:
    """The text fields that hold a dimension: they lie beside the events, while codes stand in them."""
    named = [(pack, name) for pack in packs for name in _dimension_fields(pack.kpis.reads).values() if name]
    return {name for pack, name in named if (f := pack.fields.get(name)) is not None and f.type == "text"}


def _dimension_fields(reads: Reads) -> dict[str, str | None]:
    return {
        "cause": reads.cause,
        "product": reads.product,
        "product_version": reads.product_version,
        "region": reads.region,
    }


_payload: TypeAdapter[Any] = TypeAdapter(Any)
"""Reads JSON in a third of the time of the standard library."""


def _hours(pack: Pack) -> str:
    return pack.calendar.default if pack.kpis.reads.hours == "default" else pack.kpis.reads.hours


def _events(chains: Collection[int]) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = defaultdict(list)
    rows = LedgerEvent.objects.filter(chain_id__in=list(chains)).order_by("chain_id", "seq")
    for chain, seq, verb, at, actor, payload in rows.values_list("chain_id", "seq", "kind", "at", "actor", "payload"):
        found[chain].append(Event(seq, verb, at, at, actor, _payload.validate_json(payload)))
    return found


def _clocks(keys: list[UUID], rules: set[str]) -> dict[UUID, list[Clock]]:
    found: dict[UUID, list[Clock]] = defaultdict(list)
    if rules:
        rows = ClockRow.objects.filter(case__in=keys, rule__in=rules).order_by("started_at", "instance")
        for case, rule, due_at, stopped_at in rows.values_list("case_id", "rule", "due_at", "stopped_at"):
            found[case].append(Clock(rule, due_at, stopped_at))  # type: ignore[index]
    return found


def _paid(keys: list[UUID]) -> dict[UUID, tuple[int, str]]:
    """What was paid on each case; amounts of several currencies are never added, the larger one stands."""
    rows = Payout.objects.filter(proceeding__case__in=keys, stands=True, paid_at__isnull=False).order_by()
    sums = rows.values("proceeding__case", "currency").annotate(sum=Sum("amount_minor"))
    found: dict[UUID, tuple[int, str]] = {}
    for row in sums:
        present = found.get(row["proceeding__case"], (-1, ""))
        found[row["proceeding__case"]] = max(present, (row["sum"], row["currency"]))
    return found


def _invited(keys: list[UUID]) -> set[UUID]:
    return set(Case.objects.filter(pk__in=keys, invitations__isnull=False).values_list("pk", flat=True))


def _answers(keys: list[UUID]) -> dict[UUID, dict[str, int]]:
    """The latest score of every question that was answered about each case."""
    found: dict[UUID, dict[str, int]] = defaultdict(dict)
    given = Case.objects.filter(pk__in=keys, answers__scores__value__isnull=False).order_by(
        "answers__answered_at", "answers__pk"
    )
    for key, question, value in given.values_list("pk", "answers__scores__question", "answers__scores__value"):
        found[key][str(question)] = int(value or 0)
    return found


def _figured(row: Case, pack: Pack, beside: _Beside) -> Figured:
    events = beside.events[row.chain_id]
    life = life_of(events, partial(pack_at, eras=packs_through(events, pack)))
    reads, zone, calendar = pack.kpis.reads, ZoneInfo(pack.head.zone), beside.calendars[row.pack_id]
    fact = Fact(**{**BLANK, "case_id": row.pk, **dict(zip(COPIED, _copied(row), strict=True))})
    fact.first_told_at, fact.responded_at, fact.told_at, fact.resolved_at = (
        life.first_told_at, life.responded_at, life.told_at, life.resolved_at,
    )  # fmt: skip
    fact.restricted = bool(row.restricted_to) or row.hides_from_accused
    fact.category_top = row.category.partition("/")[0][:63]
    fact.rounds, fact.cycles, fact.reopened = row.round, row.cycle, life.reopened
    for name in ("responded", "told", "resolved", "closed"):
        setattr(fact, f"{name}_on", _day(getattr(fact, f"{name}_at"), zone))
    _measure_spans(fact, calendar)
    for name, source in _dimension_fields(reads).items():
        setattr(fact, name, _dimension(source, row, life, beside))
    fact.escalations = _escalations(reads, life)
    _judge_time(fact, beside.clocks.get(row.pk, []), reads)
    fact.limit_due_on, fact.limit_stopped_on = _day(fact.limit_due_at, zone), _day(fact.limit_stopped_at, zone)
    _score(fact, reads, life, beside)
    fact.praise = row.pk in beside.praised
    fact.compensation_minor, fact.compensation_currency = beside.paid.get(row.pk, (None, ""))
    fact.same_matter = _same_matter(reads, fact)
    return Figured(fact, list(_steps(fact, life, pack, zone, calendar)))


def _day(moment: datetime | None, zone: ZoneInfo) -> date | None:
    return moment.astimezone(zone).date() if moment else None


def _measure_spans(fact: Fact, calendar: WorkingCalendar) -> None:
    for name, ends in SPANS.items():
        end = getattr(fact, ends)
        setattr(fact, f"{name}_seconds", _seconds(fact.received_at, end))
        setattr(fact, f"{name}_work_seconds", _work_seconds(calendar, fact.received_at, end))


def _seconds(start: datetime, end: datetime | None) -> int | None:
    """Whole seconds; what was noted as done before receipt took no time."""
    return None if end is None else max((end - start) // timedelta(seconds=1), 0)


def _work_seconds(calendar: WorkingCalendar, start: datetime, end: datetime | None) -> int | None:
    if end is None:
        return None
    return 0 if end <= start else calendar.working_micros_between(start, end) // SECOND


def _dimension(source: str | None, row: Case, life: Life, beside: _Beside) -> str:
    if source is None:
        return ""
    value = life.facts.value(source)
    if isinstance(value, list | tuple):
        value = value[0] if value else ""
    if value is None or isinstance(value, Mapping):
        value = beside.texts.get((row.chain_id, source), "")
    return " ".join(str(value).split())[:127]


def _escalations(reads: Reads, life: Life) -> int | None:
    """How many proceedings of escalation were approved: they ended and were not void; one under review does not count."""
    if not reads.escalation:
        return None
    items = (item for name in reads.escalation for item in life.facts.lists.get(name, ()))
    return sum(1 for item in items if not item.get("open") and not item.get("void"))


def _judge_time(fact: Fact, clocks: list[Clock], reads: Reads) -> None:
    """In time is a case whose clocks all stopped by their due time; one that still runs is neither in time nor late."""
    dated = [clock for clock in clocks if clock.rule in reads.limit and clock.due_at is not None]
    if not dated:
        return
    running = [clock for clock in dated if clock.stopped_at is None]
    last = (running or dated)[-1]
    fact.limit_due_at, fact.limit_stopped_at = last.due_at, None if running else last.stopped_at
    if not running:
        fact.in_time = all(clock.stopped_at <= clock.due_at for clock in dated)  # type: ignore[operator]


def _score(fact: Fact, reads: Reads, life: Life, beside: _Beside) -> None:
    rule = reads.satisfaction
    if not rule.fields and not rule.question:
        return
    fact.score = beside.answers.get(fact.case_id, {}).get(rule.question or "")
    if fact.score is None:
        points = (points.get(str(life.facts.value(name))) for name, points in rule.fields.items())
        fact.score = next((value for value in points if value is not None), None)
    fact.satisfied = None if fact.score is None else fact.score >= rule.satisfied
    fact.asked = fact.score is not None or fact.case_id in beside.invited or not life.verbs.isdisjoint(rule.asked_by)


def _same_matter(reads: Reads, fact: Fact) -> str:
    """The key that complaints about the same matter share; empty where one of its parts is not known."""
    if reads.repeats is None:
        return ""
    parts = [fact.complainant_id if name == "complainant" else getattr(fact, name) for name in reads.repeats.same]
    return "|".join(str(part) for part in parts)[:400] if all(part not in (None, "") for part in parts) else ""


def _steps(fact: Fact, life: Life, pack: Pack, zone: ZoneInfo, calendar: WorkingCalendar) -> Iterator[Step]:
    for visit in life.visits:
        state = pack.lifecycle.states.get(visit.state)
        yield (
            fact.case_id, visit.no, fact.desk_id, visit.state, state.category if state else "", (state.waits_for if state else None) or "",
            visit.department, visit.handler, visit.cycle, visit.round, visit.entered_at, visit.entered_at.astimezone(zone).date(),
            visit.entered_by, visit.left_at, visit.left_by, _seconds(visit.entered_at, visit.left_at),
            _work_seconds(calendar, visit.entered_at, visit.left_at),
        )  # fmt: skip


# Writing


def _write(cases: Collection[UUID], figured: list[Figured]) -> DayCounts:
    """Write what differs; returns what the days lack now."""
    keys = list(cases)
    before = {row[0]: row for row in CaseFact.objects.filter(pk__in=keys).values_list(*CASE_COLUMNS)}
    steps: dict[UUID, dict[int, tuple[int, Step]]] = defaultdict(dict)
    for key, *step in StepFact.objects.filter(case__in=keys).values_list("id", *STEP_COLUMNS):
        steps[step[0]][step[NO]] = key, tuple(step)
    changed, outdated, now = [], [], []
    for one in figured:
        known = steps[one.fact.case_id]
        fresh = [step for step in one.steps if step[NO] not in known or known[step[NO]][1] != step]
        gone = known.keys() - {step[NO] for step in one.steps}
        outdated += [known[no][0] for no in (*gone, *(step[NO] for step in fresh)) if no in known]
        now += fresh
        if fresh or gone or _differs(before.get(one.fact.case_id), one.fact):
            changed.append(one)
    rows = [one.fact for one in changed if _differs(before.get(one.fact.case_id), one.fact)]
    _write_anew(
        CaseFact, CASE_COLUMNS, [fact.case_id for fact in rows if fact.case_id in before], [fact.row() for fact in rows]
    )
    _write_anew(StepFact, STEP_COLUMNS, outdated, now)
    were = [
        Figured(Fact.of(before[key]), [step for _, step in steps[key].values()])
        for key in (one.fact.case_id for one in changed)
        if key in before
    ]
    return _day_changes(were, changed)


def _differs(before: tuple[Any, ...] | None, now: Fact) -> bool:
    return before != now.row()


def _write_anew(
    model: type[CaseFact] | type[StepFact], columns: tuple[str, ...], outdated: list[Any], rows: list[tuple[Any, ...]]
) -> None:
    """Rows of many columns are deleted and inserted: the words of an update by rows cost Django several times as much."""
    if outdated:
        model._default_manager.filter(pk__in=outdated).delete()
    if rows:
        insert_rows(model._meta.db_table, columns, rows)


# Days

DayKey = tuple[Any, ...]
DayCounts = dict[DayKey, dict[str, int]]


def _no_counts() -> DayCounts:
    return defaultdict(lambda: dict.fromkeys(DAY_COUNTS, 0))


def _kept(counts: DayCounts) -> DayCounts:
    return {key: of_key for key, of_key in counts.items() if any(of_key.values())}


def _day_changes(before: Iterable[Figured], now: Iterable[Figured]) -> DayCounts:
    """What is to be added to the days: the counts of the rows as they are, less those of the rows as they were."""
    changes = _no_counts()
    for figured, sign in ((before, -1), (now, 1)):
        for one in figured:
            for day, count, amount in _counted(one.fact):
                changes[_day_key(one.fact, day)][count] += sign * amount
            for day, state, count, amount in _counted_by_state(one):
                changes[_state_key(one.fact, day, state)][count] += sign * amount
    return _kept(changes)


def _day_key(fact: Any, day: date) -> DayKey:
    return (
        fact.desk_id, day, "", fact.kind, fact.counts, fact.channel, fact.channel_group, fact.category_top, fact.level, fact.urgent,
        fact.department_id, fact.restricted,
    )  # fmt: skip


def _state_key(fact: Any, day: date, state: str) -> DayKey:
    return (
        fact.desk_id, day, state, "", fact.counts, fact.channel, "", fact.category_top, "", False, fact.department_id, fact.restricted,
    )  # fmt: skip


def _counted(fact: Fact) -> Iterator[tuple[date, str, int]]:
    """On which day a case adds how much to which count."""
    yield fact.received_on, "received", 1
    for name in ("responded", "resolved", "closed"):
        if (day := getattr(fact, f"{name}_on")) is not None:
            yield day, name, 1
    if fact.closed_on is not None:
        yield fact.received_on, "ended", 1
    if fact.limit_stopped_on is not None:
        yield fact.limit_stopped_on, "completed", 1
        yield fact.limit_stopped_on, "in_time", int(fact.in_time is True)
    if fact.score is not None:
        yield fact.received_on, "scored", 1
        yield fact.received_on, "score_sum", fact.score


def _counted_by_state(one: Figured) -> Iterator[tuple[date, str, str, int]]:
    """On which day a case adds how much to which count of which state."""
    if one.fact.closed_at is None and one.fact.state_category not in ENDS:
        yield one.fact.received_on, one.fact.state, "standing", 1
    for step in one.steps:
        if step[SECONDS] is not None:
            yield step[ENTERED_ON], step[STATE], "visits", 1
            yield step[ENTERED_ON], step[STATE], "visit_seconds", step[SECONDS]


def add_days(changes: DayCounts) -> None:
    """Add counts to days by rows of their own."""
    rows = [(*key, *(counts[name] for name in DAY_COUNTS)) for key, counts in changes.items()]
    if rows:
        insert_rows(DayFact._meta.db_table, (*DAY_KEYS, *DAY_COUNTS), rows)


def settle_days(desk: Desk, *, before: date) -> int:
    """Put the rows of each combination of a desk's days together, up to a day; returns how many rows are gone.

    A sum is the same before, meanwhile and after: the rows of a day are read, deleted and written in one transaction, and only those that were read.
    """
    crowded = (
        DayFact.objects.filter(desk=desk, day__lt=before)
        .order_by()
        .values(*DAY_KEYS)
        .annotate(n=Count("pk"))
        .filter(n__gt=1)
    )
    return sum(_settle(desk, day) for day in sorted({row["day"] for row in crowded}))


@transaction.atomic
def _settle(desk: Desk, day: date) -> int:
    rows = list(DayFact.objects.filter(desk=desk, day=day).values_list("pk", *DAY_KEYS, *DAY_COUNTS))
    sums = _no_counts()
    for _, *row in rows:
        of_day = sums[tuple(row[: len(DAY_KEYS)])]
        for name, amount in zip(DAY_COUNTS, row[len(DAY_KEYS) :], strict=True):
            of_day[name] += amount
    kept = _kept(sums)
    if DayFact.objects.filter(pk__in=[row[0] for row in rows]).delete()[0] != len(rows):
        raise Stale
    add_days(kept)
    return len(rows) - len(kept)


# Rebuilding


def rebuild_figures(*, progress: Callable[[int], Any] = lambda done: None) -> int:
    """Work out the figures of every case again from its events, and the days from the figures; returns how many cases.

    Rows that differ are written, the others stay, so that it may run while people work and be broken off and begun again.
    """
    done = 0
    for keys in cases_in_parts():
        done += rebuild_part(keys)
        progress(done)
    mend_all_days()
    return done


def cases_in_parts() -> Iterator[list[UUID]]:
    """The keys of all cases, some hundreds at a time, each by a question of its own."""
    last = UUID(int=0)
    while keys := list(Case.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        yield keys
        last = keys[-1]


def rebuild_part(keys: list[UUID]) -> int:
    """Work out the figures of these cases again and write what differs; returns how many. The days are left to `mend_all_days`."""
    with transaction.atomic():
        _write(keys, _worked_out(keys))
    return len(keys)


def mend_all_days() -> None:
    """Bring the days of every desk in line with the rows of its cases."""
    for desk in Desk.objects.order_by("pk"):
        mend_days(desk)


def mend_days(desk: Desk) -> None:
    """Add to the days of a desk what they lack, or take off what they have too much, against the rows of its cases; month by month."""
    facts, steps, days = (model.objects.filter(desk=desk) for model in (CaseFact, StepFact, DayFact))
    known = [*_bounds(days, "day"), *_bounds(steps, "entered_on")]
    for name in DAYS_OF_A_CASE:
        known += _bounds(facts, name)
    if known:
        for month in Period(min(known), max(known)).months():
            _mend_month(desk, month_of(month))


DAYS_OF_A_CASE = ("received_on", "responded_on", "resolved_on", "closed_on", "limit_stopped_on")


def _bounds(rows: Any, name: str) -> list[date]:
    found = rows.aggregate(first=Min(name), last=Max(name))
    return [day for day in found.values() if day is not None]


def _mend_month(desk: Desk, month: Period) -> None:
    with transaction.atomic(), _one_moment():
        lacking = _no_counts()
        days = DayFact.objects.filter(desk=desk, day__gte=month.first, day__lte=month.last)
        _add_up(lacking, -1, days, "day", {}, {name: Sum(name) for name in DAY_COUNTS})
        for name, counts in _COUNTED.items():
            facts = CaseFact.objects.filter(desk=desk, **{f"{name}__gte": month.first, f"{name}__lte": month.last})
            _add_up(lacking, 1, facts, name, {"state": ""}, counts)
        still_open = CaseFact.objects.filter(
            desk=desk, received_on__gte=month.first, received_on__lte=month.last, closed_at=None
        )
        _add_up(
            lacking, 1, still_open.exclude(state_category__in=ENDS), "received_on", NO_KIND, {"standing": Count("pk")}
        )
        visits = StepFact.objects.filter(
            desk=desk, entered_on__gte=month.first, entered_on__lte=month.last, seconds__isnull=False, case__figures__isnull=False
        )  # fmt: skip
        counts = {"visits": Count("pk"), "visit_seconds": Sum("seconds")}
        _add_up(lacking, 1, visits, "entered_on", NO_KIND, counts, of="case__figures__")
        add_days(_kept(lacking))


_COUNTED: dict[str, dict[str, Any]] = {
    "received_on": {
        "received": Count("pk"), "ended": Count("pk", filter=Q(closed_on__isnull=False)), "scored": Count("score"), "score_sum": Sum("score"),
    },
    "responded_on": {"responded": Count("pk")},
    "resolved_on": {"resolved": Count("pk")},
    "closed_on": {"closed": Count("pk")},
    "limit_stopped_on": {"completed": Count("pk"), "in_time": Count("pk", filter=Q(in_time=True))},
}  # fmt: skip
"""What `_counted` says, for many cases at once."""


def _add_up(
    lacking: DayCounts,
    sign: int,
    rows: Any,
    day: str,
    fixed: Mapping[str, Any],
    counts: Mapping[str, Any],
    of: str = "",
) -> None:
    """Add counts by day and dimensions; `fixed` are dimensions that these rows are not split by, `of` leads to those of the case."""
    asked = [name for name in DAY_KEYS if name not in ("day", *fixed)]
    sources = {name: name if name in ("desk_id", "state") else f"{of}{name}" for name in asked}
    grouped = rows.order_by().values(key_day=F(day), **{f"key_{name}": F(source) for name, source in sources.items()})
    for row in grouped.annotate(**{f"n_{name}": count for name, count in counts.items()}):
        key = tuple(
            row["key_day"] if name == "day" else fixed[name] if name in fixed else row[f"key_{name}"]
            for name in DAY_KEYS
        )
        for name in counts:
            lacking[key][name] += sign * (row[f"n_{name}"] or 0)


@contextmanager
def _one_moment() -> Iterator[None]:
    """Nobody writes to the tables while a month of them is read; SQLite sees them as of one moment anyway.

    They are locked in the order in which they are written to, so that nobody waits for whoever waits for them.
    """
    if connection.vendor == "postgresql":
        tables = ", ".join(model._meta.db_table for model in (CaseFact, StepFact, DayFact))
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {tables} IN SHARE MODE")
    yield
