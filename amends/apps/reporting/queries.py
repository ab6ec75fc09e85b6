"""Counts by every stored dimension, and the check that no open case is without state, owner or due date."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, JSONField, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, TruncMonth

from amends.apps.cases.models import Case
from amends.apps.cases.queries import Viewer, open_cases, visible_to
from amends.apps.people.models import Membership
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import pack_in_force
from amends.apps.reporting.models import CaseFact
from amends.core.policy.intake import CategoryScheme
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData

DIMENSIONS = {
    "kind": "kind",
    "channel": "channel",
    "channel_group": "channel_group",
    "category": "category",
    "level": "level",
    "state": "state",
    "department": "department__title",
    "handler": "handler__name",
    "outcome": "outcome",
    "partner": "partner__name",
}
"""What cases can be counted by, beside the month of receipt: the name, and the stored column."""

FIRST_VALUES = {"first_category": "category", "first_level": "level"}
"""The classification as it was first given, whatever it was corrected to, and the dimension that it belongs to."""


@dataclass(slots=True)
class Counts:
    """Cases by month and value: `cells[month][value]`. Values are stored codes, or names of departments and people."""

    dimension: str
    values: list[str] = field(default_factory=list)
    months: list[date] = field(default_factory=list)
    cells: dict[date, dict[str, int]] = field(default_factory=dict)
    received: dict[date, int] = field(default_factory=dict)

    def of_month(self, month: date) -> int:
        return self.received.get(month, 0)

    @property
    def has_several(self) -> bool:
        """Whether a case counts under more than one value, so that the values add up to more than the cases."""
        return sum(self.of_value(value) for value in self.values) > self.total

    def of_value(self, value: str) -> int:
        return sum(row.get(value, 0) for row in self.cells.values())

    @property
    def total(self) -> int:
        return sum(self.of_month(month) for month in self.months)


def counts(
    viewer: Viewer, desk: Desk, *, by: str, counted: bool = True, first: date | None = None, last: date | None = None
) -> Counts:
    """How many visible cases of a desk were received in each month of its calendar, by one dimension; one query over the rows of figures.

    `counted` takes the cases that belong into complaint figures, or else those that do not (enquiries, internal
    matters): they are never added together. Beside DIMENSIONS every category scheme of the policy in force is one; a
    case with several values of a scheme counts under each. Raises InvalidData for an unknown dimension.
    """
    allowed = [*DIMENSIONS, *FIRST_VALUES, *further_schemes(pack_in_force(desk, viewer.now))]
    if by not in allowed:
        raise InvalidData([FieldError("/by", "unknown_filter", {"name": by[:60], "allowed": list(allowed)})])
    column = F(DIMENSIONS[by]) if by in DIMENSIONS else _fact(by)
    cases = CaseFact.objects.filter(desk=desk, counts=counted, case__in=visible_to(viewer, on=desk.pk).values("pk"))
    if first is not None:
        cases = cases.filter(received_on__gte=first)
    if last is not None:
        cases = cases.filter(received_on__lte=last)
    rows = cases.order_by().values(month=TruncMonth("received_on"), value=column).annotate(count=Count("pk"))
    return _table(by, rows)


def further_schemes(pack: Pack) -> dict[str, CategoryScheme]:
    """The category schemes of a policy beside its main one, which is the dimension `category`."""
    return {scheme.id: scheme for scheme in pack.categories.schemes[1:]}


def _fact(name: str) -> KeyTextTransform:
    """A fact of the case as text: a code, a JSON list of codes, or NULL."""
    return KeyTextTransform(name, KeyTransform("values", Cast("case__facts", JSONField())))


def _table(by: str, rows: Iterable[Mapping[str, Any]]) -> Counts:
    found = Counts(by)
    for row in rows:
        line = found.cells.setdefault(row["month"], {})
        found.received[row["month"]] = found.received.get(row["month"], 0) + row["count"]
        for value in _values_in(row["value"]):
            line[value] = line.get(value, 0) + row["count"]
    found.months = sorted(found.cells)
    totals = {value for line in found.cells.values() for value in line}
    found.values = sorted(totals, key=lambda value: (-found.of_value(value), value))
    return found


def _values_in(stored: str | None) -> list[str]:
    """The values of one group: a list of codes is stored as JSON, anything else is one value."""
    if stored and stored.startswith("["):
        return list(json.loads(stored)) or [""]
    return [stored or ""]


@dataclass(frozen=True, slots=True)
class Gap:
    """An open case that nobody moves: `reasons` are no_state, no_owner, owner_left, no_due."""

    case: Case
    reasons: tuple[str, ...]


def gaps(viewer: Viewer, *, size: int = 200) -> list[Gap]:
    """The visible open cases without state, owner or next due date, oldest first; two queries.

    An owner is a person who is active, else a department, else a role that somebody active holds and for which the
    case waits.
    """
    return gaps_among(visible_to(viewer), now=viewer.now, size=size)


def gaps_among(cases: QuerySet[Case], *, now: datetime, size: int) -> list[Gap]:
    """The same among any cases."""
    held = set(
        Membership.objects.filter(Membership.valid_at(now), person__is_active=True).values_list("desk_id", "role")
    )
    suspicious = Q(due_at=None) | Q(handler__is_active=False) | Q(handler=None, department=None) | Q(state="")
    rows = open_cases(cases).filter(suspicious).select_related("desk", "handler", "department").defer("facts")
    found = [Gap(case, tuple(_reasons(case, held))) for case in rows.order_by("received_at", "pk")[:size]]
    return [gap for gap in found if gap.reasons]


def _reasons(case: Case, held: set[tuple[int, str]]) -> Iterable[str]:
    if not case.state:
        yield "no_state"
    if case.handler is not None and not case.handler.is_active:
        yield "owner_left"
    elif case.handler is None and case.department is None and (case.desk_id, case.waits_for) not in held:
        yield "no_owner"
    if case.due_at is None:
        yield "no_due"
