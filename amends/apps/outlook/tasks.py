"""Deferred work of looking ahead."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from amends.apps.deferred.registry import job
from amends.apps.outlook.forecasts import make_forecasts
from amends.apps.outlook.key_problems import find_key_problems
from amends.apps.outlook.scanning import look_for_warnings


@job("look_for_warnings", limit=timedelta(minutes=10))
def look(args: dict[str, Any]) -> None:
    """Every hour: what the policies warn of."""
    look_for_warnings(now=timezone.now())


@job("look_ahead", limit=timedelta(minutes=30))
def look_ahead(args: dict[str, Any]) -> None:
    """Once a day: the forecasts of a month that has begun, and problems that keep coming back."""
    make_forecasts(now=timezone.now())
    find_key_problems(now=timezone.now())
