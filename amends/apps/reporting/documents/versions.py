"""The versions of a document: every drawing of its figures, and what the document said beside them until the next one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amends.apps.cases.facts import core_events
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.standing import standing_texts
from amends.apps.ledger.models import Chain, Detail, Event
from amends.apps.ledger.queries import events_of
from amends.core.documents import FIGURES
from amends.core.facts import facts_after
from amends.core.policy.documents import RELEASE, SEND_BACK


@dataclass(frozen=True, slots=True)
class Version:
    """The figures of a document as they were drawn at one event. `next` is the event that drew the following version."""

    no: int
    seq: int
    at: datetime
    actor: str
    kept: Mapping[str, Any]
    next: Event | None = None

    @property
    def ends_before(self) -> int | None:
        """The number of the event with which the version was over; None for the latest one."""
        return self.next.seq if self.next else None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a document said besides its figures while a version was the latest: values and texts of its author, and what was done last, by
    verb, since it was released; nothing while it is a draft, also one that was sent back.
    """

    values: Mapping[str, Any]
    texts: Mapping[str, str]
    done: Mapping[str, Event]


def standing_at(proceeding: Proceeding, version: Version) -> Standing:
    """A version as it last stood: before the next one was drawn, or now. Nothing that was written later is in it."""
    events = [event for event in events_of(proceeding.chain) if version.next is None or event.seq < version.next.seq]
    facts = facts_after(core_events(events))
    texts = standing_texts(proceeding.chain, before=version.ends_before)
    return Standing(facts.values, texts, _done_since_release([event for event in events if event.seq > version.seq]))


def _done_since_release(events: Sequence[Event]) -> dict[str, Event]:
    done: dict[str, Event] = {}
    for event in events:
        if event.kind in (RELEASE, SEND_BACK):
            done = {}
        if event.kind == RELEASE or RELEASE in done:
            done[event.kind] = event
    return done


def versions_of(proceeding: Proceeding) -> list[Version]:
    """Every drawing of the figures of a document, the first one first; as many as the ledger holds."""
    return versions_of_chain(proceeding.chain)


def versions_of_chain(chain: Chain) -> list[Version]:
    rows = Detail.objects.filter(chain=chain, field=FIGURES, erased_at=None).order_by("seq")
    texts = dict(rows.values_list("seq", "text"))
    events = list(Event.objects.filter(chain=chain, seq__in=texts).order_by("seq")) if texts else []
    following = [*events[1:], None]
    return [
        Version(no, event.seq, event.at, event.actor, json.loads(texts[event.seq]), after)
        for no, (event, after) in enumerate(zip(events, following, strict=False), start=1)
    ]
