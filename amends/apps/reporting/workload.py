"""Workload by person: what lies with everybody, how old it is, what is late, and what came and went lately."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Count, Q

from amends.apps.cases.filters import SOON, is_late
from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.people.models import Absence, Department, Person, PersonSkill
from amends.apps.policies.models import Desk
from amends.core.policy.base import Title
from amends.core.queue_order import Band

LATELY = timedelta(days=30)
AGES = (3, 7, 14, 30)
"""Where one age of open cases ends and the next begins, in days since receipt."""

OPEN = Q(band__lt=Band.TO_ARCHIVE)


@dataclass(slots=True)
class Load:
    """What lies with one person in one department, or with nobody yet."""

    person: Person | None
    open: int = 0
    late: int = 0
    soon: int = 0
    waiting: int = 0
    received: int = 0
    closed: int = 0
    ages: tuple[int, ...] = ()
    is_away: bool = False
    deputy: str = ""
    skills: tuple[str, ...] = ()

    @property
    def has_left(self) -> bool:
        return self.person is not None and not self.person.is_active


@dataclass(slots=True)
class DepartmentLoad:
    """The people of one department with what lies with them, the most pressed first."""

    department: int | None
    title: Title | None
    people: list[Load] = field(default_factory=list)

    @property
    def open(self) -> int:
        return sum(load.open for load in self.people)

    @property
    def late(self) -> int:
        return sum(load.late for load in self.people)

    @property
    def soon(self) -> int:
        return sum(load.soon for load in self.people)


def workload(viewer: Viewer, desk: Desk) -> list[DepartmentLoad]:
    """The visible cases of a desk that are open, or came or were closed in the last thirty days, by department and handler.

    Five queries beside those of the scope, whatever the number of cases and people.
    """
    rows = list(_rows(viewer, desk))
    people = Person.objects.in_bulk({row["handler"] for row in rows if row["handler"]})
    units = Department.objects.in_bulk({row["department"] for row in rows if row["department"]})
    away = Absence.objects.filter(Absence.running_at(viewer.now), person__in=people, keeps_working=False)
    deputies = {
        absence.person_id: absence.deputy.name if absence.deputy else "" for absence in away.select_related("deputy")
    }
    skills: dict[int, list[str]] = {}
    had = PersonSkill.objects.filter(desk=desk, person__in=people).order_by("skill")
    for person, skill in had.values_list("person_id", "skill"):
        skills.setdefault(person, []).append(skill)
    found = []
    for unit, group in groupby(sorted(rows, key=lambda row: row["department"] or 0), key=lambda row: row["department"]):
        loads = [_load(row, people, deputies, skills) for row in group]
        loads.sort(key=lambda load: (-load.late, -load.soon, -load.open, load.person.sort_key if load.person else ""))
        found.append(DepartmentLoad(unit, units[unit].called if unit in units else None, loads))
    return sorted(
        found,
        key=lambda one: (one.department is not None, units[one.department].sort_key if one.department in units else ""),
    )


def _rows(viewer: Viewer, desk: Desk) -> Any:
    now, since = viewer.now, viewer.now - LATELY
    cases = visible_to(viewer).filter(desk=desk)
    lately = OPEN | Q(received_at__gte=since) | Q(closed_at__gte=since)
    counted = {f"age_{n}": Count("pk", filter=OPEN & _aged(n, now)) for n in range(len(AGES) + 1)}
    return (
        cases.filter(lately)
        .order_by()
        .values("department", "handler")
        .annotate(
            open=Count("pk", filter=OPEN),
            late=Count("pk", filter=OPEN & is_late(now)),
            soon=Count("pk", filter=OPEN & Q(due_at__gt=now, due_at__lte=now + SOON, is_late=False)),
            waiting=Count("pk", filter=Q(state_category="waiting")),
            received=Count("pk", filter=Q(received_at__gte=since)),
            closed=Count("pk", filter=Q(closed_at__gte=since)),
            **counted,
        )
    )


def _aged(n: int, now: datetime) -> Q:
    """Received within the n-th span of AGES."""
    younger = Q(received_at__gt=now - timedelta(days=AGES[n])) if n < len(AGES) else Q()
    older = Q(received_at__lte=now - timedelta(days=AGES[n - 1])) if n else Q()
    return younger & older


def _load(
    row: dict[str, int], people: dict[int, Person], deputies: dict[int, str], skills: dict[int, list[str]]
) -> Load:
    person = people.get(row["handler"] or 0)
    return Load(
        person=person,
        open=row["open"], late=row["late"], soon=row["soon"], waiting=row["waiting"], received=row["received"],
        closed=row["closed"],
        ages=tuple(row[f"age_{n}"] for n in range(len(AGES) + 1)),
        is_away=person is not None and person.pk in deputies,
        deputy=deputies.get(person.pk, "") if person is not None else "",
        skills=tuple(skills.get(person.pk, ())) if person is not None else (),
    )  # fmt: skip
