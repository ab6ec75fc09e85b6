"""Posts on social media that somebody found: not cases yet, and most of them never become one."""

from __future__ import annotations

import uuid

from django.db import models

from amends.apps.people.models import Person
from amends.apps.policies.models import Desk

OWNER_OF_POSTS = "post:"
"""Screenshots belong to their post, under this and its id, until it becomes a case."""


class FoundPost(models.Model):
    """A post as it was captured, who found it, and what became of it: handed over as a case, or ignored with a reason.

    `link_hash` keeps two people from recording the same post of a desk.
    """

    class State(models.TextChoices):
        NEW = "new"
        HANDED_OVER = "handed_over"
        IGNORED = "ignored"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="found_posts")
    channel = models.CharField(max_length=63)
    platform = models.CharField(max_length=63)
    platform_other = models.CharField(max_length=60, blank=True)
    author = models.CharField(max_length=100)
    posted_at = models.DateTimeField()
    link = models.TextField()
    link_hash = models.CharField(max_length=64)
    text = models.TextField()
    found_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    found_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State, default=State.NEW)
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    case = models.OneToOneField("cases.Case", null=True, on_delete=models.PROTECT, related_name="found_post")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "link_hash"], name="a_post_once_a_desk")]
        indexes = [models.Index(fields=["desk", "state", "-found_at", "-id"], name="posts_of_a_desk")]

    @property
    def place(self) -> str:
        """Where it stands in the list, for the page that goes on from there."""
        return f"{self.found_at.isoformat()}_{self.pk}"

    @property
    def owner(self) -> str:
        """Who owns its screenshots."""
        return f"{OWNER_OF_POSTS}{self.pk}"
