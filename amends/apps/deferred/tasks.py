"""Housekeeping that belongs to no other app."""

from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from amends.apps.deferred.actions import forget_finished
from amends.apps.deferred.registry import job
from amends.apps.ledger.checkpoints import make_checkpoints, send_anchors


@job("checkpoint")
def sign_and_send_checkpoints(args: dict[str, Any]) -> None:
    """List the chains that moved in signed checkpoints, and let their anchors leave the database."""
    make_checkpoints(timezone.now())
    send_anchors(settings.ANCHOR_URL)


@job("forget_finished_jobs", once=True)
def forget_finished_jobs(args: dict[str, Any]) -> None:
    """Delete jobs that were done long ago."""
    forget_finished(now=timezone.now())


@job("forget_ended_sessions", once=True)
def forget_ended_sessions(args: dict[str, Any]) -> None:
    """Delete sessions that nobody can use any more."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
