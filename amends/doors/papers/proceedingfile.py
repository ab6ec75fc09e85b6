"""A proceeding as somebody prints it: what they may read of it and of what it stands on, each thing read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from amends.apps.cases.actions.perform import facts_known
from amends.apps.cases.models import Case
from amends.apps.cases.proceedings.queries import visible_proceedings_among
from amends.apps.cases.proceedings.timeline import proceeding_entries
from amends.apps.cases.queries import visible_among
from amends.apps.cases.timeline import Entry, ShownValue
from amends.apps.policies.models import Desk
from amends.core.facts import CaseFacts
from amends.core.policy.forms import Form
from amends.core.roles import has_right
from amends.doors.papers.casefile import CaseFile, personal_fields
from amends.doors.seen_proceeding import SeenProceeding


@dataclass
class ProceedingFile(SeenProceeding):
    """A visible proceeding in the hands of its viewer, printed like a case.

    What it does not say itself is taken from the proceeding that started it, then from its case, as far as the viewer sees them.
    """

    in_full: bool = False

    @property
    def desk(self) -> Desk:
        return self.proceeding.desk

    @property
    def number(self) -> str:
        return self.proceeding.number

    @cached_property
    def facts(self) -> CaseFacts:
        known = facts_known(self.proceeding)
        return known if self.behind else replace(known, behind=None)

    @cached_property
    def behind(self) -> CaseFile | ProceedingFile | None:
        """What it stands on, as far as the viewer may see it."""
        parent, case = self.proceeding.parent, self.proceeding.case
        if parent is not None and visible_proceedings_among(self.viewer, [str(parent.pk)]):
            return self._shown_alike(ProceedingFile(self.viewer, parent))
        if case is not None and visible_among(self.viewer, [str(case.pk)]):
            return self._shown_alike(CaseFile(self.viewer, case))
        return None

    def _shown_alike(self, file: CaseFile | ProceedingFile) -> CaseFile | ProceedingFile:
        """Personal data of what lies behind are shown unmasked by somebody who may reveal them there too."""
        file.in_full = self.in_full and file.may("reveal")
        return file

    @cached_property
    def case(self) -> Case | None:
        """The case at the bottom; None when there is none that the viewer sees."""
        return self.behind.case if self.behind else None

    @cached_property
    def entries(self) -> list[Entry]:
        """The proceeding's own events, oldest first."""
        revealed = personal_fields(self.pack) if self.in_full else frozenset()
        return proceeding_entries(self.proceeding, self.pack, roles=self.actor.roles, revealed=revealed)

    @cached_property
    def values(self) -> Mapping[str, ShownValue]:
        """The latest value of every field: its own before those of what lies behind it."""
        own = {value.id: value for entry in self.entries for value in entry.values}
        return {**(self.behind.values if self.behind else {}), **own}

    @cached_property
    def doings(self) -> Mapping[str, Entry]:
        """The latest entry of every verb. A verb of its own kind that was not done yet is not answered by the case."""
        own = {entry.verb: entry for entry in self.entries}
        known = {t.verb for t in self.kind.transitions}
        behind = self.behind.doings if self.behind else {}
        return {**{verb: entry for verb, entry in behind.items() if verb not in known}, **own}

    def may(self, right: str) -> bool:
        """Whether the viewer has a right on the proceeding."""
        return has_right(self.pack, self.actor, right)

    def records_of(self, form: Form) -> list[Entry]:
        """Every time the form was filled in, oldest first."""
        return [entry for entry in self.entries if entry.form_id == form.id]
