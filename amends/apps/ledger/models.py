"""The append-only ledger: chains, their events, the texts that lie beside events, and signed checkpoints.

Events and checkpoints can only be inserted; a detail can only be emptied. Database triggers hold this (`triggers.py`).
Keys begin with the chain, so the tables can be partitioned by it.
"""

import json
from functools import cached_property
from typing import Any

from django.db import models

from amends.core.chain import GENESIS


class Chain(models.Model):
    """One hash chain, and how far it has come. `key` is its name in every hash and checkpoint."""

    class Kind(models.TextChoices):
        CASE = "case"
        PROCEEDING = "proceeding"
        SURVEY = "survey"
        WARNING = "warning"
        DESK = "desk"
        INSTALLATION = "installation"

    kind = models.CharField(max_length=16, choices=Kind)
    key = models.CharField(max_length=120, unique=True)
    head_seq = models.PositiveBigIntegerField(default=0)
    head_hash = models.CharField(max_length=64, default=GENESIS)
    listed_seq = models.PositiveBigIntegerField(default=0)
    listed_in = models.PositiveBigIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"], name="ledger_unlisted", condition=models.Q(head_seq__gt=models.F("listed_seq"))
            ),
            models.Index(fields=["listed_in"], name="ledger_listed_in"),
        ]

    def __str__(self) -> str:
        return f"{self.key}@{self.head_seq}"


class Event(models.Model):
    """Something that happened. `payload` is the canonical JSON that was hashed: ids, codes, times, amounts, digests."""

    pk = models.CompositePrimaryKey("chain_id", "seq")
    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=80)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=120)
    payload = models.TextField()
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"

    @cached_property
    def data(self) -> dict[str, Any]:
        """The payload as data; where a text was entered stands {"digest": …}."""
        data: dict[str, Any] = json.loads(self.payload)
        return data


class Detail(models.Model):
    """One text of an event: what the event's digest stands for, until it is erased. Salt and text go together."""

    pk = models.CompositePrimaryKey("chain_id", "seq", "field")
    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.PositiveBigIntegerField()
    field = models.CharField(max_length=120)
    salt = models.CharField(max_length=32, blank=True)
    text = models.TextField(blank=True)
    erased_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.seq} {self.field}"


class Checkpoint(models.Model):
    """A signed list of the chains that moved since the checkpoint before, with the heads they had."""

    n = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    count = models.PositiveBigIntegerField()
    heads = models.TextField()
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    key_id = models.CharField(max_length=16)
    public_key = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)

    def __str__(self) -> str:
        return f"checkpoint {self.n}"
