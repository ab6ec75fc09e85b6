"""What leaves and what is shown: the outbox for customers, notices for staff, and how much may leave."""

from django.db import models

from amends.apps.people.models import Person


class OutboxMessage(models.Model):
    """A message written in the transaction of the change that causes it, and sent by the worker at least once.

    `body` may be read by staff. Where a message carries a secret (a code, a private link), `body` shows dots in its
    place and `sealed` holds the real text until the message has left; then it is emptied.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        UNKNOWN = "unknown"
        FAILED = "failed"
        WITHHELD = "withheld"

    case_key = models.CharField(max_length=40, db_index=True)
    message = models.CharField(max_length=63)
    channel = models.CharField(max_length=10)
    address = models.CharField(max_length=254)
    language = models.CharField(max_length=10)
    subject = models.CharField(max_length=200, blank=True)
    body = models.TextField()
    sealed = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    message_id = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "created_at"], name="outbox_waiting")]


class Notice(models.Model):
    """Something a person of the company should look at; `unique_key` keeps a reminder from coming twice."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notices")
    case_key = models.CharField(max_length=40, db_index=True)
    case_number = models.CharField(max_length=40)
    message = models.CharField(max_length=63)
    text = models.CharField(max_length=500)
    text_en = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    unique_key = models.CharField(max_length=160, unique=True)

    class Meta:
        indexes = [models.Index(fields=["person", "acknowledged_at", "-created_at"], name="notices_of_a_person")]


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
