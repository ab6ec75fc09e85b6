"""What people were given to learn, the tests they took, what they confirmed, and the case studies of a module.

Every row follows an event of the chain of that person's training on a desk; none is changed but a test when it is handed in.
"""

from __future__ import annotations

import json
import uuid

from django.db import models

from amends.apps.people.models import Person
from amends.apps.policies.models import Desk, PackVersion


class Assignment(models.Model):
    """That a trainer gave somebody a module, anew or beyond the modules of their roles, until when, and why."""

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="training_given")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="training_given")
    module = models.CharField(max_length=63)
    due_on = models.DateField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["desk", "person", "module", "-given_at"], name="training_given_to_a_person")]


class Attempt(models.Model):
    """One test: drawn by its seed from the bank of a pack version, handed in once. `questions` and `answers` are JSON."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="attempts")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="attempts")
    pack = models.ForeignKey(PackVersion, on_delete=models.PROTECT, related_name="+")
    module = models.CharField(max_length=63)
    seed = models.CharField(max_length=32)
    questions = models.TextField()
    answers = models.TextField(default="{}")
    begun_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    right = models.PositiveSmallIntegerField(null=True)
    score = models.PositiveSmallIntegerField(null=True)
    passed = models.BooleanField(null=True)
    certificate = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["desk", "person", "module", "-begun_at"], name="attempts_of_a_person"),
            models.Index(fields=["desk", "module", "passed"], name="who_passed_a_module"),
        ]

    @property
    def asked(self) -> list[str]:
        """The ids of the questions in the order in which they were drawn."""
        return list(json.loads(self.questions))

    @property
    def given(self) -> dict[str, list[str]]:
        """The options chosen, by question."""
        return {name: list(chosen) for name, chosen in json.loads(self.answers).items()}


class Confirmation(models.Model):
    """That somebody confirmed to know a version of the policy, for one module."""

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="confirmations")
    module = models.CharField(max_length=63)
    version = models.PositiveIntegerField()
    confirmed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "person", "module", "version"], name="a_version_confirmed_once")
        ]


class ModuleStudy(models.Model):
    """A published case study that a trainer added to a module."""

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+")
    module = models.CharField(max_length=63)
    study = models.ForeignKey("cases.Proceeding", on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "module", "study"], name="a_study_once_in_a_module")]
