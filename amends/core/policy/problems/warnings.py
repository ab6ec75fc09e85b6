"""Warnings and problems that come back: every role, measure, fact and category that they name exists."""

from __future__ import annotations

from collections.abc import Iterator

from amends.core.facts import BUILT_IN_FACTS
from amends.core.policy.problems.kpis import condition_problems
from amends.core.policy.problems.names import one_for_each_name
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.world import World
from amends.core.policy.warnings import WarningRule

STORED = frozenset({"department", "category", "kind", "channel", "level", "complainant", "handler", "partner"})
"""What cases are counted by beside the fields of a pack."""


def warning_problems(world: World) -> Iterator[Problem]:
    warnings = world.pack.warnings
    for name, rule in warnings.rules.items():
        yield from _rule_problems(world, ("warnings", "rules", name), name, rule)
    if warnings.key_problems is not None:
        where: Path = ("warnings", "key_problems")
        yield from one_for_each_name(world, where, "fact", "by", warnings.key_problems.by, _facts(world))
        if warnings.key_problems.exclude is not None:
            yield from condition_problems((*where, "exclude"), warnings.key_problems.exclude)
    if warnings.volume is not None:
        where = ("warnings", "volume")
        yield from one_for_each_name(world, where, "figure", "volume", (warnings.volume,), warnings.measures)
    if world.pack.categories.schemes:
        known = [path for path, _ in world.pack.categories.schemes[0].walk()]
        where = ("warnings", "capacity")
        yield from one_for_each_name(world, where, "category", "slowness", warnings.capacity.slowness, known)


def _rule_problems(world: World, path: Path, name: str, rule: WarningRule) -> Iterator[Problem]:
    yield from one_for_each_name(world, (*path, "to"), "role", name, rule.to, world.pack.roles.roles)
    for role in rule.to:
        if role in world.pack.roles.roles and "warnings" not in world.pack.roles.roles[role].may:
            yield Problem(
                (*path, "to"), "cannot_see_warnings", name, f"角色“{role}”没有权限 warnings，看不到预警。",
                f'the role "{role}" does not have the right warnings, so it does not see them.',
            )  # fmt: skip
    yield from one_for_each_name(world, (*path, "by"), "fact", name, rule.by, _facts(world))
    if rule.measure is not None:
        known = world.pack.warnings.measures
        yield from one_for_each_name(world, path, "figure", name, (rule.measure,), known)


def _facts(world: World) -> frozenset[str]:
    return STORED | frozenset(world.fields) | frozenset(BUILT_IN_FACTS)
