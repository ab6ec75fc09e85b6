"""Proceedings as they stand after their events, and who takes part in them. Nothing sets a state by saving."""

from __future__ import annotations

import uuid

from django.db import models

from amends.apps.ledger.models import Chain
from amends.apps.people.models import Department, Partner, Person
from amends.apps.policies.models import Desk, PackVersion
from amends.core.policy.lifecycle import RESTING


class Proceeding(models.Model):
    """One escalation, compensation, task, improvement …: a process of its own, on a case or by itself.

    `waits_for` lists the roles whose turn it is, each between commas. `seen_by` does the same for a confidential one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chain = models.OneToOneField(Chain, on_delete=models.PROTECT, related_name="proceeding")
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="proceedings")
    pack = models.ForeignKey(PackVersion, on_delete=models.PROTECT, related_name="proceedings")
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.PROTECT, related_name="proceedings")
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    kind = models.CharField(max_length=63)
    number = models.CharField(max_length=40, unique=True)
    version = models.PositiveIntegerField(default=0)
    facts = models.TextField(default="{}")

    state = models.CharField(max_length=63)
    state_category = models.CharField(max_length=10)
    waits_for = models.CharField(max_length=400, blank=True)
    seen_by = models.CharField(max_length=400, blank=True)
    round = models.PositiveSmallIntegerField(default=1)
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="proceedings")
    handler = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="handled_proceedings")
    begun_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="begun_proceedings")
    subject = models.CharField(max_length=200, blank=True)

    begun_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    due_clock = models.CharField(max_length=63, blank=True)
    due_sort = models.DateTimeField()
    due_is_provisional = models.BooleanField(default=False)
    is_late = models.BooleanField(default=False)
    sweep_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["desk", "kind", "state_category", "due_sort", "id"], name="proceedings_of_a_kind"),
            models.Index(fields=["case", "begun_at"], name="proceedings_of_a_case"),
            models.Index(fields=["parent", "begun_at"], name="proceedings_of_a_proceeding"),
            models.Index(fields=["sweep_at"], name="proceedings_to_sweep"),
            models.Index(fields=["due_sort", "id"], name="proceedings_by_due_date"),
            models.Index(
                fields=["due_sort", "id"], name="open_proceedings", condition=~models.Q(state_category__in=RESTING)
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state_category not in RESTING


class Involved(models.Model):
    """A person or department that a proceeding names, in which role: why they see it, and its case while it is open."""

    proceeding = models.ForeignKey(Proceeding, on_delete=models.CASCADE, related_name="involved")
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.CASCADE, related_name="involved")
    role = models.CharField(max_length=63)
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="involved_in")
    department = models.ForeignKey(Department, null=True, on_delete=models.CASCADE, related_name="involved_in")
    opens_case = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["person", "opens_case"], name="who_is_involved"),
            models.Index(fields=["department", "opens_case"], name="which_units_are_involved"),
        ]


class Payout(models.Model):
    """A line of the compensation ledger: what a proceeding grants the customer, by which standard, and when it was paid.

    Derived from the proceeding's facts with every step. `departs` says that it differs from the standard; `stands` that it
    was neither refused nor withdrawn; `clock` names the rule that says until when it is to be paid.
    """

    proceeding = models.OneToOneField(Proceeding, primary_key=True, on_delete=models.CASCADE, related_name="payout")
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="payouts")
    form = models.CharField(max_length=63, blank=True)
    loss = models.CharField(max_length=63, blank=True)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    standard_minor = models.BigIntegerField(null=True)
    applied = models.CharField(max_length=80, blank=True)
    departs = models.BooleanField(default=False)
    stands = models.BooleanField(default=True)
    clock = models.CharField(max_length=63, blank=True)
    begun_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["desk", "begun_at", "proceeding"], name="payouts_of_a_desk"),
            models.Index(fields=["desk", "applied", "standard_minor"], name="payouts_by_standard"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor / 100:.2f} {self.currency}"


class RegisterLine(models.Model):
    """A record of a register: by which day it stands there, and what a chart follows.

    Derived from the proceeding's facts with every step. `day` is local to the policy's zone; `figure` and `alike`, the values
    in which records have to agree to stand in one chart, are empty where the policy follows none. `concern` is what cases have to say to concern it.
    """

    proceeding = models.OneToOneField(
        Proceeding, primary_key=True, on_delete=models.CASCADE, related_name="register_line"
    )
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="register_lines")
    kind = models.CharField(max_length=63)
    day = models.DateField()
    figure = models.DecimalField(null=True, max_digits=24, decimal_places=6)
    alike = models.CharField(max_length=300, blank=True)
    concern = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["desk", "kind", "day", "proceeding"], name="lines_of_a_register"),
            models.Index(fields=["desk", "kind", "alike", "day"], name="lines_that_are_alike"),
        ]


class RegisterValue(models.Model):
    """A value by which records of a register are filtered: the code of a choice, a number of a person, yes or no."""

    line = models.ForeignKey(RegisterLine, on_delete=models.CASCADE, related_name="values")
    field = models.CharField(max_length=63)
    value = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "field", "value"], name="a_value_of_a_line_once")]
        indexes = [models.Index(fields=["field", "value", "line"], name="lines_by_value")]


class ConcernedValue(models.Model):
    """What a case says in a fact by which a policy finds the records that it concerns. Derived from the facts of the case."""

    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="concerned_values")
    field = models.CharField(max_length=63)
    value = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "field", "value"], name="a_concern_of_a_case_once")]
        indexes = [models.Index(fields=["field", "value", "case"], name="cases_by_concern")]


class NamedCase(models.Model):
    """A case that a proceeding rests on beside its own: it is found from there, and its end is seen there."""

    proceeding = models.ForeignKey(Proceeding, on_delete=models.CASCADE, related_name="named_cases")
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="named_in")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "proceeding"], name="a_case_named_once")]


class PartnerKey(models.Model):
    """The private link by which one partner reads and answers in a proceeding and in what it started; the hash only.

    `channel` and `address` say where it was sent, so that what is decided later reaches the same place.
    """

    proceeding = models.ForeignKey(Proceeding, on_delete=models.CASCADE, related_name="partner_keys")
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="keys")
    link_hash = models.CharField(max_length=64, unique=True)
    channel = models.CharField(max_length=10)
    address = models.CharField(max_length=254)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["proceeding", "partner", "created_at"], name="keys_of_a_partner")]
