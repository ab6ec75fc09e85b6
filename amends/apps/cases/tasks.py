"""Deferred work of cases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.utils import timezone

from amends.apps.cases.actions.sweep import sweep_due_cases
from amends.apps.cases.evidence import unattached_before
from amends.apps.cases.models import Draft, IdempotencyKey
from amends.apps.deferred.registry import job


@job("clock_sweep")
def sweep_clocks(args: dict[str, Any]) -> None:
    """Remind and mark; goes on while a full batch was due."""
    while sweep_due_cases(now=timezone.now()) >= 200:
        pass


@job("remove_leftovers")
def remove_leftovers(args: dict[str, Any]) -> None:
    """Uploads that nobody attached go after a day, answers kept for repeated requests after two, drafts after thirty."""
    now = timezone.now()
    for file in unattached_before(now - timedelta(days=1))[:500]:
        default_storage.delete(file.location)
        file.delete()
    IdempotencyKey.objects.filter(created_at__lt=now - timedelta(days=2)).delete()
    Draft.objects.filter(saved_at__lt=now - timedelta(days=30)).delete()
