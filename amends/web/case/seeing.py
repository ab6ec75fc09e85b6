"""A case as somebody sees it: everything that pages about it share, each thing read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from amends.apps.cases.caring import facts_of_others
from amends.apps.cases.clocks import read_clocks
from amends.apps.cases.facts import core_events, facts_of, pack_of
from amends.apps.cases.models import Case
from amends.apps.cases.queries import Viewer, actor_of, visible_case
from amends.apps.cases.timeline import Entry, entries_of, readable
from amends.apps.ledger.models import Event
from amends.apps.ledger.queries import events_of
from amends.core.clocks import ClockReading
from amends.core.directory import Actor
from amends.core.facts import CaseFacts
from amends.core.policy.pack import Pack
from amends.core.roles import has_right
from amends.web.addresses import address_of
from amends.web.viewing import viewer_of, zone_of

TOLD_AT_ONCE = 60
"""Up to so many events are put into words at the first question: what stands on top of a page and its story ask for the same names."""


@dataclass
class CaseView:
    """A case and who looks at it."""

    viewer: Viewer
    case: Case
    _told: dict[int, Entry | None] = field(default_factory=dict, repr=False)
    """By number what was put into words already; None for what is not for the viewer's roles."""

    @cached_property
    def pack(self) -> Pack:
        return pack_of(self.case)

    @cached_property
    def facts(self) -> CaseFacts:
        return facts_of(self.case)

    @cached_property
    def actor(self) -> Actor:
        return actor_of(self.viewer, self.case, self.facts)

    @cached_property
    def zone(self) -> ZoneInfo:
        return zone_of(self.pack)

    @cached_property
    def events(self) -> list[Event]:
        """Every event of the case, oldest first. What of them may be read, `readable` says."""
        return events_of(self.case.chain)

    @cached_property
    def readable(self) -> list[Event]:
        """The events that the viewer may read, oldest first."""
        return readable(self.events, self.pack, self.actor)

    @cached_property
    def entries(self) -> list[Entry]:
        """All that the viewer may read, in words."""
        return self.told(self.readable)

    def told(self, events: list[Event]) -> list[Entry]:
        """Some of the readable events in words, each told once; of a case that is not long all of them at once."""
        wanted = [event for event in events if event.seq not in self._told]
        if wanted and len(self.readable) <= TOLD_AT_ONCE:
            wanted = self.readable
        found = {e.seq: e for e in entries_of(self.case, wanted, self.pack, roles=self.actor.roles)} if wanted else {}
        self._told |= {event.seq: found.get(event.seq) for event in wanted}
        return [entry for event in events if (entry := self._told[event.seq]) is not None]

    @cached_property
    def readings(self) -> list[ClockReading]:
        """The clocks at this moment; none for a case that was taken over and not reopened."""
        return self.read_clocks(with_segments=False)

    def read_clocks(self, *, with_segments: bool) -> list[ClockReading]:
        """The clocks, with what each minute of them was if that is wanted."""
        if self.case.taken_over and self.case.cycle == 1:
            return []
        return read_clocks(core_events(self.events), self.pack, self.viewer.now, with_segments=with_segments)

    @cached_property
    def values_of_others(self) -> list[Mapping[str, Any]]:
        """What the customer's latest other cases of the desk hold in codes, newest first."""
        return facts_of_others(self.case)

    @cached_property
    def address(self) -> str:
        """Where the page of the case is."""
        return address_of("case", self.case.number)

    @cached_property
    def _address_of_verbs(self) -> str:
        return address_of("act", self.case.number, "x").removesuffix("x/")

    def address_of(self, verb: str) -> str:
        """Where the form of a verb is. A page names dozens of them, so the way there is looked up once."""
        return f"{self._address_of_verbs}{verb}/"

    def may(self, right: str) -> bool:
        return has_right(self.pack, self.actor, right)


def case_view(request: HttpRequest, number: str) -> CaseView:
    """The visible case of that number. Raises NotVisible."""
    viewer = viewer_of(request)
    return CaseView(viewer, visible_case(viewer, number))
