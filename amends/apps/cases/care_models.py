"""What is counted of guidance, reviews and solutions: codes kept by projectors, so that no page scans texts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amends.apps.people.models import Person
from amends.apps.policies.models import Desk


class GuidanceUse(models.Model):
    """That somebody used a phrase, ticked an item of a checklist, or asked for relief, while doing a verb on a case."""

    class Kind(models.TextChoices):
        PHRASE = "phrase"
        TICK = "tick"
        RELIEF = "relief"

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=130)
    verb = models.CharField(max_length=63)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["desk", "kind", "at"], name="guidance_used_on_a_desk")]


class ScoredValue(models.Model):
    """The latest value of a scored field of a case or proceeding, and the event whose texts explain it."""

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.CASCADE, related_name="+")
    proceeding = models.ForeignKey("cases.Proceeding", null=True, on_delete=models.CASCADE, related_name="+")
    field = models.CharField(max_length=63)
    value = models.CharField(max_length=63)
    number = models.SmallIntegerField(null=True)
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "field"], condition=Q(proceeding=None), name="a_score_once_on_a_case"
            ),
            models.UniqueConstraint(fields=["proceeding", "field"], name="a_score_once_in_a_proceeding"),
        ]
        indexes = [models.Index(fields=["desk", "field", "at"], name="scores_of_a_desk")]


class ProposedSolution(models.Model):
    """A kind of solution proposed in one round of a case, and what the customer said to it."""

    class Answer(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        REFUSED = "refused"

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="+")
    category = models.CharField(max_length=130)
    option = models.CharField(max_length=63)
    amount_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    answer = models.CharField(max_length=10, choices=Answer, default=Answer.OPEN)
    is_latest = models.BooleanField(default=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["desk", "category", "option"], name="solutions_of_a_category"),
            models.Index(fields=["case", "is_latest"], name="solutions_of_a_case"),
        ]
