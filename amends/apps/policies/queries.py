"""Reads of published packs and calendars. Running code gets its policy from here, never from YAML."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from importlib.metadata import version as installed_version
from zoneinfo import ZoneInfo

from amends.apps.policies.models import CalendarYear, Desk, PackVersion
from amends.core.calendars import compose_calendar, read_region_year
from amends.core.policy.pack import Pack, read_pack
from amends.core.working_time import WorkingCalendar


class NoPolicyInForce(LookupError):
    """The desk's pack has no published version for that day."""


def version_in_force(desk: Desk, at: datetime) -> PackVersion:
    """The version of the desk's pack that holds on the local day of `at`. Raises NoPolicyInForce."""
    versions = list(PackVersion.objects.filter(pack_id=desk.pack_id).defer("content").order_by("-version"))
    for version in versions:
        day = at.astimezone(ZoneInfo(read_version(version.pk).head.zone)).date()
        if version.holds_on(day):
            return version
    # A contact from before the policy began is handled under the first policy there was.
    if versions:
        return versions[-1]
    raise NoPolicyInForce(desk.pack_id)


def pack_in_force(desk: Desk, at: datetime) -> Pack:
    """The pack that the desk works under at `at`."""
    return read_version(version_in_force(desk, at).pk)


@lru_cache(maxsize=256)
def read_version(pk: int) -> Pack:
    """A published pack by the key of its version; kept in memory because published versions never change."""
    return read_pack(json.loads(PackVersion.objects.values_list("content", flat=True).get(pk=pk)))


def read_published(pack_id: str, version: int) -> Pack:
    """A published pack by its id and version number."""
    return read_version(PackVersion.objects.values_list("pk", flat=True).get(pack_id=pack_id, version=version))


def calendar_for(pack: Pack, hours_name: str) -> WorkingCalendar:
    """The working calendar of one of the pack's named hours under the public holidays loaded so far."""
    return _calendar(pack.id, pack.version, hours_name, newest_calendar_load(), pack)


def newest_calendar_load() -> int:
    """Changes whenever a year is loaded: the key under which calendars are kept in memory."""
    return CalendarYear.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


_CALENDARS: dict[tuple[str, int, str, int, str], WorkingCalendar] = {}


def _calendar(pack_id: str, version: int, hours_name: str, load: int, pack: Pack) -> WorkingCalendar:
    key = (pack_id, version, hours_name, load, pack.calendar.model_dump_json())
    if key not in _CALENDARS:
        _CALENDARS[key] = compose_calendar(
            pack.calendar, hours_name, _newest_years(load), tzdata_version=installed_version("tzdata")
        )
    return _CALENDARS[key]


@lru_cache(maxsize=4)
def _newest_years(load: int) -> tuple:  # type: ignore[type-arg]
    """The latest version of every year loaded, read once for each load."""
    newest: dict[tuple[str, int], CalendarYear] = {}
    for row in CalendarYear.objects.filter(pk__lte=load).order_by("version"):
        newest[row.region, row.year] = row
    return tuple(read_region_year(json.loads(row.content)) for row in newest.values())
