"""The record of a person for promotion and awards: cases, indicators, quality, training, praise and rewards of a period."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from amends.apps.cases.models import Case, Praised, Proceeding
from amends.apps.cases.proceedings.facts import facts_of_proceeding
from amends.apps.cases.queries import Viewer
from amends.apps.keyset import behind
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.apps.reporting.figures import Figure, Question, WholeDesk, figure
from amends.apps.reporting.models import CaseFact
from amends.apps.training.queries import Duty, Participation, duties_of, participation_of, sessions_of
from amends.core.periods import Period
from amends.core.policy.lifecycle import RESTING
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData
from amends.core.sampling import is_drawn
from amends.core.training import mean_of

CASES_AT_ONCE = 50
DRAWN_FROM = 20_000
"""So many closed cases of a period at most are drawn from."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A closed case that was scored by somebody who did not handle it: the mean of its scores."""

    proceeding: Proceeding
    value: Decimal


@dataclass(frozen=True, slots=True)
class Performance:
    """The record of a person on a desk over a period; every value with what it rests on. Source: ESC-6.3.1b"""

    person: Person
    period: Period
    handled: int
    indicators: tuple[Figure, ...]
    checked: tuple[Checked, ...]
    quality: Decimal | None
    participation: Participation
    duties: tuple[Duty, ...]
    praise: tuple[Praised, ...]
    named_in: tuple[Proceeding, ...]


def performance_of(viewer: Viewer, desk: Desk, pack: Pack, person: Person, period: Period) -> Performance:
    """What the person did on the desk in the period: cases closed by them, indicators of their cases, and what was said of them."""
    record = pack.training.record
    wanted = [one for one in pack.kpis.indicators if record is not None and one.id in record.indicators]
    asked = [Question(desk, one, period, (), {"handler": person.pk}) for one in wanted]
    checked = checked_cases(desk, pack, period, person=person)
    held = [
        one for one in sessions_of(desk, pack, person=person.pk) if one.day and period.first <= one.day <= period.last
    ]
    praise = Praised.objects.filter(person=person, case__desk=desk, on__gte=period.first, on__lte=period.last)
    return Performance(
        person, period, handled_by(desk, person, period).count(), tuple(figure(WholeDesk(viewer.now), question) for question in asked),
        tuple(checked), mean_of([one.value for one in checked]), participation_of(held, person.pk, pack.training.sessions),
        tuple(duties_of(desk, pack, [person], now=viewer.now)),
        tuple(praise.select_related("case").order_by("-on", "pk")), tuple(_naming(desk, pack, person, period)),
    )  # fmt: skip


def handled_by(desk: Desk, person: Person, period: Period) -> QuerySet[CaseFact]:
    """The complaints that the person handled and that were closed in the period, the latest first."""
    rows = CaseFact.objects.filter(desk=desk, handler=person, closed_on__gte=period.first, closed_on__lte=period.last)
    return rows.select_related("case").order_by("-closed_at", "-pk")


def handled_page(desk: Desk, person: Person, period: Period, *, cursor: str = "") -> tuple[list[CaseFact], str]:
    """One page of them, and the cursor of the next one; empty on the last. Raises InvalidData for a made-up cursor."""
    rows = handled_by(desk, person, period)
    if cursor:
        at, key = _read_cursor(cursor)
        rows = rows.filter(behind({"-closed_at": at, "-pk": key}))
    found = list(rows[: CASES_AT_ONCE + 1])
    if len(found) <= CASES_AT_ONCE:
        return found, ""
    last = found[CASES_AT_ONCE - 1]
    text = json.dumps([last.closed_at.isoformat() if last.closed_at else "", str(last.pk)])
    return found[:CASES_AT_ONCE], base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[datetime, UUID]:
    try:
        at, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return datetime.fromisoformat(str(at)), UUID(str(key))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidData([FieldError("/cursor", "bad_cursor", {})]) from error


def _naming(desk: Desk, pack: Pack, person: Person, period: Period) -> list[Proceeding]:
    """Rewards, public praise and the like: proceedings of the kinds that the policy counts, which name the person in a field."""
    kinds = pack.training.record.proceedings if pack.training.record else ()
    if not kinds:
        return []
    fields = [f for f in pack.fields.values() if f.type == "person"]
    columns = [(f.id, sub.id) for f in pack.fields.values() for sub in f.fields if sub.type == "person"]
    first, end = _moments(pack, period)
    rows = Proceeding.objects.filter(desk=desk, kind__in=kinds, begun_at__gte=first, begun_at__lt=end)
    found = []
    for row in rows.order_by("-begun_at", "-pk"):
        if row.kind not in pack.proceedings or row.state in pack.proceedings[row.kind].void:
            continue
        facts = facts_of_proceeding(row)
        named = {facts.values.get(f.id) for f in fields}
        named |= {item.get(column) for name, column in columns for item in facts.lists.get(name, ())}
        if person.pk in named:
            found.append(row)
    return found


def _moments(pack: Pack, period: Period) -> tuple[datetime, datetime]:
    zone = ZoneInfo(pack.head.zone)
    end = date.fromordinal(period.last.toordinal() + 1)
    return datetime.combine(period.first, time(), zone), datetime.combine(end, time(), zone)


# Quality


def checked_cases(desk: Desk, pack: Pack, period: Period, *, person: Person | None = None) -> list[Checked]:
    """The cases scored in the period, each with the mean of its scores; of one person those that they handled. Source: EXP-9.2.3"""
    rule = pack.training.quality
    if rule is None:
        return []
    first, end = _moments(pack, period)
    rows = Proceeding.objects.filter(desk=desk, kind=rule.proceeding, begun_at__gte=first, begun_at__lt=end)
    rows = rows.filter(state_category__in=RESTING)
    if person is not None:
        rows = rows.filter(case__handler=person)
    found = []
    for row in rows.select_related("case__handler", "begun_by").order_by("-begun_at", "-pk"):
        value = mean_of(scores_in(facts_of_proceeding(row).values, rule.scores))
        if value is not None:
            found.append(Checked(row, value))
    return found


def scores_in(values: Any, names: Sequence[str]) -> list[int]:
    """The scores that were given, as numbers."""
    return [int(values[name]) for name in names if values.get(name) not in (None, "")]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A closed case that was drawn, and whether it was scored yet."""

    case: Case
    checked: Checked | None


def sample_of(desk: Desk, pack: Pack, period: Period) -> list[Drawn]:
    """The closed complaints of a period that are drawn, by their own keys: nobody can steer it, and it is the same each time."""
    rule = pack.training.quality
    if rule is None:
        return []
    rows = CaseFact.objects.filter(desk=desk, counts=True, closed_on__gte=period.first, closed_on__lte=period.last)
    keys = [
        key for key in rows.order_by("pk").values_list("pk", flat=True)[:DRAWN_FROM] if is_drawn(str(key), rule.share)
    ]
    scored = Proceeding.objects.filter(desk=desk, kind=rule.proceeding, case__in=keys, state_category__in=RESTING)
    done = {}
    for row in scored.select_related("begun_by"):
        value = mean_of(scores_in(facts_of_proceeding(row).values, rule.scores))
        if value is not None:
            done[row.case_id] = Checked(row, value)
    cases = Case.objects.filter(pk__in=keys).select_related("handler").defer("facts").order_by("-closed_at", "-pk")
    return [Drawn(case, done.get(case.pk)) for case in cases]
