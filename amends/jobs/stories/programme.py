"""All that is told of a pack: the stories written out, and those composed of parts."""

from __future__ import annotations

from pathlib import Path

from amends.jobs.stories.composing import compose
from amends.jobs.stories.script import Scripts, read_stories


def stories_of(pack_folder: Path) -> Scripts:
    """Every story of a pack's demo: those written out first."""
    written, composed = read_stories(pack_folder), compose(pack_folder)
    return Scripts([*written.stories, *composed.stories], [*written.faults, *composed.faults])
