"""A questionnaire as a page shows it: the same sheet for customers and for whoever asks by telephone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from amends.core.policy.surveys import Question, Questionnaire
from amends.core.refusals import InvalidData
from amends.doors.wording import faults


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with what was entered and what is wrong with it."""

    question: Question
    entered: Sequence[str]
    errors: Sequence[str]

    @property
    def scores(self) -> range:
        return range(1, self.question.scale + 1)

    @property
    def chosen(self) -> frozenset[str]:
        return frozenset(self.entered)

    @property
    def text(self) -> str:
        return next(iter(self.entered), "")


def sheet_of(asked: Questionnaire, post: QueryDict | None = None, refusal: InvalidData | None = None) -> list[Asked]:
    """The questions in their order, filled with what was sent."""
    wrong: Mapping[str, list[str]] = faults(refusal) if refusal else {}
    return [Asked(q, post.getlist(q.id) if post else [], wrong.get(q.id, [])) for q in asked.questions]


def sent_in(asked: Questionnaire, post: QueryDict) -> dict[str, Any]:
    """What was sent, by question."""
    return {q.id: post.getlist(q.id) for q in asked.questions}
