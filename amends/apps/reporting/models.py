"""What every figure is read from: a row a case, a row a visit to a state, and counts a day. All of it follows from events.

A fact that a case lacks is NULL in moments, spans and answers, and empty in codes; it is never zero. Projectors keep the rows in the transaction of the
event; `amends rebuild_figures` works them out again and they are equal, row by row. They point where their case points already, so the database does not
check every row of them again.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amends.apps.cases.models import Case
from amends.apps.people.models import Complainant, Department, Partner, Person
from amends.apps.policies.models import Desk, PackVersion


class CaseFact(models.Model):
    """One case as figures see it. Spans are in whole seconds since receipt; days are those of the desk's zone.

    `any_response` counts the first word of any kind, automatic ones included; `response` the first of a person. `told` is the latest
    result, `limit` the clocks by which the policy judges whether a case is in time: `in_time` is NULL while they run.
    """

    case = models.OneToOneField(
        Case, on_delete=models.CASCADE, primary_key=True, related_name="figures", db_constraint=False
    )
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    pack = models.ForeignKey(
        PackVersion, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=63)
    counts = models.BooleanField()
    internal = models.BooleanField()
    channel = models.CharField(max_length=63)
    channel_group = models.CharField(max_length=63)
    category = models.CharField(max_length=127)
    category_top = models.CharField(max_length=63)
    cause = models.CharField(max_length=127)
    product = models.CharField(max_length=127)
    product_version = models.CharField(max_length=127)
    region = models.CharField(max_length=127)
    level = models.CharField(max_length=63)
    urgent = models.BooleanField()
    department = models.ForeignKey(
        Department, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    team = models.ForeignKey(
        Department, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    handler = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    partner = models.ForeignKey(
        Partner, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    complainant = models.ForeignKey(
        Complainant, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    outcome = models.CharField(max_length=63)
    state = models.CharField(max_length=63)
    state_category = models.CharField(max_length=10)
    taken_over = models.BooleanField()
    restricted = models.BooleanField()

    received_at = models.DateTimeField()
    first_told_at = models.DateTimeField(null=True)
    responded_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    received_on = models.DateField()
    responded_on = models.DateField(null=True)
    told_on = models.DateField(null=True)
    resolved_on = models.DateField(null=True)
    closed_on = models.DateField(null=True)

    any_response_seconds = models.BigIntegerField(null=True)
    any_response_work_seconds = models.BigIntegerField(null=True)
    response_seconds = models.BigIntegerField(null=True)
    response_work_seconds = models.BigIntegerField(null=True)
    telling_seconds = models.BigIntegerField(null=True)
    telling_work_seconds = models.BigIntegerField(null=True)
    handling_seconds = models.BigIntegerField(null=True)
    handling_work_seconds = models.BigIntegerField(null=True)
    closing_seconds = models.BigIntegerField(null=True)
    closing_work_seconds = models.BigIntegerField(null=True)

    rounds = models.PositiveSmallIntegerField()
    cycles = models.PositiveSmallIntegerField()
    reopened = models.PositiveSmallIntegerField()
    escalations = models.PositiveSmallIntegerField(null=True)
    limit_due_at = models.DateTimeField(null=True)
    limit_due_on = models.DateField(null=True)
    limit_stopped_at = models.DateTimeField(null=True)
    limit_stopped_on = models.DateField(null=True)
    in_time = models.BooleanField(null=True)
    asked = models.BooleanField(null=True)
    score = models.SmallIntegerField(null=True)
    satisfied = models.BooleanField(null=True)
    praise = models.BooleanField()
    compensation_minor = models.BigIntegerField(null=True)
    compensation_currency = models.CharField(max_length=3)
    same_matter = models.CharField(max_length=400)

    class Meta:
        indexes = [
            models.Index(fields=["desk", "received_on"], name="figures_by_receipt"),
            models.Index(fields=["desk", "responded_on"], name="figures_by_response"),
            models.Index(fields=["desk", "resolved_on"], name="figures_by_resolution"),
            models.Index(fields=["desk", "closed_on"], name="figures_by_closing"),
            models.Index(fields=["desk", "limit_due_on"], name="figures_by_limit"),
            models.Index(fields=["desk"], name="figures_of_open_cases", condition=Q(closed_at=None)),
            models.Index(
                fields=["desk", "limit_due_at"], name="figures_of_running_limits", condition=Q(closed_at=None, limit_stopped_at=None)
            ),
            models.Index(
                fields=["desk", "same_matter", "received_at"], name="figures_of_the_same_matter",
                condition=~Q(same_matter=""),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.case_id)


class StepFact(models.Model):
    """One visit of a case to a state: when it came and left, by which verbs, for whom it waited, and how long in clock and working time.

    `left_at` and the spans are NULL while it stands there.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="steps", db_index=False, db_constraint=False)
    no = models.PositiveIntegerField()
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    state = models.CharField(max_length=63)
    state_category = models.CharField(max_length=10)
    waits_for = models.CharField(max_length=63)
    department = models.ForeignKey(
        Department, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    handler = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    cycle = models.PositiveSmallIntegerField()
    round = models.PositiveSmallIntegerField()
    entered_at = models.DateTimeField()
    entered_on = models.DateField()
    entered_by = models.CharField(max_length=80)
    left_at = models.DateTimeField(null=True)
    left_by = models.CharField(max_length=80)
    seconds = models.BigIntegerField(null=True)
    work_seconds = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "no"], name="a_visit_once")]
        indexes = [models.Index(fields=["desk", "entered_on", "state"], name="visits_of_a_desk")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.no} {self.state}"


class DayFact(models.Model):
    """Counts of one day under one combination of dimensions. Only ever added to: a count is the sum over the rows of its combination.

    What changes on a case takes its counts off the old combination and adds them to the new one, each by rows of its own, so that no
    two cases wait for one row. `settle_days` puts the rows of a combination together. `restricted` are cases with a circle of their own. Each count stands on
    the day of its moment; `completed` and `in_time` on that on which the clocks stopped, scores and `ended` (closed whenever) on that of receipt.

    Rows with a `state` hold counts of that state and no others, split by less: `standing` are open cases that stand there, on the day of their receipt;
    `visits` are those that began on the day and ended, with their seconds.
    """

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    day = models.DateField()
    state = models.CharField(max_length=63, default="", db_default="")
    kind = models.CharField(max_length=63)
    counts = models.BooleanField()
    channel = models.CharField(max_length=63)
    channel_group = models.CharField(max_length=63)
    category_top = models.CharField(max_length=63)
    level = models.CharField(max_length=63)
    urgent = models.BooleanField()
    department = models.ForeignKey(
        Department, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    restricted = models.BooleanField()
    received = models.IntegerField(default=0)
    responded = models.IntegerField(default=0)
    resolved = models.IntegerField(default=0)
    closed = models.IntegerField(default=0)
    completed = models.IntegerField(default=0)
    in_time = models.IntegerField(default=0)
    scored = models.IntegerField(default=0)
    score_sum = models.IntegerField(default=0)
    ended = models.IntegerField(default=0, db_default=0)
    standing = models.IntegerField(default=0, db_default=0)
    visits = models.IntegerField(default=0, db_default=0)
    visit_seconds = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        indexes = [
            models.Index(fields=["desk", "day"], name="days_of_a_desk", condition=Q(state="")),
            models.Index(fields=["desk", "day"], name="days_of_states", condition=~Q(state="")),
            models.Index(fields=["desk", "day"], name="days_of_what_is_open", condition=~Q(standing=0)),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind}"


class BusinessVolume(models.Model):
    """How much business a desk stands for in one month: orders, parcels, customers. Uploaded; the latest figure counts."""

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="volumes")
    name = models.CharField(max_length=63)
    month = models.DateField()
    amount = models.PositiveBigIntegerField()
    entered_by = models.CharField(max_length=40)
    entered_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "name", "month"], name="a_volume_once_a_month")]

    def __str__(self) -> str:
        return f"{self.name} {self.month:%Y-%m}: {self.amount}"
