"""Planning a survey: drafted, changed, started when nothing is missing, ended. What is asked stays as it was when it started."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction

from amends.apps.deferred.actions import enqueue
from amends.apps.ledger.actions import append
from amends.apps.ledger.models import Chain
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk, PackVersion
from amends.apps.policies.queries import read_version, version_in_force
from amends.apps.surveys.models import Survey
from amends.core.canonical import canonical_json
from amends.core.policy.base import Title
from amends.core.policy.surveys import Questionnaire
from amends.core.refusals import Refusal

INVITE = "invite_target"
BY_MESSAGE = ("sms", "email", "telephone")
"""The ways of asking that go to single people; a link is open to everybody."""


class PlanIncomplete(Refusal):
    """The plan lacks one of its four parts. Source: EXP-5.3.1"""

    code = "plan_incomplete"
    status = 409
    sentence = "方案不完整，不能启动。还缺：%(missing)s。"


class NotADraft(Refusal):
    """It has started: what people are asked with does not change any more."""

    code = "not_a_draft"
    sentence = "调查已经启动，方案不能再改。"


class NotRunning(Refusal):
    code = "not_running"
    sentence = "调查不在进行中。"


@dataclass(frozen=True, slots=True)
class Plan:
    """What somebody plans: whom, what, how and when. Empty parts are allowed until it starts."""

    title: str
    questionnaire: str = ""
    methods: tuple[str, ...] = ()
    target: dict[str, Any] = field(default_factory=dict)
    begins_on: date | None = None
    ends_on: date | None = None
    share: int = 100
    minimum: int = 5


def questionnaire_of(survey: Survey) -> Questionnaire | None:
    """The questions of a survey in the version in which they are asked; None while none was chosen."""
    return read_version(survey.pack_id).surveys.questionnaires.get(survey.questionnaire)


def digest_of(asked: Questionnaire) -> str:
    """What tells one version of a questionnaire from another."""
    return hashlib.sha256(canonical_json(asked.model_dump(mode="json", by_alias=True)).encode()).hexdigest()


@transaction.atomic
def draft_survey(desk: Desk, plan: Plan, *, by: Person, now: datetime) -> Survey:
    """A new plan, as complete as it is."""
    survey = new_survey(desk, version_in_force(desk, now), plan, now=now, by=by)
    record(survey, "draft_survey", {"plan": _as_data(plan)}, by=by.actor_id, now=now)
    survey.save()
    return survey


@transaction.atomic
def change_survey(survey: Survey, plan: Plan, *, by: Person, now: datetime) -> Survey:
    """Another version of a plan that has not started. Raises NotADraft."""
    if survey.state != Survey.State.DRAFT:
        raise NotADraft
    survey.pack = version_in_force(survey.desk, now)
    _take(survey, plan)
    record(survey, "change_survey", {"plan": _as_data(plan)}, by=by.actor_id, now=now)
    survey.save()
    return survey


@transaction.atomic
def start_survey(survey: Survey, *, by: Person, now: datetime) -> Survey:
    """Start a complete plan; the worker then invites the target group.

    Raises PlanIncomplete with what is missing, NotADraft for one that has started. Source: EXP-5.3.1
    """
    if lacks := list(missing_parts(survey)):
        raise PlanIncomplete(missing=lacks)
    claimed = Survey.objects.filter(pk=survey.pk, state=Survey.State.DRAFT)
    if not claimed.update(state=Survey.State.RUNNING, started_at=now):
        raise NotADraft
    record(survey, "start_survey", {"digest": survey.digest}, by=by.actor_id, now=now)
    if set(methods_of(survey)) & set(BY_MESSAGE):
        enqueue(INVITE, {"survey": str(survey.pk)}, now=now, unique_key=f"{INVITE}:{survey.pk}")
    survey.refresh_from_db()
    return survey


@transaction.atomic
def end_survey(survey: Survey, *, by: Person, now: datetime) -> Survey:
    """No more answers are taken. Raises NotRunning."""
    running = Survey.objects.filter(pk=survey.pk, state=Survey.State.RUNNING)
    if not running.update(state=Survey.State.ENDED, ended_at=now):
        raise NotRunning
    record(survey, "end_survey", {}, by=by.actor_id, now=now)
    survey.refresh_from_db()
    return survey


def missing_parts(survey: Survey) -> Iterator[Title]:
    """What keeps a plan from starting: target group, content, method, time."""
    target = json.loads(survey.target)
    is_public = set(methods_of(survey)) == {"link"}
    if not is_public and not (target.get("closed_from") and target.get("closed_until")):
        yield Title(**{"zh-Hans": "调查对象（办结日期的范围）", "en": "target group (closed between which days)"})
    if questionnaire_of(survey) is None:
        yield Title(**{"zh-Hans": "调查内容（问卷）", "en": "content (questionnaire)"})
    if not survey.methods:
        yield Title(**{"zh-Hans": "调查方式", "en": "method"})
    if survey.begins_on is None or survey.ends_on is None:
        yield Title(**{"zh-Hans": "调查时间（开始和截止日期）", "en": "time (first and last day)"})


def methods_of(survey: Survey) -> tuple[str, ...]:
    return tuple(name for name in survey.methods.split(",") if name)


def new_survey(
    desk: Desk, version: PackVersion, plan: Plan, *, now: datetime, by: Person | None, origin: str = ""
) -> Survey:
    """A survey that is not stored yet, with a chain of its own."""
    key = uuid.uuid4()
    chain = Chain(kind=Chain.Kind.SURVEY, key=f"survey:{key}")
    survey = Survey(id=key, chain=chain, desk=desk, pack=version, origin=origin, created_by=by, created_at=now)
    _take(survey, plan)
    return survey


def record(survey: Survey, kind: str, payload: dict[str, Any], *, by: str, now: datetime) -> None:
    """Append what was done with a survey to its chain."""
    append(chain=survey.chain, kind=kind, at=now, recorded_at=now, actor=by, payload=payload)


def _take(survey: Survey, plan: Plan) -> None:
    survey.title, survey.questionnaire = plan.title, plan.questionnaire
    survey.methods, survey.target = ",".join(plan.methods), canonical_json(plan.target)
    survey.begins_on, survey.ends_on = plan.begins_on, plan.ends_on
    survey.share, survey.minimum = plan.share, plan.minimum
    asked = questionnaire_of(survey)
    survey.digest = digest_of(asked) if asked else ""


def _as_data(plan: Plan) -> dict[str, Any]:
    """The plan as its event holds it: codes, dates and numbers."""
    return {
        "questionnaire": plan.questionnaire, "methods": list(plan.methods), "target": plan.target,
        "begins_on": plan.begins_on.isoformat() if plan.begins_on else None,
        "ends_on": plan.ends_on.isoformat() if plan.ends_on else None, "share": plan.share, "minimum": plan.minimum,
    }  # fmt: skip
