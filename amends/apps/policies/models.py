"""Desks, published policy packs and loaded calendar years.

What was published never changes: only the end of a version's validity may be set (`triggers.py` holds this too).
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

from django.db import models

from amends.apps.policies.triggers import PACK_VERSION_FROZEN
from amends.core.policy.base import Title


@lru_cache(maxsize=1024)
def called(title: str, title_en: str) -> Title:
    """The name of a desk or department in the languages it has one in."""
    return Title.model_validate({"zh-Hans": title, "en": title_en or None})


class PublishedIsFixed(Exception):
    """A published version or a loaded year was about to be changed or deleted."""


class Desk(models.Model):
    """A unit that handles cases under one policy pack. `code` is its name in addresses and in the API.

    A closed desk keeps its cases and their chains, and nobody works on it any more. `embed_hosts` are the addresses of
    websites, one a line, that may show its form in a frame. A desk with `practice_of` is where people practise: it works under the
    same policy with the same people as that desk, and nothing on it is ever part of what is live.
    """

    code = models.SlugField(max_length=40, unique=True)
    title = models.CharField(max_length=120)
    title_en = models.CharField(max_length=120, blank=True)
    pack_id = models.CharField(max_length=63)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField(default=False)
    embed_hosts = models.TextField(blank=True, default="")
    practice_of = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="practice_desk"
    )

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code

    @property
    def is_practice(self) -> bool:
        return self.practice_of_id is not None

    @property
    def staffed_as(self) -> int:
        """The desk whose departments and roles hold here: its own, or those of the desk that it practises for."""
        return self.practice_of_id or self.pk

    @property
    def called(self) -> Title:
        """What it is called, in the languages it has a name in."""
        return called(self.title, self.title_en)


class FixedRows(models.QuerySet[Any]):
    """Rows that are neither changed nor deleted, not even many at once."""

    def delete(self) -> Any:
        raise PublishedIsFixed(self.model.__name__)


class PackVersion(models.Model):
    """One published version of a pack. `content` is JSON in the author's order; `hash` is the SHA-256 of its
    canonical form.

    `files_hash` is that of the folder it was last found equal to: a start need not read the YAML again.
    """

    pack_id = models.CharField(max_length=63)
    version = models.PositiveIntegerField()
    format = models.PositiveIntegerField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    content = models.TextField()
    hash = models.CharField(max_length=64)
    published_at = models.DateTimeField()
    files_hash = models.CharField(max_length=64, blank=True, default="")

    objects = FixedRows.as_manager()

    class Meta:
        ordering = ["pack_id", "version"]
        constraints = [
            models.UniqueConstraint(fields=["pack_id", "version"], name="policies_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.pack_id} v{self.version}"

    def save(self, *args: Any, update_fields: Any = None, **kwargs: Any) -> None:
        if not self._state.adding and set(update_fields or PACK_VERSION_FROZEN) & set(PACK_VERSION_FROZEN):
            raise PublishedIsFixed(str(self))
        super().save(*args, update_fields=update_fields, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise PublishedIsFixed(str(self))

    def holds_on(self, day: date) -> bool:
        """Whether the version is in force on a local day; one that was superseded on its first day never is."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


class CalendarYear(models.Model):
    """The holidays and make-up working days of one region and year; a corrected year is a further version."""

    region = models.CharField(max_length=10)
    year = models.PositiveSmallIntegerField()
    version = models.PositiveIntegerField()
    content = models.TextField()
    hash = models.CharField(max_length=64)
    source = models.TextField()
    loaded_at = models.DateTimeField()

    objects = FixedRows.as_manager()

    class Meta:
        ordering = ["region", "year", "version"]
        constraints = [
            models.UniqueConstraint(fields=["region", "year", "version"], name="policies_calendar_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.year} v{self.version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise PublishedIsFixed(str(self))
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise PublishedIsFixed(str(self))
