"""Studies: a question about many cases at once, worked out by the worker, with its result and the cases behind it."""

from __future__ import annotations

import uuid

from django.db import models

from amends.apps.cases.models import Case
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk


class Study(models.Model):
    """One question and its answer. It belongs to whoever asked; what they may not see is not in it.

    `draft` is the content of the policy that a what-if was made with: it is in force nowhere.
    """

    class Kind(models.TextChoices):
        CONFORMITY = "conformity"
        WHAT_IF = "what_if"

    class State(models.TextChoices):
        WAITING = "waiting"
        MADE = "made"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=12, choices=Kind)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="studies")
    question = models.TextField()
    draft = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    result = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["asked_by", "kind", "-asked_at"], name="studies_of_a_person")]

    def __str__(self) -> str:
        return f"{self.kind} {self.asked_at:%Y-%m-%d}"


class StudyLine(models.Model):
    """A case behind a figure of a study: `part` names the figure (a clause, or what changes), `verdict` its side."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="lines", db_index=False)
    part = models.CharField(max_length=80)
    verdict = models.CharField(max_length=10)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+", db_index=False)
    data = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["study", "part", "verdict", "id"], name="cases_behind_a_study")]

    def __str__(self) -> str:
        return f"{self.part} {self.verdict}"
