"""The case row and what lies around it. Rows here are read from the ledger and can be rebuilt; nothing sets a state by saving."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from django.db import models
from django.db.models import Q

from amends.apps.cases.care_models import GuidanceUse, ProposedSolution, ScoredValue
from amends.apps.cases.package_models import ArchivePackage
from amends.apps.cases.post_models import FoundPost
from amends.apps.cases.praise_models import Praised
from amends.apps.cases.proceeding_models import (
    ConcernedValue,
    Involved,
    NamedCase,
    PartnerKey,
    Payout,
    Proceeding,
    RegisterLine,
    RegisterValue,
)
from amends.apps.ledger.models import Chain
from amends.apps.people.models import Complainant, Department, Partner, Person
from amends.apps.policies.models import Desk, PackVersion
from amends.core.policy.lifecycle import RESTING
from amends.core.queue_order import Band

__all__ = [
    "ArchivePackage", "ConcernedValue", "FoundPost", "GuidanceUse", "Involved", "NamedCase", "PartnerKey", "Payout", "Praised", "Proceeding",
    "ProposedSolution", "RegisterLine", "RegisterValue", "ScoredValue",
]  # fmt: skip

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
    band = models.PositiveSmallIntegerField(default=Band.OPEN)
    taken_over = models.BooleanField(default=False)

    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="cases")
    team = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="team_cases")
    handler = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="handled_cases")
    # The index `cases_of_a_complainant` begins with it; beside a shorter one it would not be taken.
    complainant = models.ForeignKey(
        Complainant, null=True, on_delete=models.PROTECT, related_name="cases", db_index=False
    )
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
    changed_by = models.CharField(max_length=40, blank=True)
    customer_said_at = models.DateTimeField(null=True)
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
    customer_spoke_at = models.DateTimeField(null=True)
    word_due_at = models.DateTimeField(null=True)
    word_clock = models.CharField(max_length=63, blank=True, default="", db_default="")
    questions_open = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        indexes = [
            models.Index(fields=["band", "priority", "due_sort", "id"], name="queue_by_what_burns"),
            models.Index(fields=["band", "due_sort", "id"], name="queue_by_due_date"),
            models.Index(fields=["changed_at", "id"], name="cases_by_change"),
            models.Index(
                fields=["customer_said_at"], name="cases_customer_waits", condition=Q(customer_said_at__isnull=False)
            ),
            models.Index(fields=["department", "state_category", "due_sort", "id"], name="queue_of_a_department"),
            models.Index(fields=["handler", "state_category", "due_sort"], name="queue_of_a_person"),
            models.Index(fields=["desk", "-received_at", "id"], name="cases_by_receipt"),
            models.Index(fields=["desk", "category", "archived_on"], name="archive_by_category"),
            models.Index(
                fields=["-archived_at", "id"], name="archive_latest_first", condition=Q(archived_at__isnull=False)
            ),
            models.Index(fields=["sweep_at"], name="cases_to_sweep"),
            models.Index(fields=["complainant", "-received_at"], name="cases_of_a_complainant"),
            models.Index(fields=["received_at", "id"], name="open_cases", condition=~Q(state_category__in=RESTING)),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state_category not in RESTING


class ClockRow(models.Model):
    """A clock of a case or proceeding as last read: a cache of the pure reading, with an index for sweeps.

    A promise to the customer is a clock too: `given_in` is the event in which it was given, `given_by` whose word it is.
    """

    case = models.ForeignKey(Case, null=True, on_delete=models.CASCADE, related_name="clocks")
    proceeding = models.ForeignKey(Proceeding, null=True, on_delete=models.CASCADE, related_name="clocks")
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
    given_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="promises")
    given_in = models.PositiveIntegerField(null=True)
    next_at = models.DateTimeField(null=True)
    fired = models.TextField(default="[]")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "rule", "instance"], name="a_clock_once"),
            models.UniqueConstraint(fields=["proceeding", "rule", "instance"], name="a_proceedings_clock_once"),
        ]
        indexes = [
            models.Index(fields=["rule", "status", "due_at"], name="clocks_by_status"),
            models.Index(fields=["due_at", "id"], name="promises_by_time", condition=Q(given_in__isnull=False)),
            models.Index(fields=["rule", "due_at"], name="running_clocks", condition=Q(stopped_at__isnull=True)),
        ]


class CaseNumberCounter(models.Model):
    """The last number given out under a prefix; claimed by one atomic update."""

    prefix = models.CharField(max_length=60, primary_key=True)
    last = models.PositiveIntegerField(default=0)


class EvidenceFile(models.Model):
    """A file as it was handed in, byte for byte, under a random name; superseded, never replaced."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="evidence")
    proceeding = models.ForeignKey(Proceeding, null=True, on_delete=models.PROTECT, related_name="evidence")
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


class EvidencePreview(models.Model):
    """What could be drawn of a file: how many of its pages have a picture, or the code of the reason why none has one."""

    file = models.OneToOneField(EvidenceFile, on_delete=models.CASCADE, primary_key=True, related_name="preview")
    refused = models.CharField(max_length=20, blank=True)
    pages = models.PositiveIntegerField(default=0)
    shown = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField()


class Presence(models.Model):
    """Somebody who has the form of a verb open on a case: shown to others who look at it until it expires."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="presences", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="presences")
    doing = models.CharField(max_length=63)
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "person"], name="a_person_once_on_a_case")]
        indexes = [models.Index(fields=["case", "until"], name="who_is_on_a_case")]


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
    """What somebody is typing, kept on the server every few seconds, so that nothing typed is lost.

    `writer` is the window that saved it last: two windows do not write over each other.
    """

    owner = models.CharField(max_length=80)
    place = models.CharField(max_length=120)
    content = models.TextField()
    saved_at = models.DateTimeField(db_index=True)
    writer = models.CharField(max_length=64, blank=True, default="", db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "place"], name="one_draft_a_place")]


class IncomingCall(models.Model):
    """A call that a telephone system announced: the number waits a few minutes for the page of whoever picks up.

    The page is opened by an address with a secret, of which only the hash is stored; it is taken once.
    """

    key_hash = models.CharField(max_length=64, unique=True)
    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="incoming_calls")
    phone = models.CharField(max_length=40)
    line = models.CharField(max_length=80, blank=True)
    announced_by = models.CharField(max_length=80)
    created_at = models.DateTimeField(db_index=True)
    taken_at = models.DateTimeField(null=True)


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


class VersionMove(models.Model):
    """That open cases of a desk were moved to another version of its policy: a list, worked off by the worker.

    `reverses` names the move that this one takes back.
    """

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="version_moves")
    to = models.ForeignKey(PackVersion, null=True, on_delete=models.PROTECT, related_name="+")
    reverses = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversed_by")
    begun_by = models.CharField(max_length=40)
    begun_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-begun_at", "-pk"]


class MovedCase(models.Model):
    """One case on the list of a move. `hindrances` says, as JSON, why it could not be moved."""

    class State(models.TextChoices):
        WAITING = "waiting", "等待"
        MOVED = "moved", "已改用"
        REFUSED = "refused", "未改用"

    move = models.ForeignKey(VersionMove, on_delete=models.CASCADE, related_name="cases")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="moves")
    before = models.ForeignKey(PackVersion, on_delete=models.PROTECT, related_name="+")
    after = models.ForeignKey(PackVersion, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    hindrances = models.TextField(default="[]")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["move", "case"], name="a_case_once_in_a_move")]
        indexes = [models.Index(fields=["move", "state", "id"], name="cases_of_a_move")]
