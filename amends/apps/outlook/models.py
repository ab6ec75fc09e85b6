"""What looks ahead: figures that come before complaints, warnings with what was done, forecasts as they were made, analyses."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.db import models
from django.db.models import Q

from amends.apps.ledger.models import Chain
from amends.apps.people.models import Department, Person
from amends.apps.policies.models import Desk, PackVersion


class LeadingFigure(models.Model):
    """A count of one day and place that is no complaint: delayed parcels of an outlet. The latest report of a day counts."""

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="leading_figures")
    measure = models.CharField(max_length=63)
    place = models.CharField(max_length=80)
    day = models.DateField()
    count = models.PositiveIntegerField()
    reported_at = models.DateTimeField()
    reported_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "measure", "place", "day"], name="one_figure_a_place_and_day")
        ]
        indexes = [models.Index(fields=["desk", "measure", "-day"], name="figures_of_a_measure")]


class EarlyWarning(models.Model):
    """One cause that a rule warns of, whose it is, what was done about it and what became of it.

    `cause` is what makes it one: while a warning on it stands, no second one is raised. `about` is JSON: what was seen, what the limit
    was, from which day to which. Texts lie beside the events of its chain and here for lists.
    """

    class State(models.TextChoices):
        RAISED = "raised"
        ACTED = "acted"
        CLOSED = "closed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chain = models.OneToOneField(Chain, on_delete=models.PROTECT, related_name="warning")
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="warnings")
    pack = models.ForeignKey(PackVersion, on_delete=models.PROTECT, related_name="+")
    rule = models.CharField(max_length=63)
    cause = models.CharField(max_length=300)
    about = models.TextField(default="{}")
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.PROTECT, related_name="warnings")
    state = models.CharField(max_length=10, choices=State, default=State.RAISED)
    owner = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    react_by = models.DateTimeField()
    acted_at = models.DateTimeField(null=True)
    intervention = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.TextField(blank=True)
    is_false_alarm = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["desk", "rule", "cause"], condition=~Q(state="closed"), name="one_open_warning_a_cause"
            )
        ]
        indexes = [models.Index(fields=["desk", "-raised_at", "id"], name="warnings_of_a_desk")]

    @property
    def seen(self) -> dict[str, Any]:
        """What the warning speaks of, as the rule saw it."""
        found: dict[str, Any] = json.loads(self.about)
        return found

    @property
    def is_open(self) -> bool:
        return self.state != self.State.CLOSED


class ForecastMade(models.Model):
    """What was said of one month, once, before it came: kept as it was, so that it can be held against what then came.

    `subject` is `total`, `category:…` or `department:…`; `origin` the first day of the month in which it was made.
    """

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="forecasts")
    subject = models.CharField(max_length=140)
    origin = models.DateField()
    month = models.DateField()
    expected = models.FloatField()
    low = models.PositiveIntegerField()
    high = models.PositiveIntegerField()
    method = models.CharField(max_length=63)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["desk", "subject", "origin", "month"], name="one_forecast_a_month_and_origin"
            )
        ]


class TrendNote(models.Model):
    """What somebody who knows the business says about the causes of a trend. Source: REP-2.3.2"""

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="trend_notes")
    subject = models.CharField(max_length=140)
    text = models.TextField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["desk", "subject", "-at"], name="notes_of_a_subject")]


class KeyProblem(models.Model):
    """A problem that keeps coming back; it stays on the list until a measure is recorded. Source: REP-2.3.3

    `values` is JSON: the fact and its value, as the rule of the policy lists them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="key_problems")
    key = models.CharField(max_length=300)
    values = models.TextField()
    cases = models.PositiveIntegerField()
    first_on = models.DateField()
    last_on = models.DateField()
    found_at = models.DateTimeField()
    analysis = models.TextField(blank=True)
    measure = models.TextField(blank=True)
    recorded_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["desk", "key"], condition=Q(recorded_at__isnull=True), name="one_open_key_problem"
            )
        ]


class Analysis(models.Model):
    """What was most frequent in a period and how it changed, as it was found; handed to a department that confirms it. Source: ESC-5.1.3"""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="analyses")
    first = models.DateField()
    last = models.DateField()
    found = models.TextField()
    comment = models.TextField(blank=True)
    made_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["desk", "-made_at"], name="analyses_of_a_desk")]


class HandOver(models.Model):
    """That an analysis was handed to a department, and who there confirmed it."""

    analysis = models.ForeignKey(Analysis, on_delete=models.PROTECT, related_name="hand_overs")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")
    handed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    handed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["analysis", "department"], name="handed_once_to_a_department")]
