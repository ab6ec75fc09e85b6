"""What complainants are promised: the limits of a case that its pack shows to them, and no other."""

from __future__ import annotations

from datetime import datetime

from amends.apps.cases.models import Case, ClockRow
from amends.core.policy.clock_rules import ClockRule
from amends.core.policy.pack import Pack
from amends.core.roles import complainant_roles


def limits_shown(case: Case, pack: Pack) -> list[tuple[ClockRule, ClockRow, datetime]]:
    """The limits that run on the case and that complainants are shown, with when they are due, the nearest first."""
    roles = complainant_roles(pack)
    shown = {rule.id: rule for rule in pack.clocks if set(rule.shown_to) & roles}
    running = [(row.due_at, row) for row in case.clocks.all() if row.rule in shown and row.stopped_at is None]
    dated = sorted(((due, row) for due, row in running if due is not None), key=lambda found: found[0])
    return [(shown[row.rule], row, due) for due, row in dated]


def promised_at(case: Case, pack: Pack, *, now: datetime) -> datetime | None:
    """The nearest limit to come that complainants are shown: limits within the house are no promise, nor is one that is over."""
    return next((due for _, _, due in limits_shown(case, pack) if due > now), None)
