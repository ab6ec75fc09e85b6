"""What lies on the table of a meeting: the other proceedings that its policy wants looked at."""

from __future__ import annotations

import json
from datetime import datetime

from django.db.models import QuerySet

from amends.apps.cases.proceeding_models import Proceeding
from amends.core.policy.lifecycle import RESTING
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import Gathering

AT_MOST = 200
"""So many are listed; a meeting that has more before it has another problem."""


def gathered(pack: Pack, kind: str, *, verb: str, desk: int, before: datetime) -> dict[str, list[str]]:
    """The numbers of what the kind gathers at this verb, under the names of its rules; those due first come first.

    `before` is when the proceeding itself began: what is gathered since the last one counts from one that began earlier.
    """
    rules = [rule for rule in pack.proceedings[kind].gathers if verb in rule.verbs]
    return {rule.id: _numbers(pack, kind, rule, desk, before) for rule in rules}


def _numbers(pack: Pack, kind: str, rule: Gathering, desk: int, before: datetime) -> list[str]:
    found = Proceeding.objects.filter(desk=desk, kind=rule.proceeding)
    if rule.which == "late":
        found = found.filter(is_late=True).exclude(state_category__in=RESTING)
    elif (last := _last_done(pack, kind, rule, desk, before)) is not None:
        found = found.filter(begun_at__gt=last)
    return list(found.order_by("due_sort", "begun_at", "number").values_list("number", flat=True)[:AT_MOST])


def _last_done(pack: Pack, kind: str, rule: Gathering, desk: int, before: datetime) -> datetime | None:
    """When the one before was last done; None when there was none."""
    earlier: QuerySet[Proceeding] = Proceeding.objects.filter(desk=desk, kind=kind, begun_at__lt=before)
    last = earlier.exclude(state__in=pack.proceedings[kind].void).order_by("-begun_at", "-id").first()
    if last is None:
        return None
    done = json.loads(last.facts)["done"]
    times = [done[verb]["at"] for verb in rule.verbs if verb in done]
    return datetime.fromisoformat(max(times).replace("Z", "+00:00")) if times else last.begun_at
