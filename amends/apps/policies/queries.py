"""Reads: published packs and calendars, from the database only.

A process keeps what it read. Which versions and years exist is looked up again after `LOOKED_UP_FOR` seconds, so a
version published by another process is seen within that time; `forget_what_is_kept_in_memory` makes this process look
at once.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib.metadata import version as installed_version
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from amends.apps.policies.models import CalendarYear, Desk, PackVersion
from amends.apps.prepared import Asked, Prepared
from amends.core.calendars import RegionYear, compose_calendar, read_region_year
from amends.core.policy.pack import Pack, read_pack
from amends.core.policy.upgrades import upgraded
from amends.core.refusals import Refusal
from amends.core.working_time import WorkingCalendar

LOOKED_UP_FOR = 5.0
KEPT_CALENDARS = 256

LoadedYears = tuple[tuple[str, int, int, str], ...]


class NoPackInForce(Refusal):
    """The desk has no published policy for the day in question."""

    code = "no_pack_in_force"
    status = 409
    sentence = "“%(desk)s”在 %(day)s 没有生效的制度版本，请先发布。"


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Which versions and calendar years exist, without their content. Newest first."""

    versions: dict[str, tuple[PackVersion, ...]]
    years: LoadedYears
    looked_up: float


_shelf: _Shelf | None = None
_packs_by_row: dict[int, Pack] = {}
_packs_by_hash: dict[str, Pack] = {}


def forget_what_is_kept_in_memory() -> None:
    """Look everything up again: after publishing, and between tests that share a process but not their rows."""
    global _shelf
    _shelf = None
    _packs_by_row.clear()


def open_desks() -> QuerySet[Desk]:
    """The desks on which somebody works; those that were closed keep their cases and show them to nobody.

    Desks for practice are not among them: what happens there is no work.
    """
    return Desk.objects.filter(closed_at=None, practice_of=None)


_OPEN_DESKS = Prepared(open_desks)


def asked_for_open_desks() -> Asked[Desk]:
    return _OPEN_DESKS.given()


def practice_desks() -> QuerySet[Desk]:
    """The desks on which people practise, of desks that are open."""
    return Desk.objects.filter(closed_at=None, practice_of__isnull=False, practice_of__closed_at=None)


def pack_in_force(desk: Desk, at: datetime) -> Pack:
    """The policy that the desk works under at a moment. Refuses NoPackInForce."""
    return read_version(version_in_force(desk, at).pk)


def version_in_force(desk: Desk, at: datetime) -> PackVersion:
    """The published version in force at a moment, by the local day of the policy's zone.

    A contact from before the policy began is handled under the first policy there was. Refuses NoPackInForce when
    nothing is published, or the last version has ended.
    """
    versions = _present_shelf().versions.get(desk.pack_id, ())
    for version in versions:
        if version.holds_on(_local_day(version, at)):
            return version
    if versions and _local_day(versions[-1], at) < versions[-1].valid_from:
        return versions[-1]
    raise NoPackInForce(desk=desk.title, day=at.date().isoformat())


def versions_of(pack_id: str) -> tuple[PackVersion, ...]:
    """Every published version of a pack without its content, newest first."""
    return _present_shelf().versions.get(pack_id, ())


def read_published(pack_id: str, version: int) -> Pack:
    """A published version. Raises PackVersion.DoesNotExist."""
    row = next((row for row in versions_of(pack_id) if row.version == version), None)
    if row is None:
        row = PackVersion.objects.only("pk").get(pack_id=pack_id, version=version)
    return read_version(row.pk)


def read_version(pk: int) -> Pack:
    """The pack of a published version's row. Raises PackVersion.DoesNotExist."""
    pack = _packs_by_row.get(pk)
    if pack is None:
        pack = _packs_by_row[pk] = _read_row(pk)
    return pack


def _read_row(pk: int) -> Pack:
    row_hash = PackVersion.objects.values_list("hash", flat=True).get(pk=pk)
    pack = _packs_by_hash.get(row_hash)
    if pack is None:
        row = PackVersion.objects.get(pk=pk)
        pack = _packs_by_hash[row_hash] = read_pack(upgraded(json.loads(row.content), written=row.format))
    return pack


def content_of(version: PackVersion) -> dict[str, Any]:
    """The published text of a version as plain data, in the present format."""
    return upgraded(json.loads(version.content), written=version.format)


# Calendars


def calendars_of(pack: Pack) -> Callable[[str], WorkingCalendar]:
    """The working calendars of a pack by the name of its hours, under the public holidays loaded so far.

    The calendar's `version` names everything that decides a date. Raises KeyError for hours the pack does not have.
    """
    years = loaded_years()
    return lambda hours_name: _composed(pack, hours_name, years)


def calendar_for(pack: Pack, hours_name: str) -> WorkingCalendar:
    """One working calendar of a pack."""
    return calendars_of(pack)(hours_name)


def calendar_of(pack: Pack, hours_name: str, years: Iterable[RegionYear]) -> WorkingCalendar:
    """A working calendar of a pack under the given years, whatever is loaded."""
    return compose_calendar(pack.calendar, hours_name, years, tzdata_version=installed_version("tzdata"))


def loaded_years() -> LoadedYears:
    """(region, year, version, hash) of every calendar year in its latest version, in order."""
    return _present_shelf().years


_COMPOSED: dict[tuple[int, str, LoadedYears], tuple[Pack, WorkingCalendar]] = {}


def _composed(pack: Pack, hours_name: str, years: LoadedYears) -> WorkingCalendar:
    """Kept by the identity of the pack, which is kept alive beside it."""
    key = (id(pack), hours_name, years)
    if key not in _COMPOSED:
        if len(_COMPOSED) >= KEPT_CALENDARS:
            _COMPOSED.clear()
        _COMPOSED[key] = (pack, calendar_of(pack, hours_name, [_region_year(*year) for year in years]))
    return _COMPOSED[key][1]


@lru_cache(maxsize=1024)
def _region_year(region: str, year: int, version: int, content_hash: str) -> RegionYear:
    row = CalendarYear.objects.get(region=region, year=year, version=version)
    return read_region_year(json.loads(row.content))


# What exists


def _present_shelf() -> _Shelf:
    global _shelf
    if _shelf is None or time.monotonic() - _shelf.looked_up > LOOKED_UP_FOR:
        _shelf = _Shelf(versions=_versions(), years=_years(), looked_up=time.monotonic())
    return _shelf


def _versions() -> dict[str, tuple[PackVersion, ...]]:
    found: dict[str, list[PackVersion]] = {}
    for row in PackVersion.objects.defer("content").order_by("pack_id", "-version"):
        found.setdefault(row.pack_id, []).append(row)
    return {pack_id: tuple(rows) for pack_id, rows in found.items()}


def _years() -> LoadedYears:
    rows = CalendarYear.objects.order_by("region", "year", "version").values_list("region", "year", "version", "hash")
    latest = {(region, year): (region, year, version, content) for region, year, version, content in rows}
    return tuple(latest.values())


def _local_day(version: PackVersion, at: datetime) -> date:
    return at.astimezone(ZoneInfo(read_version(version.pk).head.zone)).date()
