"""What leaves and what is shown: the outbox for customers, notices for staff, and how much may leave."""

from django.db import models
from django.db.models import Q

from amends.apps.people.models import Department, Person
from amends.apps.policies.models import Desk

WENT_WRONG = ~Q(error="") & ~Q(state="withheld")
"""Messages that a carrier once did not take; those of a demo are none."""


class OutboxMessage(models.Model):
    """A message written in the transaction of the change that causes it, and sent by the worker at least once.

    `body` may be read by staff. Where a message carries a secret (a code, a private link), `body` shows dots in its
    place and `sealed` holds the real text until the message has left; then it is emptied. `sender_name` is the company or desk as
    customers know it; `is_automatic` says that nobody decided to send it: it answers somebody outside by itself.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        UNKNOWN = "unknown"
        FAILED = "failed"
        WITHHELD = "withheld"

    class Receipt(models.TextChoices):
        DELIVERED = "delivered"
        FAILED = "failed"

    desk = models.ForeignKey(Desk, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    case_key = models.CharField(max_length=40, db_index=True)
    message = models.CharField(max_length=63)
    channel = models.CharField(max_length=10)
    address = models.CharField(max_length=254)
    language = models.CharField(max_length=10)
    subject = models.CharField(max_length=200, blank=True)
    sender_name = models.CharField(max_length=120, blank=True, default="")
    is_automatic = models.BooleanField(default=False)
    body = models.TextField()
    sealed = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    message_id = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    not_before = models.DateTimeField(null=True)
    """Planned for then, or kept until the quiet hours are over."""
    attempted_at = models.DateTimeField(null=True)
    vetted = models.TextField(blank=True, default="")
    """JSON: the carriers' ids of the vetted template and what fills it; with a secret this lies in `sealed`."""
    parts = models.PositiveSmallIntegerField(default=0)
    provider = models.CharField(max_length=10, blank=True, default="")
    provider_id = models.CharField(max_length=80, blank=True, default="", db_index=True)
    receipt = models.CharField(max_length=10, choices=Receipt.choices, blank=True, default="")
    receipt_at = models.DateTimeField(null=True)
    written_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    """Whose own words it carries, where a person wrote it; and the event of the case with which it left."""
    event_seq = models.PositiveIntegerField(null=True)
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    """Who said of a message whose fate was unknown that it was sent, or has to be sent again."""

    class Meta:
        indexes = [
            models.Index(fields=["state", "created_at"], name="outbox_waiting"),
            models.Index(fields=["-created_at", "-id"], name="outbox_newest"),
            models.Index(fields=["desk", "-created_at", "-id"], name="outbox_of_a_desk"),
            models.Index(fields=["channel", "-sent_at"], name="outbox_sent", condition=Q(sent_at__isnull=False)),
            models.Index(fields=["channel", "-attempted_at", "-id"], name="outbox_gone_wrong", condition=WENT_WRONG),
        ]


class InboundText(models.Model):
    """A text message that somebody sent to us, and where it was put. `reference` keeps it from coming in twice."""

    class State(models.TextChoices):
        NEW = "new"
        ON_CASE = "on_case"
        OPTED_OUT = "opted_out"
        TO_ASSIGN = "to_assign"
        SET_ASIDE = "set_aside"

    reference = models.CharField(max_length=120, unique=True)
    number = models.CharField(max_length=40, db_index=True)
    text = models.TextField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    case_key = models.CharField(max_length=40, blank=True, default="", db_index=True)
    settled_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["state", "-received_at", "-id"], name="texts_received")]


class OptOut(models.Model):
    """A number whose owner wants no group messages; answers on their own cases still reach them."""

    number = models.CharField(max_length=40, unique=True)
    since = models.DateTimeField()
    said = models.CharField(max_length=40, blank=True)


MAIL_WAITS = "mail_waits"
PLACES = {MAIL_WAITS: "/mail/"}
"""Where notices lead that are about a desk as a whole."""


class DeskWording(models.Model):
    """A text that a desk says in place of its pack's, in one version: proposed by one person, approved by another.

    `channel` is that of the outbox, `page`, `notice`, or `group` for texts to groups. `replaces` is what was sent when it was
    proposed, so that versions can be compared for good. `is_reset` goes back to the pack's own text. Of a text at most one version
    is in force and at most one waits for approval.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed"
        IN_FORCE = "in_force"
        REPLACED = "replaced"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="wordings")
    message = models.CharField(max_length=63)
    channel = models.CharField(max_length=10)
    language = models.CharField(max_length=10)
    version = models.PositiveIntegerField()
    text = models.TextField()
    templates = models.TextField(default="{}")
    """JSON: the ids under which carriers vetted it."""
    replaces = models.TextField()
    shipped = models.TextField()
    """What the pack said then: a later pack may say something else."""
    is_reset = models.BooleanField(default=False)
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=300, blank=True, default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "message", "channel", "language", "version"], name="wording_version_once"),
            models.UniqueConstraint(
                fields=["desk", "message", "channel", "language"], name="wording_once_in_force",
                condition=models.Q(state="in_force"),
            ),
            models.UniqueConstraint(
                fields=["desk", "message", "channel", "language"], name="wording_once_proposed",
                condition=models.Q(state="proposed"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.message}.{self.channel}.{self.language} v{self.version}"


class Notice(models.Model):
    """Something a person of the company should look at; `unique_key` keeps a reminder from coming twice."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notices")
    case_key = models.CharField(max_length=40, db_index=True)
    case_number = models.CharField(max_length=40)
    proceeding_key = models.CharField(max_length=40, blank=True, default="")
    message = models.CharField(max_length=63)
    text = models.CharField(max_length=500)
    text_en = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    carried_at = models.DateTimeField(null=True)
    """When it was carried to where the person wants it, beside the page of notices."""
    told_department_at = models.DateTimeField(null=True)
    """When it was said in the common channel of their department, or left out of it."""
    unique_key = models.CharField(max_length=160, unique=True)

    class Meta:
        indexes = [models.Index(fields=["person", "acknowledged_at", "-created_at"], name="notices_of_a_person")]

    @property
    def place(self) -> str:
        """The page that it leads to where it is about neither a case nor a proceeding; empty where it names none."""
        return PLACES.get(self.message, "")


class NoticeWay(models.Model):
    """Where somebody wants notices beside the page: by mail, or in a group robot of their chat program.

    `address` of a robot holds its key, so it is never shown in full.
    """

    class Kind(models.TextChoices):
        EMAIL = "email"
        WECOM = "wecom"
        DINGTALK = "dingtalk"
        FEISHU = "feishu"

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="notice_way")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    address = models.CharField(max_length=300)
    every_minutes = models.PositiveSmallIntegerField(default=15)
    digest = models.BooleanField(default=True)
    carried_at = models.DateTimeField(null=True)
    digest_on = models.DateField(null=True)
    error = models.CharField(max_length=60, blank=True, default="")


class DepartmentWay(models.Model):
    """The group robot in which a department hears, bundled, what its people get notices about.

    `address` holds the robot's key, so it is never shown in full.
    """

    class Kind(models.TextChoices):
        WECOM = "wecom"
        DINGTALK = "dingtalk"
        FEISHU = "feishu"

    department = models.OneToOneField(Department, on_delete=models.CASCADE, related_name="notice_way")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    address = models.CharField(max_length=300)
    every_minutes = models.PositiveSmallIntegerField(default=15)
    carried_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=60, blank=True, default="")


class AllowanceSlot(models.Model):
    """One of the uses that a key has within a span of time; taken again only once the span has passed.

    `key` holds a digest, never an address.
    """

    key = models.CharField(max_length=80)
    slot = models.PositiveSmallIntegerField()
    used_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "slot"], name="a_slot_once")]


class DailyCount(models.Model):
    """How much of a day's budget is spent."""

    name = models.CharField(max_length=40)
    day = models.DateField()
    used = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "day"], name="a_budget_once_a_day")]
