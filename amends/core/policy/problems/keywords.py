"""Keywords of categories: each proposes one category, and is long enough to mean something."""

from __future__ import annotations

from collections.abc import Iterator

from amends.core.policy.problems.names import nodes_of
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.world import World
from amends.core.suggesting import folded

SHORTEST = 2


def keyword_problems(world: World) -> Iterator[Problem]:
    """A keyword that is too short, and one that stands for two categories of a scheme."""
    for number, scheme in enumerate(world.pack.categories.schemes):
        first: dict[str, tuple[Path, str]] = {}
        for where, node_path, node in nodes_of(("categories", "schemes", number), "values", "", scheme.values):
            for index, word in enumerate(node.keywords):
                here = (*where, "keywords", index)
                if len(word.strip()) < SHORTEST:
                    yield _too_short(here, node_path, word)
                earlier = first.setdefault(folded(word), (here, node_path))
                if earlier[0] != here:
                    yield _twice(here, node_path, word, *earlier)


def _too_short(here: Path, node_path: str, word: str) -> Problem:
    return Problem(
        here, "keyword_too_short", node_path, f"关键词“{word}”太短，至少两个字。",
        f'the keyword "{word}" is too short, it needs two characters.',
    )  # fmt: skip


def _twice(here: Path, node_path: str, word: str, first: Path, first_path: str) -> Problem:
    return Problem(
        here, "keyword_twice", node_path, f"关键词“{word}”在 {{0}} 已用于“{first_path}”。",
        f'the keyword "{word}" stands for {first_path} in {{0}} already.', refers=(first,),
    )  # fmt: skip
