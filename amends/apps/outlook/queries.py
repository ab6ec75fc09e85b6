"""Reads of what looks ahead: on which desks somebody has the right, their warnings and rates, key problems, analyses."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from amends.apps.cases.queries import Viewer, desks_with_right
from amends.apps.outlook.models import Analysis, EarlyWarning, HandOver, KeyProblem
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.apps.prepared import Asked, Prepared, given_number
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, NotVisible

RIGHT = "warnings"
PAGE = 50
SHOWS = ("open", "late", "closed", "all")


def desks_looked_after(viewer: Viewer) -> dict[Desk, Pack]:
    """The desks on which the viewer sees trends and warnings."""
    return desks_with_right(viewer, RIGHT)


def warnings_of(viewer: Viewer) -> QuerySet[EarlyWarning]:
    """The warnings of the desks on which the viewer has the right, and those that are theirs."""
    mine = Q(owner=viewer.person) | Q(desk__in=list(desks_looked_after(viewer)))
    return EarlyWarning.objects.filter(mine).select_related("desk", "owner", "case", "closed_by", "chain")


_OPEN_OF = Prepared(
    lambda: (
        EarlyWarning.objects.filter(owner_id=given_number("owner"))
        .exclude(state=EarlyWarning.State.CLOSED)
        .order_by()
        .values_list("pk")
    )
)


def open_warnings_of(person: Person) -> Asked[Any]:
    """How many open warnings are somebody's."""
    return _OPEN_OF.given(owner=person.pk)


def warning_for(viewer: Viewer, key: uuid.UUID) -> EarlyWarning:
    """The warning of that id. Raises NotVisible alike for one of another desk and one that is not there."""
    found = warnings_of(viewer).filter(pk=key).first()
    if found is None:
        raise NotVisible
    return found


def shown(show: str, now: datetime) -> Q:
    """One part of the list. Raises InvalidData for another word than those of SHOWS."""
    still = ~Q(state=EarlyWarning.State.CLOSED)
    parts = {
        "open": still,
        "late": still & Q(state=EarlyWarning.State.RAISED, react_by__lte=now),
        "closed": ~still,
        "all": Q(),
    }
    if show not in parts:
        raise InvalidData([FieldError("/show", "bad_filter_value", {"name": "show", "value": show[:60]})])
    return parts[show]


@dataclass(frozen=True, slots=True)
class Rate:
    """Of one rule: how many warnings there were, how many are closed, how many of these were false alarms and how many came late."""

    rule: str
    raised: int
    closed: int
    false: int
    in_time: int

    @property
    def false_share(self) -> float | None:
        return self.false / self.closed if self.closed else None


def rates_of(found: QuerySet[EarlyWarning]) -> list[Rate]:
    """The share of false alarms by rule, of all warnings; one query."""
    closed = Q(state=EarlyWarning.State.CLOSED)
    reacted = Q(acted_at__lte=F("react_by")) | Q(acted_at=None, closed_at__lte=F("react_by"))
    rows = (
        found.select_related(None)
        .order_by("rule")
        .values("rule")
        .annotate(
            raised=Count("pk"), closed=Count("pk", filter=closed), false=Count("pk", filter=closed & Q(is_false_alarm=True)),
            in_time=Count("pk", filter=reacted),
        )
    )  # fmt: skip
    return [Rate(row["rule"], row["raised"], row["closed"], row["false"], row["in_time"]) for row in rows]


def key_problems_of(desk: Desk) -> tuple[list[KeyProblem], list[KeyProblem]]:
    """The problems that wait for a measure, the most frequent first, and the last that have one; two queries."""
    rows = KeyProblem.objects.filter(desk=desk).select_related("recorded_by")
    waiting = list(rows.filter(recorded_at=None).order_by("-cases", "-last_on", "pk")[:200])
    return waiting, list(rows.filter(recorded_at__isnull=False).order_by("-recorded_at", "pk")[:PAGE])


def key_problem_for(viewer: Viewer, key: uuid.UUID) -> KeyProblem:
    """The key problem of that id. Raises NotVisible."""
    found = KeyProblem.objects.filter(pk=key, desk__in=list(desks_looked_after(viewer))).select_related("desk").first()
    if found is None:
        raise NotVisible
    return found


def analyses_of(viewer: Viewer) -> QuerySet[Analysis]:
    """The analyses of the viewer's desks, and those handed to a department of theirs."""
    mine = Q(desk__in=list(desks_looked_after(viewer))) | Q(pk__in=hand_overs_to(viewer).values("analysis"))
    return Analysis.objects.filter(mine).select_related("desk", "made_by")


def hand_overs_to(viewer: Viewer) -> QuerySet[HandOver]:
    """What was handed to the departments in which the viewer is or holds a role."""
    within = Q(pk__in=[])
    for path in viewer.unit_paths():
        within |= Q(department__path=path)
    return HandOver.objects.filter(within)


def analysis_for(viewer: Viewer, key: uuid.UUID) -> Analysis:
    """The analysis of that id. Raises NotVisible."""
    found = analyses_of(viewer).filter(pk=key).first()
    if found is None:
        raise NotVisible
    return found


def hand_over_for(viewer: Viewer, key: uuid.UUID, made: int) -> HandOver:
    """What was handed to a department of the viewer. Raises NotVisible."""
    found = hand_overs_to(viewer).filter(analysis=key, pk=made).select_related("analysis__desk", "department").first()
    if found is None:
        raise NotVisible
    return found
