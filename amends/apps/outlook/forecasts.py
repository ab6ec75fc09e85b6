"""Trend and forecast of counts: as they are now, and as they were said before a month came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from amends.apps.outlook.counting import TOTAL, VOLUME, Monthly, monthly, months_before, volume_of, with_volume
from amends.apps.outlook.models import ForecastMade
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import NoPackInForce, open_desks, pack_in_force
from amends.core.forecasting import Forecast, forecast
from amends.core.policy.pack import Pack
from amends.core.policy.warnings import Warnings
from amends.core.trends import Trend, trend_of

MOST_OF_A_KIND = 12
PERCENT = 100


@dataclass(frozen=True, slots=True)
class Kept:
    """What was said of a month that has passed, beside what came; `error` as a share of what came, None where nothing came."""

    month: date
    origin: date
    expected: float
    low: int
    high: int
    actual: int

    @property
    def error(self) -> float | None:
        return (self.expected - self.actual) / self.actual if self.actual else None

    @property
    def is_inside(self) -> bool:
        return self.low <= self.actual <= self.high


def today_of(pack: Pack, now: datetime) -> date:
    """The day in the zone of the desk's policy."""
    return now.astimezone(ZoneInfo(pack.head.zone)).date()


def trend_by(rules: Warnings, counts: list[int]) -> Trend:
    """The trend of monthly counts by the rule of a policy. Source: REP-2.3.2"""
    rule = rules.trend
    return trend_of(
        counts[-rule.months :], tolerance=rule.tolerance / PERCENT, significance=rule.significance / PERCENT, least=rule.least
    )  # fmt: skip


def forecast_by(rules: Warnings, counts: list[int]) -> Forecast | None:
    """The forecast of monthly counts by the rule of a policy; None where the months are too few. Source: EXP-7.3.1"""
    rule = rules.forecast
    return forecast(counts, horizon=rule.months, coverage=rule.range / PERCENT, least=rule.least)


def forecast_subjects(counts: Monthly) -> list[str]:
    """What is forecast each month: the whole, and the most frequent categories and departments."""
    top = [name for name in counts.subjects("category") if "/" not in name]
    volume = [VOLUME] if VOLUME in counts.series else []
    return [TOTAL, *volume, *top[:MOST_OF_A_KIND], *counts.subjects("department")[:MOST_OF_A_KIND]]


def make_forecasts(*, now: datetime) -> int:
    """Say once what the coming months will bring, for every desk whose month has begun; returns how many were made."""
    made = 0
    for desk in open_desks():
        try:
            made += make_forecasts_of(desk, pack_in_force(desk, now), now=now)
        except NoPackInForce:
            continue
    return made


def make_forecasts_of(desk: Desk, pack: Pack, *, now: datetime) -> int:
    """The same for one desk; nothing where this month's were made already. They stay as they are. Source: EXP-7.3.1"""
    origin = today_of(pack, now).replace(day=1)
    if ForecastMade.objects.filter(desk=desk, origin=origin).exists():
        return 0
    counts = with_volume(monthly(desk, origin), volume_of(desk, pack), origin)
    rows = []
    for subject in forecast_subjects(counts):
        found = forecast_by(pack.warnings, counts.of(subject))
        if found is None:
            continue
        method = max(found.weights, key=lambda name: found.weights[name])
        rows += [
            ForecastMade(
                desk=desk, subject=subject, origin=origin, month=months_before(origin, -step), expected=point.expected,
                low=point.low, high=point.high, method=method, made_at=now,
            )
            for step, point in enumerate(found.points)
        ]  # fmt: skip
    return len(ForecastMade.objects.bulk_create(rows, ignore_conflicts=True))


def kept_of(desk: Desk, subject: str, counts: Monthly) -> list[Kept]:
    """Every month that has passed with the latest forecast of it, the newest first; one query."""
    actual = dict(zip(counts.months, counts.of(subject), strict=True))
    latest: dict[date, ForecastMade] = {}
    for made in ForecastMade.objects.filter(desk=desk, subject=subject, month__in=counts.months).order_by("origin"):
        latest[made.month] = made
    return [
        Kept(month, made.origin, made.expected, made.low, made.high, actual[month])
        for month, made in sorted(latest.items(), reverse=True)
    ]
