"""Inviting people to a survey: after a step of their case, by a plan of the pack, or the target group of a survey."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from amends.apps.cases.actions.perform import Performed, projector
from amends.apps.cases.changes import note_change
from amends.apps.cases.facts import facts_of
from amends.apps.cases.models import Case
from amends.apps.cases.portal_keys import addresses_of
from amends.apps.cases.telling import LANGUAGE, message_values
from amends.apps.ledger.actions import append
from amends.apps.ledger.models import Chain
from amends.apps.messaging.actions import write_to_outbox
from amends.apps.policies.models import Desk, PackVersion
from amends.apps.policies.queries import NoPackInForce, open_desks, pack_in_force, read_version, version_in_force
from amends.apps.surveys.models import Survey, SurveyInvitation
from amends.apps.surveys.planning import Plan, digest_of, methods_of, new_survey, record
from amends.core.policy.conditions import holds
from amends.core.policy.lifecycle import RESTING
from amends.core.policy.surveys import SurveyPlan
from amends.core.sampling import is_drawn

AT_ONCE = 200
SYSTEM = "system"
ANSWERED_LATER = 365
"""For how many days a survey that a plan of the pack keeps open is said to run; each invitation has its own end."""


@projector
def invite_after_a_step(done: Performed) -> None:
    """Invite the complainant after a verb that a plan of the pack names: each case once a cycle, as far as it is drawn."""
    if done.case.desk.is_practice:
        return
    for name, plan in done.pack.surveys.plans.items():
        if done.event.verb not in plan.after or not holds(plan.when, done.facts):
            continue
        if not is_drawn(f"{done.case.pk}:{done.facts.cycle}:{name}", plan.share):
            continue
        survey = survey_of_plan(done.case.desk, done.case.pack, name, plan, now=done.now)
        invite_for_case(survey, done.case, plan.methods, plan.message, days=plan.answer_days, now=done.now)


def survey_of_plan(desk: Desk, version: PackVersion, name: str, plan: SurveyPlan, *, now: datetime) -> Survey:
    """The running survey of a plan with these questions; a changed questionnaire begins another one."""
    asked = read_version(version.pk).surveys.questionnaires[plan.questionnaire]
    digest = digest_of(asked)
    found = Survey.objects.filter(desk=desk, origin=name, digest=digest, state=Survey.State.RUNNING).first()
    return found or _begun(desk, version, name, plan, now=now, target={})


def _begun(
    desk: Desk, version: PackVersion, name: str, plan: SurveyPlan, *, now: datetime, target: Mapping[str, Any]
) -> Survey:
    today = now.astimezone(ZoneInfo(read_version(version.pk).head.zone)).date()
    wanted = Plan(
        title=plan.title.zh_hans, questionnaire=plan.questionnaire, methods=plan.methods, target=dict(target), begins_on=today,
        ends_on=today + timedelta(days=plan.answer_days if plan.every_days else ANSWERED_LATER), share=plan.share, minimum=plan.minimum,
    )  # fmt: skip
    survey = new_survey(desk, version, wanted, now=now, by=None, origin=name)
    survey.state, survey.started_at = Survey.State.RUNNING, now
    record(survey, "start_survey", {"plan": name, "digest": survey.digest}, by=SYSTEM, now=now)
    survey.save()
    return survey


def run_periodic_plans(*, now: datetime) -> int:
    """Begin the surveys that are due by the plans of all desks, and invite whom they ask; returns how many were begun."""
    return sum(run_periodic_plans_of(desk, now=now) for desk in open_desks())


def run_periodic_plans_of(desk: Desk, *, now: datetime) -> int:
    """Begin what is due on one desk; a survey that would ask nobody waits for another day."""
    try:
        pack, version = pack_in_force(desk, now), version_in_force(desk, now)
    except NoPackInForce:
        return 0
    begun = 0
    for name, plan in pack.surveys.plans.items():
        if not plan.every_days:
            continue
        last = Survey.objects.filter(desk=desk, origin=name).order_by("-created_at").first()
        if last is not None and last.created_at > now - timedelta(days=plan.every_days):
            continue
        if _begin_and_invite(desk, version, name, plan, now=now):
            begun += 1
    return begun


def _begin_and_invite(desk: Desk, version: PackVersion, name: str, plan: SurveyPlan, *, now: datetime) -> bool:
    zone, days = ZoneInfo(read_version(version.pk).head.zone), plan.every_days or 0
    today = now.astimezone(zone).date()
    first = today - timedelta(days=days)
    closed_since = Case.objects.filter(desk=desk, closed_at__gte=_midnight(first.isoformat(), zone), closed_at__lte=now)
    if not closed_since.exists():
        return False
    target = {"closed_from": first.isoformat(), "closed_until": today.isoformat()}
    with transaction.atomic():
        survey = _begun(desk, version, name, plan, now=now, target=target)
    invite_target(survey, now=now)
    return True


def invite_target(survey: Survey, *, now: datetime) -> int:
    """Invite the drawn share of a survey's target group; who is invited already is left out. Returns how many are new.

    Each portion of cases is a transaction of its own, so a run that was broken off goes on where it stopped.
    """
    pack = read_version(survey.pack_id)
    plan = pack.surveys.plans.get(survey.origin)
    message = plan.message if plan else pack.surveys.message
    days = plan.answer_days if plan else max(((survey.ends_on or now.date()) - now.date()).days, 1)
    ways = tuple(m for m in methods_of(survey) if m != "link")
    invited, last = 0, uuid.UUID(int=0)
    while ways and message:
        found = list(target_cases(survey).filter(pk__gt=last).order_by("pk")[:AT_ONCE])
        if not found:
            break
        last = found[-1].pk
        with transaction.atomic():
            for case in found:
                if plan is not None and not holds(plan.when, facts_of(case)):
                    continue
                if is_drawn(f"{case.pk}:{survey.pk}", survey.share):
                    invited += invite_for_case(survey, case, ways, message, days=days, now=now) is not None
    return invited


def target_cases(survey: Survey) -> QuerySet[Case]:
    """The cases whose complainants a survey asks, by what its plan says; those that count in the figures of complaints or not."""
    target = json.loads(survey.target)
    zone = ZoneInfo(read_version(survey.pack_id).head.zone)
    found = Case.objects.filter(desk=survey.desk, state_category__in=RESTING, complainant__isnull=False, internal=False)
    if target.get("closed_from"):
        found = found.filter(closed_at__gte=_midnight(target["closed_from"], zone))
    if target.get("closed_until"):
        found = found.filter(closed_at__lt=_midnight(target["closed_until"], zone) + timedelta(days=1))
    if target.get("kinds"):
        found = found.filter(kind__in=target["kinds"])
    if target.get("channels"):
        found = found.filter(channel__in=target["channels"])
    if target.get("category"):
        inside = Q(category=target["category"]) | Q(category__startswith=f"{target['category']}/")
        found = found.filter(inside)
    if target.get("department"):
        found = found.filter(department=target["department"])
    return found.exclude(invitations__survey=survey).select_related(
        "desk", "chain", "complainant", "department", "handler"
    )


def _midnight(day: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=zone)


def invite_for_case(
    survey: Survey, case: Case, methods: Iterable[str], message: str, *, days: int, now: datetime
) -> SurveyInvitation | None:
    """Ask the complainant of a case by the first way that reaches them; None when none does, or when they were asked in this cycle."""
    if SurveyInvitation.objects.filter(survey=survey, case=case, cycle=case.cycle).exists():
        return None
    method, address = _way_to(case, methods)
    if not method:
        Survey.objects.filter(pk=survey.pk).update(unreachable=survey.unreachable + 1)
        survey.unreachable += 1
        return None
    secret = secrets.token_urlsafe(16)
    try:
        with transaction.atomic():
            invitation = _stored(survey, case, method, secret, days=days, now=now)
    except IntegrityError:
        return None
    note_change([case.pk])
    if method in ("sms", "email"):
        _send(survey, case, message, method, address, secret, now=now)
    return invitation


def _way_to(case: Case, methods: Iterable[str]) -> tuple[str, str]:
    reached = dict(reversed(addresses_of(case)))
    points = case.complainant.contact_points.all() if case.complainant else []
    if any(point.kind == "phone" for point in points):
        reached["telephone"] = "by hand"
    return next(((method, reached[method]) for method in methods if method in reached), ("", ""))


def _stored(survey: Survey, case: Case, method: str, secret: str, *, days: int, now: datetime) -> SurveyInvitation:
    key = uuid.uuid4()
    chain = Chain(kind=Chain.Kind.SURVEY, key=f"invitation:{key}")
    payload = {"survey": str(survey.pk), "case": str(case.pk), "cycle": case.cycle, "method": method}
    append(chain=chain, kind="invite", at=now, recorded_at=now, actor=SYSTEM, payload=payload)
    return SurveyInvitation.objects.create(
        id=key, chain=chain, survey=survey, case=case, cycle=case.cycle, method=method, link_hash=hash_of(secret),
        department=case.department, category=case.category or "", channel=case.channel or "", handler=case.handler,
        invited_at=now, expires_at=now + timedelta(days=days),
    )  # fmt: skip


def _send(survey: Survey, case: Case, message: str, method: str, address: str, secret: str, *, now: datetime) -> None:
    pack, facts = read_version(survey.pack_id), facts_of(case)
    language = str(facts.value("language") or LANGUAGE)
    values = message_values(case, facts, read_version(case.pack_id), language=language)
    write_to_outbox(
        pack=pack, message=message, channel=method, address=address, language=language, values=values,
        secrets={"link": address_of(secret)}, case_key=str(case.pk), now=now, desk=case.desk,
    )  # fmt: skip


def address_of(secret: str) -> str:
    """Where an invitation is answered."""
    return f"{settings.BASE_URL}/portal/survey/{secret}/"


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
