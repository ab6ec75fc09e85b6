"""Deferred work of circulars."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from amends.apps.circulars.models import Circular
from amends.apps.circulars.sending import SEND, put_out
from amends.apps.deferred.registry import job
from amends.apps.policies.queries import pack_in_force


@job(SEND, once=True, limit=timedelta(minutes=5))
def send_circular(args: dict[str, Any]) -> None:
    """Put a released message into the outbox, one for each recipient."""
    circular = Circular.objects.select_related("desk").filter(pk=args["circular"]).first()
    now = timezone.now()
    if circular is not None:
        put_out(circular, pack_in_force(circular.desk, now), now=now)
