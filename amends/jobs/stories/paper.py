"""A rehearsal on paper: every step decided by the rules, nothing stored. What `pack check` asks of a pack's stories."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from django.utils import translation

from amends.core.decide import Request, decide
from amends.core.directory import Caller
from amends.core.facts import CaseFacts, Event, evolve
from amends.core.policy.forms import FILE_TYPES
from amends.core.policy.pack import Pack
from amends.core.roles import actor_on_case
from amends.core.working_time import WorkingCalendar
from amends.jobs.stories.acting import StoryBroken, act, began
from amends.jobs.stories.beside import PaperProceedings, PaperRecord, by_the_system
from amends.jobs.stories.cast import PAPER_COMPLAINANT, Cast, cast_on_paper
from amends.jobs.stories.filling import BadReference
from amends.jobs.stories.script import Fault, Step, Story

SOME_DAYS = (
    datetime(2026, 5, 20, 16, 5, tzinfo=UTC),
    datetime(2026, 10, 4, 13, 10, tzinfo=UTC),
    datetime(2027, 1, 2, 23, 50, tzinfo=UTC),
)
"""Just after midnight in the middle of a week, an evening within a long holiday, and a weekend just after New Year."""


@dataclass(slots=True)
class PaperStage:
    """Implements Stage with facts alone."""

    pack: Pack
    cast: Cast
    calendar: WorkingCalendar
    told: dict[str, CaseFacts] = field(default_factory=dict)
    """The facts of the stories told so far, by id: what later ones may refer to."""
    facts: CaseFacts = field(default_factory=CaseFacts)
    number: str = ""
    uploads: int = 0
    files: int = 0
    linked: set[str] = field(default_factory=set)
    entered: dict[str, Any] = field(default_factory=dict)
    founded: PaperStage | None = None
    beside: PaperProceedings | None = None
    record: PaperRecord | None = None
    """What a story of no case is about."""

    def begin(self, *, of_a_record: bool = False) -> None:
        self.facts, self.number, self.files, self.founded = CaseFacts(), "", 0, None
        self.linked, self.entered = set(), {}
        self.beside = PaperProceedings(self.pack, self.cast)
        self.record = PaperRecord(self.pack, self.cast) if of_a_record else None

    def register(self, step: Step, data: Mapping[str, Any], caller: Caller, at: datetime) -> None:
        self.number = f"P-{len(self.told) + 1}"
        self._register(step.kind, step.channel, data, caller, at)

    def _register(self, kind: str, channel: str, data: Mapping[str, Any], caller: Caller, at: datetime) -> None:
        rule, way = self.pack.channels.kinds[kind], self.pack.channels.channels[channel]
        given = {
            "kind": kind, "counts": rule.counts, "internal": rule.internal, "channel": channel,
            "channel_group": way.group, "written": way.written, "linked_cases": 0, "earlier_cases": 0,
            "has_contact": any(data.get(name) for name in ("complainant_phone", "complainant_email")),
            "received_at": at.isoformat(), "evidence_count": self._files_in(data),
        }  # fmt: skip
        self.facts = CaseFacts()
        self._decide("register", data, caller, at, given, form=rule.form)

    def perform(self, verb: str, data: Mapping[str, Any], caller: Caller, at: datetime) -> None:
        given: dict[str, Any] = {}
        if count := self._files_in(data):
            given["evidence_count"] = self.files + count
        cases = {str(data[f.id]) for f in self.pack.fields.values() if f.type == "case" and data.get(f.id)}
        if verb == "link" and cases:
            self.linked |= cases
            given["linked_cases"] = len(self.linked)
        self._decide(verb, data, caller, at, given)

    def _files_in(self, data: Mapping[str, Any]) -> int:
        return sum(len(data[f.id]) for f in self.pack.fields.values() if f.type in FILE_TYPES and data.get(f.id))

    def _decide(
        self, verb: str, data: Mapping[str, Any], caller: Caller, at: datetime, given: Mapping[str, Any],
        form: str | None = None, by_rule: bool = False,
    ) -> None:  # fmt: skip
        actor = (
            by_the_system(self.pack, caller)
            if by_rule
            else actor_on_case(self.pack, caller, self.facts, self.cast.directory)
        )
        request = Request(verb=verb, data=data, actor=actor, now=at, given=given, form=form)
        decision = decide(
            pack=self.pack,
            process=self.pack.lifecycle,
            facts=self.facts,
            request=request,
            directory=self.cast.directory,
        )
        event = Event(self.facts.version + 1, verb, at, at, caller.id, decision.payload)
        self.facts = evolve(self.facts, event)
        self.files += self._files_in(data)
        self.entered.update(data)
        self.facts = self._beside().start(decision.starts, self.facts, caller, at)
        if founds := decision.transition.founds():
            self.founded = self._found(founds.kind, caller, at)

    def facts_in(self, proceeding: str, verb: str) -> CaseFacts:
        if self.record is not None:
            return self.record.facts(proceeding, verb)
        return self._beside().facts(proceeding, self.facts)

    def perform_in(self, proceeding: str, verb: str, data: Mapping[str, Any], caller: Caller, at: datetime) -> None:
        if self.record is not None:
            self.record.perform(proceeding, verb, data, caller, at)
            return
        self.facts, decision = self._beside().perform(proceeding, verb, data, caller, self.facts, at)
        for step in decision.on_case:
            self._decide(step.verb, step.data, caller, at, {}, by_rule=True)

    def _beside(self) -> PaperProceedings:
        if self.beside is None:
            self.beside = PaperProceedings(self.pack, self.cast)
        return self.beside

    def complainant(self) -> Caller:
        return Caller(id=f"complainant:{PAPER_COMPLAINANT}", complainant=PAPER_COMPLAINANT)

    def number_of(self, story: str) -> str:
        if story not in self.told:
            raise BadReference(story)
        return f"P-{story}"

    def record_of(self, story: str) -> str:
        return self.number_of(story)

    def upload(self, file: Mapping[str, Any], owner: str, at: datetime) -> str:
        self.uploads += 1
        return str(uuid.UUID(int=self.uploads))

    def file(self, n: int) -> str:
        if not 1 <= n <= self.files:
            raise BadReference(str(n))
        return str(uuid.UUID(int=n))

    def _found(self, kind: str, caller: Caller, at: datetime) -> PaperStage:
        """The case that this one becomes, registered with everything entered so far."""
        form = self.pack.forms[self.pack.channels.kinds[kind].form]
        kept = {f.id for f in form.fields if f.type not in FILE_TYPES}
        data = {name: value for name, value in self.entered.items() if name in kept}
        other = replace(self)
        other.begin()
        other._register(kind, str(self.facts.value("channel")), data, caller, at)
        return other

    def go_on_with_founded(self) -> None:
        if self.founded is None:
            raise BadReference("founded")
        self.facts, self.files, self.linked, self.founded = self.founded.facts, 0, set(), None


def faults_of(
    stories: Iterable[Story], pack: Pack, calendar: WorkingCalendar, *, days: Iterable[datetime] = SOME_DAYS
) -> list[Fault]:
    """Every story that the policy does not let happen as it is written, with the line of the step and the reason."""
    wanted = list(stories)
    found: dict[str, Fault] = {}
    for now in days:
        stage = PaperStage(pack, cast_on_paper(pack), calendar)
        for story in sorted(wanted, key=lambda story: began(story, now=now, calendar=calendar)):
            fault = _fault_of(story, stage, now)
            if fault is not None:
                found.setdefault(story.id, fault)
    return sorted(found.values(), key=lambda fault: (str(fault.place.file), fault.place.line))


def _fault_of(story: Story, stage: PaperStage, now: datetime) -> Fault | None:
    stage.begin(of_a_record=bool(story.proceeding))
    try:
        act(story, stage, now=now)
    except StoryBroken as broken:
        return _in_both_languages(story, broken)
    finally:
        stage.told[story.id] = stage.facts
    return None


def _in_both_languages(story: Story, broken: StoryBroken) -> Fault:
    with translation.override("zh-hans"):
        chinese = broken.sentence
    with translation.override("en"):
        english = broken.sentence
    said = f"“{broken.step.verb}”这一步走不通：{chinese}"
    return Fault(broken.step.place, story.id, said, f'"{broken.step.verb}" is refused: {english}')
