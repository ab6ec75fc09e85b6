"""All that is told of a pack: the stories written out, those composed of parts, and the records that belong to no case."""

from __future__ import annotations

from pathlib import Path

from amends.jobs.stories.composing import compose
from amends.jobs.stories.script import Scripts, read_records, read_stories


def stories_of(pack_folder: Path) -> Scripts:
    """Every story of a pack's demo: those written out first."""
    written, composed = read_stories(pack_folder), compose(pack_folder)
    return Scripts([*written.stories, *composed.stories], [*written.faults, *composed.faults])


def everything_of(pack_folder: Path) -> Scripts:
    """The stories of a pack's demo, and after them its records."""
    stories, records = stories_of(pack_folder), read_records(pack_folder)
    return Scripts([*stories.stories, *records.stories], [*stories.faults, *records.faults])
