"""A story as it is written: who does what, when, with which words. Read from `packs/<id>/demo/stories*.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amends.apps.policies.files import UNREADABLE, PackFolder, Place, read_yaml
from amends.core.policy.problems import Problem

FIRST = "register"
STEP_KEYS = frozenset({"do", "by", "at", "after", "kind", "channel", "on", "in"})
STORY_KEYS = frozenset({"id", "title", "steps", "ends"})
RECORD_KEYS = frozenset({"id", "title", "steps", "in"})


@dataclass(frozen=True, slots=True)
class Step:
    """One thing somebody does: verb, role, when, and the form as it is filled in.

    `when` of the first step looks back from today, that of later ones forward from the step before. `on_founded` says
    that the story goes on with the case that this one became.
    """

    verb: str
    by: str
    when: str
    data: Mapping[str, Any]
    place: Place
    kind: str = ""
    channel: str = ""
    on_founded: bool = False
    proceeding: str = ""
    """The kind of proceeding in which the step is taken: the latest one of the case, or a new one. In a record: the first one of
    the kind that can take the step, or a new one beneath the latest that may have it."""


@dataclass(frozen=True, slots=True)
class Story:
    """One case from its first contact on. `ends` are facts of the case as the story leaves it.

    A story with a `proceeding` is about no case: its steps are taken in one record of that kind, and those that say so in
    what lies beneath it.
    """

    id: str
    title: str
    steps: tuple[Step, ...]
    ends: Mapping[str, Any]
    place: Place
    proceeding: str = ""

    @property
    def subject(self) -> str:
        """What the case or the record is called: no two stories of a desk share it."""
        return self.title if self.proceeding else str(self.steps[0].data.get("subject", ""))


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that keeps a story from being played, in both languages of `pack check`."""

    place: Place
    story: str
    message: str
    message_en: str

    def as_problem(self) -> Problem:
        return Problem(("demo",), "story", self.story, self.message, self.message_en)


@dataclass(slots=True)
class Scripts:
    """The stories of one pack, and what could not be read of them."""

    stories: list[Story] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_stories(pack_folder: Path) -> Scripts:
    """Every story of a pack's demo, in the order of its files; nothing when the pack has none."""
    return _read(pack_folder, "stories*.yaml")


def read_records(pack_folder: Path) -> Scripts:
    """Every record of a pack's demo that belongs to no case; its title is what the record is called."""
    return _read(pack_folder, "records.yaml")


def _read(pack_folder: Path, names: str) -> Scripts:
    scripts = Scripts()
    for file in sorted((pack_folder / "demo").glob(names)):
        found = PackFolder(file.parent)
        raw = read_yaml(found, file, (file.stem,))
        scripts.faults += [
            Fault(found.place(p.path), file.stem, p.message, p.message_en) for p in found.problems
        ]  # fmt: skip
        if raw is UNREADABLE:
            continue
        _read_file(scripts, found, raw, file)
    _refuse_twins(scripts)
    return scripts


def _read_file(scripts: Scripts, found: PackFolder, raw: Any, file: Path) -> None:
    if not isinstance(raw, list):
        scripts.faults.append(
            Fault(Place(file, 1), file.stem, "这个文件应是故事的列表。", "this file is a list of stories.")
        )
        return
    for number, story in enumerate(raw):
        place = found.place((file.stem, number))
        wrong = list(_misspelt(story, place))
        scripts.faults += wrong
        if not wrong:
            scripts.stories.append(_story(story, place, found, (file.stem, number)))


def _misspelt(raw: Any, place: Place) -> Iterator[Fault]:
    if not isinstance(raw, Mapping):
        yield Fault(place, "?", "故事应是一个表。", "a story is a table.")
        return
    name = str(raw.get("id", "?"))
    keys = RECORD_KEYS if "in" in raw else STORY_KEYS
    for key in sorted(keys - set(raw)):
        yield Fault(place, name, f"缺少“{key}”。", f'"{key}" is missing.')
    for key in sorted(set(raw) - keys):
        yield Fault(place, name, f"不认识“{key}”这一项。", f'there is no key "{key}".')
    steps = raw.get("steps")
    if not isinstance(steps, list) or not steps or not all(isinstance(step, Mapping) for step in steps):
        yield Fault(place, name, "steps 应是步骤的列表。", "steps is a list of steps.")
        return
    if keys is STORY_KEYS and (steps[0].get("do") != FIRST or any(step.get("do") == FIRST for step in steps[1:])):
        yield Fault(
            place, name, "故事从 register 开始，且只登记一次。", "a story begins with register and registers once."
        )
    for step in steps:
        for key in ("do", "by"):
            if not step.get(key):
                yield Fault(place, name, f"有一步缺少“{key}”。", f'a step lacks "{key}".')


def _story(raw: Mapping[str, Any], place: Place, found: PackFolder, path: tuple[str | int, ...]) -> Story:
    inside = {"in": raw["in"]} if "in" in raw else {}
    steps = tuple(
        step_from({**inside, **step}, found.place((*path, "steps", number))) for number, step in enumerate(raw["steps"])
    )
    return Story(str(raw["id"]), str(raw["title"]), steps, dict(raw.get("ends", {})), place, str(inside.get("in", "")))


def step_from(raw: Mapping[str, Any], place: Place) -> Step:
    """A step of a story; every key that is not the step's own belongs to the form."""
    return Step(
        verb=raw["do"], by=raw["by"], when=str(raw.get("at") or raw.get("after") or ""), place=place,
        data={name: value for name, value in raw.items() if name not in STEP_KEYS},
        kind=str(raw.get("kind") or ""), channel=str(raw.get("channel") or ""), on_founded=raw.get("on") == "founded",
        proceeding=str(raw.get("in") or ""),
    )  # fmt: skip


def _refuse_twins(scripts: Scripts) -> None:
    for kind in ("id", "subject"):
        seen: set[str] = set()
        for story in scripts.stories:
            name = str(getattr(story, kind))
            if name in seen:
                scripts.faults.append(Fault(story.place, story.id, f"“{name}”已经有了。", f'"{name}" is taken.'))
            seen.add(name)
