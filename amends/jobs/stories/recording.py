"""A record of a demo desk that belongs to no case: begun and taken on at the times of its story, while nothing leaves the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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

    def facts_in(self, proceeding: str) -> CaseFacts:
        return facts_of_proceeding(self.row) if self.row else CaseFacts()

    def perform_in(self, proceeding: str, verb: str, data: Mapping[str, Any], caller: Caller, at: datetime) -> None:
        if self.row is None:
            self.row = begin_proceeding(
                Beginning(kind=proceeding, desk=self.desk, data=data, caller=caller, now=at)
            )  # fmt: skip
        else:
            self.row = perform(self.row, Wish(verb=verb, data=data, caller=caller, now=at))


def keep_record(story: Story, stage: DeskStage, *, now: datetime, begun: Proceeding | None = None) -> Proceeding:
    """Play the story of a record, or take on one that was `begun`. Raises StoryBroken; then the caller's transaction must be undone."""
    here = RecordStage(stage.desk, stage.pack, stage.cast, stage.calendar, stage.subjects, row=begun)
    with nothing_leaves():
        act(story, here, now=now)
    if here.row is None:
        raise BadReference(story.id)
    acknowledge_notices(case_key=str(here.row.pk), until=now - SEEN_AFTER)
    return here.row
