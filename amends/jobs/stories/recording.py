"""A record of a demo desk that belongs to no case: begun and taken on at the times of its story, while nothing leaves the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from amends.apps.cases.actions import Wish, perform
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.beginning import Beginning, begin_proceeding
from amends.apps.cases.proceedings.facts import facts_of_proceeding
from amends.apps.messaging.actions import acknowledge_notices, nothing_leaves
from amends.core.directory import Caller
from amends.core.facts import CaseFacts
from amends.jobs.stories.acting import act
from amends.jobs.stories.filling import BadReference
from amends.jobs.stories.playing import SEEN_AFTER, DeskStage
from amends.jobs.stories.script import Story


@dataclass(slots=True)
class RecordStage(DeskStage):
    """Implements Stage with a record in the place of the case."""

    row: Proceeding | None = None

    @property
    def facts(self) -> CaseFacts:
        return CaseFacts()

    @property
    def number(self) -> str:
        return self.row.number if self.row else ""

    def facts_in(self, proceeding: str, verb: str) -> CaseFacts:
        found = self._taking(proceeding, verb)
        if found is not None:
            return facts_of_proceeding(found)
        above = self._above(proceeding)
        return CaseFacts(behind=facts_of_proceeding(above)) if above else CaseFacts()

    def perform_in(self, proceeding: str, verb: str, data: Mapping[str, Any], caller: Caller, at: datetime) -> None:
        found = self._taking(proceeding, verb)
        if found is None:
            found = begin_proceeding(
                Beginning(
                    kind=proceeding, desk=self.desk, data=data, caller=caller, now=at, parent=self._above(proceeding)
                )
            )  # fmt: skip
        else:
            found = perform(found, Wish(verb=verb, data=data, caller=caller, now=at))
        if self.row is None or found.pk == self.row.pk:
            self.row = found

    def _taking(self, kind: str, verb: str) -> Proceeding | None:
        """The first proceeding of the kind whose state has the verb; None where the step begins one."""
        rows = [row for row in self._all() if row.kind == kind]
        process = self.pack.proceedings[kind]
        able = [row for row in rows if any(t.verb == verb for t in process.from_state(row.state))]
        begins = verb == process.from_state(None)[0].verb
        return able[0] if able else None if begins or not rows else rows[-1]

    def _above(self, kind: str) -> Proceeding | None:
        """The latest open proceeding beneath which one of the kind may lie."""
        under = self.pack.proceedings[kind].under
        return next((row for row in reversed(self._all()) if row.kind in under and row.is_open), None)

    def _all(self) -> list[Proceeding]:
        """The record and everything beneath it, in the order in which it began."""
        if self.row is None:
            return []
        root = self.row.pk
        beneath = Q(pk=root) | Q(parent=root) | Q(parent__parent=root)
        return list(Proceeding.objects.filter(beneath).select_related("chain", "desk").order_by("begun_at", "number"))


def keep_record(story: Story, stage: DeskStage, *, now: datetime, begun: Proceeding | None = None) -> Proceeding:
    """Play the story of a record, or take on one that was `begun`. Raises StoryBroken; then the caller's transaction must be undone."""
    here = RecordStage(stage.desk, stage.pack, stage.cast, stage.calendar, stage.subjects, row=begun)
    with nothing_leaves():
        act(story, here, now=now)
    if here.row is None:
        raise BadReference(story.id)
    acknowledge_notices(case_key=str(here.row.pk), until=now - SEEN_AFTER)
    return here.row
