"""The case row and what lies around it. Rows here are read from the ledger and can be rebuilt; nothing sets a state by saving."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from django.db import models

from amends.apps.ledger.models import Chain
from amends.apps.people.models import Complainant, Department, Partner, Person
from amends.apps.policies.models import Desk, PackVersion

FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands for "never due" in sort keys, which are never NULL."""


class Case(models.Model):
    """One case as it stands after its events: the projection that lists, filters and pages read."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chain = models.OneToOneField(Chain, on_delete=models.PROTECT, related_name="case")
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="cases")
    pack = models.ForeignKey(PackVersion, on_delete=models.PROTECT, related_name="cases")
    number = models.CharField(max_length=40, unique=True)
    version = models.PositiveIntegerField(default=0)
    facts = models.TextField(default="{}")

    kind = models.CharField(max_length=63)
    counts = models.BooleanField(default=True)
    internal = models.BooleanField(default=False)
    channel = models.CharField(max_length=63)
    channel_group = models.CharField(max_length=63)
    state = models.CharField(max_length=63)
    state_category = models.CharField(max_length=10)
    waits_for = models.CharField(max_length=63, blank=True)
    outcome = models.CharField(max_length=63, blank=True)
    cycle = models.PositiveSmallIntegerField(default=1)
    round = models.PositiveSmallIntegerField(default=1)
    level = models.CharField(max_length=63, blank=True)
    category = models.CharField(max_length=127, blank=True)
    priority = models.PositiveIntegerField(default=999_999)
    urgent = models.BooleanField(default=False)
    taken_over = models.BooleanField(default=False)

    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="cases")
    team = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="team_cases")
    handler = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="handled_cases")
    complainant = models.ForeignKey(Complainant, null=True, on_delete=models.PROTECT, related_name="cases")
    registered_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="registered_cases")
    accused_person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="accused_in")
    accused_department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="accused_in")
    partner = models.ForeignKey(Partner, null=True, on_delete=models.PROTECT, related_name="cases")
    restricted_to = models.CharField(max_length=400, blank=True)
    hides_from_accused = models.BooleanField(default=False)
    hides_reporter = models.BooleanField(default=False)

    subject = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField()
    received_on = models.DateField()
    registered_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    archived_on = models.DateField(null=True)
    due_at = models.DateTimeField(null=True)
    due_clock = models.CharField(max_length=63, blank=True)
    due_sort = models.DateTimeField(default=FAR_FUTURE)
    due_is_provisional = models.BooleanField(default=False)
    is_late = models.BooleanField(default=False)
    sweep_at = models.DateTimeField(default=FAR_FUTURE)
    last_told_at = models.DateTimeField(null=True)
    department_told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["desk", "state_category", "priority", "due_sort", "id"], name="queue_of_a_desk"),
            models.Index(fields=["department", "state_category", "due_sort", "id"], name="queue_of_a_department"),
            models.Index(fields=["handler", "state_category", "due_sort"], name="queue_of_a_person"),
            models.Index(fields=["desk", "-received_at", "id"], name="cases_by_receipt"),
            models.Index(fields=["desk", "category", "archived_on"], name="archive_by_category"),
            models.Index(fields=["sweep_at"], name="cases_to_sweep"),
            models.Index(fields=["complainant", "-received_at"], name="cases_of_a_complainant"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state_category not in ("done", "archived")


class ClockRow(models.Model):
    """A clock of a case as last read: a cache of the pure reading, with an index for sweeps."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="clocks")
    rule = models.CharField(max_length=63)
    instance = models.CharField(max_length=80)
    kind = models.CharField(max_length=10)
    status = models.CharField(max_length=20)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    original_due_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    provisional = models.BooleanField(default=False)
    next_at = models.DateTimeField(null=True)
    fired = models.TextField(default="[]")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "rule", "instance"], name="a_clock_once")]
        indexes = [models.Index(fields=["rule", "status", "due_at"], name="clocks_by_status")]


class CaseNumberCounter(models.Model):
    """The last number given out under a prefix; claimed by one atomic update."""

    prefix = models.CharField(max_length=60, primary_key=True)
    last = models.PositiveIntegerField(default=0)


class EvidenceFile(models.Model):
    """A file as it was handed in, byte for byte, under a random name; superseded, never replaced."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="evidence")
    owner = models.CharField(max_length=80, db_index=True)
    name = models.CharField(max_length=255)
    extension = models.CharField(max_length=16)
    kind = models.CharField(max_length=63, blank=True)
    source = models.CharField(max_length=200, blank=True)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    location = models.CharField(max_length=200)
    given_by = models.CharField(max_length=40)
    uploaded_at = models.DateTimeField()
    attached_at = models.DateTimeField(null=True)
    supersedes = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="superseded_by")
    for_customer = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["case", "uploaded_at"], name="evidence_of_a_case")]


class IdempotencyKey(models.Model):
    """The stored first answer to a request, so that repeating it is safe."""

    caller = models.CharField(max_length=80)
    key = models.CharField(max_length=128)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="a_key_once_for_a_caller")]


class Draft(models.Model):
    """What somebody is typing, kept on the server every few seconds, so that nothing typed is lost."""

    owner = models.CharField(max_length=80)
    place = models.CharField(max_length=120)
    content = models.TextField()
    saved_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "place"], name="one_draft_a_place")]


class PortalKey(models.Model):
    """The private link of a case for its complainant, and the PIN where no address is on file; hashes only."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="portal_keys")
    link_hash = models.CharField(max_length=64, unique=True)
    pin_hash = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)


class PortalCode(models.Model):
    """A request for a one-time code; the code goes to the address on file. Five tries, ten minutes.

    There is one for every request, right or wrong: the worker finds out whether number and address belong together.
    `address_hash` and `network` are keyed digests.
    """

    case = models.ForeignKey(Case, null=True, on_delete=models.CASCADE, related_name="portal_codes")
    number = models.CharField(max_length=40)
    address_hash = models.CharField(max_length=64, db_index=True)
    session = models.CharField(max_length=64)
    network = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=10, default="zh-hans")
    code_hash = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)


class SearchEntry(models.Model):
    """The words of a case as bigrams, one row a case; the index over it differs by database."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, primary_key=True, related_name="search")
    words = models.TextField()


class CaseAsked(models.Model):
    """A department that was asked for an enquiry or help on a case: why it sees the case while that is open."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="asked")
    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="asked_in")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "department"], name="a_department_asked_once")]


class CaseLink(models.Model):
    """Two cases that belong together: similar, duplicate, converted from."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="links")
    other = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="linked_from")
    kind = models.CharField(max_length=20)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "other", "kind"], name="a_link_once")]


class OldRecord(models.Model):
    """Which record of another system a case was taken over from: once a source and number, whatever is imported again.

    `digest` (salted) tells whether a record that comes again still says the same.
    """

    source = models.CharField(max_length=63)
    number = models.CharField(max_length=120)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="old_record")
    salt = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="an_old_record_once")]


class ImportJob(models.Model):
    """How far an import has come: moved on in the transaction of every batch, so that a killed one continues there."""

    key = models.CharField(max_length=120, unique=True)
    file_digest = models.CharField(max_length=64)
    mapping_digest = models.CharField(max_length=64)
    rows_done = models.PositiveBigIntegerField(default=0)
    taken_over = models.PositiveBigIntegerField(default=0)
    already_there = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    report_bytes = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
