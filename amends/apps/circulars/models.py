"""The address book of a desk, with its groups and history, and text messages to several of its entries at once."""

from __future__ import annotations

from django.db import models

from amends.apps.messaging.models import OutboxMessage
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk


class BookGroup(models.Model):
    """A group of entries that messages are sent to together."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="book_groups")
    title = models.CharField(max_length=60)

    class Meta:
        ordering = ["title", "id"]
        constraints = [models.UniqueConstraint(fields=["desk", "title"], name="a_group_once")]


class BookEntry(models.Model):
    """A dealer or other contact: applied for, approved, then entered. Only what is entered gets messages.

    `received_at` is when the approved application reached whoever enters it.
    """

    class State(models.TextChoices):
        APPLIED = "applied"
        APPROVED = "approved"
        ENTERED = "entered"
        RETIRED = "retired"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="book_entries")
    company = models.CharField(max_length=120)
    name = models.CharField(max_length=60)
    phone = models.CharField(max_length=40)
    note = models.CharField(max_length=200, blank=True)
    sort_key = models.CharField(max_length=240, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.APPLIED)
    groups = models.ManyToManyField(BookGroup, related_name="entries", blank=True)
    applied_at = models.DateTimeField()
    applied_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=60, blank=True)
    received_at = models.DateTimeField(null=True)
    entered_at = models.DateTimeField(null=True)
    entered_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    was_late = models.BooleanField(default=False)
    wrong_since = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [
            models.Index(fields=["desk", "state", "sort_key", "id"], name="the_book_in_order"),
            models.Index(fields=["phone"], name="whose_number"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["desk", "phone"], condition=~models.Q(state="retired"), name="a_number_once_in_a_book"
            )
        ]


class BookChange(models.Model):
    """What an entry said before, who changed it and when."""

    entry = models.ForeignKey(BookEntry, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    field = models.CharField(max_length=20)
    before = models.CharField(max_length=200, blank=True)
    after = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at", "-id"]


class Circular(models.Model):
    """A text for several entries: written, released by a second person where the policy asks for one, sent as planned.

    `fills` is JSON: what was typed for the placeholders that the wording asks for.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        TO_RELEASE = "to_release"
        RELEASED = "released"
        SENT = "sent"
        CANCELLED = "cancelled"

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="circulars")
    wording = models.CharField(max_length=63)
    fills = models.TextField(default="{}")
    groups = models.ManyToManyField(BookGroup, related_name="+", blank=True)
    entries = models.ManyToManyField(BookEntry, related_name="+", blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    written_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    written_at = models.DateTimeField()
    planned_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    released_at = models.DateTimeField(null=True)
    sent_back = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    """Of the recipients and texts that were looked at when it was sent off or released."""
    text = models.TextField(blank=True, default="")
    """The template as it was released; before that the desk's wording of the day holds."""
    templates = models.TextField(default="{}")
    """JSON: the ids under which carriers vetted it."""

    class Meta:
        indexes = [models.Index(fields=["desk", "-written_at", "-id"], name="circulars_newest")]


class Recipient(models.Model):
    """One entry that a circular was released for, with the words that were looked at; what went there, or why nothing did."""

    circular = models.ForeignKey(Circular, on_delete=models.CASCADE, related_name="recipients")
    entry = models.ForeignKey(BookEntry, on_delete=models.CASCADE, related_name="received")
    message = models.OneToOneField(OutboxMessage, null=True, on_delete=models.SET_NULL, related_name="recipient")
    left_out = models.CharField(max_length=20, blank=True)
    text = models.TextField(blank=True, default="", db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["circular", "entry"], name="a_recipient_once")]
