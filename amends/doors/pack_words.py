"""The words of a policy for lists, looked up once: the same few titles stand in every row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from amends.core.policy.pack import Pack
from amends.doors.wording import language, within_a_sentence, words

Found = TypeVar("Found")
KEPT = 64


class PackWords:
    """Titles of one version of a pack in one language."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.zone = ZoneInfo(pack.head.zone)
        self.tongue = language()
        self._kept: dict[tuple[str, str], Any] = {}

    def _once(self, kind: str, name: str, find: Callable[[Pack, str], Found]) -> Found:
        if (kind, name) not in self._kept:
            self._kept[kind, name] = find(self.pack, name)
        found: Found = self._kept[kind, name]
        return found

    def state(self, name: str) -> str:
        return self._once("state", name, lambda pack, name: _title(pack.lifecycle.states, name))

    def waits(self, name: str) -> str:
        return self._once("waits", name, waits_words)

    def waits_within(self, name: str) -> str:
        """The same amid a sentence."""
        return self._once("waits_within", name, lambda pack, name: within_a_sentence(waits_words(pack, name)))

    def level(self, name: str) -> tuple[str, int]:
        return self._once("level", name, level_words)

    def kind(self, name: str) -> str:
        return self._once("kind", name, lambda pack, name: _title(pack.channels.kinds, name))

    def channel(self, name: str) -> str:
        return self._once("channel", name, lambda pack, name: _title(pack.channels.channels, name))

    def category(self, name: str) -> str:
        return self._once("category", name, category_words)

    def handler(self) -> str:
        return self._once("handler", "", lambda pack, _: handler_words(pack))

    def outcome(self, name: str) -> str:
        return self._once("outcome", name, lambda pack, name: words(pack.categories.outcomes.get(name)) or name)

    def clock(self, name: str) -> str:
        return self._once("clock", name, clock_words)


_words: dict[tuple[int, str], PackWords] = {}


def words_of(pack: Pack) -> PackWords:
    """The words of a pack in the reader's language. Kept by the identity of the pack, which is kept alive beside them."""
    key = (id(pack), language())
    if key not in _words:
        if len(_words) >= KEPT:
            _words.clear()
        _words[key] = PackWords(pack)
    return _words[key]


def _title(named: Any, name: str) -> str:
    found = named.get(name)
    return words(found.title) if found is not None else name


def level_words(pack: Pack, level: str) -> tuple[str, int]:
    """The level's title and how serious it is: 1 is the most serious, 4 and beyond the least."""
    axis = pack.grading.axis(pack.grading.level or "")
    if axis is None or not level:
        return "", 4
    return words(axis.title_of(level)) or level, min(axis.rank_of(level), 4)


def category_words(pack: Pack, path: str) -> str:
    """A category by its own title, without the ones above it."""
    if not path:
        return ""
    node = pack.categories.schemes[0].node(path)
    return words(node.title) if node else path


def clock_words(pack: Pack, rule: str) -> str:
    """What a clock is called."""
    found = next((clock for clock in pack.clocks if clock.id == rule), None)
    return words(found.title) if found else ""


def waits_words(pack: Pack, name: str) -> str:
    """Who has the ball: a role of the pack, or one of the product's own words."""
    if not name:
        return ""
    if name in pack.roles.roles:
        return words(pack.roles.roles[name].title)
    if name in pack.head.words:
        return words(pack.head.words[name])
    if name in pack.routing.functions:
        return words(pack.routing.functions[name].title)
    plain: dict[str, Any] = {
        "complainant": gettext("客户"), "department": gettext("责任部门"), "handler": gettext("处理人"),
        "partner": gettext("合作方"),
    }  # fmt: skip
    return str(plain.get(name, name))


def handler_words(pack: Pack) -> str:
    """What the policy calls whoever a case is assigned to."""
    role = next((role for role in pack.roles.roles.values() if role.counts == "handler"), None)
    return words(role.title) if role else str(gettext("处理人"))
