"""Earlier answers beside the form in which a question is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from amends.apps.cases.answers import EarlierAnswer, Question, earlier_answers, question_on
from amends.apps.cases.models import Case
from amends.apps.cases.queries import Viewer
from amends.apps.policies.models import Desk
from amends.core.policy.care import Answers
from amends.core.policy.pack import Pack
from amends.core.roles import sees_task_only
from amends.web.case.seeing import CaseView

LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Line:
    """An earlier answer as a page shows it, with where it stands."""

    number: str
    address: str
    question: str
    answer: str
    day: Any


@dataclass(frozen=True, slots=True)
class Answered:
    """The earlier answers that fit; `into` is the field that one of them is put into, `key` tells whether they are others."""

    lines: list[Line]
    into: str

    @property
    def key(self) -> str:
        return " ".join(line.number for line in self.lines) or "-"


def answers_for_case(seen: CaseView, verb: str) -> Answered | None:
    """The earlier answers offered while a verb is done on a case; None where the policy offers none there."""
    rule = seen.pack.head.care.answering(verb)
    if rule is None or sees_task_only(seen.pack, seen.actor):
        return None
    question = question_on(seen.case, rule, seen.facts.values)
    return _answered(seen.viewer, seen.case.desk, seen.pack, rule, question)


def answers_for_typed(
    viewer: Viewer, desk: Desk, pack: Pack, rule: Answers | None, typed: Mapping[str, Any]
) -> Answered | None:
    """The earlier answers to a question that somebody is typing; None without a rule that offers them."""
    if rule is None:
        return None
    topic = typed.get(rule.topic or "")
    texts = tuple(str(typed.get(name) or "") for name in rule.question)
    return _answered(viewer, desk, pack, rule, Question(texts, topic if isinstance(topic, str) else ""))


def _answered(viewer: Viewer, desk: Desk, pack: Pack, rule: Answers, question: Question) -> Answered:
    if question.is_empty:
        return Answered([], rule.field)
    return Answered([_line(one) for one in earlier_answers(viewer, desk, pack, question)], rule.field)


def _line(one: EarlierAnswer) -> Line:
    row = one.row
    address = reverse("case", args=[row.number]) if isinstance(row, Case) else reverse("proceeding", args=[row.pk])
    asked = " ".join(one.question.split())
    short = asked if len(asked) <= LONGEST_SHOWN else asked[:LONGEST_SHOWN] + "…"
    return Line(row.number, address, short, one.answer, one.at)
