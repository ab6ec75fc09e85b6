"""Whether a session had an effect: the figures of the same people or the same unit, and the same cause, before and after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Sum

from amends.apps.cases.queries import Viewer, below
from amends.apps.outlook.models import LeadingFigure
from amends.apps.people.models import Department, Person
from amends.apps.policies.models import Desk
from amends.apps.reporting.figures import Figure, Question, WholeDesk, figure, figures
from amends.apps.training.queries import Session
from amends.core.periods import Period
from amends.core.policy.kpis import Indicator
from amends.core.policy.pack import Pack
from amends.core.training import fell


@dataclass(frozen=True, slots=True)
class Change:
    """An indicator before and after; counts stand in the results of the figures."""

    indicator: Indicator
    before: Figure
    after: Figure


@dataclass(frozen=True, slots=True)
class Rate:
    """Complaints of a unit over a span: how many, the business volume where it is known, and per thousand of it."""

    count: int
    volume: int | None
    per_thousand: Decimal | None


@dataclass(frozen=True, slots=True)
class Tracked:
    """The values at a date so many days after the session, of the days up to it; `fallen` are the indicators that fell since the date before."""

    after_days: int
    on: date
    is_due: bool
    values: tuple[Figure, ...] = ()
    fallen: tuple[Indicator, ...] = ()


@dataclass(frozen=True, slots=True)
class EffectView:
    """Everything about the effect of a session: whom it is about, the spans, the changes, and what came of it later."""

    before: Period
    after: Period
    is_over: bool
    people: tuple[Person, ...]
    department: Department | None
    category: str
    changes: tuple[Change, ...]
    by_person: tuple[tuple[Person, tuple[Change, ...]], ...]
    rate_before: Rate | None
    rate_after: Rate | None
    tracked: tuple[Tracked, ...]

    @property
    def fallen(self) -> list[Indicator]:
        """The indicators that fell by the margin at some date: why a refresher is proposed."""
        return list({one.id: one for tracked in self.tracked for one in tracked.fallen}.values())


def effect_of(viewer: Viewer, desk: Desk, pack: Pack, session: Session) -> EffectView | None:
    """The effect of a session that has a day; None without one. Source: EXP-8.1.1, EXP-9.3.2, EXP-9.3.4

    A session for a unit is measured by the cases of that unit and those below it, any other by the cases that its attendees
    handle; one that was planned from a cause by the cases of that cause alone.
    """
    rule, wanted = pack.training.effect, pack.training.sessions
    if session.day is None or wanted is None:
        return None
    unit = _unit(session, wanted.department)
    category = str(session.values.get(wanted.category or "") or "")
    people = tuple(Person.objects.filter(pk__in=session.attendees()).order_by("sort_key", "pk"))
    about = _Asked(WholeDesk(viewer.now), desk, _filters(unit, people, category))
    today = today_of(pack, viewer.now)
    before, after = _spans(session.day, rule.window_days)
    indicators = [one for one in pack.kpis.indicators if one.id in rule.indicators]
    changes = tuple(Change(one, about.one(one, before), about.one(one, after)) for one in indicators)
    rates = [_rate(desk, pack, unit, about, period) for period in (before, after)] if unit else [None, None]
    return EffectView(
        before, after, after.last <= today, people, unit, category, changes,
        _by_person(about, people, indicators, before, after) if unit is None else (), rates[0], rates[1],
        tuple(_tracked(about, indicators, session.day, rule.window_days, rule.tracked_after, rule.margin, today)),
    )  # fmt: skip


def today_of(pack: Pack, now: datetime) -> date:
    return now.astimezone(ZoneInfo(pack.head.zone)).date()


def _spans(day: date, window: int) -> tuple[Period, Period]:
    one = timedelta(days=1)
    return Period(day - timedelta(days=window), day - one), Period(day + one, day + timedelta(days=window))


def _unit(session: Session, field: str | None) -> Department | None:
    key = session.values.get(field or "")
    return Department.objects.filter(pk=key).first() if key else None


def _filters(unit: Department | None, people: Sequence[Person], category: str) -> dict[str, Any]:
    found: dict[str, Any] = {"category": category} if category else {}
    if unit is not None:
        return {**found, "department": tuple(below(unit.pk).values_list("pk", flat=True))}
    return {**found, "handler": tuple(person.pk for person in people)}


@dataclass(frozen=True, slots=True)
class _Asked:
    """Asks figures about the people or the unit of a session."""

    reader: WholeDesk
    desk: Desk
    filters: Mapping[str, Any]

    def one(self, indicator: Indicator, period: Period) -> Figure:
        return figure(self.reader, self._question(indicator, period, ()))

    def by_handler(self, indicator: Indicator, period: Period) -> dict[Any, Figure]:
        found = figures(self.reader, self._question(indicator, period, ("handler",)))
        return {one.group[0]: one for one in found}

    def _question(self, indicator: Indicator, period: Period, by: tuple[str, ...]) -> Question:
        return Question(self.desk, indicator, period, by, self.filters)


def _by_person(
    about: _Asked, people: Sequence[Person], indicators: Sequence[Indicator], before: Period, after: Period
) -> tuple[tuple[Person, tuple[Change, ...]], ...]:
    found: dict[int, list[Change]] = {person.pk: [] for person in people}
    for one in indicators:
        then, now = about.by_handler(one, before), about.by_handler(one, after)
        for person in people:
            if person.pk in then and person.pk in now:
                found[person.pk].append(Change(one, then[person.pk], now[person.pk]))
    return tuple((person, tuple(found[person.pk])) for person in people if found[person.pk])


COUNTING = {"id": "complaints", "title": {"zh-Hans": "投诉"}, "kind": "count", "unit": "cases"}


def _rate(desk: Desk, pack: Pack, unit: Department, about: _Asked, period: Period) -> Rate:
    counting = Indicator.model_validate({**COUNTING, "population": {"fact": "counts", "is": True}})
    count = about.one(counting, period).result.numerator
    places = Department.objects.filter(path__startswith=unit.path).values("title")
    rows = LeadingFigure.objects.filter(
        desk=desk, measure=pack.warnings.volume or "", place__in=places, day__gte=period.first, day__lte=period.last
    )
    volume = rows.aggregate(sum=Sum("count"))["sum"]
    rate = (Decimal(count) * 1000 / volume).quantize(Decimal("0.01")) if volume else None
    return Rate(count, volume, rate)


def _tracked(
    about: _Asked, indicators: Sequence[Indicator], day: date, window: int, dates: Sequence[int], margin: int, today: date
) -> list[Tracked]:  # fmt: skip
    found: list[Tracked] = []
    for after in dates:
        on = day + timedelta(days=after)
        if on > today:
            found.append(Tracked(after, on, is_due=False))
            continue
        period = Period(max(on - timedelta(days=window - 1), day + timedelta(days=1)), on)
        values = tuple(about.one(one, period) for one in indicators)
        earlier = next((one.values for one in reversed(found) if one.is_due), ())
        fallen = tuple(
            now.question.indicator
            for then, now in zip(earlier, values, strict=False)
            if now.question.indicator.direction in ("up", "down")
            and fell(
                then.result.value,
                now.result.value,
                margin=margin,
                more_is_better=now.question.indicator.direction == "up",
            )
        )
        found.append(Tracked(after, on, True, values, fallen))
    return found
