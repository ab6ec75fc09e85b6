"""A sample of cases, drawn at random by a seed that is stored with what was drawn."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from amends.apps.cases.models import Case
from amends.core.policy.pack import Pack
from amends.core.sampling import is_drawn


def drawn_at(pack: Pack, kind: str, *, verb: str, desk: int, now: datetime) -> dict[str, Any]:
    """What the kind draws at this verb: the seed, how many cases there were, and the numbers of those drawn; nothing at other verbs.

    A case is drawn by the seed and its number alone, so that whoever has the seed finds the same ones again.
    """
    rule = pack.proceedings[kind].draws
    if rule is None or rule.verb != verb:
        return {}
    seed = secrets.token_hex(8)
    received = Case.objects.filter(desk=desk, received_at__gte=now - timedelta(days=rule.days), received_at__lte=now)
    numbers = list(received.order_by("number").values_list("number", flat=True))
    drawn = [number for number in numbers if is_drawn(f"{seed}:{number}", rule.share)]
    return {"sample_seed": seed, "sample_population": len(numbers), "sampled": drawn}
