"""A story step by step, on whatever stage: on paper for `pack check`, on a desk for the demo."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from amends.core.decide import form_for
from amends.core.directory import Caller
from amends.core.facts import CaseFacts
from amends.core.policy.lifecycle import Transition
from amends.core.policy.pack import Pack
from amends.core.refusals import InvalidData, Refusal
from amends.core.working_time import WorkingCalendar
from amends.doors.wording import said, said_of_field
from amends.jobs.stories.cast import NOBODY_YET, STRANGER, Cast, NobodyMay
from amends.jobs.stories.filling import BadReference, Scene, fill
from amends.jobs.stories.moments import BadSpan, first_moment, next_moment
from amends.jobs.stories.script import FIRST, Step, Story


class CanNotBe(Refusal):
    """Something that a story speaks of is not there, or comes at a time that can not be."""

    code = "story"
    sentence = "没有“%(name)s”。"


class StoryBroken(Exception):
    """A step that can not happen as it is written, and what refuses it."""

    def __init__(self, step: Step, refusal: Refusal) -> None:
        self.step, self.refusal = step, refusal
        super().__init__(f"{step.place}: {step.verb}: {refusal.code}")

    @property
    def sentence(self) -> str:
        """Why, in the reader's language."""
        if isinstance(self.refusal, InvalidData):
            return " ".join(said_of_field(error) for error in self.refusal.errors)
        return said(self.refusal)


class Stage(Protocol):
    """Where a story happens."""

    pack: Pack
    cast: Cast
    calendar: WorkingCalendar

    @property
    def facts(self) -> CaseFacts: ...

    @property
    def number(self) -> str: ...

    def register(self, step: Step, data: Mapping[str, Any], caller: Caller, at: datetime) -> None: ...

    def perform(self, verb: str, data: Mapping[str, Any], caller: Caller, at: datetime) -> None: ...

    def facts_in(self, proceeding: str, verb: str) -> CaseFacts: ...

    def perform_in(self, proceeding: str, verb: str, data: Mapping[str, Any], caller: Caller, at: datetime) -> None: ...

    def complainant(self) -> Caller: ...

    def number_of(self, story: str) -> str: ...

    def record_of(self, story: str) -> str: ...

    def upload(self, file: Mapping[str, Any], owner: str, at: datetime) -> str: ...

    def file(self, n: int) -> str: ...

    def go_on_with_founded(self) -> None: ...


def act(story: Story, stage: Stage, *, now: datetime) -> datetime:
    """Play a story to its end and return when its last step happened. Raises StoryBroken at the step that can not be."""
    at = now
    for step in story.steps:
        try:
            at = _when(step, story, at, stage, now)
            _do(step, stage, at)
        except Refusal as refusal:
            raise StoryBroken(step, refusal) from refusal
        except (NobodyMay, BadReference, BadSpan) as problem:
            raise StoryBroken(step, CanNotBe(name=problem.args[0])) from problem
    _compare(story, stage)
    return at


def began(story: Story, *, now: datetime, calendar: WorkingCalendar) -> datetime:
    """When the first contact of a story was; now itself where nobody understands the time."""
    try:
        return first_moment(story.steps[0].when, now=now, calendar=calendar)
    except BadSpan:
        return now


def _when(step: Step, story: Story, before: datetime, stage: Stage, now: datetime) -> datetime:
    if step is story.steps[0]:
        return first_moment(step.when, now=now, calendar=stage.calendar)
    at = next_moment(step.when, before=before, calendar=stage.calendar)
    if at > now:
        raise CanNotBe("这一步落在将来。")
    return at


def _do(step: Step, stage: Stage, at: datetime) -> None:
    if step.on_founded:
        stage.go_on_with_founded()
    is_new = step.verb == FIRST
    transition = _transition(step, stage)
    caller = _caller(step, stage, is_new)
    kind = stage.pack.channels.kinds.get(step.kind)
    form = form_for(stage.pack, transition, kind.form if kind else None)
    scene = Scene(
        cast=stage.cast, calendar=stage.calendar, at=at, actor=caller, facts=_facts_before(step, stage, is_new),
        number=stage.number, number_of=stage.number_of, record_of=stage.record_of, upload=lambda file: stage.upload(file, caller.id, at),
        file=stage.file,
    )  # fmt: skip
    data = fill(form, transition, step.data, scene)
    if is_new:
        stage.register(step, data, caller, at)
    elif step.proceeding:
        stage.perform_in(step.proceeding, step.verb, data, caller, at)
    else:
        stage.perform(step.verb, data, caller, at)


def _facts_before(step: Step, stage: Stage, is_new: bool) -> CaseFacts:
    if step.proceeding:
        return stage.facts_in(step.proceeding, step.verb)
    return CaseFacts(values={"kind": step.kind, "channel": step.channel}) if is_new else stage.facts


def _transition(step: Step, stage: Stage) -> Transition:
    """The transition whose form the step fills; the engine itself says later whether it may be taken."""
    if step.proceeding and step.proceeding not in stage.pack.proceedings:
        raise CanNotBe(name=step.proceeding)
    process = stage.pack.proceedings[step.proceeding] if step.proceeding else stage.pack.lifecycle
    state = None if step.verb == FIRST else _facts_before(step, stage, False).state
    found = [t for t in process.from_state(state) if t.verb == step.verb] or process.with_verb(step.verb)
    if not found:
        raise CanNotBe(name=step.verb)
    role = step.by.partition("@")[0]
    return next((t for t in found if role in t.by), found[0])


def _caller(step: Step, stage: Stage, is_new: bool) -> Caller:
    role = stage.pack.roles.roles.get(step.by.partition("@")[0])
    if role is not None and role.counts == "complainant":
        return Caller(id=STRANGER, complainant=NOBODY_YET) if is_new else stage.complainant()
    return stage.cast.caller(step.by, CaseFacts() if is_new else _facts_before(step, stage, False))


def _compare(story: Story, stage: Stage) -> None:
    """The case ends as the story says."""
    for name, expected in story.ends.items():
        found = stage.facts.value(name)
        if found != expected:
            sentence = "结尾应为 %(name)s：%(expected)s，实际为 %(found)s。"
            raise StoryBroken(story.steps[-1], CanNotBe(sentence, name=name, expected=expected, found=found))
