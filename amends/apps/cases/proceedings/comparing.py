"""Whether something that was done had an effect: similar complaints counted before and after it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.facts import facts_of_proceeding
from amends.core.policy.pack import Pack


def similar_cases(proceeding: Proceeding, pack: Pack, *, verb: str, now: datetime) -> dict[str, int]:
    """The counts that the kind compares at this verb; nothing for other verbs, or before there is anything to compare.

    Both spans are of the same length: what was done ten days ago is held against ten days before it, not against a month.
    """
    rule = pack.proceedings[proceeding.kind].compares
    if rule is None or rule.verb != verb:
        return {}
    facts = facts_of_proceeding(proceeding)
    doing = facts.done.get(rule.since)
    wanted = {name: facts.value(name) for name in rule.same}
    if doing is None or None in wanted.values():
        return {}
    span = min(timedelta(days=rule.days), now - doing.at)
    received = Case.objects.filter(
        desk=proceeding.desk, received_at__gte=doing.at - span, received_at__lt=doing.at + span
    ).values_list("received_at", "facts")
    times = [at for at, text in received.iterator() if wanted.items() <= json.loads(text)["values"].items()]
    before = sum(1 for at in times if at < doing.at)
    return {"similar_before": before, "similar_after": len(times) - before}
