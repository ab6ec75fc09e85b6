"""Registers: what stands in their columns and filters exists, holds what it must, and gives nothing away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from amends.core.policy.forms import TEXT_TYPES
from amends.core.policy.problems.names import one_for_each_name
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.world import World
from amends.core.policy.proceedings import ProceedingKind
from amends.core.policy.registers import FIGURE_TYPES, FILTER_TYPES, STANDING_FILTERS, Register


def register_problems(world: World) -> Iterator[Problem]:
    for name, kind in world.pack.proceedings.items():
        if kind.register_ is not None:
            yield from _register(world, ("proceedings", name, "register"), name, kind, kind.register_)


def _register(world: World, path: Path, name: str, kind: ProceedingKind, register: Register) -> Iterator[Problem]:
    course = register.course
    shown = [*register.columns, *register.filters, *((register.day,) if register.day else ())]
    shown += [course.value, *course.same] if course else []
    yield from one_for_each_name(world, path, "field", name, dict.fromkeys(shown), world.fields)
    yield from one_for_each_name(world, (*path, "states"), "state", name, register.states, kind.states)
    for index, readers in enumerate(register.readers):
        where = (*path, "readers", index)
        yield from one_for_each_name(world, where, "role", name, readers.roles, world.pack.roles.roles)
        yield from one_for_each_name(world, where, "state", name, readers.states, kind.states)
    yield from _of_type(world, (*path, "filters"), register.filters, FILTER_TYPES)
    for taken in sorted(set(register.filters) & set(STANDING_FILTERS)):
        yield Problem(
            (*path, "filters"), "filter_taken", taken, "每个台账都有同名的筛选条件，请给字段另取名称。",
            "every register has a filter of this name; call the field something else.",
        )  # fmt: skip
    if register.day:
        yield from _of_type(world, (*path, "day"), (register.day,), {"date", "datetime"})
    if course is not None:
        yield from _of_type(world, (*path, "course", "value"), (course.value,), FIGURE_TYPES)
        yield from _of_type(world, (*path, "course", "same"), course.same, FILTER_TYPES | TEXT_TYPES)
    yield from _given_away(world, path, shown[len(register.columns) :])


def _given_away(world: World, path: Path, names: Iterable[str]) -> Iterator[Problem]:
    """Filters, periods and charts are the same for everybody who reads the list; only columns hide what a reader may not know."""
    for name in dict.fromkeys(names):
        f = world.fields.get(name)
        if f is not None and (f.personal is not None or f.seen_by):
            yield Problem(
                path, "register_gives_away", name, "个人信息和只给部分角色看的字段不能用来筛选、选择期间或画走势。",
                "personal data, and what only some roles read, can not be filtered by, choose the period or stand in a chart.",
            )  # fmt: skip


def _of_type(world: World, path: Path, names: Iterable[str], types: Collection[str]) -> Iterator[Problem]:
    for name in names:
        f = world.fields.get(name)
        if f is not None and f.type not in types:
            allowed = ", ".join(sorted(types))
            yield Problem(
                path, "wrong_type_here", name, f"这里不能用 {f.type} 类型的字段；可用的类型：{allowed}。",
                f"a field of type {f.type} can not stand here; these can: {allowed}.",
            )  # fmt: skip
