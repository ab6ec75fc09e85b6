"""How people look at lists of cases: their columns, their last look, saved views, and tables they asked for as a file."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from amends.apps.people.models import Department, Person
from amends.apps.policies.models import Desk


class Habit(models.Model):
    """The columns that somebody chose for the queue, and when they looked at it last."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="list_habit")
    columns = models.CharField(max_length=400, blank=True)
    seen_at = models.DateTimeField(null=True)


class SavedView(models.Model):
    """A list that somebody wants to open again: part of the queue, filters and order as an address keeps them.

    Without desk and department it is the owner's alone; else everybody who works there finds it. It opens nothing: each
    reader sees of it what they may see anyway.
    """

    owner = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="saved_views")
    title = models.CharField(max_length=40)
    query = models.CharField(max_length=1000)
    desk = models.ForeignKey(Desk, null=True, on_delete=models.CASCADE, related_name="shared_views")
    department = models.ForeignKey(Department, null=True, on_delete=models.CASCADE, related_name="shared_views")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["title", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "title"], name="a_view_of_a_name_once"),
            models.CheckConstraint(condition=Q(desk=None) | Q(department=None), name="a_view_is_shared_once"),
        ]


class Export(models.Model):
    """A list that somebody asked for as a spreadsheet: made by the worker, theirs alone, and gone after a day.

    `asked_for` says part and filters in the words of whoever asked, for readers of the file; `query` is what is looked up.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "等待生成"
        READY = "ready", "可以下载"
        FAILED = "failed", "未能生成"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="exports")
    query = models.CharField(max_length=1000)
    words = models.CharField(max_length=200, blank=True)
    asked_for = models.TextField(default="", db_default="", blank=True)
    columns = models.CharField(max_length=400)
    reason = models.CharField(max_length=300)
    is_masked = models.BooleanField(default=True)
    language = models.CharField(max_length=10, default="zh-hans")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    count = models.PositiveIntegerField(default=0)
    location = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["owner", "-created_at"], name="exports_of_a_person")]
