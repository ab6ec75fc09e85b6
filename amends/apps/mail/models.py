"""Mailboxes of desks, and every mail that came in, with how it ended."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from amends.apps.cases.models import Case, EvidenceFile
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk


class Mailbox(models.Model):
    """A mailbox that a desk reads by IMAP. Its mail counts as having come by `channel` of the policy.

    `sealed` is the password, sealed with the key of the installation. `authority` is the name by which the mail server of
    the company signs its verdict about senders (Authentication-Results); without it no verdict is believed. Of the uids
    up to `floor_uid` all are stored. Without a host nothing is fetched: mail is handed in by command.
    """

    class Security(models.TextChoices):
        TLS = "tls"
        STARTTLS = "starttls"
        NONE = "none"

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="mailboxes")
    address = models.CharField(max_length=254, unique=True)
    channel = models.CharField(max_length=63)
    host = models.CharField(max_length=253, blank=True)
    port = models.PositiveIntegerField(default=993)
    security = models.CharField(max_length=10, choices=Security, default=Security.TLS)
    certificate = models.TextField(blank=True)
    username = models.CharField(max_length=254, blank=True)
    sealed = models.TextField(blank=True)
    folder = models.CharField(max_length=200, default="INBOX")
    done_folder = models.CharField(max_length=200, blank=True)
    authority = models.CharField(max_length=253, blank=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    floor_validity = models.BigIntegerField(default=0)
    floor_uid = models.BigIntegerField(default=0)
    fetching_until = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.address


class IncomingMail(models.Model):
    """One mail as it arrived, and its end. `raw` is the mail byte for byte, kept before anybody looked into it.

    `identity` is a digest of the heads that its sender wrote and of the content: the same mail in a second mailbox, or
    under a new number of the server, has the same. `twin_of` is then the first one, and only the first comes to an end of
    its own. Everything a person wrote goes when its case is erased.
    """

    class State(models.TextChoices):
        NEW = "new"
        ANSWER = "answer"
        CASE = "case"
        IGNORED = "ignored"
        QUARANTINED = "quarantined"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.PROTECT, related_name="mails")
    uid_validity = models.BigIntegerField(null=True)
    uid = models.BigIntegerField(null=True)
    identity = models.CharField(max_length=64, db_index=True)
    twin_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="twins")
    raw = models.OneToOneField(EvidenceFile, null=True, on_delete=models.SET_NULL, related_name="incoming_mail")
    size = models.PositiveBigIntegerField()
    arrived_at = models.DateTimeField()
    stored_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State, default=State.NEW)
    reason = models.CharField(max_length=30, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="mails")
    message_id = models.CharField(max_length=250, blank=True)
    sender_name = models.CharField(max_length=120, blank=True)
    sender = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True)
    files = models.TextField(default="[]")
    verdict = models.CharField(max_length=60, blank=True)
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "uid_validity", "uid"],
                name="a_mail_of_a_server_once",
                condition=Q(uid__isnull=False),
            ),
            models.UniqueConstraint(fields=["identity"], name="a_mail_once", condition=Q(twin_of=None)),
        ]
        indexes = [
            models.Index(fields=["mailbox", "state", "-arrived_at", "-id"], name="mails_by_state"),
            models.Index(fields=["-arrived_at", "-id"], name="mails_newest"),
            models.Index(fields=["case", "arrived_at"], name="mails_of_a_case", condition=Q(case__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"mail:{self.pk}"

    @property
    def is_head_only(self) -> bool:
        """Whether the mail was beyond the limit, so that only its head was fetched."""
        return self.raw is not None and self.raw.size < self.size

    @property
    def owner(self) -> str:
        """Who owns the files of the mail until they hang on a case."""
        return f"mail:{self.pk.hex}"
