"""A story on a demo desk: through the same doors as any case, at the times of the story, while nothing leaves the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from amends.apps.cases.actions import Contact, Wish, perform, register_case
from amends.apps.cases.actions.sweep import sweep_one
from amends.apps.cases.evidence import Given, evidence_of, rules_of, store_upload
from amends.apps.cases.facts import facts_of
from amends.apps.cases.models import Case
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.proceedings.beginning import Beginning, begin_proceeding
from amends.apps.cases.proceedings.facts import facts_of_proceeding
from amends.apps.cases.queries import complainant_caller
from amends.apps.messaging.actions import acknowledge_notices, nothing_leaves
from amends.apps.people.directory import OrganisationOfDesk
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import calendar_for, pack_in_force
from amends.core.directory import Caller
from amends.core.facts import CaseFacts
from amends.core.policy.pack import Pack
from amends.core.working_time import WorkingCalendar
from amends.jobs.stories.acting import act
from amends.jobs.stories.cast import STRANGER, Cast, cast_of_desk
from amends.jobs.stories.drawing import draw
from amends.jobs.stories.filling import BadReference
from amends.jobs.stories.script import Step, Story

SEEN_AFTER = timedelta(days=1)
"""Notices older than this were seen by somebody, and all of a case that is over."""


@dataclass(slots=True)
class DeskStage:
    """Implements Stage with a real case."""

    desk: Desk
    pack: Pack
    cast: Cast
    calendar: WorkingCalendar
    subjects: Mapping[str, str]
    """What the case of each story is called: how later stories find it."""
    case: Case | None = None
    known: CaseFacts | None = field(default=None)

    @property
    def facts(self) -> CaseFacts:
        if self.known is None:
            self.known = facts_of(self._case())
        return self.known

    @property
    def number(self) -> str:
        return self.case.number if self.case else ""

    def _case(self) -> Case:
        if self.case is None:
            raise BadReference("case")
        return self.case

    def _moved_on(self, case: Case) -> None:
        self.case, self.known = case, None

    def register(self, step: Step, data: Mapping[str, Any], caller: Caller, at: datetime) -> None:
        contact = Contact(
            desk=self.desk, kind=step.kind, channel=step.channel, data=data, caller=caller, now=at,
            is_vouched=caller.id != STRANGER,
        )  # fmt: skip
        self._moved_on(register_case(contact))

    def perform(self, verb: str, data: Mapping[str, Any], caller: Caller, at: datetime) -> None:
        self.sweep_until(at)
        self._moved_on(perform(self._case(), Wish(verb=verb, data=data, caller=caller, now=at)))

    def facts_in(self, proceeding: str, verb: str) -> CaseFacts:
        found = self._latest(proceeding)
        return facts_of_proceeding(found) if found else CaseFacts(behind=self.facts)

    def perform_in(self, proceeding: str, verb: str, data: Mapping[str, Any], caller: Caller, at: datetime) -> None:
        self.sweep_until(at)
        case, found = self._case(), self._latest(proceeding)
        if found is None:
            begin_proceeding(
                Beginning(kind=proceeding, desk=self.desk, data=data, caller=caller, now=at, case=case)
            )  # fmt: skip
        else:
            perform(found, Wish(verb=verb, data=data, caller=caller, now=at))
        case.refresh_from_db()
        self._moved_on(case)

    def _latest(self, kind: str) -> Proceeding | None:
        return self._case().proceedings.filter(kind=kind).order_by("-begun_at", "-number").first()

    def sweep_until(self, at: datetime) -> None:
        """Remind and mark at the moments at which the sweep would have looked, up to `at`."""
        case = self._case()
        while case.sweep_at <= at:
            sweep_one(Case, case.pk, case.sweep_at)
            looked = case.sweep_at
            case.refresh_from_db(fields=["sweep_at", "is_late", "due_at"])
            if case.sweep_at <= looked:
                break

    def complainant(self) -> Caller:
        return complainant_caller(self._case())

    def number_of(self, story: str) -> str:
        found = Case.objects.filter(desk=self.desk, subject=self.subjects.get(story, "")).first()
        if found is None:
            raise BadReference(story)
        return found.number

    def record_of(self, story: str) -> str:
        found = Proceeding.objects.filter(desk=self.desk, case=None, subject=self.subjects.get(story, "")).first()
        if found is None:
            raise BadReference(story)
        return found.number

    def upload(self, file: Mapping[str, Any], owner: str, at: datetime) -> str:
        name, content = draw(file)
        given = Given(owner=owner, given_by=owner, kind=str(file.get("kind", "")))
        return str(store_upload(SimpleUploadedFile(name, content), rules=rules_of(self.pack), given=given, now=at).pk)

    def file(self, n: int) -> str:
        files = list(evidence_of(self._case()))
        if not 1 <= n <= len(files):
            raise BadReference(str(n))
        return str(files[n - 1].pk)

    def go_on_with_founded(self) -> None:
        link = self._case().links.filter(kind="became").select_related("other").first()
        if link is None:
            raise BadReference("founded")
        self._moved_on(link.other)


def stage_of(desk: Desk, *, now: datetime, subjects: Mapping[str, str]) -> DeskStage:
    """The stage of a demo desk under its policy in force; people and calendar are read once for many stories."""
    pack = pack_in_force(desk, now)
    cast = cast_of_desk(desk, pack, OrganisationOfDesk(desk, pack, now))
    return DeskStage(desk, pack, cast, calendar_for(pack, pack.calendar.default), subjects)


def play(story: Story, stage: DeskStage, *, now: datetime) -> Case:
    """Play a story on its desk and return the case. Raises StoryBroken; then the caller's transaction must be undone."""
    stage.case, stage.known = None, None
    with nothing_leaves():
        act(story, stage, now=now)
        stage.sweep_until(now)
    case = stage._case()
    seen_until = now if not case.is_open else now - SEEN_AFTER
    acknowledge_notices(case_key=str(case.pk), until=seen_until)
    return case
