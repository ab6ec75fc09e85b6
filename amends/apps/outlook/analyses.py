"""Analyses of a period: what is most frequent and how it changed, stored as found, handed to departments that confirm it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count

from amends.apps.cases.telling import day_in
from amends.apps.ledger.actions import append_in_turn
from amends.apps.ledger.models import Chain
from amends.apps.messaging.actions import notify
from amends.apps.outlook.counting import counted_cases
from amends.apps.outlook.forecasts import today_of
from amends.apps.outlook.models import Analysis, HandOver
from amends.apps.outlook.warnings import LONGEST
from amends.apps.people.directory import holders_of
from amends.apps.people.models import Department, Person
from amends.apps.policies.models import Desk
from amends.core.form_data import checked_text
from amends.core.periods import Period, begun
from amends.core.policy.pack import Pack
from amends.core.refusals import FieldError, InvalidData, Refusal

LONGEST_PERIOD = 731
USUAL = {
    "zh-hans": "有一份投诉分析（{{period}}）移交贵部门，请查看并确认收到。",
    "en": "An analysis of complaints ({{period}}) was handed to your department; please read and confirm it.",
}


class AlreadyHanded(Refusal):
    code = "already_handed"
    status = 409
    sentence = "这份分析已经移交给该部门。"


class AlreadyConfirmed(Refusal):
    code = "already_confirmed"
    status = 409
    sentence = "这份分析已经有人确认收到。"


@dataclass(frozen=True, slots=True)
class Ranked:
    """A class in a period beside the period before: `rank` 1 is the most frequent."""

    rank: int
    category: str
    count: int
    before: int

    @property
    def change(self) -> int:
        return self.count - self.before


@transaction.atomic
def analyse(
    desk: Desk, pack: Pack, first: date, last: date, *, comment: str, by: Person | None, now: datetime
) -> Analysis:
    """Rank the classes of a period and hold them against the period of the same length before it. Source: ESC-5.1.3

    Raises InvalidData for a period that ends before it begins, is longer than two years or has not begun.
    """
    if last < first:
        raise InvalidData([FieldError("/last", "ends_before_start", {"field": "截止日期"})])
    if (last - first).days > LONGEST_PERIOD:
        raise InvalidData([FieldError("/last", "too_large", {"field": "天数", "limit": LONGEST_PERIOD})])
    period = begun(Period(first, last), today_of(pack, now), at="/first")
    said = checked_text(comment, pointer="/comment", field="分析意见", limit=LONGEST)
    earlier = period.before()
    found = {
        "counts": _counts(desk, first, last), "before": _counts(desk, earlier.first, earlier.last),
        "before_first": earlier.first.isoformat(), "before_last": earlier.last.isoformat(),
    }  # fmt: skip
    analysis = Analysis.objects.create(
        desk=desk, first=first, last=last, found=json.dumps(found), comment=said, made_by=by, made_at=now
    )  # fmt: skip
    _record(analysis, "analyse", {"first": first.isoformat(), "last": last.isoformat(), "found": found}, by=by, now=now)
    return analysis


def _counts(desk: Desk, first: date, last: date) -> dict[str, int]:
    rows = (
        counted_cases(desk)
        .filter(received_on__gte=first, received_on__lte=last)
        .values("category")
        .annotate(n=Count("pk"))
    )
    return {row["category"] or "": row["n"] for row in rows}


def ranked(analysis: Analysis) -> list[Ranked]:
    """The classes of an analysis, the most frequent first; those that are gone stand at the end."""
    found: dict[str, Any] = json.loads(analysis.found)
    counts, before = found["counts"], found["before"]
    names = sorted({*counts, *before}, key=lambda name: (-counts.get(name, 0), -before.get(name, 0), name))
    return [Ranked(place, name, counts.get(name, 0), before.get(name, 0)) for place, name in enumerate(names, start=1)]


def _span_in(analysis: Analysis, language: str) -> str:
    return f"{day_in(analysis.first, language)}{' – ' if language == 'en' else '至'}{day_in(analysis.last, language)}"


@transaction.atomic
def hand_over(analysis: Analysis, department: Department, pack: Pack, *, by: Person, now: datetime) -> HandOver:
    """Hand an analysis to a department and tell its heads; one of its people confirms it. Raises AlreadyHanded."""
    try:
        with transaction.atomic():
            made = HandOver.objects.create(analysis=analysis, department=department, handed_by=by, handed_at=now)
    except IntegrityError as error:
        raise AlreadyHanded from error
    heads = [name for name, role in pack.roles.roles.items() if role.heads]
    people = holders_of(heads, desk=analysis.desk, now=now, within=[department.pk])
    values, values_en = ({"period": _span_in(analysis, language)} for language in ("zh-hans", "en"))
    notify(
        people, pack=pack, message="analysis_handed", values=values, values_en=values_en, case_key="", case_number="", now=now,
        unique_key=f"{analysis.pk}:handed:{department.pk}", usual=USUAL,
    )  # fmt: skip
    _record(analysis, "hand_over_analysis", {"department": department.pk}, by=by, now=now)
    return made


@transaction.atomic
def confirm(made: HandOver, *, by: Person, now: datetime) -> HandOver:
    """Confirm for the department that it has the analysis. Raises AlreadyConfirmed."""
    if not HandOver.objects.filter(pk=made.pk, confirmed_at=None).update(confirmed_by=by, confirmed_at=now):
        raise AlreadyConfirmed
    made.refresh_from_db()
    _record(made.analysis, "confirm_analysis", {"department": made.department_id}, by=by, now=now)
    return made


def _record(analysis: Analysis, kind: str, payload: dict[str, Any], *, by: Person | None, now: datetime) -> None:
    append_in_turn(
        chain_key=f"desk:{analysis.desk.code}", chain_kind=Chain.Kind.DESK, kind=kind, at=now, recorded_at=now,
        actor=by.actor_id if by else "system", payload={"analysis": str(analysis.pk), **payload},
    )  # fmt: skip
