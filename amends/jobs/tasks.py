"""Deferred work of the jobs door: packing the archive, lists as files, and playing the demo."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from amends.apps.cases.packages import BIND, PACK, expire_packages
from amends.apps.deferred.registry import job
from amends.apps.lists.exports import remove_expired

PACKING_LIMIT = timedelta(minutes=5)


@job(PACK, limit=PACKING_LIMIT)
def pack_archive_file(args: dict[str, Any]) -> None:
    """Make the ZIP of one case that somebody asked for."""
    # Fonts and drawing are loaded by a worker that packs.
    from amends.jobs.packing import pack_file

    pack_file(args["package"], now=timezone.now())


@job(BIND, limit=PACKING_LIMIT)
def bind_archive_packages(args: dict[str, Any]) -> None:
    """Put the ZIPs of a month into one."""
    from amends.jobs.packing import bind_month

    bind_month(args["package"], now=timezone.now())


@job("expire_archive_packages")
def expire_archive_packages(args: dict[str, Any]) -> None:
    """Delete packages whose time is over."""
    expire_packages(now=timezone.now())


@job("play_demo", once=True)
def play_demo(args: dict[str, Any]) -> None:
    """Play the next stories; a crash repeats exactly those."""
    # Rules, drawing and stories are loaded in a worker that has a demo to play, and in no other.
    from amends.jobs.stories.playing_all import play_some

    play_some(now=datetime.fromisoformat(args["now"]), first=int(args["first"]))


@job("make_export", limit=timedelta(minutes=10))
def export_list(args: dict[str, Any]) -> None:
    """Write a list as a spreadsheet for whoever asked for it."""
    # The writer of spreadsheets is loaded in a worker that writes one.
    from amends.jobs.exporting import make_export

    make_export(str(args["export"]), now=timezone.now())


@job("remove_exports")
def remove_exports(args: dict[str, Any]) -> None:
    """Every hour: files whose day is over."""
    while remove_expired(now=timezone.now()) >= 500:
        pass
