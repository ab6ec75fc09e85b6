"""The customer's way with the company: complaints, satisfaction and open actions by its stages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, Sum

from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.queries import Viewer, visible_to
from amends.apps.policies.models import Desk
from amends.apps.reporting.models import CaseFact
from amends.core.policy.base import Title
from amends.core.policy.kpis import Journey
from amends.core.policy.lifecycle import RESTING


@dataclass(slots=True)
class StageFigures:
    """One stage in a period. `name` is None for what no stage names. Points are the sum of the scores of `scored` cases."""

    name: str | None
    title: Title
    complaints: int = 0
    others: int = 0
    scored: int = 0
    points: int = 0
    satisfied: int = 0
    actions: int = 0
    is_weakest: bool = False

    @property
    def cases(self) -> int:
        return self.complaints + self.others

    @property
    def mean(self) -> float | None:
        """The mean score; None while nobody answered."""
        return self.points / self.scored if self.scored else None

    @property
    def lacks_action(self) -> bool:
        """Whether it is the weakest and nothing is done about it."""
        return self.is_weakest and not self.actions


def journey_of(viewer: Viewer, desk: Desk, journey: Journey, *, first: date, last: date) -> list[StageFigures]:
    """The stages with the cases received from `first` to `last` that the viewer may see: together they are all of them.

    The weakest stage is the one with the lowest mean score among those with enough answers, else the one with the most
    complaints. Two queries beside those of the scope. Source: EXP-8.3.2
    """
    stages = {name: StageFigures(name, stage.title) for name, stage in journey.stages.items()}
    rest = StageFigures(None, journey.rest)
    seen = CaseFact.objects.filter(case__in=visible_to(viewer, on=desk.pk).values("pk"), desk=desk)
    rows = seen.filter(received_on__gte=first, received_on__lte=last).order_by().values("category")
    for row in rows.annotate(
        complaints=Count("pk", filter=Q(counts=True)), others=Count("pk", filter=Q(counts=False)),
        scored=Count("score"), points=Sum("score"), happy=Count("pk", filter=Q(satisfied=True)),
    ):  # fmt: skip
        stage = stages.get(journey.stage_of(row["category"]) or "", rest)
        stage.complaints += row["complaints"]
        stage.others += row["others"]
        stage.scored += row["scored"]
        stage.points += row["points"] or 0
        stage.satisfied += row["happy"]
    for category in _categories_acted_on(desk, journey.actions):
        stages.get(journey.stage_of(category) or "", rest).actions += 1
    found = [*stages.values(), rest]
    if (weakest := _weakest(found, journey.minimum)) is not None:
        weakest.is_weakest = True
    return found


def _categories_acted_on(desk: Desk, kinds: Iterable[str]) -> list[str]:
    """The category of every open action; one query over what is open."""
    rows = Proceeding.objects.filter(desk=desk, kind__in=list(kinds)).exclude(state_category__in=RESTING)
    return [str(json.loads(facts)["values"].get("category") or "") for facts in rows.values_list("facts", flat=True)]


def _weakest(stages: list[StageFigures], minimum: int) -> StageFigures | None:
    judged = [stage for stage in stages if stage.mean is not None and stage.scored >= minimum]
    if judged:
        return min(judged, key=lambda stage: (stage.mean or 0, -stage.complaints))
    return max((stage for stage in stages if stage.complaints), key=lambda stage: stage.complaints, default=None)
