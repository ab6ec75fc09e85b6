"""Key problems: what comes back again and again, on a list until somebody records what is done about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from amends.apps.outlook.counting import Seen, alike, counted_cases, key_of
from amends.apps.outlook.forecasts import today_of
from amends.apps.outlook.models import KeyProblem
from amends.apps.outlook.warnings import LONGEST
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, open_desks, pack_in_force
from amends.apps.reporting.conditions import Asking, filter_of
from amends.apps.reporting.models import CaseFact
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
    cases = _counted(desk, rule, now).filter(received_on__gt=today - timedelta(days=rule.days), received_on__lte=today)
    met = _met_until(desk)
    new, counted = 0, set[str]()
    for group in _groups(alike(cases, rule.by, pack)):
        since = met.get(key_of(group.values))
        days = [day for day in group.days if since is None or day > since]
        if _is_key(rule, len(days), group.urgent if since is None else 0):
            new += _listed(desk, rule, group.values, days, now)
            counted.add(key_of(group.values))
    _count_again(desk, rule, pack, met=met, but=counted, now=now)
    return new


def _counted(desk: Desk, rule: KeyProblems | None, now: datetime) -> QuerySet[CaseFact]:
    """The cases that may make a key problem, by the same exclusion as an indicator has."""
    cases = counted_cases(desk)
    return cases.exclude(filter_of(rule.exclude, Asking(now))) if rule and rule.exclude else cases


def _count_again(
    desk: Desk, rule: KeyProblems, pack: Pack, *, met: Mapping[str, date], but: set[str], now: datetime
) -> None:
    """Count listed problems within their own days where they no longer come up; what is too few by now was no key problem.

    Cases fall out afterwards: one turns out to be registered twice, or of another category. Problems that only grew old stay.
    """
    by_names: dict[tuple[str, ...], list[KeyProblem]] = {}
    for problem in KeyProblem.objects.filter(desk=desk, recorded_at=None).exclude(key__in=but):
        by_names.setdefault(tuple(json.loads(problem.values)), []).append(problem)
    for names, problems in by_names.items():
        span = (min(problem.first_on for problem in problems), max(problem.last_on for problem in problems))
        found: dict[str, list[Seen]] = {}
        for values, seen in alike(_counted(desk, rule, now).filter(received_on__range=span), names, pack):
            found.setdefault(key_of(values), []).append(seen)
        for problem in problems:
            mine = [seen for seen in found.get(problem.key, ()) if problem.first_on <= seen[1] <= problem.last_on]
            if len(mine) == problem.cases:
                continue
            row = KeyProblem.objects.filter(pk=problem.pk, recorded_at=None)
            if _is_key(rule, len(mine), sum(urgent for _, _, urgent in mine) if problem.key not in met else 0):
                row.update(cases=len(mine))
            else:
                row.delete()


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


def cases_behind(problem: KeyProblem, pack: Pack, *, now: datetime) -> list[UUID]:
    """The cases that a problem counts: alike by its values, within its days. Two queries at most. Source: REP-2.3.3"""
    rule = pack.warnings.key_problems
    cases = _counted(problem.desk, rule, now).filter(received_on__range=(problem.first_on, problem.last_on))
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
