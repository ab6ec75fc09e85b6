"""Deferred work of cases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.utils import timezone

from amends.apps.cases.actions.portal import send_code
from amends.apps.cases.actions.sweep import sweep_due_cases
from amends.apps.cases.evidence import unattached_before
from amends.apps.cases.models import Draft, IdempotencyKey, PortalCode
from amends.apps.deferred.registry import job


@job("clock_sweep")
def sweep_clocks(args: dict[str, Any]) -> None:
    """Remind and mark; goes on while a full batch was due."""
    while sweep_due_cases(now=timezone.now()) >= 200:
        pass


@job("send_portal_code", once=True)
def send_portal_code(args: dict[str, Any]) -> None:
    """Make the code that somebody asked for, if what they typed belongs together."""
    send_code(PortalCode.objects.get(pk=args["request"]), now=timezone.now())


@job("remove_leftovers")
def remove_leftovers(args: dict[str, Any]) -> None:
    """Uploads that nobody attached go after a day, answers kept for repeated requests after two, drafts after thirty.

    Of requests for a code only those stay that showed an address to be reached.
    """
    now = timezone.now()
    for file in unattached_before(now - timedelta(days=1))[:500]:
        default_storage.delete(file.location)
        file.delete()
    IdempotencyKey.objects.filter(created_at__lt=now - timedelta(days=2)).delete()
    Draft.objects.filter(saved_at__lt=now - timedelta(days=30)).delete()
    PortalCode.objects.filter(created_at__lt=now - timedelta(days=2), used_at=None).delete()
