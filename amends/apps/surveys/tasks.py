"""Deferred work of surveys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from amends.apps.deferred.registry import job
from amends.apps.surveys.inviting import invite_target, run_periodic_plans
from amends.apps.surveys.models import Survey
from amends.apps.surveys.planning import INVITE


@job(INVITE, limit=timedelta(minutes=10))
def invite(args: dict[str, Any]) -> None:
    """Invite the target group of a survey that somebody started."""
    invite_target(Survey.objects.select_related("desk").get(pk=args["survey"]), now=timezone.now())


@job("run_survey_plans", limit=timedelta(minutes=10))
def run_survey_plans(args: dict[str, Any]) -> None:
    """Once a day: surveys that are due again by the policies."""
    run_periodic_plans(now=timezone.now())
