"""Deferred work of studies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from amends.apps.deferred.registry import job
from amends.apps.studies.asking import MAKE, forget_old_studies, make_study


@job(MAKE, limit=timedelta(hours=1))
def make(args: dict[str, Any]) -> None:
    """Work out a study that somebody asked for."""
    make_study(args["study"], now=timezone.now())


@job("forget_old_studies", once=True)
def forget(args: dict[str, Any]) -> None:
    """Once a day: studies nobody needs any more."""
    forget_old_studies(now=timezone.now())
