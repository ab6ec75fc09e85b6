"""Praise that customers gave of their own accord: whom it names, so that it stands on their page and is counted by person."""

from __future__ import annotations

from django.db import models

from amends.apps.people.models import Department, Person


class Praised(models.Model):
    """That a case praises a person, a department or both: read from its facts, one row a case."""

    case = models.OneToOneField("cases.Case", on_delete=models.CASCADE, primary_key=True, related_name="praised")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="praise")
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="praise")
    on = models.DateField()

    class Meta:
        indexes = [
            models.Index(fields=["person", "-on"], name="praise_of_a_person"),
            models.Index(fields=["department", "-on"], name="praise_of_a_department"),
        ]
