"""The row of a case and those of its visits, worked out of its events; what lies beside them is read for many cases at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import zip_longest
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, QuerySet, Sum, UUIDField
from pydantic_core import from_json

from amends.apps.cases.facts import pack_at, packs_through
from amends.apps.cases.models import Case, ClockRow, Payout, Praised
from amends.apps.ledger.models import Event as LedgerEvent
from amends.apps.ledger.queries import latest_texts
from amends.apps.policies.queries import calendar_for, read_version
from amends.apps.prepared import among, ask_among
from amends.apps.reporting.models import CaseFact, StepFact
from amends.core.case_life import Life, life_of
from amends.core.facts import Event
from amends.core.policy.kpis import Reads
from amends.core.policy.pack import Pack
from amends.core.working_time import SECOND, WorkingCalendar

COPIED = (
    "desk_id", "pack_id", "kind", "counts", "internal", "channel", "channel_group", "category", "level", "urgent", "department_id",
    "team_id", "handler_id", "partner_id", "complainant_id", "outcome", "state", "state_category", "taken_over", "received_at",
    "received_on", "closed_at",
)  # fmt: skip
"""What a figure takes from the row of the case as it stands there."""

READ = ("pk", "chain_id", "round", "cycle", "restricted_to", "hides_from_accused", *COPIED)

SPANS = {
    "any_response": "first_told_at",
    "response": "responded_at",
    "telling": "told_at",
    "handling": "resolved_at",
    "closing": "closed_at",
}
"""Every span from receipt, and the moment at which it ends."""

ONE_SECOND = timedelta(seconds=1)

Row = TypeVar("Row")
CASE_COLUMNS = tuple(f.attname for f in CaseFact._meta.concrete_fields)
STEP_COLUMNS = tuple(f.attname for f in StepFact._meta.concrete_fields if f.attname != "id")


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


def worked_out(cases: Collection[UUID]) -> list[Figured]:
    # What is only practised is never counted: it has no rows here, so no figure can read it.
    # Their facts are not read: they are folded anew from the events.
    rows = _ask("cases", cases, _rows_of)
    packs = {row.pack_id: read_version(row.pack_id) for row in rows}
    beside = _beside(rows, packs)
    return [_figured(row, packs[row.pack_id], beside) for row in rows]


def _rows_of(keys: list[Any]) -> QuerySet[Case, Any]:
    """As much of the rows of cases as is read here: whole cases cost a rebuild several times as much."""
    return Case.objects.filter(among("pk", keys), desk__practice_of=None).order_by("pk").values_list(*READ, named=True)


def _beside(rows: list[Any], packs: Mapping[int, Pack]) -> _Beside:
    keys, chains = [row.pk for row in rows], {row.chain_id: row.pk for row in rows}
    reads = [pack.kpis.reads for pack in packs.values()]
    return _Beside(
        events=_events(chains),
        clocks=_clocks(keys, {rule for one in reads for rule in one.limit}),
        calendars={key: calendar_for(pack, _hours(pack)) for key, pack in packs.items()},
        paid=_paid(keys) if any(pack.proceedings for pack in packs.values()) else {},
        praised=set(
            _ask(
                "praised",
                keys,
                lambda keys: Praised.objects.filter(among("case_id", keys)).values_list("case_id", flat=True),
            )
        ),
        invited=_invited(keys) if any(pack.surveys.plans for pack in packs.values()) else set(),
        answers=_answers(keys) if any(one.satisfaction.question for one in reads) else {},
        texts=latest_texts(chains, fields) if (fields := _texts_read(packs.values())) else {},
    )


def _ask(about: str, keys: Iterable[UUID], asks: Callable[[list[Any]], QuerySet[Any, Row]]) -> list[Row]:
    """Every verb asks these questions about its case: they are prepared."""
    return ask_among(("figures", about), keys, asks, of=UUIDField())


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


def _hours(pack: Pack) -> str:
    return pack.calendar.default if pack.kpis.reads.hours == "default" else pack.kpis.reads.hours


def _events(chains: Collection[int]) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = defaultdict(list)
    rows = ask_among(("figures", "events"), chains, _events_of, of=BigIntegerField())
    for chain, seq, verb, at, actor, payload in rows:
        found[chain].append(Event(seq, verb, at, at, actor, from_json(payload)))
    return found


def _events_of(chains: list[Any]) -> QuerySet[LedgerEvent, tuple[Any, ...]]:
    rows = LedgerEvent.objects.filter(among("chain_id", chains)).order_by("chain_id", "seq")
    return rows.values_list("chain_id", "seq", "kind", "at", "actor", "payload")


def _clocks(keys: list[UUID], rules: set[str]) -> dict[UUID, list[Clock]]:
    found: dict[UUID, list[Clock]] = defaultdict(list)
    if rules:
        asks = partial(_clocks_of, rules=sorted(rules))
        for case, *clock in ask_among(("figures", "clocks", *sorted(rules)), keys, asks, of=UUIDField()):
            found[case].append(Clock(*clock))
    return found


def _clocks_of(keys: list[Any], rules: list[str]) -> QuerySet[ClockRow, tuple[Any, ...]]:
    rows = ClockRow.objects.filter(among("case_id", keys), rule__in=rules).order_by("started_at", "instance")
    return rows.values_list("case_id", "rule", "due_at", "stopped_at")


def _paid(keys: list[UUID]) -> dict[UUID, tuple[int, str]]:
    """What was paid on each case; amounts of several currencies are never added, the larger one stands."""
    found: dict[UUID, tuple[int, str]] = {}
    for case, currency, amount in _ask("paid", keys, _sums_paid):
        found[case] = max(found.get(case, (-1, "")), (amount, currency))
    return found


def _sums_paid(keys: list[Any]) -> QuerySet[Payout, tuple[Any, ...]]:
    rows = Payout.objects.filter(among("proceeding__case_id", keys), stands=True, paid_at__isnull=False).order_by()
    return rows.values_list("proceeding__case", "currency").annotate(sum=Sum("amount_minor"))


def _invited(keys: list[UUID]) -> set[UUID]:
    return set(
        _ask(
            "invited",
            keys,
            lambda keys: Case.objects.filter(among("pk", keys), invitations__isnull=False).values_list("pk", flat=True),
        )
    )


def _answers(keys: list[UUID]) -> dict[UUID, dict[str, int]]:
    """The latest score of every question that was answered about each case."""
    found: dict[UUID, dict[str, int]] = defaultdict(dict)
    for key, question, value in _ask("answers", keys, _scores_of):
        found[key][str(question)] = int(value or 0)
    return found


def _scores_of(keys: list[Any]) -> QuerySet[Case, tuple[Any, ...]]:
    given = Case.objects.filter(among("pk", keys), answers__scores__value__isnull=False)
    given = given.order_by("answers__answered_at", "answers__pk")
    return given.values_list("pk", "answers__scores__question", "answers__scores__value")


def _figured(row: Any, pack: Pack, beside: _Beside) -> Figured:
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
    ends = {name: end for name, ending in SPANS.items() if (end := getattr(fact, ending)) is not None}
    _, *worked = calendar.working_micros_until([fact.received_at, *ends.values()])
    for (name, end), micros in zip(ends.items(), worked, strict=True):
        setattr(fact, f"{name}_seconds", _seconds(fact.received_at, end))
        setattr(fact, f"{name}_work_seconds", max(micros, 0) // SECOND)


def _seconds(start: datetime, end: datetime) -> int:
    """Whole seconds; what was noted as done before receipt took no time."""
    return max((end - start) // ONE_SECOND, 0)


def _dimension(source: str | None, row: Any, life: Life, beside: _Beside) -> str:
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
    worked = calendar.working_micros_until([visit.entered_at for visit in life.visits])
    # A case leaves a state when it enters the next one.
    for visit, begun, ended in zip_longest(life.visits, worked, worked[1:]):
        state, left = pack.lifecycle.states.get(visit.state), visit.left_at
        stayed = (None, None) if left is None else (_seconds(visit.entered_at, left), max(ended - begun, 0) // SECOND)
        yield (
            fact.case_id, visit.no, fact.desk_id, visit.state, state.category if state else "", (state.waits_for if state else None) or "",
            visit.department, visit.handler, visit.cycle, visit.round, visit.entered_at, visit.entered_at.astimezone(zone).date(),
            visit.entered_by, left, visit.left_by, *stayed,
        )  # fmt: skip
