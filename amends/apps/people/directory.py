"""The organisation as the rules ask for it, read from the tables once for each desk and moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial

from django.db.models import QuerySet

from amends.apps.people.models import Absence, Department, DeskFunction, Membership, Partner, Person, PersonSkill
from amends.apps.policies.models import Desk
from amends.apps.prepared import Asked, Prepared, asked_together, given_moment, given_number, prepared
from amends.core.directory import Caller, Holding
from amends.core.policy.base import Title
from amends.core.policy.pack import Pack

_DEPARTMENTS = Prepared(lambda: Department.objects.all())
_DEPARTMENT = Prepared(lambda: Department.objects.filter(pk=given_number("department")))
_HELD = Prepared(
    lambda: Membership.objects.filter(
        Membership.valid_at(given_moment("now")), person_id=given_number("person")
    ).order_by("pk")
)
_REPLACED = Prepared(
    lambda: Absence.objects.filter(
        Absence.running_at(given_moment("now")), deputy_id=given_number("person"), person__is_active=True
    ).values_list("person_id", flat=True)
)


_counters: list[Callable[[Sequence[int]], Mapping[int, int]]] = []


def counts_open_cases(
    count: Callable[[Sequence[int]], Mapping[int, int]],
) -> Callable[[Sequence[int]], Mapping[int, int]]:
    """Register what counts the open cases that lie with people, by person: cases are not known here."""
    _counters.append(count)
    return count


def open_cases_by_person(people: Sequence[int]) -> dict[int, int]:
    """How many open cases lie with each of the people; who has none is left out."""
    return {person: n for count in _counters for person, n in count(people).items()}


class OrganisationOfDesk:
    """Implements `amends.core.directory.Directory`. Every question costs at most one query for each kind of table."""

    def __init__(self, desk: Desk, pack: Pack, now: datetime) -> None:
        self.desk, self.pack, self.now = desk, pack, now
        self._people: dict[int, Person | None] = {}
        self._units: dict[int, set[int | None]] = {}

    @cached_property
    def _departments(self) -> dict[int, Department]:
        return {d.pk: d for d in _DEPARTMENTS.ask()}

    @cached_property
    def _bindings(self) -> dict[str, int]:
        return dict(DeskFunction.objects.filter(desk=self.desk.staffed_as).values_list("function", "department_id"))

    @cached_property
    def _heads(self) -> dict[int, int]:
        roles = [name for name, role in self.pack.roles.roles.items() if role.heads]
        rows = Membership.objects.filter(
            Membership.valid_at(self.now),
            desk=self.desk.staffed_as,
            role__in=roles,
            department__isnull=False,
            person__is_active=True,
        )
        return dict(rows.order_by("-pk").values_list("department_id", "person_id"))

    @cached_property
    def _away(self) -> dict[int, int | None]:
        rows = Absence.objects.filter(Absence.running_at(self.now), keeps_working=False)
        return dict(rows.values_list("person_id", "deputy_id"))

    def _person(self, person: int) -> Person | None:
        if person not in self._people:
            self._people[person] = Person.objects.filter(pk=person).first()
        return self._people[person]

    def department_for(self, function: str) -> int | None:
        return self._bindings.get(function)

    def function_of(self, department: int) -> str | None:
        return next((f for f, d in self._bindings.items() if d == department), None)

    def name_of_department(self, department: int) -> Title | str:
        found = self._departments.get(department)
        return found.called if found else ""

    def department_exists(self, department: int) -> bool:
        found = self._departments.get(department)
        return found is not None and found.retired_at is None

    def person_is_active(self, person: int) -> bool:
        found = self._person(person)
        return found is not None and found.is_active

    def is_present(self, person: int) -> bool:
        return self.person_is_active(person) and person not in self._away

    def deputy_of(self, person: int) -> int | None:
        deputy = self._away.get(person)
        return deputy if deputy is not None and self.is_present(deputy) else None

    def name_of_person(self, person: int) -> str:
        found = self._person(person)
        return found.name if found else ""

    def head_of(self, department: int) -> int | None:
        """The head of the department, or of the nearest one above it that has a head."""
        unit = self._departments.get(department)
        while unit is not None:
            if unit.pk in self._heads:
                return self._heads[unit.pk]
            unit = self._departments.get(unit.parent_id) if unit.parent_id else None
        return None

    def department_of(self, person: int) -> int | None:
        found = self._person(person)
        return found.department_id if found else None

    def is_member(self, person: int, department: int) -> bool:
        found = self._person(person)
        if found is None:
            return False
        units = {found.department_id} | self._units_of(person)
        return any(unit is not None and self.lies_within(unit, department) for unit in units) or (
            self.head_of(department) == person
        )

    def _units_of(self, person: int) -> set[int | None]:
        if person not in self._units:
            rows = Membership.objects.filter(Membership.valid_at(self.now), desk=self.desk.staffed_as, person_id=person)
            self._units[person] = set(rows.values_list("department_id", flat=True))
        return self._units[person]

    def holds_one_of(self, person: int, roles: Sequence[str]) -> bool:
        rows = Membership.objects.filter(Membership.valid_at(self.now), desk=self.desk.staffed_as, person_id=person)
        return rows.filter(role__in=list(roles)).exists()

    def least_loaded(
        self, department: int, roles: Sequence[str], skills: Sequence[str], *, apart_from: int | None = None
    ) -> int | None:
        held = Membership.objects.filter(
            Membership.valid_at(self.now), desk=self.desk, role__in=list(roles), person__is_active=True
        )
        able = self._with_skills(set(held.values_list("person_id", flat=True)), set(skills)) - {apart_from}
        people = [one for one in sorted(able) if self.is_present(one) and self.is_member(one, department)]
        loads = open_cases_by_person(people)
        names = {one: (found.sort_key, one) for one in people if (found := self._person(one))}
        return min(people, key=lambda one: (loads.get(one, 0), names[one]), default=None)

    def _with_skills(self, people: set[int], skills: set[str]) -> set[int]:
        had: dict[int, set[str]] = {}
        rows = PersonSkill.objects.filter(desk=self.desk, person__in=people, skill__in=skills)
        for person, skill in rows.values_list("person_id", "skill"):
            had.setdefault(person, set()).add(skill)
        return {one for one in people if skills <= had.get(one, set())}

    def lies_within(self, department: int, ancestor: int) -> bool:
        unit, above = self._departments.get(department), self._departments.get(ancestor)
        return unit is not None and above is not None and unit.lies_within(above)

    def partner_exists(self, partner: int) -> bool:
        return Partner.objects.filter(Partner.of_desk(self.desk), pk=partner, retired_at=None).exists()

    def partner_kind(self, partner: int) -> str | None:
        return Partner.objects.filter(pk=partner).values_list("kind", flat=True).first()


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything somebody holds at a moment on any desk: their own roles, and those of people they stand in for."""

    person: Person
    memberships: tuple[Membership, ...]

    def caller(
        self, desk: Desk, pack: Pack, *, scopes: Iterable[str] | None = None, desks: frozenset[int] | None = None
    ) -> Caller:
        """The person as a caller on one desk, under one version of its pack."""
        return Caller(
            id=self.person.actor_id,
            person=self.person.pk if self.person.is_active else None,
            holdings=tuple(self._holdings(desk, pack)) if self.person.is_active else (),
            scopes=frozenset(scopes) if scopes is not None else None,
            desks=desks,
        )

    def _holdings(self, desk: Desk, pack: Pack) -> Iterator[Holding]:
        for row in self.memberships:
            if row.desk_id != desk.staffed_as:
                continue
            if row.person_id == self.person.pk:
                yield Holding(row.role, row.department_id)
            elif (role := pack.roles.roles.get(row.role)) is not None and role.deputised:
                yield Holding(row.role, row.department_id, deputy_for=row.person_id)


def asked_for_standing(person: int, now: datetime) -> tuple[Asked[Membership], Asked[int]]:
    """What `standing_of` asks of whomever: the roles that a person holds, and for whom they stand in."""
    return _HELD.given(person=person, now=now), _REPLACED.given(person=person, now=now)


def standing_of(person: Person, now: datetime) -> Standing:
    """What the person holds on every desk, in at most three queries."""
    with asked_together(asked_for_standing(person.pk, now)):
        return standing_asked(person, now)


def standing_asked(person: Person, now: datetime) -> Standing:
    """The same, where what `asked_for_standing` names was asked together with other things."""
    held, replaced_by_them = asked_for_standing(person.pk, now)
    rows, replaced = held.ask(), set(replaced_by_them.ask())
    if replaced:
        rows += Membership.objects.filter(Membership.valid_at(now), person__in=replaced).order_by("pk")
    return Standing(person, tuple(rows))


def read_department(person: Person) -> None:
    """Read the person's own department, unless it is known already."""
    if person.department_id is not None and not Person.department.is_cached(person):
        person.department = _DEPARTMENT.first(department=person.department_id)


def caller_for(person: Person, desk: Desk, pack: Pack, now: datetime, *, scopes: Iterable[str] | None = None) -> Caller:
    """The person as a caller on the desk: roles of their own, and deputised roles of those whom they stand in for now."""
    return standing_of(person, now).caller(desk, pack, scopes=scopes)


def holders_of(roles: Iterable[str], *, desk: Desk, now: datetime, within: Iterable[int] | None = None) -> list[Person]:
    """The active people who hold one of the roles on the desk, or in one of the departments; absent people's deputies too."""
    of, units = tuple(sorted(set(roles))), None if within is None else tuple(sorted(set(within)))
    rows = prepared(("holders", of, units), partial(_holders, of, units)).ask(desk=desk.staffed_as, now=now)
    people = {m.person_id: m.person for m in rows}
    away = Absence.objects.filter(Absence.running_at(now), person_id__in=people, deputy__is_active=True)
    for absence in away.select_related("deputy"):
        if absence.deputy is not None:
            people.setdefault(absence.deputy.pk, absence.deputy)
    return list(people.values())


def _holders(roles: tuple[str, ...], units: tuple[int, ...] | None) -> QuerySet[Membership]:
    held = Membership.objects.filter(
        Membership.valid_at(given_moment("now")), desk_id=given_number("desk"), role__in=roles, person__is_active=True
    ).select_related("person")
    return held if units is None else held.filter(department_id__in=units)
