"""Deferred work: one row a job, written in the transaction that asks for it."""

import json
from datetime import UTC, datetime
from typing import Any

from django.db import models

RIGHT_AWAY = datetime(1970, 1, 1, tzinfo=UTC)
"""`run_at` of a job without an appointed time: due whatever the clock says, even after it was set back."""


class Job(models.Model):
    """A kind, ids as its arguments, and who is working on it until when. Never holds personal data."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        PARKED = "parked"

    kind = models.CharField(max_length=80)
    args = models.TextField(default="{}")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    priority = models.SmallIntegerField(default=0)
    run_at = models.DateTimeField(default=RIGHT_AWAY)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_by = models.CharField(max_length=160, blank=True, default="")
    lease_until = models.DateTimeField(default=RIGHT_AWAY)
    unique_key = models.CharField(max_length=200, null=True, unique=True)
    error = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["priority", "run_at", "id"], name="job_waiting", condition=models.Q(state="waiting")),
            models.Index(fields=["lease_until"], name="job_running", condition=models.Q(state="running")),
            models.Index(fields=["id"], name="job_parked", condition=models.Q(state="parked")),
            models.Index(fields=["created_at"], name="job_created"),
            models.Index(fields=["finished_at"], name="job_finished"),
            models.Index(fields=["kind", "-id"], name="job_gone_wrong", condition=~models.Q(error="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def arguments(self) -> dict[str, Any]:
        """The arguments as data. Refuses (`ValueError`) what is not a JSON object."""
        arguments = json.loads(self.args)
        if not isinstance(arguments, dict):
            raise ValueError("a job's arguments are a JSON object")
        return arguments
