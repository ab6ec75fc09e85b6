"""Conditions of indicators as questions to the rows of figures: the same language as everywhere, read as a filter."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import DateTimeField, Exists, ExpressionWrapper, OuterRef, Q

from amends.apps.reporting.models import CaseFact
from amends.core.policy.conditions import Condition
from amends.core.policy.kpis import FACTS, SameMatter

NUMBERS = {
    "rounds": ("rounds", 1), "cycles": ("cycles", 1), "escalations": ("escalations", 1), "score": ("score", 1),
    "compensation": ("compensation_minor", 100), "response_minutes": ("response_seconds", 60),
    "response_working_minutes": ("response_work_seconds", 60), "handling_hours": ("handling_seconds", 3600),
    "handling_working_hours": ("handling_work_seconds", 3600),
}  # fmt: skip
"""The column of a number, and how many of its units make one of the condition."""

LOOKUPS = {"at_least": "gte", "at_most": "lte", "more_than": "gt", "less_than": "lt"}
MOMENTS = ("responded", "told", "resolved", "closed")
ALWAYS, NEVER = Q(pk__isnull=False), Q(pk__isnull=True)


@dataclass(frozen=True, slots=True)
class Asking:
    """At which moment is asked, and what repeating a complaint means on the desk."""

    now: datetime
    repeats: SameMatter | None = None


def filter_of(condition: Condition | None, asking: Asking) -> Q:
    """The filter over CaseFact that holds for exactly the cases of which the condition holds; no condition holds always.

    What is not known is never an argument: a comparison with an absent fact is false, as in `core.policy.conditions.holds`.
    """
    if condition is None:
        return ALWAYS
    if condition.all is not None:
        return _joined((filter_of(part, asking) for part in condition.all), Q.__and__, ALWAYS)
    if condition.any is not None:
        return _joined((filter_of(part, asking) for part in condition.any), Q.__or__, NEVER)
    if condition.none is not None:
        return ~_joined((filter_of(part, asking) for part in condition.none), Q.__or__, NEVER)
    return _of_fact(condition, asking)


def _joined(parts: Iterable[Q], join: Callable[[Q, Q], Q], start: Q) -> Q:
    found = start
    for part in parts:
        found = join(found, part)
    return found


def _of_fact(condition: Condition, asking: Asking) -> Q:
    fact, operator = condition.fact or "", condition.operators()[0]
    kind = FACTS[fact]
    if kind == "yes_no":
        return _of_yes_no(fact, operator, condition, asking)
    if kind == "number":
        column, units = NUMBERS[fact]
        return _compared(
            column, operator, condition, lambda value: _in_units(value, units), Q(**{f"{column}__isnull": False})
        )
    return _compared(fact, operator, condition, str, ~Q(**{fact: ""}))


def _in_units(value: Any, units: int) -> Any:
    return Decimal(str(value)) * units


def _compared(column: str, operator: str, condition: Condition, read: Callable[[Any], Any], present: Q) -> Q:
    if operator == "given":
        return present if condition.given else ~present
    if operator in LOOKUPS:
        return present & Q(**{f"{column}__{LOOKUPS[operator]}": read(getattr(condition, operator))})
    if operator == "within":
        paths = (condition.within,) if isinstance(condition.within, str) else condition.within or ()
        return _joined((within(column, path) for path in paths), Q.__or__, NEVER)
    values = condition.in_ if operator == "in" else condition.not_in if operator == "not_in" else None
    if values is None:
        values = (condition.is_ if operator == "is" else condition.is_not,)
    chosen = Q(**{f"{column}__in": [read(value) for value in values]})
    return present & (chosen if operator in ("is", "in") else ~chosen)


def within(column: str, path: str) -> Q:
    """A value of a tree of categories, or one below it."""
    return Q(**{column: path}) | Q(**{f"{column}__startswith": f"{path}/"})


def _of_yes_no(fact: str, operator: str, condition: Condition, asking: Asking) -> Q:
    yes, known = _yes(fact, asking)
    if operator == "given":
        return known if condition.given else ~known
    wanted = bool(condition.is_ if operator == "is" else not condition.is_not)
    return yes if wanted else known & ~yes


def _yes(fact: str, asking: Asking) -> tuple[Q, Q]:
    """When a fact is true, and when it is known at all."""
    if fact in MOMENTS:
        return Q(**{f"{fact}_at__isnull": False}), ALWAYS
    if fact == "reopened":
        return Q(reopened__gt=0), ALWAYS
    if fact == "escalated":
        return Q(escalations__gt=0), Q(escalations__isnull=False)
    if fact == "overdue":
        return Q(limit_stopped_at=None, limit_due_at__lte=asking.now), Q(limit_due_at__isnull=False)
    if fact == "repeat":
        return is_repeat(asking.repeats), ALWAYS
    return Q(**{fact: True}), Q(**{f"{fact}__isnull": False})


def is_repeat(rule: SameMatter | None) -> Q:
    """Whether a case of the same matter came in before it, within the days of the rule. Source: REP-5.2.2"""
    if rule is None:
        return NEVER
    since = ExpressionWrapper(OuterRef("received_at") - timedelta(days=rule.within_days), output_field=DateTimeField())
    # Said again for the cases before it: the index holds no others, and without these words it is not used.
    earlier = CaseFact.objects.exclude(same_matter="").filter(
        desk=OuterRef("desk"), counts=OuterRef("counts"), same_matter=OuterRef("same_matter"), received_at__lt=OuterRef("received_at"),
        received_at__gte=since,
    )  # fmt: skip
    return ~Q(same_matter="") & Q(Exists(earlier))
