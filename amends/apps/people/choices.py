"""Who and what can be chosen in forms: departments in their order, people at work, partners."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from amends.apps.people.models import Absence, Department, DeskFunction, Membership, Partner, Person
from amends.apps.policies.models import Desk
from amends.apps.prepared import Asked, Prepared
from amends.core.policy.base import Title


@dataclass(frozen=True, slots=True)
class PersonChoice:
    """Somebody who can be named; `away` while absent, with the deputy's name when there is one. `roles` are those held on the desk."""

    id: int
    name: str
    department: int | None
    department_title: Title | None
    away: bool = False
    deputy: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DepartmentChoice:
    """A department with its depth in the tree and the path of its ids."""

    id: int
    title: Title
    depth: int
    path: str
    code: str = ""


_IN_USE = Prepared(lambda: Department.objects.filter(retired_at=None))
_CLAIMED = Prepared(
    lambda: (
        DeskFunction.objects.order_by()
        .values_list("desk", "department")
        .union(Membership.objects.filter(department__isnull=False).order_by().values_list("desk", "department"))
    )
)


def departments_to_choose(desk: Desk | None = None) -> list[DepartmentChoice]:
    """Every department in use, parents before children; for a desk, without those that only other desks work with."""
    rows = _IN_USE.ask()
    by_id = {row.pk: row for row in rows}
    kept = set(by_id) if desk is None else _within(desk, rows)

    def place(row: Department) -> list[tuple[str, int]]:
        return [(by_id[unit].sort_key, unit) for unit in _line_of(row) if unit in by_id]

    ordered = sorted((row for row in rows if row.pk in kept), key=place)
    return [
        DepartmentChoice(row.pk, row.called, max(row.path.count(".") - 1, 0), row.path, row.code) for row in ordered
    ]


def asked_for_departments() -> list[Asked[Any]]:
    """What the departments of a desk are read from, to be asked together with other questions."""
    return [_IN_USE.given(), _CLAIMED.given()]


def _within(desk: Desk, rows: Iterable[Department]) -> set[int]:
    """The departments that do something on the desk with all below them, and those that no desk claims."""
    claims = _CLAIMED.ask()
    ours = {department for owner, department in claims if owner == desk.staffed_as}
    theirs = {department for owner, department in claims if owner != desk.staffed_as} - ours
    lines = {row.pk: set(_line_of(row)) for row in rows}
    return {key for key, line in lines.items() if line & ours or not line & theirs}


def _line_of(department: Department) -> list[int]:
    """The ids from the root down to the department."""
    return [int(part) for part in department.path.split(".") if part]


def people_to_choose(*, now: datetime, desk: Desk | None = None) -> list[PersonChoice]:
    """Everybody active who can sign in, by department and name; for a desk, those who work on it or in its departments.

    Whoever administers the installation and has no role on the desk handles none of its cases.
    """
    away = {
        absence.person_id: absence.deputy.name if absence.deputy else ""
        for absence in Absence.objects.filter(Absence.running_at(now), keeps_working=False).select_related("deputy")
    }
    people = Person.objects.filter(is_active=True, is_machine=False).select_related("department")
    roles: dict[int, list[str]] = defaultdict(list)
    if desk is not None:
        units = [choice.id for choice in departments_to_choose(desk)]
        on_desk = Membership.objects.filter(Membership.valid_at(now), desk=desk.staffed_as).order_by("pk")
        for person_id, role in on_desk.values_list("person", "role"):
            roles[person_id].append(role)
        people = people.filter(Q(pk__in=on_desk.values("person")) | Q(department__in=units, is_administrator=False))
    return [
        PersonChoice(
            id=person.pk,
            name=person.name,
            department=person.department_id,
            department_title=person.department.called if person.department else None,
            away=person.pk in away,
            deputy=away.get(person.pk, ""),
            roles=tuple(dict.fromkeys(roles[person.pk])),
        )
        for person in people.order_by("department__sort_key", "sort_key", "pk")
    ]


def colleagues() -> list[tuple[int, str]]:
    """The key and name of everybody active who can sign in, by name; one query."""
    people = Person.objects.filter(is_active=True, is_machine=False)
    return list(people.order_by("sort_key", "pk").values_list("pk", "name"))


def name_of_person(key: int) -> str:
    """What somebody is called; empty for nobody."""
    return Person.objects.filter(pk=key).values_list("name", flat=True).first() or ""


def name_of_department(key: int) -> Title | None:
    """What a department is called; None for none."""
    found = Department.objects.filter(pk=key).first()
    return found.called if found else None


def partners_to_choose(desk: Desk | None = None) -> list[tuple[int, str]]:
    """Every partner in use, by name, for a desk its own; one query."""
    partners = Partner.objects.filter(Q() if desk is None else Partner.of_desk(desk), retired_at=None)
    return list(partners.order_by("name", "pk").values_list("pk", "name"))
