"""A proceeding as somebody sees it: everything that its pages share, each thing read once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest

from amends.apps.cases.actions.perform import facts_at_moment
from amends.apps.cases.clocks import clocks_of
from amends.apps.cases.evidence import evidence_in
from amends.apps.cases.models import EvidenceFile
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.queries import (
    Possible,
    possible_under,
    proceedings_under,
    visible_proceeding,
)
from amends.apps.cases.proceedings.registers import registers_of
from amends.apps.cases.proceedings.timeline import proceeding_entries
from amends.apps.cases.queries import visible_among
from amends.apps.cases.timeline import Entry
from amends.core.clocks import ClockReading
from amends.core.decide import Action, allowed_actions
from amends.core.facts import CaseFacts
from amends.core.policy.base import Title
from amends.doors.seen_proceeding import SeenProceeding
from amends.web.case.seeing import CaseView
from amends.web.proceedings.attached import with_files_named
from amends.web.viewing import viewer_of


@dataclass
class ProceedingView(SeenProceeding):
    """A proceeding as its pages show it."""

    @cached_property
    def facts(self) -> CaseFacts:
        return facts_at_moment(self.proceeding, self.pack, self.viewer.now)

    @cached_property
    def actions(self) -> list[Action]:
        """The verbs that are open to the viewer now."""
        return allowed_actions(pack=self.pack, process=self.kind, facts=self.facts, actor=self.actor)

    @cached_property
    def entries(self) -> list[Entry]:
        """What happened, oldest first, as the viewer may read it, the files by their names."""
        found = proceeding_entries(self.proceeding, self.pack, roles=self.actor.roles)
        return with_files_named(found, self.proceeding, lambda: self.files, self.behind)

    @cached_property
    def files(self) -> list[EvidenceFile]:
        """The files handed in with it that the viewer may see, oldest first."""
        return evidence_in(self.proceeding, self.pack, self.actor.roles)

    @cached_property
    def readings(self) -> list[ClockReading]:
        return clocks_of(self.proceeding, self.pack, self.viewer.now, with_segments=False)

    @cached_property
    def children(self) -> Sequence[Proceeding]:
        """What its steps started, as far as the viewer may see it."""
        return proceedings_under(self.viewer, self.proceeding)

    @cached_property
    def beneath(self) -> list[Possible]:
        """What the viewer may begin under it."""
        return possible_under(self.viewer, self.proceeding)

    @cached_property
    def register(self) -> Title | None:
        """The register that it is a record of, where it stands by itself and the viewer may open that."""
        row = self.proceeding
        if row.case_id is not None or row.parent_id is not None or self.kind.register_ is None:
            return None
        opened = (kept for kept in registers_of(self.viewer) if (kept.desk, kept.name) == (row.desk, row.kind))
        return next((kept.kind.listed_as for kept in opened), None)

    @cached_property
    def behind(self) -> CaseView | None:
        """The case it stands on, when the viewer sees that too."""
        case = self.proceeding.case
        if case is None or not visible_among(self.viewer, [str(case.pk)]):
            return None
        return CaseView(self.viewer, case)


def proceeding_view(request: HttpRequest, key: uuid.UUID) -> ProceedingView:
    """The visible proceeding of that id. Raises NotVisible."""
    viewer = viewer_of(request)
    return ProceedingView(viewer, visible_proceeding(viewer, key))
