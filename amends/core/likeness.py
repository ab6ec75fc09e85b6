"""How alike texts are, by the words they share: a word that few of them have says more than one that most have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Mapping
from math import log
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def likeness(asked: Collection[str], told: Mapping[Key, Collection[str]]) -> dict[Key, float]:
    """For each text, from 0 to 1, the share of what was asked that it speaks of, its words weighed by how rare they are among all
    texts; a text without a shared word is left out.
    """
    wanted = set(asked)
    shared = {key: wanted & set(words) for key, words in told.items()}
    spread = Counter(word for words in shared.values() for word in words)
    weight = {word: log((len(told) + 1) / max(spread[word], 1)) for word in wanted}
    whole = sum(weight.values())
    return {key: sum(weight[word] for word in words) / whole for key, words in shared.items() if words}
