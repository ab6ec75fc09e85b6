"""Examples of a pack that do not come out as they say."""

from __future__ import annotations

from collections.abc import Iterator

from amends.core.policy.examples import Calendars, failures
from amends.core.policy.problems.report import Problem
from amends.core.policy.problems.world import World


def example_problems(world: World, calendars: Calendars) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, example in enumerate(world.pack.examples):
        if example.id in seen:
            yield Problem(
                ("examples", index), "example_twice", example.id, "例子编号重复。", "this example is listed twice."
            )
        seen.add(example.id)
        unknown = [name for name in _given_facts(example.given) if not world.knows_fact(name)]
        for name in unknown:
            yield Problem(
                ("examples", index, "given", "values"), "unknown_fact", example.id, f"没有事实“{name}”。",
                f'there is no fact "{name}".',
            )  # fmt: skip
        for failure in failures(example, world.pack, calendars):
            path = ("examples", index, *failure.path)
            yield Problem(path, "example_fails", example.id, failure.message, failure.message_en)


def _given_facts(given: dict[str, object]) -> list[str]:
    values = given.get("values")
    return [str(name) for name in values] if isinstance(values, dict) else []
