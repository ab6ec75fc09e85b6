"""Reads of training: what somebody owes, who is untrained, what they attended, and which studies a module holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Max, Q

from amends.apps.cases.facts import pack_of
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.facts import facts_of_proceeding
from amends.apps.cases.queries import Viewer, desks_with_right, packs_of
from amends.apps.ledger.queries import latest_texts
from amends.apps.people.models import Membership, Person
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.apps.training.models import Assignment, Attempt, Confirmation, ModuleStudy
from amends.core.facts import CaseFacts
from amends.core.policy.pack import Pack
from amends.core.policy.training import Module, Sessions
from amends.core.refusals import NotVisible
from amends.core.training import Known, Owed, mean_of, share_of, standing

TRAINING, PERFORMANCE = "training", "performance"
"""The rights: to plan and evaluate training, and to read the performance record of others."""

PEOPLE_AT_ONCE = 200


def desks_learnt_on(viewer: Viewer) -> dict[Desk, Pack]:
    """The desks with training on which the viewer works, or on which a module was given to them."""
    given = set(Assignment.objects.filter(person=viewer.person).values_list("desk", flat=True))
    return {
        desk: pack
        for desk, pack in packs_of(viewer).items()
        if pack.training.modules and (viewer.works_on(desk) or desk.pk in given)
    }


# What somebody owes


@dataclass(slots=True)
class KnownOfPeople:
    """What is known of people and modules; read for many at once."""

    _found: Mapping[tuple[int, str], Known]

    def of(self, person: int, module: str) -> Known:
        return self._found.get((person, module), Known())


def known_of(desk: Desk, pack: Pack, people: Collection[int], *, now: datetime) -> KnownOfPeople:
    """The passes, assignments, tests in vain and confirmations of people; four queries, whatever their number."""
    keys = list(people)
    passed = _latest(
        Attempt.objects.filter(desk=desk, person__in=keys, passed=True, answered_at__lte=now), "answered_at"
    )
    given = _latest(Assignment.objects.filter(desk=desk, person__in=keys, given_at__lte=now), "given_at")
    failed: dict[tuple[int, str], int] = defaultdict(int)
    for person, module, at in Attempt.objects.filter(desk=desk, person__in=keys, passed=False).values_list(
        "person", "module", "answered_at"
    ):
        since = max(
            (moment for moment in (passed.get((person, module)), given.get((person, module))) if moment), default=None
        )
        failed[person, module] += int(since is None or (at is not None and at > since))
    confirmed = dict[tuple[int, str], int]()
    for person, module, version in Confirmation.objects.filter(desk=desk, person__in=keys).values_list(
        "person", "module", "version"
    ):
        confirmed[person, module] = max(version, confirmed.get((person, module), 0))
    known = {
        key: Known(passed.get(key), given.get(key), failed.get(key, 0), confirmed.get(key))
        for key in {*passed, *given, *failed, *confirmed}
    }
    return KnownOfPeople(known)


def _latest(rows: Any, at: str) -> dict[tuple[int, str], datetime]:
    found = rows.order_by().values("person", "module").annotate(last=Max(at)).values_list("person", "module", "last")
    return {(person, module): last for person, module, last in found}


@dataclass(frozen=True, slots=True)
class Duty:
    """A module and where a person stands with it; `due_on` and `reason` where a trainer gave it."""

    person: Person
    name: str
    module: Module
    owed: Owed
    known: Known
    due_on: date | None = None
    reason: str = ""

    @property
    def is_trained(self) -> bool:
        return self.owed in (Owed.PASSED, Owed.CONFIRM)


def duties_of(desk: Desk, pack: Pack, people: Iterable[Person], *, now: datetime) -> list[Duty]:
    """The modules of each person: those of their roles on the desk, and those that were given to them.

    Source: EXP-9.1.1, ESC-7.2.2
    """
    persons = list(people)
    keys = [person.pk for person in persons]
    held: dict[int, set[str]] = defaultdict(set)
    rows = Membership.objects.filter(Membership.valid_at(now), desk=desk.staffed_as, person__in=keys)
    for person_id, role in rows.values_list("person", "role"):
        held[person_id].add(role)
    given: dict[tuple[int, str], Assignment] = {}
    for row in Assignment.objects.filter(desk=desk, person__in=keys).order_by("given_at", "pk"):
        given[row.person_id, row.module] = row
    known = known_of(desk, pack, keys, now=now)
    found = []
    for person in persons:
        for name, module in pack.training.modules.items():
            row_given = given.get((person.pk, name))
            if row_given is None and not held[person.pk] & set(module.for_):
                continue
            one = known.of(person.pk, name)
            owed = standing(module, one, version=pack.version, now=now)
            due, why = (row_given.due_on, row_given.reason) if row_given and owed is not Owed.PASSED else (None, "")
            found.append(Duty(person, name, module, owed, one, due, why))
    return found


def people_of(desk: Desk, *, now: datetime, role: str = "") -> list[Person]:
    """The active people who hold a role on the desk, or a certain one, by department and name."""
    rows = Membership.objects.filter(Membership.valid_at(now), desk=desk.staffed_as)
    if role:
        rows = rows.filter(role=role)
    concerned = Q(pk__in=rows.values("person"))
    if not role:
        concerned |= Q(pk__in=Assignment.objects.filter(desk=desk).values("person"))
    people = Person.objects.filter(concerned, is_active=True, is_machine=False).select_related("department")
    return list(people.order_by("department__sort_key", "sort_key", "pk"))


def person_of(desk: Desk, key: int, *, now: datetime) -> Person:
    """Somebody who works on the desk or was given a module on it. Raises NotVisible for everybody else."""
    found = next((person for person in people_of(desk, now=now) if person.pk == key), None)
    if found is None:
        raise NotVisible
    return found


def attempt_of(viewer: Viewer, key: Any) -> Attempt:
    """A test: the person's own, or one on a desk whose training the viewer looks after. Raises NotVisible."""
    found = Attempt.objects.select_related("desk", "person", "pack").filter(pk=key).first()
    if found is None or found.desk not in viewer.desks():
        raise NotVisible
    if found.person_id != viewer.person.pk and found.desk not in desks_with_right(viewer, TRAINING):
        raise NotVisible
    return found


# Sessions


@dataclass(frozen=True, slots=True)
class Place:
    """One person at a session: invited, and once it was held whether they came, with which result and involvement."""

    person: int
    attended: bool | None = None
    result: int | None = None
    involvement: int | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A session as its proceeding has it. `values` are its facts."""

    row: Proceeding
    day: date | None
    modules: tuple[str, ...]
    places: tuple[Place, ...]
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_held(self) -> bool:
        return any(place.attended is not None for place in self.places)

    def place_of(self, person: int) -> Place | None:
        return next((place for place in self.places if place.person == person), None)

    def attendees(self) -> list[int]:
        return [place.person for place in self.places if place.attended]


def sessions_of(desk: Desk, pack: Pack, *, person: int | None = None) -> list[Session]:
    """The sessions of a desk, the latest first; with a person, those that the person was invited to or came to."""
    rule = pack.training.sessions
    if rule is None:
        return []
    rows = Proceeding.objects.filter(desk=desk, kind=rule.proceeding).select_related("desk", "chain", "pack")
    found = [session_in(row, rule) for row in rows.order_by("-begun_at", "-pk")]
    found = [one for one in found if person is None or one.place_of(person) is not None]
    return sorted(found, key=lambda one: one.day or date.min, reverse=True)


def session_in(row: Proceeding, rule: Sessions) -> Session:
    """What the facts of a proceeding say of the session."""
    facts = facts_of_proceeding(row)
    rows, invited = rule.planned_rows()
    places = {int(item[invited]): Place(int(item[invited])) for item in _rows(facts, rows) if item.get(invited)}
    for item in _rows(facts, rule.attendance):
        if key := item.get(rule.person):
            places[int(key)] = Place(
                int(key),
                bool(item.get(rule.attended)),
                _number(item.get(rule.result)),
                _number(item.get(rule.involvement)),
            )
    day = facts.value(rule.day)
    chosen = facts.value(rule.modules) or ()
    modules = (str(chosen),) if isinstance(chosen, str) else tuple(str(name) for name in chosen)
    return Session(
        row, date.fromisoformat(str(day)[:10]) if day else None, modules, tuple(places.values()), dict(facts.values)
    )


def _rows(facts: CaseFacts, name: str) -> list[Mapping[str, Any]]:
    value = facts.lists.get(name) or facts.value(name) or ()
    return [item for item in value if isinstance(item, Mapping)]


def _number(value: Any) -> int | None:
    return None if value in (None, "") else int(value)


@dataclass(frozen=True, slots=True)
class Participation:
    """How often somebody came to the sessions held that they were invited to, and how they took part. Source: EXP-9.2.4"""

    assigned: int
    attended: int
    rate: Decimal | None
    involvement: Decimal | None
    results: Decimal | None
    rated: int
    best: int


def participation_of(sessions: Iterable[Session], person: int, rule: Sessions | None) -> Participation:
    """Attendance in percent with one decimal; involvement and results beside it, never mixed into one number."""
    places = [place for one in sessions if one.is_held and (place := one.place_of(person)) is not None]
    came = [place for place in places if place.attended]
    rated = [place.involvement for place in came if place.involvement is not None]
    return Participation(
        len(places), len(came), share_of(len(came), len(places)), mean_of(rated),
        mean_of([place.result for place in came if place.result is not None]), len(rated),
        rule.best_involvement if rule else 5,
    )  # fmt: skip


# Case studies


def studies_in(desk: Desk, module: str) -> list[Proceeding]:
    """The case studies of a module, in the order in which they were added."""
    rows = ModuleStudy.objects.filter(desk=desk, module=module).select_related("study").order_by("added_at", "pk")
    return [row.study for row in rows]


def study_for(viewer: Viewer, key: Any) -> tuple[Proceeding, list[tuple[Any, str]]]:
    """A case study of a module with its fields for learners: title and text, nothing else. Raises NotVisible. Source: EXP-9.1.3"""
    added = (
        ModuleStudy.objects.filter(study=key)
        .select_related("study__chain", "study__desk", "study__pack", "desk")
        .first()
    )
    if added is None or added.desk not in desks_learnt_on(viewer):
        raise NotVisible
    study = added.study
    rule = pack_in_force(added.desk, viewer.now).training.studies
    if rule is None or study.state not in rule.states:
        raise NotVisible
    fields, facts = pack_of(study).fields, facts_of_proceeding(study)
    texts = latest_texts([study.chain_id], list(rule.shows))
    said = []
    for name in rule.shows:
        text = texts.get((study.chain_id, name)) or facts.value(name)
        if text and name in fields:
            said.append((fields[name].title, str(text)))
    return study, said
