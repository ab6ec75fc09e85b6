"""Upkeep of the installation: times at which it rests, announced in advance."""

from __future__ import annotations

import uuid

from django.db import models

from amends.apps.people.models import Person


class MaintenanceWindow(models.Model):
    """A time at which the system may be out of reach, and from when everybody signed in is told of it."""

    key = models.UUIDField(primary_key=True, default=uuid.uuid4)
    announced_from = models.DateTimeField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True)
    text = models.CharField(max_length=200)
    text_en = models.CharField(max_length=200, blank=True, default="")
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} {self.text}"
