"""All stories of all demo desks, a few at a time, as deferred work: pages are served meanwhile."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice

import structlog
from django.conf import settings
from django.db import transaction

from amends.apps.deferred.actions import enqueue
from amends.apps.ledger.actions import append_in_turn
from amends.apps.messaging.actions import nothing_leaves
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import calendar_for, pack_in_force
from amends.apps.reporting.keeping import figures_at_the_end
from amends.jobs.stories.acting import StoryBroken, began
from amends.jobs.stories.around import fill_around, told_around
from amends.jobs.stories.knowing import look_at_the_cases
from amends.jobs.stories.playing import DeskStage, play, stage_of
from amends.jobs.stories.programme import everything_of
from amends.jobs.stories.questionnaires import answer_questionnaires, ask_again_and_again
from amends.jobs.stories.recording import keep_record
from amends.jobs.stories.script import Story

log = structlog.get_logger(__name__)

KIND = "play_demo"
LATER_THAN_OTHERS = 5
AFTER_THE_FIRST_PAGE = timedelta(seconds=8)
SECONDS_A_BATCH = 0.8
"""Others wait that long for the embedded database at most."""
PROGRESS_FILE = "demo_progress.json"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One story and the desk it belongs to."""

    desk: str
    story: Story


@lru_cache(maxsize=1)
def programme(now: datetime) -> tuple[Part, ...]:
    """Every story of every demo desk in the order of first contacts, so that numbers count up with time."""
    found: list[tuple[datetime, Part]] = []
    for desk in Desk.objects.filter(is_demo=True, closed_at=None):
        pack = pack_in_force(desk, now)
        calendar = calendar_for(pack, pack.calendar.default)
        for story in everything_of(settings.PACKS_DIR / desk.pack_id).stories:
            found.append((began(story, now=now, calendar=calendar), Part(desk.code, story)))
    return tuple(part for _, part in sorted(found, key=lambda item: (item[0], item[1].desk, item[1].story.id)))


def begin_to_play(*, now: datetime) -> None:
    """Let the worker play the stories of the demo desks, beginning when the first page has been served."""
    enqueue(
        KIND, {"now": now.isoformat(), "first": 0}, now=now, run_at=now + AFTER_THE_FIRST_PAGE,
        unique_key=f"{KIND}:{now.isoformat()}:0", priority=LATER_THAN_OTHERS,
    )  # fmt: skip


def play_everything(*, now: datetime) -> int:
    """Play what `begin_to_play` would leave to the worker, here and now; returns how many stories there were."""
    stories, done = len(programme(now)), 0
    while done < stories + len(_desks_of(programme(now))):
        with transaction.atomic():
            done += play_some(now=now, first=done, goes_on=False)
    return stories


def play_some(*, now: datetime, first: int, goes_on: bool = True) -> int:
    """Play stories from the `first` on for less than a second, and leave the rest to another job; returns how many.

    After the last story each desk is finished by itself, which counts like a story. Within the caller's transaction, so that
    no story is played twice or left out.
    """
    parts = programme(now)
    desks = _desks_of(parts)
    if first < len(parts):
        done = first + _play_for_a_while(parts, first, now=now)
    else:
        for code in desks[first - len(parts) :][:1]:
            _end(code, sum(part.desk == code for part in parts), now=now)
        done = first + 1
    if done >= len(parts) + len(desks):
        forget_progress()
    elif goes_on:
        _leave_the_rest(parts, done, now=now)
    return done - first


def _desks_of(parts: tuple[Part, ...]) -> list[str]:
    return sorted({part.desk for part in parts})


def _play_for_a_while(parts: tuple[Part, ...], first: int, *, now: datetime) -> int:
    stages, played = _stages_of(parts, now), 0
    ends_at = time.monotonic() + SECONDS_A_BATCH
    for part in islice(parts, first, None):
        _play_one(part, stages, now=now)
        played += 1
        if time.monotonic() >= ends_at:
            break
    return played


class _Stages:
    """The stage of each desk, made when its first story comes."""

    def __init__(self, parts: tuple[Part, ...], now: datetime) -> None:
        self.parts, self.now = parts, now
        self._made: dict[str, DeskStage] = {}

    def of(self, code: str) -> DeskStage:
        if code not in self._made:
            subjects = {part.story.id: part.story.subject for part in self.parts if part.desk == code}
            self._made[code] = stage_of(Desk.objects.get(code=code), now=self.now, subjects=subjects)
        return self._made[code]


@lru_cache(maxsize=1)
def _stages_of(parts: tuple[Part, ...], now: datetime) -> _Stages:
    """Kept from one batch to the next: policy, people and calendars stay the same while a demo is played."""
    return _Stages(parts, now)


def _play_one(part: Part, stages: _Stages, *, now: datetime) -> None:
    """A story that the policy in force does not allow is left out, and noted: the others are worth seeing."""
    try:
        with transaction.atomic(), figures_at_the_end():
            if part.story.proceeding:
                keep_record(part.story, stages.of(part.desk), now=now)
                return
            case = play(part.story, stages.of(part.desk), now=now)
            with nothing_leaves():
                answer_questionnaires(case, now=now)
    except StoryBroken as broken:
        log.warning("story left out", story=part.story.id, place=str(broken.step.place), code=broken.refusal.code)


def _leave_the_rest(parts: tuple[Part, ...], done: int, *, now: datetime) -> None:
    enqueue(
        KIND, {"now": now.isoformat(), "first": done}, now=now, unique_key=f"{KIND}:{now.isoformat()}:{done}",
        priority=LATER_THAN_OTHERS,
    )  # fmt: skip
    _show_progress({"done": min(done, len(parts)), "of": len(parts)})


def _end(code: str, stories: int, *, now: datetime) -> None:
    """What a desk made of its cases when all were played. One desk at a time: others wait for the database meanwhile."""
    desk = Desk.objects.get(code=code)
    with nothing_leaves():
        ask_again_and_again(desk, now=now)
    fill_around(desk, now=now)
    with nothing_leaves():
        look_at_the_cases(desk, told_around(desk.pack_id), now=now)
    _record_invention(code, stories, now=now)


def _record_invention(code: str, count: int, *, now: datetime) -> None:
    """The desk's own chain says that its cases so far are invented, whatever their times say."""
    append_in_turn(
        chain_key=f"desk:{code}", chain_kind="desk", kind="demo_played", at=now, recorded_at=now, actor="system",
        payload={"desk": code, "stories": count},
    )  # fmt: skip


def _show_progress(progress: Mapping[str, int]) -> None:
    """What the pages show meanwhile: a file, so that asking for it costs no query."""
    file = settings.VAR_DIR / PROGRESS_FILE
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(dict(progress)), encoding="utf-8")
    fresh.replace(file)


def forget_progress() -> None:
    """Nothing is being made any more."""
    (settings.VAR_DIR / PROGRESS_FILE).unlink(missing_ok=True)
