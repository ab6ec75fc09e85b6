"""One archived case in each of the five packs, made once for all tests about papers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from amends.apps.cases.models import Case
from amends.apps.cases.queries import Viewer
from amends.core.policy.pack import Pack
from amends.core.roles import has_right
from amends.doors.papers.casefile import CaseFile
from tests.acceptance.conftest import undone_afterwards
from tests.doors import START
from tests.world import SHIPPED, DeskWorld, drive_to_archive, open_world, publish_shipped


@dataclass(frozen=True)
class Archived:
    """A desk with one case that went all the way."""

    world: DeskWorld
    case: Case

    @property
    def pack(self) -> Pack:
        return self.world.pack

    def file(self, *rights: str, in_full: bool = False) -> CaseFile:
        """The case in the hands of somebody with these rights on it."""
        for person in self.world.organisation.people.values():
            file = CaseFile(Viewer(person=person, now=self.world.now), self.case, in_full=in_full)
            if all(has_right(file.pack, file.actor, right) for right in rights):
                return file
        raise LookupError(rights)


@pytest.fixture(scope="package")
def archive(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Archived]]:
    """The archived cases by pack."""
    with django_db_blocker.unblock(), undone_afterwards():
        publish_shipped(now=START)
        yield {name: _archived(open_world(name, now=START)) for name in SHIPPED}


def _archived(world: DeskWorld) -> Archived:
    case, _ = drive_to_archive(world, world.register(complainant_name="欧阳雪梅"))
    return Archived(world, case)
