"""What a day holds for somebody: counts and the first cases behind each, every count equal to the list that it opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, Q

from amends.apps.cases.filters import condition_of
from amends.apps.cases.listing import PARTS, queue_lines
from amends.apps.cases.queries import Viewer, visible_to
from amends.core.queue_order import Band

SCOPES = ("mine", "department", "all")

FIGURES: dict[str, dict[str, str]] = {
    "all": {},
    "open": {"status": "open"},
    "late": {"status": "open", "late": "yes"},
    "soon": {"status": "open", "late": "soon"},
    "today": {"due": "today"},
    "promised": {"status": "open", "promised": "today"},
    "said": {"status": "unfinished", "said": "yes"},
    "task": {"status": "open", "task": "mine"},
    "word": {"status": "open", "word": "late"},
    "urgent": {"status": "open", "urgent": "yes"},
    "unowned": {"status": "open", "handler": "none"},
}
"""What is counted within a scope. All of it lies within the unfinished cases."""

HANDLED = {"status": "open", "handler": "me"}
LISTS: dict[str, str] = {"open": "priority", "today": "due", "task": "due", "promised": "due", "said": "changed"}
"""The figures whose first cases are shown, and in which order."""


@dataclass(frozen=True, slots=True)
class Day:
    """The counts by scope and figure, those that somebody handles, and which scope has anything to show first."""

    counts: Mapping[str, Mapping[str, int]]
    handled: int
    first_scope: str


def filters_of(scope: str, figure: str) -> dict[str, str]:
    """The filters of the list behind a count; what the figure says goes before what the scope says."""
    return {**PARTS[scope], **FIGURES[figure]}


def day_of(viewer: Viewer) -> Day:
    """Every count of somebody's day, in one query beside those that their scope takes.

    Cases are counted by which of the filters hold of them, each filter being asked once; a count adds up the groups of
    which all its filters hold.
    """
    flags = {name_of(pair): _flag(viewer, pair) for pair in _pairs()}
    open_ones = visible_to(viewer).filter(band__lt=Band.AT_REST).order_by()
    groups = list(open_ones.annotate(**flags).values(*flags).annotate(n=Count("pk")))
    counts = {scope: {figure: _sum(groups, filters_of(scope, figure)) for figure in FIGURES} for scope in SCOPES}
    first = next((scope for scope in SCOPES if counts[scope]["all"]), "mine")
    return Day(counts, _sum(groups, HANDLED), first)


Pair = tuple[str, str]


def _pairs() -> set[Pair]:
    """Every filter with its value that a count is made of."""
    lists = [filters_of(scope, figure) for scope in SCOPES for figure in FIGURES] + [HANDLED]
    return {pair for filters in lists for pair in filters.items()}


def name_of(pair: Pair) -> str:
    return "flag_" + "_".join(pair)


def _flag(viewer: Viewer, pair: Pair) -> ExpressionWrapper:
    return ExpressionWrapper(condition_of(viewer, dict([pair])) or Q(band__gte=0), output_field=BooleanField())


def _sum(groups: list[dict[str, Any]], filters: Mapping[str, str]) -> int:
    names = [name_of(pair) for pair in filters.items()]
    return sum(group["n"] for group in groups if all(group[name] for name in names))


def first_lines(viewer: Viewer, scope: str, figure: str, *, size: int = 6) -> list[Any]:
    """The first cases behind a count, in the order of its list, as plain rows; one query."""
    return queue_lines(viewer, filters_of(scope, figure), LISTS[figure], None, size).cases
