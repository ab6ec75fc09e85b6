"""A case as somebody prints it: what they may read of it, each thing read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from amends.apps.cases.facts import facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.queries import Viewer, actor_of
from amends.apps.cases.timeline import Entry, ShownValue, entries_for
from amends.apps.policies.models import Desk
from amends.core.directory import Actor
from amends.core.facts import CaseFacts
from amends.core.policy.pack import Pack
from amends.core.roles import has_right


@dataclass
class CaseFile:
    """A visible case in the hands of its viewer. `in_full` shows personal data unmasked: asked for with a reason, noted."""

    viewer: Viewer
    case: Case
    in_full: bool = False

    @property
    def desk(self) -> Desk:
        return self.case.desk

    @property
    def number(self) -> str:
        return self.case.number

    @cached_property
    def pack(self) -> Pack:
        return pack_of(self.case)

    @cached_property
    def facts(self) -> CaseFacts:
        return facts_of(self.case)

    @cached_property
    def actor(self) -> Actor:
        return actor_of(self.viewer, self.case)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.pack.head.zone)

    @cached_property
    def entries(self) -> list[Entry]:
        """The timeline, oldest first."""
        revealed = personal_fields(self.pack) if self.in_full else frozenset()
        return entries_for(self.case, self.pack, self.actor, revealed=revealed)

    @cached_property
    def values(self) -> dict[str, ShownValue]:
        """The latest value of every field that was filled in."""
        return {value.id: value for entry in self.entries for value in entry.values}

    @cached_property
    def doings(self) -> dict[str, Entry]:
        """The latest entry of every verb."""
        return {entry.verb: entry for entry in self.entries}

    def may(self, right: str) -> bool:
        """Whether the viewer has a right on the case."""
        return has_right(self.pack, self.actor, right)


def personal_fields(pack: Pack) -> frozenset[str]:
    """The fields whose values are masked unless somebody asks for them with a reason."""
    fields = [f for form in pack.forms.values() for f in form.fields]
    inner = [sub for f in fields for sub in f.fields]
    return frozenset(f.id for f in (*fields, *inner) if f.personal)
