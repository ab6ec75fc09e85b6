"""surveys.yaml: questionnaires as data, who is asked with them after what or how often, and what a low score leads to."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from amends.core.policy.base import Name, Piece, Ruled, Title
from amends.core.policy.conditions import Condition

Method = Literal["sms", "email", "telephone", "link"]
"""How people are asked: by message with a link of their own, by telephone, or by a public link (portal, QR code)."""


class Question(Ruled):
    """One question. A `score` runs from 1 to `scale`, the best last, and may say what it `rates`: process, result, attitude …"""

    id: Name
    title: Title
    type: Literal["score", "choice", "several", "text"]
    rates: Title | None = None
    scale: int = Field(default=5, ge=2, le=10)
    options: dict[Name, Title] = {}
    required: bool = False

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Question:
        if (self.type in ("choice", "several")) != bool(self.options):
            raise ValueError("a choice needs options, and nothing else has them")
        return self


class Band(Piece):
    """What a score means in a field of a case: the value whose least score it reaches, the highest first."""

    question: Name
    values: dict[Name, int]

    def value_of(self, score: int) -> str | None:
        """The value that a score reaches; None below all of them."""
        reached = [(least, value) for value, least in self.values.items() if score >= least]
        return max(reached)[1] if reached else None


class OnCase(Piece):
    """The verb that an answer performs on its case, as the customer; fields of its form are filled from scores and texts."""

    verb: Name = "rate"
    fills: dict[Name, Band | Name] = {}


class LowScore(Ruled):
    """Who is told at once when the score of one of `questions` is at most `at_most`; without questions, of any."""

    at_most: int = Field(ge=1)
    questions: tuple[Name, ...] = ()
    to: tuple[Name, ...] = Field(min_length=1)
    message: Name


class Questionnaire(Ruled):
    """Questions that are put together. Every change of it is a version of its own; what was answered keeps its version."""

    title: Title
    lead: Title
    thanks: Title
    questions: tuple[Question, ...] = Field(min_length=1)
    on_case: OnCase | None = None
    low: LowScore | None = None
    public: bool = False

    def question(self, name: str) -> Question | None:
        return next((q for q in self.questions if q.id == name), None)


class SurveyPlan(Ruled):
    """Who is asked: after one of the verbs in `after` each case of its cycle, or every `every_days` the cases closed since.

    `share` of a hundred are drawn. They are asked by the first of `methods` that reaches them, with `message`, and may answer for
    `answer_days`. Aspects with fewer than `minimum` answers are not ranked.
    """

    title: Title
    questionnaire: Name
    after: tuple[Name, ...] = ()
    every_days: int | None = Field(default=None, ge=1, le=400)
    when: Condition | None = None
    share: int = Field(default=100, ge=1, le=100)
    methods: tuple[Method, ...] = Field(min_length=1)
    message: Name
    answer_days: int = Field(default=14, ge=1, le=90)
    minimum: int = Field(default=5, ge=1)

    @model_validator(mode="after")
    def _begins_by_one_thing(self) -> SurveyPlan:
        if bool(self.after) == bool(self.every_days):
            raise ValueError("a plan asks either after verbs or every so many days")
        return self


class Surveys(Piece):
    """surveys.yaml as a whole. `message` invites to the surveys that people plan themselves."""

    questionnaires: dict[Name, Questionnaire] = {}
    plans: dict[Name, SurveyPlan] = {}
    message: Name | None = None
