"""Deferred work of reporting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from amends.apps.deferred.registry import job
from amends.apps.policies.queries import open_desks
from amends.apps.reporting.actions import raise_gaps
from amends.apps.reporting.rows.days import settle_days
from amends.apps.reporting.writing import write_due_documents


@job("raise_gaps", once=True)
def look_for_gaps(args: dict[str, Any]) -> None:
    """Once a day: open cases without state, owner or due date."""
    raise_gaps(now=timezone.now())


@job("write_documents", limit=timedelta(minutes=30))
def write_documents(args: dict[str, Any]) -> None:
    """Once a day: the documents of periods that are over."""
    write_due_documents(now=timezone.now())


@job("settle_days", once=True, limit=timedelta(minutes=30))
def settle(args: dict[str, Any]) -> None:
    """Once a day: the rows of days that are over are put together."""
    now = timezone.now()
    for desk in open_desks():
        settle_days(desk, before=(now - timedelta(days=1)).date())
