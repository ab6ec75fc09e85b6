"""What `pack check` adds for a pack with a demo: every story that its policy does not let happen as it is written."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version as installed_version
from pathlib import Path

from amends.apps.policies.check import Check, Line
from amends.apps.policies.files import read_calendar_files
from amends.core.calendars import compose_calendar, read_region_year
from amends.core.policy.pack import Pack
from amends.core.working_time import WorkingCalendar
from amends.jobs.stories.paper import faults_of
from amends.jobs.stories.programme import everything_of


def with_stories(check: Check, *, calendars: Path) -> Check:
    """The same check with a line for every story that can not be played; a pack with faults of its own is left alone."""
    if check.pack is None or check.faults:
        return check
    scripts = everything_of(check.folder)
    calendar = working_calendar(check.pack, calendars)
    faults = [*scripts.faults, *faults_of(scripts.stories, check.pack, calendar)]
    lines = [Line(fault.place, fault.as_problem()) for fault in faults]
    return replace(check, lines=(*check.lines, *lines))


def working_calendar(pack: Pack, calendars: Path) -> WorkingCalendar:
    """The pack's usual hours under the public holidays of a folder."""
    years = [read_region_year(content) for content in read_calendar_files(calendars)]
    return compose_calendar(
        pack.calendar, pack.calendar.default, years, tzdata_version=installed_version("tzdata")
    )  # fmt: skip
