"""Conditions speak of known facts and verbs, and compare with values that the fact can have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from amends.core.policy.conditions import Condition
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.shape import near
from amends.core.policy.problems.world import Domain, World
from amends.core.verbs import VERBS

_ORDERED = ("at_least", "at_most", "more_than", "less_than")
_UNORDERED_TYPES = frozenset({"choice", "choices", "category", "axis", "yes_no", "files", "rows"})


def condition_problems(world: World) -> Iterator[Problem]:
    for path, condition in world.conditions:
        for place, question in _questions(path, condition):
            yield from _about_fact(world, place, question)
            yield from _about_verb(world, place, question)


def _questions(path: Path, condition: Condition) -> Iterator[tuple[Path, Condition]]:
    """Every single question inside, with its path."""
    for name in ("all", "any", "none"):
        for index, part in enumerate(getattr(condition, name) or ()):
            yield from _questions((*path, name, index), part)
    if condition.fact or condition.done or condition.not_done:
        yield path, condition


def _about_verb(world: World, path: Path, question: Condition) -> Iterator[Problem]:
    verb = question.done or question.not_done
    if verb is None or verb in world.verbs_used or world.is_missed(verb, "lifecycle"):
        return
    key = "done" if question.done else "not_done"
    if verb not in VERBS:
        hint = near(verb, VERBS)
        yield Problem(
            (*path, key), "unknown_verb", verb, f"没有这个动作。{hint[0]}", f"there is no such verb.{hint[1]}"
        )
        return
    yield Problem(
        (*path, key), "unused_verb", verb, "条件询问的动作在流程中从未使用。",
        "a condition asks for this verb, which no transition uses.",
    )  # fmt: skip


def _about_fact(world: World, path: Path, question: Condition) -> Iterator[Problem]:
    fact = question.fact
    if fact is None:
        return
    if not world.knows_fact(fact):
        hint = near(fact, world.facts)
        yield Problem(
            (*path, "fact"), "unknown_fact", fact, f"条件询问的事实没有任何表单或规则提供。{hint[0]}",
            f"a condition asks for this fact, which no form or rule provides.{hint[1]}",
        )  # fmt: skip
        return
    operator = question.operators()[0]
    field = world.fields.get(fact)
    if fact in world.lists and operator != "given":
        yield Problem(
            (*path, operator), "bad_comparison", fact, f"这是清单，请询问 {fact}_count 或 {fact}_open。",
            f"this is a list; ask for {fact}_count or {fact}_open.",
        )  # fmt: skip
        return
    if operator in _ORDERED and (field.type in _UNORDERED_TYPES if field else world.domain(fact) is not None):
        yield Problem(
            (*path, operator), "bad_comparison", fact, f"这一项没有大小之分，不能用“{operator}”比较。",
            f'its values have no order, so "{operator}" can not compare them.',
        )  # fmt: skip
        return
    if operator in _ORDERED and not _can_be_ordered(getattr(question, operator)):
        yield Problem(
            (*path, operator), "bad_comparison", fact, "请写整数、日期，或带引号的金额，例如 \"3000.00\"。",
            'write a whole number, a date, or an amount in quotes, for example "3000.00".',
        )  # fmt: skip
    if field is not None and field.type == "yes_no":
        yield from _about_yes_no(path, question, operator, fact)
    if (domain := world.domain(fact)) is not None and operator not in (*_ORDERED, "given"):
        yield from _about_values(world, path, question, operator, domain)


def _can_be_ordered(limit: Any) -> bool:
    """Whether a limit is a number, a day, or an amount as people write it."""
    return not isinstance(limit, str) or re.fullmatch(r"\d{4}-\d{2}-\d{2}|\d{1,13}(\.\d{1,2})?", limit) is not None


def _about_yes_no(path: Path, question: Condition, operator: str, fact: str) -> Iterator[Problem]:
    for value in _compared(question, operator):
        if operator != "given" and not isinstance(value, bool):
            yield Problem(
                (*path, operator), "not_an_option", fact, f"是非题只能与 true 或 false 比较，而不是“{value}”。",
                f'a yes-or-no field is compared with true or false, not with "{value}".',
            )  # fmt: skip


def _about_values(world: World, path: Path, question: Condition, operator: str, domain: Domain) -> Iterator[Problem]:
    for value in _compared(question, operator):
        if value in domain.values or world.is_missed(str(value), str(domain.path[0])):
            continue
        hint = near(str(value), domain.values)
        yield Problem(
            (*path, operator), "not_an_option", question.fact or "",
            f"条件与“{value}”比较，但 {{0}} 没有这个值。{hint[0]}",
            f'a condition compares with "{value}", which is not a value in {{0}}.{hint[1]}',
            refers=(domain.path,),
        )  # fmt: skip


def _compared(question: Condition, operator: str) -> tuple[Any, ...]:
    attribute = {"is": "is_", "in": "in_"}.get(operator, operator)
    value = getattr(question, attribute)
    return tuple(value) if isinstance(value, list | tuple) else (value,)
