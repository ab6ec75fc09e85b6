"""Answering: once for an invitation, by whoever has its link or by telephone; or by anybody where a questionnaire is public.

An answer is never changed: scores and codes are in its event, the words beside it.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from amends.apps.cases.actions.perform import Wish, perform
from amends.apps.cases.changes import note_change
from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.queries import complainant_caller
from amends.apps.cases.telling import notify_staff
from amends.apps.ledger.actions import append
from amends.apps.ledger.models import Chain
from amends.apps.messaging.actions import notify
from amends.apps.people.directory import holders_of
from amends.apps.people.models import Person
from amends.apps.policies.queries import read_version
from amends.apps.surveys.inviting import hash_of
from amends.apps.surveys.models import Answer, Score, Survey, SurveyInvitation
from amends.apps.surveys.planning import questionnaire_of
from amends.core.policy.lifecycle import Notice
from amends.core.policy.surveys import Questionnaire
from amends.core.refusals import Refusal, Stale
from amends.core.survey_answers import Answers, read_answers, said_on_case

log = logging.getLogger(__name__)
SECRET = re.compile(r"[A-Za-z0-9_-]{22}")


class AlreadyAnswered(Refusal):
    """One answer for an invitation. Source: EXP-5.3.2"""

    code = "already_answered"
    status = 410
    sentence = "这份问卷您已经回答过了，谢谢。每份邀请只能回答一次。"


class SurveyOver(Refusal):
    """Too late: the time to answer is over, or the survey was ended."""

    code = "survey_over"
    status = 410
    sentence = "这份问卷已经截止，谢谢您的关注。"


class OwnCase(Refusal):
    """Nobody takes down what a customer says about their own work."""

    code = "own_case"
    status = 403
    sentence = "这件个案由您办理，不能由您代客户作答，请由其他同事访问。"


def invitation_of(secret: str) -> SurveyInvitation | None:
    """The invitation of a link; None when it is malformed or was never sent. Looking at it takes nothing."""
    if not SECRET.fullmatch(secret):
        return None
    return _invitations().filter(link_hash=hash_of(secret)).first()


def _invitations() -> Any:
    return SurveyInvitation.objects.select_related(
        "survey__desk", "survey__pack", "chain", "case__complainant", "case__desk"
    )


def check_open(invitation: SurveyInvitation, *, now: datetime) -> None:
    """Raises AlreadyAnswered or SurveyOver."""
    if invitation.answered_at is not None:
        raise AlreadyAnswered
    if now >= invitation.expires_at or not invitation.survey.is_open:
        raise SurveyOver


def check_asking(invitation: SurveyInvitation, interviewer: Person, *, now: datetime) -> None:
    """Raises OwnCase for whoever handles or handled the case, and what `check_open` raises."""
    if interviewer.pk in (invitation.handler_id, invitation.case.handler_id if invitation.case else None):
        raise OwnCase
    check_open(invitation, now=now)


@transaction.atomic
def answer_invitation(
    invitation: SurveyInvitation, data: Mapping[str, Any], *, now: datetime, interviewer: Person | None = None
) -> Answer:
    """Take the answer of whoever was invited, once; a case's rules learn of it by its own verb, and staff of a low score.

    Raises InvalidData at the questions, AlreadyAnswered, SurveyOver, and OwnCase when the handler of the case would take it down.
    """
    asked = _questions(invitation.survey)
    if interviewer is not None:
        check_asking(invitation, interviewer, now=now)
    check_open(invitation, now=now)
    answers = read_answers(asked, data)
    if not SurveyInvitation.objects.filter(pk=invitation.pk, answered_at=None).update(answered_at=now):
        raise AlreadyAnswered
    method = "telephone" if interviewer else invitation.method
    answer = _stored(
        Answer(
            survey=invitation.survey, invitation=invitation, case=invitation.case, method=method, interviewer=interviewer,
            department_id=invitation.department_id, category=invitation.category, channel=invitation.channel, answered_at=now,
        ),
        invitation.chain, answers, actor=interviewer.actor_id if interviewer else _customer(invitation.case), now=now,
    )  # fmt: skip
    if invitation.case is not None:
        _tell_case(invitation.case, asked, answers, now=now)
        note_change([invitation.case.pk])
    if answers.is_low(asked):
        _raise_low(answer, asked, now=now)
    return answer


@transaction.atomic
def answer_publicly(
    survey: Survey, data: Mapping[str, Any], *, method: str, now: datetime, interviewer: Person | None = None
) -> Answer:
    """Take an answer from anybody: feedback with its way in, and no case. Raises InvalidData and SurveyOver. Source: ESC-7.3.2"""
    asked = _questions(survey)
    if not survey.is_open:
        raise SurveyOver
    answers = read_answers(asked, data)
    key = uuid.uuid4()
    chain = Chain(kind=Chain.Kind.SURVEY, key=f"answer:{key}")
    answer = _stored(
        Answer(id=key, survey=survey, method=method, interviewer=interviewer, answered_at=now), chain, answers,
        actor=interviewer.actor_id if interviewer else "public", now=now,
    )  # fmt: skip
    if answers.is_low(asked):
        _raise_low(answer, asked, now=now)
    return answer


def _questions(survey: Survey) -> Questionnaire:
    asked = questionnaire_of(survey)
    if asked is None:
        raise SurveyOver
    return asked


def _customer(case: Case | None) -> str:
    return f"complainant:{case.complainant_id}" if case is not None else "public"


def _stored(answer: Answer, chain: Chain, answers: Answers, *, actor: str, now: datetime) -> Answer:
    payload = {
        "survey": str(answer.survey_id), "method": answer.method, "interviewer": answer.interviewer_id,
        "scores": dict(answers.scores), "codes": {name: list(codes) for name, codes in answers.codes.items()},
    }  # fmt: skip
    event = append(
        chain=chain, kind="answer_survey", at=now, recorded_at=now, actor=actor, payload=payload, details=answers.texts
    )
    answer.chain, answer.seq = chain, event.seq
    answer.save(force_insert=True)
    rows = [
        Score(answer=answer, survey_id=answer.survey_id, question=name, value=value)
        for name, value in answers.scores.items()
    ]
    rows += [
        Score(answer=answer, survey_id=answer.survey_id, question=name, code=code)
        for name, codes in answers.codes.items()
        for code in codes
    ]
    Score.objects.bulk_create(rows)
    return answer


TRIES = 3


def _tell_case(case: Case, asked: Questionnaire, answers: Answers, *, now: datetime) -> None:
    """Perform what the questionnaire says on the case, as the customer; an answer stands whether the case takes it or not."""
    data = said_on_case(asked, answers)
    if asked.on_case is None or not data:
        return
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                perform(case, Wish(verb=asked.on_case.verb, data=data, caller=complainant_caller(case), now=now))
        except Stale:
            continue
        except Refusal as refusal:
            log.debug("an answer does not move its case", extra={"code": refusal.code})
        return


LOW = {
    "zh-hans": "“{{desk}}”收到一份低分评价，请及时联系客户。",
    "en": "{{desk}}: a low score came in; please get in touch with the customer.",
}
"""What staff read of a low score that belongs to no case."""


def _raise_low(answer: Answer, asked: Questionnaire, *, now: datetime) -> None:
    if asked.low is None:
        return
    case, key = answer.case, f"answer:{answer.pk}"
    if case is not None:
        case.refresh_from_db()
        notice = Notice(to=asked.low.to, message=asked.low.message)
        notify_staff(case, [notice], facts=facts_of(case), pack=pack_of(case), now=now, key=key)
        return
    desk = answer.survey.desk
    notify(
        holders_of(asked.low.to, desk=desk, now=now), pack=read_version(answer.survey.pack_id), message=f"{asked.low.message}_public",
        values={"desk": desk.title}, case_key="", case_number="", now=now, unique_key=key, usual=LOW, desk=desk,
    )  # fmt: skip
