"""A pack under random ids: what it says stays the same, every name it could be known by is another."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from typing import Any

from amends.core.facts import BUILT_IN_FACTS
from amends.core.policy.pack import Pack
from amends.core.verbs import VERBS

CLOCK_IN_TEXT = re.compile(r"\{\{due_at:(\w+)\}\}")
COMMON_SCALE = {"critical", "serious", "ordinary", "minor"}


def renamed(raw: Mapping[str, Any], pack: Pack, *, seed: int) -> dict[str, Any]:
    """The raw pack with new ids for the pack, its states, roles, kinds, channels, functions, levels and forms.

    An id that is also a verb, a field, a built-in fact, a kind of proceeding, an indicator or a word of the format keeps its name: elsewhere it would mean
    something else.
    """
    chance = random.Random(seed)
    taken = (
        set(VERBS)
        | set(pack.fields)
        | BUILT_IN_FACTS
        | set(pack.proceedings)
        | {indicator.id for indicator in pack.kpis.indicators}
        | COMMON_SCALE
        | set(_words_of_the_format(Pack.model_json_schema()))
    )
    taken |= {part for scheme in pack.categories.schemes for path, _ in scheme.walk() for part in path.split("/")}
    ids = {*pack.lifecycle.states, *pack.roles.roles, *pack.channels.kinds, *pack.channels.channels}
    ids |= {*pack.routing.functions, *pack.forms, *(v.id for axis in pack.grading.axes for v in axis.values)}
    names = {name: f"x{chance.randrange(16**8):08x}" for name in sorted(ids - taken)}
    content = _replaced({key: value for key, value in raw.items() if key != "examples"}, names)
    content["head"]["id"] = f"x{chance.randrange(16**8):08x}"
    return dict(content)


def _words_of_the_format(schema: Any) -> Iterator[str]:
    """Every key and every fixed value that the format knows."""
    if isinstance(schema, Mapping):
        yield from schema.get("properties", ())
        yield from (word for word in schema.get("enum", ()) if isinstance(word, str))
        yield from (word for word in [schema.get("const"), schema.get("default")] if isinstance(word, str))
        for part in schema.values():
            yield from _words_of_the_format(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _words_of_the_format(part)


def _replaced(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {names.get(key, key): _replaced(part, names) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(part, names) for part in value]
    if not isinstance(value, str):
        return value
    return names.get(value) or CLOCK_IN_TEXT.sub(lambda m: f"{{{{due_at:{names.get(m[1], m[1])}}}}}", value)
