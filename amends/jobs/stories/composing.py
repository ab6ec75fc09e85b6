"""Further stories of a pack, composed of parts: topics say what people write, ways say what happens to it.

The same parts give the same stories every time. Alternatives are dealt like cards, so that none comes again before all came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from amends.apps.policies.files import UNREADABLE, PackFolder, Place, read_yaml
from amends.jobs.organisation import FAMILY_NAMES
from amends.jobs.stories.script import FIRST, Fault, Scripts, Story, step_from

MOST_DEALS = 12
SLOT = re.compile(r"\{([a-z_]+)\}")
_NUMBERS = re.compile(r"\{(\d+)-(\d+)\}")
_LOOSE_SPAN = re.compile(r"(\d+)(?:-(\d+))?(m|h|wh|wd|d)( am| pm)?")
_HALF_DAYS = {" am": (9 * 60 + 5, 11 * 60 + 40), " pm": (13 * 60 + 35, 17 * 60 + 20)}
WORKING_HOURS, WAKING_HOURS = (9 * 60 + 2, 15 * 60 + 30), (7 * 60 + 40, 22 * 60 + 50)
GIVEN_NAMES = (
    "安然", "博文", "长青", "晨曦", "传志", "春燕", "丹青", "德明", "冬梅", "凤英", "福来", "光耀", "国栋", "海波", "红梅", "宏伟",
    "慧敏", "佳慧", "建华", "洁", "金凤", "景行", "俊杰", "凯", "兰芝", "立新", "丽萍", "林", "曼", "明月", "乃文", "念", "宁", "培根",
    "琪", "青山", "清", "荣华", "瑞", "若兰", "少华", "淑珍", "思齐", "天佑", "婉", "卫东", "文静", "喜乐", "先河", "向阳", "小满",
    "晓东", "欣怡", "雪莹", "一凡", "亦菲", "永福", "玉洁", "远山", "月娥", "云开", "振国", "志远", "中秋", "子墨",
)  # fmt: skip


class BadPart(LookupError):
    """A part speaks of another that is not there."""


@dataclass(frozen=True, slots=True)
class _Way:
    """What happens to so many cases: steps with slots in them."""

    id: str
    cases: int
    topics: tuple[str, ...]
    ends: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    places: tuple[Place, ...]
    place: Place


@dataclass(slots=True)
class _Deck:
    """Alternatives in a shuffled order that begins anew when all have come."""

    cards: Sequence[Any]
    random: Random
    left: list[int] = field(default_factory=list)

    def deal(self) -> Any:
        if not self.left:
            self.left = list(range(len(self.cards)))
            self.random.shuffle(self.left)
        return self.cards[self.left.pop()]


def compose(pack_folder: Path) -> Scripts:
    """The composed stories of a pack; nothing when it has no `demo/variations.yaml`."""
    scripts = Scripts()
    file = pack_folder / "demo" / "variations.yaml"
    if not file.exists():
        return scripts
    found = PackFolder(file.parent)
    raw = read_yaml(found, file, ("variations",))
    scripts.faults += [Fault(found.place(p.path), "variations", p.message, p.message_en) for p in found.problems]
    if raw is not UNREADABLE and not scripts.faults:
        _Composer(raw, found, pack_folder.name).compose(scripts)
    return scripts


class _Composer:
    """Deals parts to ways until every way has its cases."""

    def __init__(self, raw: Mapping[str, Any], found: PackFolder, name: str) -> None:
        self.raw, self.name = raw, name
        self.random = Random(name)  # noqa: S311
        self.topics: dict[str, Mapping[str, Any]] = {topic["id"]: topic for topic in raw["topics"]}
        self.ways = [self._way(found, number) for number in range(len(raw["ways"]))]
        self.decks: dict[tuple[str, ...], _Deck] = {}
        self.phone = int(raw["phones_from"])
        self.subjects: set[str] = set()

    def _way(self, found: PackFolder, number: int) -> _Way:
        raw, path = self.raw["ways"][number], ("variations", "ways", number)
        places = tuple(found.place((*path, "steps", n)) for n in range(len(raw["steps"])))
        topics = tuple(raw.get("topics", self.topics))
        return _Way(raw["id"], raw["cases"], topics, raw["ends"], raw["steps"], places, found.place(path))

    def compose(self, scripts: Scripts) -> None:
        for way in self.ways:
            for number in range(way.cases):
                try:
                    scripts.stories.append(self._new_story(way, number))
                except (BadPart, KeyError) as missing:
                    name = f"{way.id}_{number + 1}"
                    fault = Fault(way.place, name, f"没有“{missing.args[0]}”。", f'there is no "{missing.args[0]}".')
                    scripts.faults.append(fault)
                    break

    def _new_story(self, way: _Way, number: int) -> Story:
        """A story whose case is called like no other, as far as the parts allow."""
        self.phone += 1
        for _ in range(MOST_DEALS):
            story = self._story(way, number)
            if story.subject not in self.subjects:
                break
        self.subjects.add(story.subject)
        return story

    def _story(self, way: _Way, number: int) -> Story:
        topic = self._with_thread(self.topics[self._deal(("way", way.id), way.topics)])
        slots = {
            "name": self._name(), "phone": f"1390000{self.phone:04d}", "email": f"kehu{self.phone:04d}@example.com"
        }  # fmt: skip
        writer = _Writer(self, topic, slots)
        steps = []
        for raw, place in zip(way.steps, way.places, strict=True):
            filled = {name: writer.value(value) for name, value in raw.items()}
            if filled["do"] == FIRST:
                filled = {
                    **writer.value(topic.get("fields", {})),
                    **filled,
                    "at": self._began(str(raw["at"]), number, way.cases),
                }
            elif "after" in raw:
                filled["after"] = self._span(str(self._any_of(raw["after"])))
            steps.append(step_from(filled, place))
        return Story(f"{way.id}_{number + 1}", str(topic["id"]), tuple(steps), dict(way.ends), way.place)

    def _with_thread(self, topic: Mapping[str, Any]) -> Mapping[str, Any]:
        """The topic with one of its threads: texts that only make sense together."""
        threads = topic.get("threads")
        if not threads:
            return topic
        number = self._deal(("thread", str(topic["id"])), range(len(threads)))
        thread = {name: value if isinstance(value, list) else [value] for name, value in threads[number].items()}
        return {
            **topic,
            "id": f"{topic['id']}/{number}",
            "texts": {**topic.get("texts", {}), **thread},
            "of": topic["id"],
        }

    def _name(self) -> str:
        return str(self._deal(("family",), FAMILY_NAMES)) + str(self._deal(("given",), GIVEN_NAMES))

    def _any_of(self, value: Any) -> Any:
        return self.random.choice(value) if isinstance(value, list) else value

    def _deal(self, key: tuple[str, ...], cards: Sequence[Any]) -> Any:
        if key not in self.decks:
            self.decks[key] = _Deck(cards, self.random)
        return self.decks[key].deal()

    def _began(self, text: str, number: int, of: int) -> str:
        """Spread evenly over the span, at some time of the working day, or of the waking one for days of the calendar."""
        found = _LOOSE_SPAN.fullmatch(text)
        if found is None:
            raise BadPart(text)
        first, last, unit = int(found[1]), int(found[2] or found[1]), found[3]
        count = first + round((last - first) * (number + self.random.random()) / of)
        if unit in ("m", "h"):
            return f"{count}{unit}"
        return f"{count}{unit} {self._clock(WORKING_HOURS if unit == 'wd' else WAKING_HOURS)}"

    def _span(self, text: str) -> str:
        """`20-50m`, `1wd am`, `0-2wd pm`; what is written exactly stays as it is."""
        found = _LOOSE_SPAN.fullmatch(text)
        if found is None:
            return text
        count = self.random.randint(int(found[1]), int(found[2] or found[1]))
        return f"{count}{found[3]}" + (f" {self._clock(_HALF_DAYS[found[4]])}" if found[4] else "")

    def _clock(self, between: tuple[int, int]) -> str:
        hours, minutes = divmod(self.random.randint(*between), 60)
        return f"{hours:02d}:{minutes:02d}"

    def part(self, topic: Mapping[str, Any], name: str) -> str:
        """One alternative of a part of the topic, or of the pack."""
        own = topic.get("parts", {}).get(name)
        cards = own or self.raw.get("parts", {}).get(name)
        if cards is None:
            raise BadPart(name)
        return str(self._deal(("part", _owner(topic) if own else "", name), cards))

    def text(self, topic: Mapping[str, Any], name: str) -> str:
        """A text of the topic: one alternative of each of its sentences."""
        sentences = topic["texts"][name]
        if not isinstance(sentences[0], list):
            sentences = [sentences]
        return "".join(
            str(self._deal(("text", _owner(topic), name, str(n), str(cards)), cards)) for n, cards in enumerate(sentences)
        )  # fmt: skip


def _owner(topic: Mapping[str, Any]) -> str:
    return str(topic.get("of", topic["id"]))


@dataclass(slots=True)
class _Writer:
    """Fills the slots of one case; a slot means the same throughout it."""

    composer: _Composer
    topic: Mapping[str, Any]
    slots: dict[str, str]

    def value(self, raw: Any) -> Any:
        if isinstance(raw, str):
            return self._filled(raw)
        if isinstance(raw, Mapping):
            return {name: self.value(value) for name, value in raw.items()}
        if isinstance(raw, list):
            return [self.value(value) for value in raw]
        return raw

    def _filled(self, text: str) -> str:
        """Slots are filled until none is left: parts may hold slots of their own."""
        for _ in range(4):
            if not SLOT.search(text):
                break
            text = SLOT.sub(lambda found: self._slot(found[1]), text)
        return _NUMBERS.sub(lambda found: str(self.composer.random.randint(int(found[1]), int(found[2]))), text)

    def _slot(self, name: str) -> str:
        if name not in self.slots:
            is_text = name in self.topic.get("texts", {})
            made = self.composer.text(self.topic, name) if is_text else self.composer.part(self.topic, name)
            self.slots[name] = self._filled(made)
        return self.slots[name]


def texts_of(stories: Sequence[Story]) -> Iterator[str]:
    """Every text that stands in stories: what tests compare."""
    for story in stories:
        for step in story.steps:
            yield from _texts_in(step.data)


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts_in(inner)
