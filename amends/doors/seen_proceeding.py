"""A proceeding in the hands of whoever looks at it: what pages and papers both read of it, each thing once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from amends.apps.cases.facts import pack_of
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.queries import actor_in
from amends.apps.cases.queries import Viewer
from amends.core.directory import Actor
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import ProceedingKind


@dataclass
class SeenProceeding:
    """A visible proceeding and who looks at it."""

    viewer: Viewer
    proceeding: Proceeding

    @cached_property
    def pack(self) -> Pack:
        return pack_of(self.proceeding)

    @cached_property
    def kind(self) -> ProceedingKind:
        return self.pack.proceedings[self.proceeding.kind]

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.pack.head.zone)

    @cached_property
    def actor(self) -> Actor:
        return actor_in(self.viewer, self.proceeding)
