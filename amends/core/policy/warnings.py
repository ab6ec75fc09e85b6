"""warnings.yaml: what is watched and who acts on it, problems that keep coming back, and how trends and forecasts are read."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from amends.core.policy.base import Name, Piece, Ruled, Title
from amends.core.policy.conditions import Condition

Watched = Literal["measure", "burst", "repeats", "words", "deadlines"]
"""What a rule looks at: figures that come from outside, days that stand out, cases with the same values, words, limits that draw near."""


class LeadingMeasure(Ruled):
    """Figures that are no complaints yet: a count by day and place. `place` says what a place is (an outlet, a line)."""

    title: Title
    place: Title
    unit: Title


class WarningRule(Ruled):
    """When a warning is raised, to whom, and by when they react.

    `measure`: the figure of one place over `within_days` is more than `more_than`. `burst`: cases a day with one value of `by` stand out
    from what is usual. `repeats`: more than `more_than` cases share the values of all facts in `by` within `within_days`
    (`complainant` is whoever complained). `words`: a new case has one of `words` in its subject or texts. `deadlines`: more than
    `more_than` open cases with one value of `by` are due within `within_days`.

    One warning stands for one cause, however many figures or cases speak for it. `to` are the roles it goes to; the first of those
    who hold them owns it until somebody takes it over.
    """

    title: Title
    watches: Watched
    measure: Name | None = None
    by: tuple[Name, ...] = ()
    words: tuple[str, ...] = ()
    more_than: int = Field(default=0, ge=0)
    within_days: int = Field(default=1, ge=1, le=400)
    to: tuple[Name, ...] = Field(min_length=1)
    react_hours: int = Field(default=24, ge=1, le=24 * 90)
    advice: Title | None = None

    @model_validator(mode="after")
    def _has_what_it_watches(self) -> WarningRule:
        if (self.watches == "measure") != (self.measure is not None):
            raise ValueError("measure belongs to rules that watch a measure, and they need it")
        if (self.watches == "words") != bool(self.words):
            raise ValueError("words belong to rules that watch words, and they need them")
        if (self.watches in ("burst", "repeats", "deadlines")) != bool(self.by):
            raise ValueError("by belongs to bursts, repeats and deadlines, and they need it")
        if self.watches == "burst" and len(self.by) != 1:
            raise ValueError("a burst is watched by exactly one fact")
        return self


class KeyProblems(Ruled):
    """Problems that come back: at least `times` cases with the same values of `by` within `days`; they stay listed until a measure is recorded.

    `urgent_times` is what is enough where one of the cases is urgent: high impact counts before number. Cases for which `exclude` holds do not
    count, as with an indicator: a complaint that was registered twice is one complaint.
    """

    by: tuple[Name, ...] = Field(min_length=1)
    times: int = Field(default=3, ge=2)
    days: int = Field(default=31, ge=1, le=400)
    urgent_times: int | None = Field(default=None, ge=1)
    exclude: Condition | None = None


class TrendRule(Ruled):
    """How a trend is told: by the last `months` complete months, `tolerance` and `significance` in percent, and never by fewer than `least`."""

    months: int = Field(default=12, ge=3, le=60)
    least: int = Field(default=3, ge=3, le=24)
    tolerance: int = Field(default=10, ge=0, le=100)
    significance: int = Field(default=5, ge=1, le=20)


class ForecastRule(Ruled):
    """How far ahead counts are forecast, from how many months at least, and the share of months that the range shall hold."""

    months: int = Field(default=3, ge=1, le=12)
    least: int = Field(default=12, ge=6, le=60)
    range: int = Field(default=90, ge=50, le=98)


class Difficulty(Ruled):
    """What makes a case hard: points for each further round, department asked, proceeding, and each day of handling."""

    round: float = Field(default=1.0, ge=0)
    department: float = Field(default=1.0, ge=0)
    proceeding: float = Field(default=2.0, ge=0)
    day: float = Field(default=0.1, ge=0)


class Capacity(Ruled):
    """What a person can handle in a month: `cases` as the company reckons; left out, what the busiest half of handlers closed of late.

    `slowness` are categories under which customers complain that it takes too long.
    """

    cases: int | None = Field(default=None, ge=1)
    slowness: tuple[str, ...] = ()


class Warnings(Piece):
    """warnings.yaml as a whole. `volume` names the measure that is the business volume (orders, parcels) counts are held against."""

    measures: dict[Name, LeadingMeasure] = {}
    rules: dict[Name, WarningRule] = {}
    key_problems: KeyProblems | None = None
    trend: TrendRule = TrendRule()
    forecast: ForecastRule = ForecastRule()
    difficulty: Difficulty = Difficulty()
    capacity: Capacity = Capacity()
    volume: Name | None = None
    analysis_months: int = Field(default=3, ge=1, le=12)
