"""Customers of the demo answer the questionnaires they get: most of them, mostly content, each always the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from amends.apps.cases.models import Case
from amends.apps.policies.models import Desk
from amends.apps.surveys.answering import answer_invitation
from amends.apps.surveys.inviting import run_periodic_plans_of
from amends.apps.surveys.models import SurveyInvitation
from amends.apps.surveys.planning import questionnaire_of
from amends.core.policy.surveys import Question, Questionnaire
from amends.core.refusals import Refusal

ANSWER = 62
"""How many of a hundred answer."""
SCORES = (5, 4, 5, 4, 3, 5, 4, 4, 5, 3)
STRICTER = {"speed": 1}
"""By how much a question is answered worse than the others: waiting is what people mind."""
WORDS = (
    "处理得还可以，就是前面等得久了一点。", "师傅很耐心，谢谢。", "希望进展能主动告诉我，不用我来催。", "结果满意。",
    "第一次打电话时说得不太清楚，后来就好了。", "赔付很快，比我想的好。", "下次能不能周末也安排上门。",
)  # fmt: skip


def answer_questionnaires(case: Case, *, now: datetime) -> int:
    """Answer what the customer of a played case was asked; returns how many answered."""
    waiting = SurveyInvitation.objects.filter(case=case, answered_at=None)
    return _answer(
        waiting.select_related("survey__desk", "survey__pack", "chain", "case__complainant", "case__desk"), now=now
    )


def ask_again_and_again(desk: Desk, *, now: datetime) -> int:
    """Run the surveys that the policy of a demo desk repeats, and answer them."""
    run_periodic_plans_of(desk, now=now - timedelta(days=5))
    waiting = SurveyInvitation.objects.filter(
        survey__desk=desk, survey__started_at=now - timedelta(days=5), answered_at=None
    )
    return _answer(
        waiting.select_related("survey__desk", "survey__pack", "chain", "case__complainant", "case__desk"), now=now
    )


def _answer(waiting: Iterable[SurveyInvitation], *, now: datetime) -> int:
    answered = 0
    for invitation in waiting:
        asked, chance = (
            questionnaire_of(invitation.survey),
            _chance(f"{invitation.survey.title}:{invitation.case_id and _name_of(invitation)}"),
        )
        at = max(
            invitation.invited_at, invitation.case.changed_at if invitation.case else invitation.invited_at
        ) + timedelta(hours=3 + chance % 40)
        if asked is None or chance % 100 >= ANSWER or at >= min(now, invitation.expires_at):
            continue
        try:
            answer_invitation(invitation, _sheet(asked, chance), now=at)
        except Refusal:
            continue
        answered += 1
    return answered


def _name_of(invitation: SurveyInvitation) -> str:
    return invitation.case.number if invitation.case else ""


def _chance(key: str) -> int:
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16)


def _sheet(asked: Questionnaire, chance: int) -> dict[str, Any]:
    return {
        question.id: value
        for n, question in enumerate(asked.questions)
        if (value := _given(question, chance // (n + 1)))
    }


def _given(question: Question, chance: int) -> Any:
    if question.type == "score":
        return str(max(1, SCORES[chance % len(SCORES)] - STRICTER.get(question.id, 0)))
    if question.type == "text":
        return WORDS[chance % len(WORDS)] if chance % 3 == 0 else ""
    return [list(question.options)[chance % len(question.options)]]
