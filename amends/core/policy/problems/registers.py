"""Registers: what stands in their columns and filters exists, holds what it must, and gives nothing away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from amends.core.policy.forms import TEXT_TYPES
from amends.core.policy.problems.names import one_for_each_name
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.world import World
from amends.core.policy.proceedings import ProceedingKind
from amends.core.policy.registers import FIGURE_TYPES, FILTER_TYPES, STANDING_FILTERS, Concerns, Register


def register_problems(world: World) -> Iterator[Problem]:
    for name, kind in world.pack.proceedings.items():
        if kind.register_ is not None:
            yield from _register(world, ("proceedings", name, "register"), name, kind, kind.register_)
        if kind.concerns is not None:
            yield from _concerns(world, ("proceedings", name, "concerns"), name, kind, kind.concerns)
        yield from _read_by_all(world, ("proceedings", name), name, kind)
        if kind.draws is not None:
            verbs = {t.verb for t in kind.transitions}
            yield from one_for_each_name(world, ("proceedings", name, "draws"), "verb", name, (kind.draws.verb,), verbs)
    yield from _record_choices(world)


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


def _concerns(world: World, path: Path, name: str, kind: ProceedingKind, rule: Concerns) -> Iterator[Problem]:
    """What is counted is coded, stands where it can be found, and is answered by a verb that exists."""
    fields = [rule.fact, *((rule.field,) if rule.field else ())]
    yield from one_for_each_name(world, path, "field", name, fields, world.fields)
    yield from _of_type(world, path, fields, FILTER_TYPES)
    verbs = [*rule.keeps, *((rule.verb,) if rule.verb else ())]
    yield from one_for_each_name(world, path, "verb", name, verbs, {t.verb for t in kind.transitions})
    yield from one_for_each_name(world, (*path, "tell"), "role", name, rule.tell, world.pack.roles.roles)
    if kind.register_ is None:
        yield Problem(
            path,
            "no_register",
            name,
            "没有 register，统计不出结果。",
            "without a register there is nothing to count for.",
        )
    if rule.of:
        yield from one_for_each_name(world, path, "proceeding", name, (rule.of,), world.pack.proceedings)
        counted = world.pack.proceedings.get(rule.of)
        if counted is not None and (counted.register_ is None or rule.fact not in counted.register_.filters):
            yield Problem(
                path, "not_counted", rule.fact, f"“{rule.of}”的台账须把这个字段列为筛选条件（filters）。",
                f'the register of "{rule.of}" needs this field among its filters.',
            )  # fmt: skip


def _read_by_all(world: World, path: Path, name: str, kind: ProceedingKind) -> Iterator[Problem]:
    """What has to be acknowledged can be, once by each; what is shown at a step names steps that exist."""
    if rule := kind.acknowledged:
        where = (*path, "acknowledged")
        yield from one_for_each_name(world, where, "role", name, rule.by, world.pack.roles.roles)
        yield from one_for_each_name(world, where, "state", name, rule.in_, kind.states)
        yield from one_for_each_name(world, where, "verb", name, (rule.verb,), {t.verb for t in kind.transitions})
        if not all(t.once_each and t.adds for t in kind.transitions if t.verb == rule.verb):
            yield Problem(
                where, "not_once_each", rule.verb, "这个动作须写明 once_each 和 adds，每人确认一次。",
                "this verb needs once_each and adds: everybody confirms once.",
            )  # fmt: skip
    if shown := kind.shown_at:
        where = (*path, "shown_at")
        yield from one_for_each_name(world, where, "state", name, shown.in_, kind.states)
        yield from one_for_each_name(world, where, "field", name, (shown.field,), world.fields)
        domain = world.domain(shown.field)
        yield from one_for_each_name(
            world, where, "state", name, domain.values if domain else (), world.pack.lifecycle.states
        )
        if kind.register_ is None or shown.field not in kind.register_.filters:
            yield Problem(
                where, "not_counted", shown.field, "台账须把这个字段列为筛选条件（filters）。",
                "the register needs this field among its filters.",
            )  # fmt: skip


def _record_choices(world: World) -> Iterator[Problem]:
    for form_id, form in world.pack.forms.items():
        for index, f in enumerate(form.fields):
            for one in (f, *f.fields):
                if one.record is None:
                    continue
                where = ("forms", form_id, "fields", index, "record")
                yield from one_for_each_name(
                    world, where, "proceeding", one.id, (one.record.kind,), world.pack.proceedings
                )
                kind = world.pack.proceedings.get(one.record.kind)
                if kind is not None:
                    yield from one_for_each_name(world, where, "state", one.id, one.record.states, kind.states)


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
