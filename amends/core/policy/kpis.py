"""kpis.yaml: where the figures of a policy find what they count, and its indicators with their target and weight."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from amends.core.policy.base import Name, Piece, Ruled, Title
from amends.core.policy.conditions import Condition

Kind = Literal["share", "count", "mean", "median", "percentile", "sum", "per_volume"]
Unit = Literal["percent", "cases", "minutes", "hours", "days", "points", "money", "per_thousand"]
Moment = Literal["received", "responded", "told", "resolved", "due", "closed"]
Points = Literal["share", "inverse", "of_best", "target"]

LENGTHS = frozenset({"response", "any_response", "telling", "handling", "closing"})
"""The spans of a case from its receipt: each in clock time, and in working time with `working: true`."""

MEASURES = LENGTHS | {"score", "compensation", "rounds", "cycles", "escalations"}
"""What `of` may name: a span, a score, an amount, or a count of something within one case."""

FACTS: dict[str, str] = {
    "kind": "code", "counts": "yes_no", "internal": "yes_no", "channel": "code", "channel_group": "code", "category": "path",
    "cause": "path", "product": "code", "product_version": "code", "region": "code", "level": "code", "urgent": "yes_no",
    "outcome": "code", "state": "code", "state_category": "code", "taken_over": "yes_no", "rounds": "number", "cycles": "number",
    "reopened": "yes_no", "escalations": "number", "escalated": "yes_no", "asked": "yes_no", "score": "number",
    "satisfied": "yes_no", "praise": "yes_no", "in_time": "yes_no", "overdue": "yes_no", "repeat": "yes_no",
    "compensation": "number", "responded": "yes_no", "told": "yes_no", "resolved": "yes_no", "closed": "yes_no",
    "response_minutes": "number", "response_working_minutes": "number", "handling_hours": "number", "handling_working_hours": "number",
}  # fmt: skip
"""What the conditions of indicators may ask of a case, and what kind of thing it is."""


class Satisfaction(Ruled):
    """Where the score of a case stands, on a scale up to `best`; from `satisfied` on the customer counts as satisfied.

    The latest survey answer to `question` goes first; else the first of `fields` that is known, its choices as points. A choice without points
    is no answer. A customer was asked who was invited to a survey, or on whose case one of the verbs in `asked_by` was done.
    """

    question: Name | None = None
    fields: dict[Name, dict[Name, int]] = {}
    best: int = Field(default=5, ge=1, le=100)
    satisfied: int = Field(default=4, ge=1)
    asked_by: tuple[Name, ...] = ()


class SameMatter(Ruled):
    """When a complaint repeats an earlier one: the same of all these, received at most so many days before."""

    same: tuple[Literal["complainant", "category", "cause", "product"], ...] = Field(min_length=1)
    within_days: int = Field(ge=1, le=3660)


class Reads(Piece):
    """Where the figures find what they count.

    `resolved` says when a case counts as resolved: the moment is that of the event from which it holds until today. `limit` names the clocks by which a case
    is in time. `escalation` names the proceedings that count once they ended and were not void. The others name fields.
    """

    resolved: Condition | None = None
    limit: tuple[Name, ...] = ()
    escalation: tuple[Name, ...] = ()
    satisfaction: Satisfaction = Satisfaction()
    repeats: SameMatter | None = None
    cause: Name | None = None
    product: Name | None = None
    product_version: Name | None = None
    region: Name | None = None
    hours: str = "default"


class Target(Piece):
    """What is wanted: at least, or at most, so much. Which of the two follows from the direction of the indicator."""

    value: Decimal

    @field_validator("value", mode="before")
    @classmethod
    def _read_exactly(cls, raw: Any) -> Any:
        return str(raw)


class Indicator(Ruled):
    """One figure. Which cases it is about: those of the period by `by`, for which `population` holds and `exclude` does not.

    A `share` is the part of them for which `counted` holds, in percent, with `of` over those that have the measure; `count` their number; `mean`, `median`, `percentile` (`percent`) and `sum` are of
    the measure `of` over those that have one, in clock time or, with `working`, in working time; `per_volume` is their number for every thousand of
    the business volume that was uploaded. Fewer than `minimum` cases (of a rate, less volume) are shown as too few and judged against no target; a
    `count` has no minimum.

    `points` says how it becomes points of a scorecard, from 0 to 100: `share` is the percentage itself, `inverse` 100 less it, `of_best` the score in percent
    of the best one, `target` the value in percent of its target (where less is wanted, the target in percent of the value). Left out, a percentage of
    which more is wanted is a `share`, one of which less is wanted is `inverse`, and anything else goes by its target.
    """

    id: Name
    title: Title
    says: Title | None = None
    kind: Kind = "share"
    by: Moment = "received"
    population: Condition | None = None
    exclude: Condition | None = None
    counted: Condition | None = None
    of: Name | None = None
    working: bool = False
    percent: int = Field(default=90, ge=1, le=99)
    volume: Name | None = None
    unit: Unit = "percent"
    digits: int = Field(default=1, ge=0, le=4)
    direction: Literal["up", "down", "none"] = "up"
    target: Target | None = None
    weight: int = Field(default=0, ge=0, le=100)
    points: Points | None = None
    minimum: int = Field(default=1, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _read_target(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and isinstance(raw.get("target"), int | str):
            raw = {**raw, "target": {"value": raw["target"]}}
        return raw

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> Indicator:
        if self.kind == "share" and self.counted is None:
            raise ValueError(f"{self.id}: a share needs counted: which cases make the part")
        if self.kind in ("mean", "median", "percentile", "sum") and self.of not in MEASURES:
            raise ValueError(f"{self.id}: {self.kind} needs of: one of {', '.join(sorted(MEASURES))}")
        if self.kind == "per_volume" and self.volume is None:
            raise ValueError(f"{self.id}: per_volume needs volume: the name of the figure that is uploaded")
        if self.target is not None and self.direction == "none":
            raise ValueError(f"{self.id}: a target needs a direction, up or down")
        return self

    @property
    def scored_as(self) -> Points:
        """How the indicator becomes points: as it says, or as its unit and direction say."""
        if self.points is not None:
            return self.points
        if self.unit != "percent":
            return "target"
        return "inverse" if self.direction == "down" else "share"

    def conditions(self) -> tuple[tuple[str, Condition], ...]:
        """The conditions of the indicator by the key under which they stand."""
        named = (("population", self.population), ("exclude", self.exclude), ("counted", self.counted))
        return tuple((name, condition) for name, condition in named if condition is not None)


class Deductions(Ruled):
    """Points that somebody takes off a score, for a reason: proceedings of the desk of this kind, while they are in one of `states`.

    `points`, `day`, `department` and `person` name their fields: how many, a day of the month that they count for, and whose score they come off. A
    deduction without a person comes off the department's. No more than `at_most` are taken off a score in a month. Source: ESC-6.2.1a
    """

    proceeding: Name
    states: tuple[Name, ...] = Field(min_length=1)
    points: Name
    day: Name
    department: Name
    person: Name | None = None
    at_most: int = Field(default=100, ge=1, le=100)


class Threshold(Piece):
    """What an indicator has to reach; which of the two follows from what is wanted."""

    indicator: Name
    at_least: Decimal | None = None
    at_most: Decimal | None = None

    @field_validator("at_least", "at_most", mode="before")
    @classmethod
    def _read_exactly(cls, raw: Any) -> Any:
        return None if raw is None else str(raw)

    @model_validator(mode="after")
    def _says_one(self) -> Threshold:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError(f"{self.indicator}: a threshold needs at_least or at_most")
        return self


class Bonus(Ruled):
    """Points for the performance bonus, granted only to whoever reaches every threshold. Source: ESC-6.3.2"""

    id: Name
    title: Title
    points: Decimal = Field(gt=0, le=100)
    thresholds: tuple[Threshold, ...] = Field(min_length=1)

    @field_validator("points", mode="before")
    @classmethod
    def _read_exactly(cls, raw: Any) -> Any:
        return str(raw)


class Scores(Ruled):
    """Scorecards a month: of departments by the weights of the indicators, of people by the weights in `people`.

    An indicator without a value, or with fewer cases than its `minimum`, counts for nothing: its weight is spread over the others in proportion.
    """

    digits: int = Field(default=1, ge=0, le=4)
    people: dict[Name, int] = {}
    deductions: Deductions | None = None
    bonuses: tuple[Bonus, ...] = ()


class JourneyStage(Ruled):
    """A stage of the customer's way with the company, and the categories whose cases belong to it (those below them as well)."""

    title: Title
    categories: tuple[str, ...] = Field(min_length=1)


class Journey(Ruled):
    """The stages in their order; every case belongs to the first that names its category, else to `rest`.

    Open proceedings of the kinds in `actions` count as actions for the stage of their category. A stage with fewer than `minimum`
    answers is not judged by its satisfaction.
    """

    stages: dict[Name, JourneyStage] = Field(min_length=1)
    rest: Title
    actions: tuple[Name, ...] = ()
    minimum: int = Field(default=1, ge=1)

    def stage_of(self, category: str) -> Name | None:
        """The stage to which a category belongs; None where no stage names it."""
        return next(
            (name for name, stage in self.stages.items() if any(_within(category, c) for c in stage.categories)), None
        )


def _within(category: str, upper: str) -> bool:
    return category == upper or category.startswith(f"{upper}/")


class Kpis(Piece):
    """kpis.yaml as a whole. `volumes` names the business figures that may be uploaded: orders, parcels, customers."""

    reads: Reads = Reads()
    volumes: dict[Name, Title] = {}
    indicators: tuple[Indicator, ...] = ()
    scores: Scores = Scores()
    journey: Journey | None = None

    def weighted(self, of: Literal["department", "person"]) -> tuple[tuple[Indicator, int], ...]:
        """What counts in a scorecard of departments or of people, and how much, in the order of the indicators."""
        given = self.scores.people if of == "person" else {one.id: one.weight for one in self.indicators}
        return tuple((one, given[one.id]) for one in self.indicators if given.get(one.id))

    def indicator(self, name: str) -> Indicator | None:
        return next((one for one in self.indicators if one.id == name), None)
