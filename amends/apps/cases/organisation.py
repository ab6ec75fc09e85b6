"""What the organisation means for cases: what lies with a person or a department, asked before either goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from amends.apps.cases.models import Case
from amends.apps.cases.queries import open_cases
from amends.apps.people.directory import counts_open_cases
from amends.apps.people.grounds import Manager
from amends.apps.people.models import Department, Person
from amends.apps.people.organising import StillUsed, retire_department


def open_cases_of(person: Person) -> QuerySet[Case]:
    """The open cases that somebody handles, the next due first."""
    return open_cases(Case.objects.filter(handler=person)).order_by("due_sort", "pk")


@counts_open_cases
def count_open_cases(people: Sequence[int]) -> Mapping[int, int]:
    """The open cases of each person; one query."""
    rows = open_cases(Case.objects.filter(handler__in=list(people))).order_by().values_list("handler")
    return dict(rows.annotate(n=Count("pk")))


@transaction.atomic
def retire_department_without_cases(department: Department, *, by: Manager) -> None:
    """Take a department out of use. Raises StillUsed while an open case lies with it, and whatever `retire_department` raises."""
    by.check_department(department)
    lies_there = Q(department=department) | Q(team=department)
    if open_cases(Case.objects.filter(lies_there)).exists():
        raise StillUsed(department=department.called, what="未结个案")
    retire_department(department, by=by)
