"""Key problems: what comes back again and again, on a list until somebody records what is done about it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max

from amends.apps.outlook.counting import Seen, alike, counted_cases, key_of
from amends.apps.outlook.forecasts import today_of
from amends.apps.outlook.models import KeyProblem
from amends.apps.outlook.warnings import LONGEST
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, open_desks, pack_in_force
from amends.core.form_data import checked_text
from amends.core.policy.pack import Pack
from amends.core.policy.warnings import KeyProblems
from amends.core.refusals import FieldError, InvalidData, Refusal


class MeasureRecorded(Refusal):
    """Somebody has recorded a measure already; the problem comes back on its own when cases do."""

    code = "measure_recorded"
    status = 409
    sentence = "这个问题已经有人记录了措施。"


@dataclass(frozen=True, slots=True)
class Group:
    """Cases that are alike by the rule."""

    values: tuple[str, ...]
    days: tuple[date, ...]
    urgent: int


def find_key_problems(*, now: datetime) -> int:
    """Look for problems that come back on every desk; returns how many are new."""
    found = 0
    for desk in open_desks():
        try:
            found += find_key_problems_of(desk, pack_in_force(desk, now), now=now)
        except NoPackInForce:
            continue
    return found


def find_key_problems_of(desk: Desk, pack: Pack, *, now: datetime) -> int:
    """The same on one desk: new ones are listed, listed ones are counted again. Source: REP-2.3.3

    Cases that came before the last measure was recorded do not count again.
    """
    rule = pack.warnings.key_problems
    if rule is None:
        return 0
    today = today_of(pack, now)
    cases = counted_cases(desk).filter(received_on__gt=today - timedelta(days=rule.days), received_on__lte=today)
    met = _met_until(desk)
    new = 0
    for group in _groups(alike(cases, rule.by, pack)):
        since = met.get(key_of(group.values))
        days = [day for day in group.days if since is None or day > since]
        if _is_key(rule, len(days), group.urgent if since is None else 0):
            new += _listed(desk, rule, group.values, days, now)
    return new


def _met_until(desk: Desk) -> dict[str, date]:
    """The last day whose cases a recorded measure speaks of, by problem."""
    rows = KeyProblem.objects.filter(desk=desk, recorded_at__isnull=False).values("key")
    return {row["key"]: row["until"] for row in rows.annotate(until=Max("last_on"))}


def _groups(found: Sequence[tuple[tuple[str, ...], Seen]]) -> list[Group]:
    by_values: dict[tuple[str, ...], list[Seen]] = {}
    for values, seen in found:
        by_values.setdefault(values, []).append(seen)
    return [
        Group(values, tuple(sorted(day for _, day, _ in all_seen)), sum(urgent for _, _, urgent in all_seen))
        for values, all_seen in by_values.items()
    ]


def _is_key(rule: KeyProblems, cases: int, urgent: int) -> bool:
    return cases >= rule.times or bool(urgent and rule.urgent_times and cases >= rule.urgent_times)


def _listed(desk: Desk, rule: KeyProblems, values: tuple[str, ...], days: Sequence[date], now: datetime) -> bool:
    key, said = key_of(values), dict(zip(rule.by, values, strict=True))
    counted = {
        "cases": len(days), "first_on": min(days), "last_on": max(days), "values": json.dumps(said, ensure_ascii=False),
    }  # fmt: skip
    if KeyProblem.objects.filter(desk=desk, key=key, recorded_at=None).update(**counted):
        return False
    try:
        with transaction.atomic():
            KeyProblem.objects.create(desk=desk, key=key, found_at=now, **counted)
    except IntegrityError:
        return False
    return True


def cases_behind(problem: KeyProblem, pack: Pack) -> list[UUID]:
    """The cases that a problem counts: alike by its values, within its days. Two queries at most. Source: REP-2.3.3"""
    cases = counted_cases(problem.desk).filter(received_on__gte=problem.first_on, received_on__lte=problem.last_on)
    found = alike(cases, tuple(json.loads(problem.values)), pack)
    return [case for values, (case, _, _) in found if key_of(values) == problem.key]


@transaction.atomic
def record_measure(problem: KeyProblem, *, analysis: str, measure: str, by: Person, now: datetime) -> KeyProblem:
    """Record why it comes back and what is done; it leaves the list until new cases bring it back. Raises InvalidData, MeasureRecorded."""
    said = {
        "analysis": checked_text(analysis, pointer="/analysis", field="原因分析", limit=LONGEST),
        "measure": checked_text(measure, pointer="/measure", field="改进措施", limit=LONGEST),
    }
    titles = {"analysis": "原因分析", "measure": "改进措施"}
    if missing := [
        FieldError(f"/{name}", "required", {"field": titles[name]}) for name, text in said.items() if not text
    ]:
        raise InvalidData(missing)
    if not KeyProblem.objects.filter(pk=problem.pk, recorded_at=None).update(recorded_by=by, recorded_at=now, **said):
        raise MeasureRecorded
    problem.refresh_from_db()
    return problem
