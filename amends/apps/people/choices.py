"""Who and what can be chosen in forms: departments in their order, people at work, partners."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from amends.apps.people.models import Absence, Department, Partner, Person
from amends.core.policy.base import Title


@dataclass(frozen=True, slots=True)
class PersonChoice:
    """Somebody who can be named; `away` while absent, with the deputy's name when there is one."""

    id: int
    name: str
    department: int | None
    department_title: Title | None
    away: bool = False
    deputy: str = ""


@dataclass(frozen=True, slots=True)
class DepartmentChoice:
    """A department with its depth in the tree and the path of its ids."""

    id: int
    title: Title
    depth: int
    path: str


def departments_to_choose() -> list[DepartmentChoice]:
    """Every department in use, parents before children; one query."""
    rows = list(Department.objects.filter(retired_at=None))
    by_id = {row.pk: row for row in rows}

    def place(row: Department) -> list[tuple[str, int]]:
        line = [by_id[int(part)] for part in row.path.split(".") if part and int(part) in by_id]
        return [(unit.sort_key, unit.pk) for unit in line]

    ordered = sorted(rows, key=place)
    return [DepartmentChoice(row.pk, row.called, max(row.path.count(".") - 1, 0), row.path) for row in ordered]


def people_to_choose(*, now: datetime) -> list[PersonChoice]:
    """Everybody active who can sign in, by department and name; two queries."""
    away = {
        absence.person_id: absence.deputy.name if absence.deputy else ""
        for absence in Absence.objects.filter(Absence.running_at(now), keeps_working=False).select_related("deputy")
    }
    people = Person.objects.filter(is_active=True, is_machine=False).select_related("department")
    return [
        PersonChoice(
            id=person.pk,
            name=person.name,
            department=person.department_id,
            department_title=person.department.called if person.department else None,
            away=person.pk in away,
            deputy=away.get(person.pk, ""),
        )
        for person in people.order_by("department__sort_key", "sort_key", "pk")
    ]


def partners_to_choose() -> list[tuple[int, str]]:
    """Every partner in use, by name; one query."""
    return list(Partner.objects.filter(retired_at=None).order_by("name").values_list("pk", "name"))
