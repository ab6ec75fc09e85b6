"""Training: banks hold enough questions, and every role, form, field, indicator and proceeding that is named exists."""

from __future__ import annotations

from collections.abc import Iterator

from amends.core.policy.forms import Field
from amends.core.policy.problems.names import one_for_each_name
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.world import World
from amends.core.policy.training import Module, Sessions


def training_problems(world: World) -> Iterator[Problem]:
    training = world.pack.training
    for name, bank in training.banks.items():
        ids = [question.id for question in bank.questions]
        for twice in sorted({one for one in ids if ids.count(one) > 1}):
            yield Problem(
                ("training", "banks", name), "question_twice", twice, "同一题库中题目编号重复。",
                "this question stands twice in the bank.",
            )  # fmt: skip
    for name, module in training.modules.items():
        yield from _module_problems(world, ("training", "modules", name), name, module)
    if training.sessions is not None:
        yield from _session_problems(world, training.sessions)
    yield from _naming_problems(world)


def _module_problems(world: World, path: Path, name: str, module: Module) -> Iterator[Problem]:
    banks = world.pack.training.banks
    yield from one_for_each_name(world, (*path, "for"), "role", name, module.for_, world.pack.roles.roles)
    yield from one_for_each_name(world, (*path, "bank"), "bank", name, (module.bank,), banks)
    if module.bank in banks and len(banks[module.bank].questions) < module.draw:
        yield Problem(
            (*path, "draw"), "bank_too_small", name, f"题库“{module.bank}”不足 {module.draw} 题。",
            f'the bank "{module.bank}" has fewer than {module.draw} questions.',
        )  # fmt: skip
    if module.studies and world.pack.training.studies is None:
        yield Problem(
            (*path, "studies"), "no_studies", name, "模块使用案例，但没有写明哪种专项程序是案例（studies）。",
            "the module uses case studies, and nothing says which proceedings they are (studies).",
        )  # fmt: skip


def _session_problems(world: World, sessions: Sessions) -> Iterator[Problem]:
    path: Path = ("training", "sessions")
    known = world.pack.proceedings
    yield from one_for_each_name(world, path, "proceeding", "sessions", (sessions.proceeding,), known)
    rows, person = sessions.planned_rows()
    plain = [sessions.day, sessions.modules, rows, sessions.attendance]
    plain += [name for name in (sessions.department, sessions.category, sessions.evaluated) if name]
    yield from one_for_each_name(world, path, "field", "sessions", plain, world.fields)
    yield from one_for_each_name(world, path, "form", "sessions", sessions.records, world.pack.forms)
    columns = {sub.id for name in (rows, sessions.attendance) for sub in _columns(world, name)}
    inside = (person, sessions.person, sessions.attended, sessions.result, sessions.involvement)
    yield from one_for_each_name(world, path, "field", "sessions", inside, columns)
    modules = world.pack.fields.get(sessions.modules)
    offered = {option.id for option in modules.options} if modules else set()
    for name in sorted(offered - set(world.pack.training.modules)):
        yield Problem(
            (*path, "modules"), "unknown_module", name, "没有这个培训模块。", "there is no such training module."
        )


def _columns(world: World, name: str) -> tuple[Field, ...]:
    field = world.fields.get(name)
    return field.fields if field is not None else ()


def _naming_problems(world: World) -> Iterator[Problem]:
    training, kinds = world.pack.training, world.pack.proceedings
    figures = {indicator.id for indicator in world.pack.kpis.indicators}
    yield from one_for_each_name(
        world, ("training", "effect"), "indicator", "effect", training.effect.indicators, figures
    )
    if (quality := training.quality) is not None:
        yield from one_for_each_name(
            world, ("training", "quality"), "proceeding", "quality", (quality.proceeding,), kinds
        )
        yield from one_for_each_name(world, ("training", "quality"), "field", "quality", quality.scores, world.fields)
    if (studies := training.studies) is not None:
        path: Path = ("training", "studies")
        yield from one_for_each_name(world, path, "proceeding", "studies", (studies.proceeding,), kinds)
        yield from one_for_each_name(world, path, "field", "studies", studies.shows, world.fields)
        if studies.proceeding in kinds:
            states = kinds[studies.proceeding].states
            yield from one_for_each_name(world, path, "state", "studies", studies.states, states)
    if (record := training.record) is not None:
        path = ("training", "record")
        yield from one_for_each_name(world, path, "indicator", "record", record.indicators, figures)
        yield from one_for_each_name(world, path, "proceeding", "record", record.proceedings, kinds)
