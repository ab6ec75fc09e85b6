"""Archive packages: ZIPs of closed files that somebody asked for, and for how long they are kept."""

from __future__ import annotations

import uuid

from django.db import models

from amends.apps.people.models import Person
from amends.apps.policies.models import Desk


class ArchivePackage(models.Model):
    """A ZIP of one case, or of the archive of a month with a part for each of its cases.

    It belongs to whoever asked for it; its file goes when it expires, and this row goes on saying that it was made.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        MADE = "made"
        FAILED = "failed"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    maker = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="packages")
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.PROTECT, related_name="packages")
    whole = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="parts")
    month = models.CharField(max_length=7, blank=True)
    category = models.CharField(max_length=127, blank=True)
    in_full = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    location = models.CharField(max_length=200, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["maker", "-created_at"], name="packages_of_a_person"),
            models.Index(fields=["whole", "state"], name="parts_of_a_package"),
            models.Index(fields=["expires_at"], name="packages_by_expiry", condition=models.Q(state="made")),
        ]
