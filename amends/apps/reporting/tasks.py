"""Deferred work of reporting."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from amends.apps.deferred.registry import job
from amends.apps.reporting.actions import raise_gaps


@job("raise_gaps", once=True)
def look_for_gaps(args: dict[str, Any]) -> None:
    """Once a day: open cases without state, owner or due date."""
    raise_gaps(now=timezone.now())
