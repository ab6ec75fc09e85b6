"""Indicators: every name they use exists, their conditions ask for what is known of a case as figures see it, and no two share an id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from math import isfinite
from typing import Any

from amends.core.policy.conditions import FIGURE, Condition
from amends.core.policy.kpis import FACTS, Indicator, Kpis, Reads, Scores
from amends.core.policy.problems.names import one_for_each_name
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.shape import near
from amends.core.policy.problems.world import World

ORDERED = ("at_least", "at_most", "more_than", "less_than")
FITTING = {
    "yes_no": ("is", "is_not", "given"),
    "number": ("is", "is_not", "in", "not_in", *ORDERED, "given"),
    "code": ("is", "is_not", "in", "not_in", "given"),
    "path": ("is", "is_not", "in", "not_in", "within", "given"),
}
MOST_OF_A_SHARE, MOST = 100, 999_999_999_999
"""No indicator falls below nothing; a share ends with the whole, and anything else where no company's figures reach."""


def kpi_problems(world: World) -> Iterator[Problem]:
    """What is wrong in kpis.yaml."""
    kpis = world.pack.kpis
    yield from _read_problems(world, kpis.reads)
    yield from _journey_problems(world)
    times = Counter(one.id for one in kpis.indicators)
    for index, indicator in enumerate(kpis.indicators):
        path: Path = ("kpis", "indicators", index)
        if times[indicator.id] > 1:
            yield Problem(
                (*path, "id"), "twice", indicator.id, "这个指标编号用了不止一次。", "this id is used more than once."
            )
            times[indicator.id] = 1
        if indicator.kind == "per_volume":
            yield from _volume_problems(world, path, indicator)
        for name, condition in indicator.conditions():
            yield from condition_problems((*path, name), condition)
        if indicator.target is not None:
            yield from _reach_problems((*path, "target"), indicator, "目标值", "target", indicator.target.value)
        if indicator.scored_as == "target" and indicator.target is None and _is_scored(kpis, indicator):
            yield Problem(
                (*path, "points"), "no_target", indicator.id, "按目标计分的指标须有目标值（target）。", "points by target need a target."
            )  # fmt: skip
    for path, weight in (
        (("kpis", "indicators"), sum(one.weight for one in kpis.indicators)),
        (("kpis", "scores", "people"), sum(kpis.scores.people.values())),
    ):
        if weight not in (0, 100):
            yield Problem(
                path, "weights", "", f"各指标的权重之和是 {weight}，应为 100。", f"the weights add up to {weight}, not to 100."
            )  # fmt: skip
    yield from _score_problems(world, kpis.scores)
    for name, role in world.pack.roles.roles.items():
        if "overview" in role.may and role.sees != "desk":
            yield Problem(
                ("roles", "roles", name, "may"), "overview_of_a_part", name, "概览显示整个受理台的数据，只能给能查看整个受理台的角色（sees: desk）。",
                "the overview shows the whole desk: it is for roles with sees: desk.",
            )  # fmt: skip


def _read_problems(world: World, reads: Reads) -> Iterator[Problem]:
    path: Path = ("kpis", "reads")
    clocks = {rule.id for rule in world.pack.clocks}
    yield from one_for_each_name(world, (*path, "limit"), "clock", "limit", reads.limit, clocks)
    yield from one_for_each_name(
        world, (*path, "escalation"), "proceeding", "escalation", reads.escalation, world.pack.proceedings
    )
    for name in ("cause", "product", "product_version", "region"):
        if field := getattr(reads, name):
            yield from one_for_each_name(world, (*path, name), "field", name, (field,), world.fields)
    rule = reads.satisfaction
    yield from one_for_each_name(
        world, (*path, "satisfaction", "fields"), "field", "satisfaction", rule.fields, world.fields
    )
    yield from one_for_each_name(
        world, (*path, "satisfaction", "asked_by"), "verb", "satisfaction", rule.asked_by, world.verbs_used
    )
    for field, points in rule.fields.items():
        for value, number in points.items():
            if not 0 <= number <= rule.best:
                yield Problem(
                    (*path, "satisfaction", "fields", field, value), "bad_value", value,
                    f"{number} 分不在 0 到 {rule.best} 之间。", f"{number} points lie not between 0 and {rule.best}.",
                )  # fmt: skip
    if reads.hours != "default" and reads.hours not in world.pack.calendar.hours:
        hint = near(reads.hours, world.pack.calendar.hours)
        yield Problem(
            (*path, "hours"), "unknown_hours", reads.hours, f"calendar.yaml 没有这一工作时间。{hint[0]}",
            f"calendar.yaml has no such hours.{hint[1]}",
        )  # fmt: skip


def _reach_problems(path: Path, of: Indicator, said: str, said_en: str, wanted: Decimal) -> Iterator[Problem]:
    """What no value of the indicator could ever be, or be compared with."""
    most = MOST_OF_A_SHARE if of.kind == "share" else MOST
    if not 0 <= wanted <= most:
        yield Problem(
            path, "out_of_reach", of.id, f"{said}“{wanted}”不在 0 到 {most} 之间。", f"the {said_en} {wanted} lies not between 0 and {most}."
        )  # fmt: skip


def _is_scored(kpis: Kpis, indicator: Indicator) -> bool:
    return bool(indicator.weight or kpis.scores.people.get(indicator.id))


def _score_problems(world: World, scores: Scores) -> Iterator[Problem]:
    """What scorecards name: indicators, and the kind, states and fields of deductions."""
    path: Path = ("kpis", "scores")
    known = [one.id for one in world.pack.kpis.indicators]
    yield from one_for_each_name(world, (*path, "people"), "indicator", "people", scores.people, known)
    for index, bonus in enumerate(scores.bonuses):
        named = [one.indicator for one in bonus.thresholds]
        yield from one_for_each_name(world, (*path, "bonuses", index), "indicator", "thresholds", named, known)
        for place, threshold in enumerate(bonus.thresholds):
            indicator = world.pack.kpis.indicator(threshold.indicator)
            wanted = threshold.at_most if threshold.at_least is None else threshold.at_least
            if indicator is not None and wanted is not None:
                where: Path = (*path, "bonuses", index, "thresholds", place)
                yield from _reach_problems(where, indicator, "门槛值", "threshold", wanted)
    if (rule := scores.deductions) is None:
        return
    path = (*path, "deductions")
    kind = world.pack.proceedings.get(rule.proceeding)
    yield from one_for_each_name(
        world, (*path, "proceeding"), "proceeding", "proceeding", (rule.proceeding,), world.pack.proceedings
    )
    if kind is not None:
        yield from one_for_each_name(world, (*path, "states"), "state", "states", rule.states, kind.states)
    for name in ("points", "day", "department", "person"):
        if field := getattr(rule, name):
            yield from one_for_each_name(world, (*path, name), "field", name, (field,), world.fields)


def _journey_problems(world: World) -> Iterator[Problem]:
    """Every category of the journey is one of the main scheme, in one stage only; every action is a kind of proceeding."""
    journey, schemes = world.pack.kpis.journey, world.pack.categories.schemes
    if journey is None:
        return
    path: Path = ("kpis", "journey")
    known = {path for path, _ in schemes[0].walk()} if schemes else set()
    named = Counter(category for stage in journey.stages.values() for category in stage.categories)
    for name, stage in journey.stages.items():
        where = (*path, "stages", name, "categories")
        yield from one_for_each_name(world, where, "category", name, stage.categories, known)
        for category in stage.categories:
            if named[category] > 1:
                named[category] = 1
                yield Problem(
                    where, "twice", category, "这个类别在一个以上的环节中。", "this category stands in more than one stage."
                )  # fmt: skip
    yield from one_for_each_name(
        world, (*path, "actions"), "proceeding", "journey", journey.actions, world.pack.proceedings
    )


def _volume_problems(world: World, path: Path, indicator: Indicator) -> Iterator[Problem]:
    known = world.pack.kpis.volumes
    if indicator.volume not in known:
        hint = near(indicator.volume or "", known)
        yield Problem(
            (*path, "volume"), "unknown_volume", indicator.id, f"volumes 没有“{indicator.volume}”。{hint[0]}",
            f'volumes has no "{indicator.volume}".{hint[1]}',
        )  # fmt: skip


def condition_problems(path: Path, condition: Condition) -> Iterator[Problem]:
    """What is wrong in a condition that is asked of the rows of figures."""
    for kind, name in condition.names():
        if kind == "verb":
            yield Problem(
                path, "no_verbs", name, "指标的条件只能问事实，不能问动作。", "conditions of indicators ask for facts, not for verbs."
            )  # fmt: skip
    for question in condition.comparisons():
        fact, operator = question.fact or "", question.operators()[0]
        if fact not in FACTS:
            hint = near(fact, FACTS)
            yield Problem(
                path, "unknown_fact", fact, f"指标的条件不能问这一项。{hint[0]}", f"indicators can not ask for this.{hint[1]}"
            )  # fmt: skip
        elif operator not in FITTING[FACTS[fact]]:
            yield Problem(
                path, "bad_comparison", fact, f"这一项不能用“{operator}”比较。", f'this can not be compared with "{operator}".'
            )  # fmt: skip
        elif FACTS[fact] == "number" and operator != "given":
            for value in _compared_with(question, operator):
                if not _is_number(value):
                    yield Problem(
                        path, "no_number", fact, f"这一项只能与数字比较，现在是“{value}”。", f'this is compared with numbers, "{value}" is none.'
                    )  # fmt: skip


def _compared_with(question: Condition, operator: str) -> tuple[Any, ...]:
    named: Any = getattr(question, {"is": "is_", "in": "in_"}.get(operator, operator))
    return named if isinstance(named, tuple) else (named,)


def _is_number(value: Any) -> bool:
    """A number as YAML has it, or as text like a figure with decimals is stored."""
    if isinstance(value, str):
        return FIGURE.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
