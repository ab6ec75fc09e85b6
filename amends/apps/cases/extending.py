"""Extending a clock of a case or proceeding, and applying for it: what the rules of `core.extensions` need of the tables."""

from __future__ import annotations

from datetime import datetime

from amends.apps.cases.clocks import Timed, clocks_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.policies.queries import calendar_for
from amends.core.canonical import utc_text
from amends.core.clock_fold import EXTENSION
from amends.core.clocks import ClockReading
from amends.core.decision import Decision
from amends.core.extensions import DUE_BEFORE, UNTIL, granted_until
from amends.core.policy.clock_rules import ClockRule
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import ProceedingKind


def extend_clock(row: Timed, decision: Decision, *, pack: Pack, now: datetime, in_time: bool) -> None:
    """Let the event of a decision give more time, where its transition says so. Raises InvalidData when it may not be given.

    What was applied for in time may be granted later; then `in_time` is false.
    """
    name = decision.transition.extends
    if name is None:
        return
    due = _due_until(row, decision, pack, now, in_time=in_time)
    decision.payload["set"][EXTENSION] = {"clock": name, "due_at": utc_text(due)}


def check_application(case: Case | None, decision: Decision, *, pack: Pack, now: datetime) -> None:
    """Refuse a proceeding that applies for time which the case can not be given. Raises InvalidData."""
    if decision.transition.extends is not None and case is not None:
        _due_until(case, decision, pack, now, in_time=True)


def due_now(case: Case | None, kind: ProceedingKind, pack: Pack, now: datetime) -> datetime | None:
    """When the clock that a proceeding of the kind would extend is due; None where it extends none."""
    name = next((t.extends for t in kind.from_state(None) if t.extends), None)
    running = _running(case, pack, name, now) if case is not None and name else None
    return running.due_at if running else None


def _due_until(row: Timed, decision: Decision, pack: Pack, now: datetime, *, in_time: bool) -> datetime:
    """The new due date; the one before is kept in the event."""
    rule = _rule(row, pack, decision.transition.extends or "")
    running, given = _running(row, pack, rule.id, now), decision.payload["set"]
    due = granted_until(
        rule, running, wanted=str(given.get(UNTIL, "")), calendar=calendar_for(pack, rule.calendar), now=now, in_time=in_time
    )  # fmt: skip
    if running is not None and running.due_at is not None:
        given[DUE_BEFORE] = utc_text(running.due_at)
    return due


def _rule(row: Timed, pack: Pack, name: str) -> ClockRule:
    rules = pack.proceedings[row.kind].clocks if isinstance(row, Proceeding) else pack.clocks
    return next(rule for rule in rules if rule.id == name)


def _running(row: Timed, pack: Pack, name: str, now: datetime) -> ClockReading | None:
    found = [one for one in clocks_of(row, pack, now, with_segments=False) if one.rule_id == name]
    return next((one for one in reversed(found) if one.stopped_at is None), None)
