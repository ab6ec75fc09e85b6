"""A small world for tests: published packs, desks, and an organisation that fits."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from django.conf import settings

from amends.apps.policies import actions as policies
from amends.apps.policies.actions import load_calendar_year, open_desk, publish_pack
from amends.apps.policies.check import Check, check_folder
from amends.apps.policies.files import read_calendar_files
from amends.apps.policies.queries import read_version, versions_of
from amends.jobs.organisation import build_organisation
from amends.jobs.rehearsal import PICTURE, DeskWorld, drive_to_archive

__all__ = ["HOTEL", "PASSWORD", "PICTURE", "SHIPPED", "DeskWorld", "drive_to_archive", "open_world", "publish_shipped"]

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ("escalation", "reporting", "market", "service", "express")
HOTEL = ROOT / "tests" / "packs" / "hotel"
PASSWORD = "correct-horse-battery-staple"  # noqa: S105


def publish_shipped(names: tuple[str, ...] = SHIPPED, *, now: datetime) -> None:
    """Publish packs that ship, or those of the tests, and load the Chinese calendars."""
    for year in _calendars():
        load_calendar_year(year, now=now)
    for name in names:
        check = _read_once(ROOT / "packs" / name if name in SHIPPED else ROOT / "tests" / "packs" / name)
        # What was read was checked: looking for problems again costs as much as many a test.
        with mock.patch.object(policies, "_readable", lambda _, pack=check.pack: pack):
            publish_pack(check.raw, now=now)


@cache
def _calendars() -> list[dict[str, Any]]:
    return list(read_calendar_files(ROOT / "calendars"))


@cache
def _read_once(folder: Path) -> Check:
    """A folder as it is published. Reading YAML takes longer than most tests, and no test changes a folder of the tree."""
    check = check_folder(folder, calendars=settings.CALENDARS_DIR)
    assert not check.faults, [line.text() for line in check.faults]
    return check


def open_world(pack_id: str, *, now: datetime, code: str | None = None, password: str | None = None) -> DeskWorld:
    """A desk with its organisation for a pack that is published."""
    pack = read_version(versions_of(pack_id)[0].pk)
    desk = open_desk(code=code or pack_id, title=pack.head.title.zh_hans, pack_id=pack_id, now=now)
    return DeskWorld(desk, pack, build_organisation(desk, pack, now=now, password=password), now)
