"""Keeping the rows that figures are read from: worked out of events for many cases at once, written where they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Max, Min, Q, Sum

from amends.apps.cases.actions.erase import eraser
from amends.apps.cases.actions.perform import Performed, projector
from amends.apps.cases.changes import watcher
from amends.apps.cases.facts import core_events, pack_at, packs_through
from amends.apps.cases.models import Case, ClockRow, Payout, Praised
from amends.apps.ledger.models import Event
from amends.apps.ledger.queries import latest_texts
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import calendar_for, read_version
from amends.apps.reporting.models import CaseFact, DayFact, StepFact
from amends.core.case_life import Life, life_of
from amends.core.periods import Period, month_of
from amends.core.policy.kpis import Reads
from amends.core.policy.pack import Pack
from amends.core.refusals import Stale

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
    "desk_id", "day", "kind", "counts", "channel", "channel_group", "category_top", "level", "urgent", "department_id", "restricted",
)  # fmt: skip
DAY_DIMENSIONS = tuple(name for name in DAY_KEYS if name != "day")
DAY_COUNTS = ("received", "responded", "resolved", "closed", "completed", "in_time", "scored", "score_sum")


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
        _write(some, _worked_out(some))


# Working out


@dataclass(slots=True)
class Figured:
    """The rows of one case as its events have it now."""

    fact: CaseFact
    steps: list[StepFact] = field(default_factory=list)


@dataclass(slots=True)
class _Beside:
    """What lies beside the events of the cases at hand; each part one query, or none where no policy asks for it."""

    events: dict[int, list[Event]]
    clocks: dict[UUID, list[ClockRow]]
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


def _events(chains: Collection[int]) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = defaultdict(list)
    for event in Event.objects.filter(chain_id__in=list(chains)).order_by("chain_id", "seq"):
        found[event.chain_id].append(event)
    return found


def _clocks(keys: list[UUID], rules: set[str]) -> dict[UUID, list[ClockRow]]:
    found: dict[UUID, list[ClockRow]] = defaultdict(list)
    if rules:
        for clock in ClockRow.objects.filter(case__in=keys, rule__in=rules).order_by("started_at", "instance"):
            found[clock.case_id].append(clock)  # type: ignore[index]
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
    events = core_events(beside.events[row.chain_id])
    life = life_of(events, partial(pack_at, eras=packs_through(events, pack)))
    reads, zone = pack.kpis.reads, ZoneInfo(pack.head.zone)
    fact = CaseFact(case_id=row.pk, **{name: getattr(row, name) for name in COPIED})
    fact.first_told_at, fact.responded_at, fact.told_at, fact.resolved_at = (
        life.first_told_at, life.responded_at, life.told_at, life.resolved_at,
    )  # fmt: skip
    fact.restricted = bool(row.restricted_to) or row.hides_from_accused
    fact.category_top = row.category.partition("/")[0][:63]
    fact.rounds, fact.cycles, fact.reopened = row.round, row.cycle, life.reopened
    for name in ("responded", "told", "resolved", "closed"):
        setattr(fact, f"{name}_on", _day(getattr(fact, f"{name}_at"), zone))
    _measure_spans(fact, pack)
    for name, source in _dimension_fields(reads).items():
        setattr(fact, name, _dimension(source, row, life, beside))
    fact.escalations = _escalations(reads, life)
    _judge_time(fact, beside.clocks.get(row.pk, []), reads)
    fact.limit_due_on, fact.limit_stopped_on = _day(fact.limit_due_at, zone), _day(fact.limit_stopped_at, zone)
    _score(fact, reads, life, beside)
    fact.praise = row.pk in beside.praised
    fact.compensation_minor, fact.compensation_currency = beside.paid.get(row.pk, (None, ""))
    fact.same_matter = _same_matter(reads, fact)
    return Figured(fact, list(_steps(fact, life, pack, zone)))


def _day(moment: datetime | None, zone: ZoneInfo) -> date | None:
    return moment.astimezone(zone).date() if moment else None


def _measure_spans(fact: CaseFact, pack: Pack) -> None:
    work = partial(_work_seconds, pack)
    for name, ends in SPANS.items():
        end = getattr(fact, ends)
        setattr(fact, f"{name}_seconds", _seconds(fact.received_at, end))
        setattr(fact, f"{name}_work_seconds", work(fact.received_at, end))


def _seconds(start: datetime, end: datetime | None) -> int | None:
    """Whole seconds; what was noted as done before receipt took no time."""
    return None if end is None else max((end - start) // timedelta(seconds=1), 0)


def _work_seconds(pack: Pack, start: datetime, end: datetime | None) -> int | None:
    if end is None:
        return None
    if end <= start:
        return 0
    calendar = calendar_for(
        pack, pack.calendar.default if pack.kpis.reads.hours == "default" else pack.kpis.reads.hours
    )
    return calendar.working_time_between(start, end) // timedelta(seconds=1)


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


def _judge_time(fact: CaseFact, clocks: list[ClockRow], reads: Reads) -> None:
    """In time is a case whose clocks all stopped by their due time; one that still runs is neither in time nor late."""
    dated = [clock for clock in clocks if clock.rule in reads.limit and clock.due_at is not None]
    if not dated:
        return
    running = [clock for clock in dated if clock.stopped_at is None]
    last = (running or dated)[-1]
    fact.limit_due_at, fact.limit_stopped_at = last.due_at, None if running else last.stopped_at
    if not running:
        fact.in_time = all(clock.stopped_at <= clock.due_at for clock in dated)  # type: ignore[operator]


def _score(fact: CaseFact, reads: Reads, life: Life, beside: _Beside) -> None:
    rule = reads.satisfaction
    if not rule.fields and not rule.question:
        return
    fact.score = beside.answers.get(fact.case_id, {}).get(rule.question or "")
    if fact.score is None:
        points = (points.get(str(life.facts.value(name))) for name, points in rule.fields.items())
        fact.score = next((value for value in points if value is not None), None)
    fact.satisfied = None if fact.score is None else fact.score >= rule.satisfied
    fact.asked = fact.score is not None or fact.case_id in beside.invited or not life.verbs.isdisjoint(rule.asked_by)


def _same_matter(reads: Reads, fact: CaseFact) -> str:
    """The key that complaints about the same matter share; empty where one of its parts is not known."""
    if reads.repeats is None:
        return ""
    parts = [fact.complainant_id if name == "complainant" else getattr(fact, name) for name in reads.repeats.same]
    return "|".join(str(part) for part in parts)[:400] if all(part not in (None, "") for part in parts) else ""


def _steps(fact: CaseFact, life: Life, pack: Pack, zone: ZoneInfo) -> Iterator[StepFact]:
    for visit in life.visits:
        state = pack.lifecycle.states.get(visit.state)
        yield StepFact(
            case_id=fact.case_id, no=visit.no, desk_id=fact.desk_id, state=visit.state,
            state_category=state.category if state else "", waits_for=(state.waits_for if state else None) or "",
            department_id=visit.department, handler_id=visit.handler, cycle=visit.cycle, round=visit.round,
            entered_at=visit.entered_at, entered_on=visit.entered_at.astimezone(zone).date(), entered_by=visit.entered_by,
            left_at=visit.left_at, left_by=visit.left_by,
            seconds=_seconds(visit.entered_at, visit.left_at), work_seconds=_work_seconds(pack, visit.entered_at, visit.left_at),
        )  # fmt: skip


# Writing


def _write(cases: Collection[UUID], figured: list[Figured]) -> None:
    before = CaseFact.objects.in_bulk(list(cases))
    changed = [one for one in figured if not _same(before.get(one.fact.case_id), one.fact)]
    add_days(_day_changes([before[k] for k in map(_key, changed) if k in before], [one.fact for one in changed]))
    _write_anew(CaseFact, [key for key in map(_key, changed) if key in before], [one.fact for one in changed])
    _write_steps(cases, figured)


def _key(one: Figured) -> UUID:
    return one.fact.case_id


def _same(before: CaseFact | None, now: CaseFact) -> bool:
    return before is not None and all(getattr(before, name) == getattr(now, name) for name in CASE_COLUMNS)


def _write_steps(cases: Collection[UUID], figured: list[Figured]) -> None:
    """Visits are only ever added and ended; what a moved version names differently is written again as well."""
    present = {(step.case_id, step.no): step for step in StepFact.objects.filter(case__in=list(cases))}
    outdated, now = [], []
    for step in (step for one in figured for step in one.steps):
        known = present.pop((step.case_id, step.no), None)
        if known is not None and all(getattr(known, name) == getattr(step, name) for name in STEP_COLUMNS):
            continue
        outdated += [known.pk] if known else []
        now.append(step)
    _write_anew(StepFact, [*outdated, *(step.pk for step in present.values())], now)


def _write_anew(model: type[CaseFact] | type[StepFact], outdated: list[Any], rows: list[Any]) -> None:
    """Rows of many columns are deleted and inserted: the words of an update by rows cost Django several times as much."""
    if outdated:
        model._default_manager.filter(pk__in=outdated).delete()
    model._default_manager.bulk_create(rows)


# Days

DayKey = tuple[Any, ...]
DayCounts = dict[DayKey, dict[str, int]]


def _day_changes(before: Iterable[CaseFact], now: Iterable[CaseFact]) -> DayCounts:
    """What is to be added to the days: the counts of the rows as they are, less those of the rows as they were."""
    changes: DayCounts = defaultdict(lambda: dict.fromkeys(DAY_COUNTS, 0))
    for facts, sign in ((before, -1), (now, 1)):
        for fact in facts:
            for day, count, amount in _counted(fact):
                changes[_day_key(fact, day)][count] += sign * amount
    return {key: counts for key, counts in changes.items() if any(counts.values())}


def _day_key(fact: CaseFact | DayFact, day: date) -> DayKey:
    return (day, *(getattr(fact, name) for name in DAY_DIMENSIONS))


def _counted(fact: CaseFact) -> Iterator[tuple[date, str, int]]:
    """On which day a case adds how much to which count."""
    yield fact.received_on, "received", 1
    for name in ("responded", "resolved", "closed"):
        if (day := getattr(fact, f"{name}_on")) is not None:
            yield day, name, 1
    if fact.limit_stopped_on is not None:
        yield fact.limit_stopped_on, "completed", 1
        yield fact.limit_stopped_on, "in_time", int(fact.in_time is True)
    if fact.score is not None:
        yield fact.received_on, "scored", 1
        yield fact.received_on, "score_sum", fact.score


def add_days(changes: DayCounts) -> None:
    """Add counts to days by rows of their own."""
    DayFact.objects.bulk_create(
        DayFact(day=day, **dict(zip(DAY_DIMENSIONS, rest, strict=True)), **counts)
        for (day, *rest), counts in changes.items()
    )


def settle_days(desk: Desk, *, before: date) -> int:
    """Put the rows of each combination of a desk's days together, up to a day; returns how many rows are gone.

    A sum is the same before, meanwhile and after: rows are read, deleted and written in one transaction, and only those that were read.
    """
    with transaction.atomic():
        rows = list(DayFact.objects.filter(desk=desk, day__lt=before))
        sums: DayCounts = defaultdict(lambda: dict.fromkeys(DAY_COUNTS, 0))
        for row in rows:
            of_day = sums[_day_key(row, row.day)]
            for name in DAY_COUNTS:
                of_day[name] += getattr(row, name)
        kept = {key: counts for key, counts in sums.items() if any(counts.values())}
        if len(kept) == len(rows):
            return 0
        gone = DayFact.objects.filter(pk__in=[row.pk for row in rows]).delete()[0]
        if gone != len(rows):
            raise Stale
        add_days(kept)
        return len(rows) - len(kept)


# Rebuilding


def rebuild_figures(*, progress: Callable[[int], Any] = lambda done: None) -> int:
    """Work out the figures of every case again from its events, and the days from the figures; returns how many cases.

    Rows that differ are written, the others stay, so that it may run while people work and be broken off and begun again.
    """
    done, last = 0, UUID(int=0)
    while keys := list(Case.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        with transaction.atomic():
            refresh_figures(keys)
        done, last = done + len(keys), keys[-1]
        progress(done)
    for desk in Desk.objects.order_by("pk"):
        mend_days(desk)
    return done


def mend_days(desk: Desk) -> None:
    """Add to the days of a desk what they lack, or take off what they have too much, against the rows of its cases; month by month."""
    facts = CaseFact.objects.filter(desk=desk)
    bounds = [
        facts.aggregate(first=Min("received_on"))["first"],
        DayFact.objects.filter(desk=desk).aggregate(d=Min("day"))["d"],
    ]
    ends = [DayFact.objects.filter(desk=desk).aggregate(d=Max("day"))["d"]]
    ends += [facts.aggregate(d=Max(name))["d"] for name in DAYS_OF_A_CASE]
    if not (known := [day for day in bounds if day]):
        return
    for month in Period(min(known), max(day for day in (*ends, *known) if day)).months():
        _mend_month(desk, month_of(month))


DAYS_OF_A_CASE = ("received_on", "responded_on", "resolved_on", "closed_on", "limit_stopped_on")


def _mend_month(desk: Desk, month: Period) -> None:
    within = Q()
    for name in DAYS_OF_A_CASE:
        within |= Q(**{f"{name}__gte": month.first, f"{name}__lte": month.last})
    with transaction.atomic(), _one_moment():
        lacking: DayCounts = defaultdict(lambda: dict.fromkeys(DAY_COUNTS, 0))
        for row in DayFact.objects.filter(desk=desk, day__gte=month.first, day__lte=month.last).iterator():
            for name in DAY_COUNTS:
                lacking[_day_key(row, row.day)][name] -= getattr(row, name)
        for fact in CaseFact.objects.filter(within, desk=desk).iterator():
            for day, count, amount in _counted(fact):
                if month.first <= day <= month.last:
                    lacking[_day_key(fact, day)][count] += amount
        add_days({key: counts for key, counts in lacking.items() if any(counts.values())})


@contextmanager
def _one_moment() -> Iterator[None]:
    """Nobody writes to the two tables while a month of them is read; SQLite sees both as of one moment anyway.

    They are locked in the order in which they are written to, so that nobody waits for whoever waits for them.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {DayFact._meta.db_table}, {CaseFact._meta.db_table} IN SHARE MODE")
    yield
