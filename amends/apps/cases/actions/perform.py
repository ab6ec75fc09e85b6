"""The one way in: pages, portal, API, mail, import and timers all perform a verb here, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db import transaction

from amends.apps.cases.clocks import process_of, read_at, refresh_clocks
from amends.apps.cases.extending import extend_clock
from amends.apps.cases.facts import core_event, facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.adding import Step, add_what_is_drawn
from amends.apps.cases.proceedings.chosen_records import check_records
from amends.apps.cases.proceedings.comparing import similar_cases
from amends.apps.cases.proceedings.concerning import counted_at
from amends.apps.cases.proceedings.drawing import drawn_at
from amends.apps.cases.proceedings.facts import facts_of_proceeding
from amends.apps.cases.proceedings.gathering import gathered
from amends.apps.cases.proceedings.records import forms_of_verb, with_records
from amends.apps.cases.proceedings.standing import texts_taken_on
from amends.apps.cases.projection import project
from amends.apps.cases.telling import notify_staff, tell_complainant
from amends.apps.ledger.actions import ChainMoved, append
from amends.apps.ledger.models import Event as LedgerEvent
from amends.apps.ledger.queries import actors_since
from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.policies.queries import calendar_for
from amends.apps.prepared import Prepared, given_key
from amends.core.decide import decide
from amends.core.decision import Decision, Request
from amends.core.directory import SYSTEM, Actor, Caller
from amends.core.facts import CaseFacts, Event, evolve
from amends.core.guidance import Used
from amends.core.policy.forms import FILE_TYPES
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, MovedByItself, MovedByOneself, Stale
from amends.core.roles import actor_on_case, complainant_roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """What a projector learns: the case as it is now, the event, and what was decided."""

    case: Case
    pack: Pack
    facts: CaseFacts
    before: CaseFacts
    event: Event
    decision: Decision
    caller: Caller
    now: datetime
    at: datetime | None
    uploads_of: str
    reporter_was_hidden: bool


Projector = Callable[[Performed], None]
_PROJECTORS: list[Projector] = []


def projector(function: Projector) -> Projector:
    """Register a projector: run after every verb, in its transaction, in order of registration."""
    if function not in _PROJECTORS:
        _PROJECTORS.append(function)
    return function


FaultFinder = Callable[[Case, Pack, CaseFacts, "Wish"], Iterable[FieldError]]
_FAULT_FINDERS: list[FaultFinder] = []


def fault_finder(function: FaultFinder) -> FaultFinder:
    """Register what knows faults that a projector would refuse, so that they are told together with those of the form."""
    if function not in _FAULT_FINDERS:
        _FAULT_FINDERS.append(function)
    return function


Row = TypeVar("Row", bound=Case | Proceeding)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A verb somebody wants to perform: what doors hand over.

    `version` is the case as they saw it; None asks for no check. `uploads_of` names whose uploads may be attached,
    the caller's own when it is empty. `by_rule` says that a step of something else asks for it; `used` is what of the
    guidance was used.
    """

    verb: str
    data: Mapping[str, Any]
    caller: Caller
    now: datetime
    version: int | None = None
    local_zone: ZoneInfo | None = None
    at: datetime | None = None
    uploads_of: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    by_rule: bool = False
    used: Used = Used()


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """An event just appended to the chain of a case or proceeding, and all that is needed to follow it."""

    row: Any
    pack: Pack
    before: CaseFacts
    event: LedgerEvent
    decision: Decision
    wish: Wish


Follower = Callable[[Followed], Any]
_FOLLOWERS: dict[type, Follower] = {}


def follower(kind: type) -> Callable[[Follower], Follower]:
    """Register what follows from a verb on rows of this kind."""

    def register(function: Follower) -> Follower:
        _FOLLOWERS[kind] = function
        return function

    return register


def perform(row: Row, wish: Wish) -> Row:
    """Perform a verb on a case or proceeding and return it as it is afterwards.

    In one transaction: the event, the row, the clocks, messages and notices. Raises Stale when it moved on since
    `wish.version`, and every refusal of `amends.core.decide.decide`.
    """
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                return perform_within(row, wish)
        except ChainMoved:
            # A proceeding writes to its case's chain as well: that the case moved on meanwhile is nobody's conflict.
            if transaction.get_connection().in_atomic_block or isinstance(row, Case):
                raise
    raise Stale


TRIES = 5
"""So often a step of a proceeding is tried while others write to the chain of its case."""


def perform_within(row: Row, wish: Wish) -> Row:
    """`perform` inside a transaction that is already open."""
    fresh = as_stored(row)
    if wish.version is not None and wish.version != fresh.version:
        raise moved_on(fresh, wish.version, wish.caller)
    pack = pack_of(fresh)
    facts = facts_at_moment(fresh, pack, wish.now)
    directory = OrganisationOfDesk(fresh.desk, pack, wish.now)
    data = wish.data
    if isinstance(fresh, Proceeding):
        data = with_records(fresh, forms_of_verb(pack, fresh.kind, wish.verb), data)
    request = Request(
        verb=wish.verb, data=data, now=wish.now, given={**facts_found_out(fresh, pack, wish), **wish.given},
        local_zone=wish.local_zone, actor=acting(pack, wish.caller, facts, directory, by_rule=wish.by_rule),
        texts=texts_taken_on(fresh.chain, pack, process_of(fresh, pack), verb=wish.verb, state=facts.state), used=wish.used,
    )  # fmt: skip
    try:
        decision = decide(pack=pack, process=process_of(fresh, pack), facts=facts, request=request, directory=directory)
    except InvalidData as refusal:
        raise InvalidData([*refusal.errors, *_further_faults(refusal, fresh, pack, facts, wish)]) from refusal
    check_records(decision.payload, pack, fresh.desk, own=fresh.number)
    if isinstance(fresh, Proceeding):
        values = {**facts.values, **decision.payload.get("set", {})}
        add_what_is_drawn(
            decision,
            Step(
                desk=fresh.desk, pack=pack, kind=fresh.kind, values=values, texts=decision.texts, now=wish.now,
                proceeding=fresh,
            ),
        )  # fmt: skip
    extend_clock(fresh, decision, pack=pack, now=wish.now, in_time=not wish.by_rule)
    return append_and_follow(fresh, pack=pack, before=facts, decision=decision, wish=wish)


def _further_faults(refusal: InvalidData, row: Row, pack: Pack, facts: CaseFacts, wish: Wish) -> list[FieldError]:
    """What else is wrong, at fields that were not named yet."""
    if not isinstance(row, Case):
        return []
    named = {error.pointer for error in refusal.errors}
    found = [error for finder in _FAULT_FINDERS for error in finder(row, pack, facts, wish)]
    return [error for error in found if error.pointer not in named]


def moved_on(row: Row, seen: int, caller: Caller) -> Stale:
    """The refusal for whoever saw an older version: it says whether others, they themselves or only rules acted since."""
    others = actors_since(row.chain, seen) - {SYSTEM.id}
    if not others:
        return MovedByItself()
    return MovedByOneself() if others == {caller.id} else Stale()


def acting(pack: Pack, caller: Caller, facts: CaseFacts, directory: OrganisationOfDesk, *, by_rule: bool) -> Actor:
    """The caller as the rules see them. What a step starts by itself is done by the pack's system roles in their name."""
    if not by_rule:
        return actor_on_case(pack, caller, facts, directory)
    system = frozenset(name for name, role in pack.roles.roles.items() if role.counts == "system")
    return Actor(id=caller.id, person=caller.person, roles=system)


def append_and_follow(row: Row, *, pack: Pack, before: CaseFacts, decision: Decision, wish: Wish) -> Row:
    """Append the event of a decision to the chain of a case or proceeding, and everything that follows from it."""
    event = append(
        chain=row.chain, kind=decision.verb, at=wish.at or wish.now, recorded_at=wish.now, actor=wish.caller.id,
        payload=decision.payload, details=decision.texts,
    )  # fmt: skip
    return follow(Followed(row=row, pack=pack, before=before, event=event, decision=decision, wish=wish))


def facts_found_out(row: Row, pack: Pack, wish: Wish) -> dict[str, Any]:
    """Facts that the rules may ask about and that only the tables know."""
    found: dict[str, Any] = {}
    if files := count_files(pack, wish.data):
        found["evidence_count"] = row.evidence.count() + files
    if not isinstance(row, Case):
        found |= similar_cases(row, pack, verb=wish.verb, now=wish.now)
        found |= drawn_at(pack, row.kind, verb=wish.verb, desk=row.desk_id, now=wish.now)
        found |= counted_at(row, pack, verb=wish.verb, now=wish.now)
        return found | gathered(pack, row.kind, verb=wish.verb, desk=row.desk_id, before=row.begun_at)
    case = row
    if wish.verb == "link" and (numbers := case_numbers_in(pack, wish.data)):
        others = set(case.links.filter(kind="similar").values_list("other__number", flat=True))
        found["linked_cases"] = len(others | set(numbers))
    return found


def case_numbers_in(pack: Pack, values: Mapping[str, Any]) -> list[str]:
    """The numbers of other cases that a form names."""
    return [str(values[f.id]) for f in pack.fields.values() if f.type == "case" and values.get(f.id)]


def count_files(pack: Pack, data: Mapping[str, Any]) -> int:
    """How many files the form names."""
    given = (data.get(field.id) for field in pack.fields.values() if field.type in FILE_TYPES)
    return sum(len(files) if isinstance(files, list) else 1 for files in given if files)


def as_stored(row: Row) -> Row:
    """The row as the database has it now, with what following a verb reads. Raises DoesNotExist when it is gone."""
    stored: Row | None = _STORED[type(row)].first(key=row.pk)
    if stored is None:
        raise type(row).DoesNotExist
    return stored


WITH_ROW = ("desk", "chain", "department", "handler")
_STORED: dict[type, Prepared[Any]] = {
    Case: Prepared(lambda: Case.objects.select_related(*WITH_ROW, "complainant").filter(pk=given_key("key"))),
    Proceeding: Prepared(
        lambda: Proceeding.objects.select_related(
            *WITH_ROW, "case__complainant", "case__department", "case__desk", "parent"
        ).filter(pk=given_key("key"))
    ),
}


def facts_known(row: Row) -> CaseFacts:
    """The facts of a case, or of a proceeding with what it stands on."""
    return facts_of(row) if isinstance(row, Case) else facts_of_proceeding(row)


def facts_at_moment(row: Row, pack: Pack, now: datetime) -> CaseFacts:
    """The facts known, with what clocks and calendar say at a moment: whose time is over, whether a promise stands, what days are worked."""
    over, promised = read_at(row, pack, now)
    return replace(facts_known(row), over=over, promise_open=promised, is_working=partial(_is_working, pack))


def _is_working(pack: Pack, day: date) -> bool:
    return calendar_for(pack, pack.calendar.default).is_working(day)


def follow(followed: Followed) -> Any:
    """Bring row, clocks and everything told up to date with an event just appended."""
    return _FOLLOWERS[type(followed.row)](followed)


@follower(Case)
def follow_case(followed: Followed) -> Case:
    """What follows from every verb on a case."""
    case, pack, before, wish, decision = followed.row, followed.pack, followed.before, followed.wish, followed.decision
    happened = core_event(followed.event)
    facts = evolve(before, happened)
    was_hidden = case.hides_reporter
    project(case, facts, pack)
    case.changed_at, case.changed_by = wish.now, wish.caller.id
    clocks = refresh_clocks(case, pack=pack, now=wish.now)
    case.save()
    clocks.save()
    performed = Performed(
        case=case, pack=pack, facts=facts, before=before, event=happened, decision=decision, caller=wish.caller, now=wish.now,
        at=wish.at, uploads_of=wish.uploads_of or wish.caller.id, reporter_was_hidden=was_hidden,
    )  # fmt: skip
    for run in _PROJECTORS:
        run(performed)
    outside = wish.caller.person is None and not wish.caller.is_system
    tell_complainant(
        case, decision.tells, facts=facts, pack=pack, now=wish.now, reason=decision.reason_for(complainant_roles(pack)),
        to_stranger=outside,
    )  # fmt: skip
    key = f"{case.pk}:{followed.event.seq}"
    notify_staff(case, decision.notices, facts=facts, pack=pack, now=wish.now, key=key, step=decision)
    return case
