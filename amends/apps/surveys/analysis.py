"""What a survey found: how many were asked and answered, means and distributions, and what is strong and weak.

Everything is counted from rows of scores; words are read for the few that are shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F

from amends.apps.ledger.models import Detail
from amends.apps.surveys.models import Answer, Score, Survey, SurveyInvitation
from amends.core.policy.surveys import Question, Questionnaire

DIMENSIONS = ("category", "channel", "department", "method")
COMMENTS = 30
EXTREMES = 3


@dataclass(frozen=True, slots=True)
class Response:
    """How many were asked, could not be reached, answered, and gave no answer; open answers came without invitation."""

    invited: int
    unreachable: int
    answered: int
    public: int

    @property
    def silent(self) -> int:
        """Invited and without an answer: not evaluated, never counted as satisfied."""
        return self.invited - self.answered

    @property
    def rate(self) -> float | None:
        """Per cent of the invited who answered, to one place; None while nobody was."""
        return round(100 * self.answered / self.invited, 1) if self.invited else None


@dataclass(frozen=True, slots=True)
class Spread:
    """The answers to one score question: how often each score was given, lowest first."""

    question: Question
    counts: tuple[int, ...]

    @property
    def n(self) -> int:
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        """To two places; None without answers."""
        if not self.n:
            return None
        return round(sum(score * count for score, count in enumerate(self.counts, start=1)) / self.n, 2)

    @property
    def strength(self) -> float:
        """The mean as a share of the scale, so that questions with different scales can be compared."""
        return ((self.mean or 1) - 1) / (self.question.scale - 1)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The answers to one question with options: how often each was chosen, of how many who answered it."""

    question: Question
    counts: Mapping[str, int]
    n: int


@dataclass(frozen=True, slots=True)
class Slice:
    """The answers under one value of a dimension: how many, and by question the mean and its count."""

    value: str
    answers: int
    means: tuple[tuple[float | None, int], ...]


@dataclass(frozen=True, slots=True)
class Comment:
    """The words of one answer to one question, with the scores given on the same sheet."""

    answer: Answer
    question: Question
    text: str


def responses_of(surveys: Sequence[Survey]) -> dict[Survey, Response]:
    """How people responded to each; two counting queries, however many there are."""
    asked = (
        SurveyInvitation.objects.filter(survey__in=surveys)
        .values("survey")
        .annotate(n=Count("pk"), answered=Count("answered_at"))
    )
    counts = {row["survey"]: (row["n"], row["answered"]) for row in asked}
    open_ones = Answer.objects.filter(survey__in=surveys, invitation=None).values("survey").annotate(n=Count("pk"))
    public = {row["survey"]: row["n"] for row in open_ones}
    return {
        survey: Response(
            counts.get(survey.pk, (0, 0))[0],
            survey.unreachable,
            counts.get(survey.pk, (0, 0))[1],
            public.get(survey.pk, 0),
        )
        for survey in surveys
    }


def response_of(survey: Survey) -> Response:
    return responses_of([survey])[survey]


def spreads_of(survey: Survey, asked: Questionnaire) -> list[Spread]:
    """Every score question in its order; one query."""
    rows = Score.objects.filter(survey=survey, value__isnull=False).values("question", "value").annotate(n=Count("pk"))
    found = {(row["question"], row["value"]): row["n"] for row in rows}
    return [
        Spread(q, tuple(found.get((q.id, score), 0) for score in range(1, q.scale + 1)))
        for q in asked.questions
        if q.type == "score"
    ]


def choices_of(survey: Survey, asked: Questionnaire) -> list[Chosen]:
    """Every question with options in its order; two queries."""
    coded = Score.objects.filter(survey=survey).exclude(code="")
    counts = {
        (row["question"], row["code"]): row["n"] for row in coded.values("question", "code").annotate(n=Count("pk"))
    }
    sheets = {row["question"]: row["n"] for row in coded.values("question").annotate(n=Count("answer", distinct=True))}
    return [
        Chosen(q, {code: counts.get((q.id, code), 0) for code in q.options}, sheets.get(q.id, 0))
        for q in asked.questions
        if q.options
    ]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Aspects of high satisfaction, shortcomings, and those with too few answers to be ranked. Source: EXP-5.3.3"""

    strongest: Sequence[Spread]
    weakest: Sequence[Spread]
    too_few: Sequence[Spread]


def ranking_of(spreads: Sequence[Spread], *, minimum: int) -> Ranking:
    """The strongest and weakest aspects, no aspect in both; those below the minimum are not ranked."""
    rated = [one for one in spreads if one.question.rates]
    enough = sorted((one for one in rated if one.n >= minimum), key=lambda one: -one.strength)
    half = min(EXTREMES, (len(enough) + 1) // 2)
    strongest, rest = enough[:half], enough[half:]
    return Ranking(strongest, list(reversed(rest))[:EXTREMES], [one for one in rated if one.n < minimum])


def slices_of(survey: Survey, asked: Questionnaire, by: str) -> list[Slice]:
    """The answers by the values of a dimension, most answers first; they add up to all answers. Two queries."""
    questions = [q.id for q in asked.questions if q.type == "score"]
    key = "department_id" if by == "department" else by
    answers = Answer.objects.filter(survey=survey).values(value=F(key)).annotate(n=Count("pk")).order_by()
    scores = (
        Score.objects.filter(survey=survey, value__isnull=False)
        .values("question", "value", slice=F(f"answer__{key}"))
        .annotate(n=Count("pk"))
        .order_by()
    )
    sums: dict[tuple[Any, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in scores:
        place = sums[(row["slice"], row["question"])]
        place[0] += row["value"] * row["n"]
        place[1] += row["n"]
    found = []
    for value, count in answers.values_list("value", "n"):
        means = tuple(_mean(*sums[(value, question)]) for question in questions)
        found.append(Slice(str(value or ""), count, means))
    return sorted(found, key=lambda one: (-one.answers, one.value))


def _mean(total: int, n: int) -> tuple[float | None, int]:
    return (round(total / n, 2), n) if n else (None, 0)


def comments_of(survey: Survey, asked: Questionnaire, *, visible_cases: Any) -> list[Comment]:
    """The latest words of answers without a case, or whose case the reader sees; two queries."""
    answers = list(
        Answer.objects.filter(survey=survey)
        .select_related("case", "interviewer")
        .order_by("-answered_at", "-pk")[: COMMENTS * 3]
    )
    seen = set(visible_cases.filter(pk__in=[a.case_id for a in answers if a.case_id]).values_list("pk", flat=True))
    shown = [a for a in answers if a.case_id is None or a.case_id in seen]
    texts = {
        (detail.chain_id, detail.seq, detail.field): detail.text
        for detail in Detail.objects.filter(chain__in=[a.chain_id for a in shown], erased_at=None)
    }
    found = [
        Comment(answer, question, texts[(answer.chain_id, answer.seq, question.id)])
        for answer in shown
        for question in asked.questions
        if (answer.chain_id, answer.seq, question.id) in texts
    ]
    return found[:COMMENTS]
