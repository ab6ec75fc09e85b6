"""A small world for tests: published packs, desks, and an organisation that fits."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from amends.apps.policies.actions import load_calendar_folder, open_desk, publish_folder
from amends.apps.policies.queries import read_version, versions_of
from amends.jobs.organisation import build_organisation
from amends.jobs.rehearsal import PICTURE, DeskWorld, drive_to_archive

__all__ = ["HOTEL", "PASSWORD", "PICTURE", "SHIPPED", "DeskWorld", "drive_to_archive", "open_world", "publish_shipped"]

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ("escalation", "reporting", "market", "service", "express")
HOTEL = ROOT / "tests" / "packs" / "hotel"
PASSWORD = "correct-horse-battery-staple"  # noqa: S105


def publish_shipped(names: tuple[str, ...] = SHIPPED, *, now: datetime) -> None:
    """Publish shipped packs and load the Chinese calendars."""
    load_calendar_folder(ROOT / "calendars", now=now)
    for name in names:
        publish_folder(ROOT / "packs" / name, now=now)


def open_world(pack_id: str, *, now: datetime, code: str | None = None, password: str | None = None) -> DeskWorld:
    """A desk with its organisation for a pack that is published."""
    pack = read_version(versions_of(pack_id)[0].pk)
    desk = open_desk(code=code or pack_id, title=pack.head.title.zh_hans, pack_id=pack_id, now=now)
    return DeskWorld(desk, pack, build_organisation(desk, pack, now=now, password=password), now)
