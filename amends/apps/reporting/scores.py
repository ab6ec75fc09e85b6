"""Scorecards of a month: points of departments and people from the same figures that every page shows, what was taken off, and bonuses.

A case counts for the department and the person with whom it lies, and after its end for those with whom it lay last: for exactly one.
Source: ESC-6.2.1a, ESC-6.3.2, EXP-9.2.1, EXP-9.2.2
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal
from uuid import UUID

from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.queries import Viewer
from amends.apps.people.rights import rights_of
from amends.apps.policies.models import Desk
from amends.apps.reporting.figures import Figure, Key, Question, Reader, many_figures
from amends.core.facts import CaseFacts, facts_from_data
from amends.core.indicators import Result, Tally, result_of
from amends.core.periods import Period, month_of
from amends.core.policy.kpis import Bonus, Deductions, Indicator, Kpis
from amends.core.policy.pack import Pack
from amends.core.scorecards import NONE, Card, Earned, bonus_of, card_of, places

Of = Literal["department", "person"]
GROUPS = {"department": "department", "person": "handler"}
"""By which dimension of figures a scorecard is split."""

RIGHTS = {"department": "scores", "person": "scores_of_people"}
"""The right that opens scorecards of departments, and the one that opens those of people."""


@dataclass(frozen=True, slots=True)
class Deduction:
    """Points taken off a score: the proceeding by which it was done, whose score, and how many."""

    key: UUID
    number: str
    subject: str
    state: str
    department: int | None
    person: int | None
    points: Decimal


@dataclass(frozen=True, slots=True)
class Scored:
    """The scorecard of one department or person: `key` is its number, `place` its rank, `figures` what every figure rests on."""

    key: int
    card: Card
    place: int | None
    figures: dict[str, Figure]
    deductions: tuple[Deduction, ...]
    bonuses: tuple[Earned, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """The scorecards of a desk for one month, the best first; those without a score stand at the end."""

    desk: Desk
    of: Of
    period: Period
    indicators: tuple[Indicator, ...]
    scored: tuple[Scored, ...]


def may_see_scores(viewer: Viewer, desk: Desk, pack: Pack, of: Of) -> bool:
    """Whether the viewer has the right to the scorecards of departments, or of people, on a desk that keeps them."""
    return bool(pack.kpis.weighted(of)) and RIGHTS[of] in rights_of(viewer.caller(desk, pack), pack)


def scores_of_month(viewer: Reader, desk: Desk, pack: Pack, month: date, of: Of) -> Month:
    """The scorecards of every department, or person, with a case of the month that the viewer may see, or with points taken off.

    The rows of figures are read once for all indicators; a second run on the same data gives the same. Source: ESC-6.2.1a
    """
    kpis, period = pack.kpis, month_of(month)
    asked = _asked(kpis, of)
    found = many_figures(viewer, [Question(desk, one, period, (GROUPS[of],)) for one in asked])
    by_key = _by_key(asked, found)
    taken = _taken(desk, kpis.scores.deductions, period, of) if kpis.scores.deductions else {}
    keys = sorted({key for key in {*by_key, *taken} if key is not None})
    cards = [_scored(kpis, of, key, asked, by_key.get(key, {}), taken.get(key, ())) for key in keys]
    ranked = sorted(cards, key=lambda one: (one.card.total is None, -(one.card.total or NONE), one.key))
    ranks = places([one.card.total for one in ranked])
    placed = (
        Scored(one.key, one.card, place, one.figures, one.deductions, one.bonuses)
        for one, place in zip(ranked, ranks, strict=True)
    )
    return Month(desk, of, period, tuple(one for one, _ in kpis.weighted(of)), tuple(placed))


def _asked(kpis: Kpis, of: Of) -> tuple[Indicator, ...]:
    """The indicators that a scorecard needs: those that are weighted, and those that a bonus asks for."""
    weighted = [one.id for one, _ in kpis.weighted(of)]
    wanted = {*weighted, *(one.indicator for bonus in _bonuses(kpis, of) for one in bonus.thresholds)}
    return tuple(one for one in kpis.indicators if one.id in wanted)


def _bonuses(kpis: Kpis, of: Of) -> Sequence[Bonus]:
    return kpis.scores.bonuses if of == "department" else ()


def _by_key(asked: Sequence[Indicator], found: list[list[Figure]]) -> dict[int | None, dict[str, Figure]]:
    by_key: dict[int | None, dict[str, Figure]] = {}
    for indicator, column in zip(asked, found, strict=True):
        for figure in column:
            by_key.setdefault(_key(figure.group), {})[indicator.id] = figure
    return by_key


def _key(group: Key) -> int | None:
    return None if group[0] is None else int(group[0])


def _scored(
    kpis: Kpis, of: Of, key: int, asked: Sequence[Indicator], figures: dict[str, Figure], taken: Sequence[Deduction]
) -> Scored:
    results = {one.id: figures[one.id].result if one.id in figures else _nothing(one) for one in asked}
    rule = kpis.scores.deductions
    card = card_of(
        kpis.weighted(of), results, best=kpis.reads.satisfaction.best, digits=kpis.scores.digits,
        deducted=sum((one.points for one in taken), NONE), at_most=rule.at_most if rule else 0,
    )  # fmt: skip
    earned = tuple(bonus_of(bonus, results) for bonus in _bonuses(kpis, of))
    return Scored(key, card, None, figures, tuple(taken), earned)


def _nothing(indicator: Indicator) -> Result:
    return result_of(indicator, Tally())


# What was taken off


def _taken(desk: Desk, rule: Deductions, period: Period, of: Of) -> dict[int, list[Deduction]]:
    """The deductions of a month that stand, by whose score they come off; a deduction from a person does not come off the department too."""
    found: dict[int, list[Deduction]] = {}
    for one in deductions_of(desk, rule, period):
        key = one.person if of == "person" else one.department if one.person is None else None
        if key is not None:
            found.setdefault(key, []).append(one)
    return found


def deductions_of(desk: Desk, rule: Deductions, period: Period) -> Iterator[Deduction]:
    """The deductions that count for days of a period and stand, in the order in which they were made; one query."""
    rows = Proceeding.objects.filter(desk=desk, kind=rule.proceeding, state__in=rule.states)
    for row in rows.order_by("begun_at", "number"):
        facts = facts_from_data(json.loads(row.facts))
        day, points = _date(facts.value(rule.day)), _points(facts.value(rule.points))
        if day is not None and points is not None and period.first <= day <= period.last:
            person = _number(facts, rule.person) if rule.person else None
            yield Deduction(row.pk, row.number, row.subject, row.state, _number(facts, rule.department), person, points)


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _points(value: object) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _number(facts: CaseFacts, name: str) -> int | None:
    value = facts.value(name)
    return value if isinstance(value, int) else None
