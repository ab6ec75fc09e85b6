"""Calls to customers and surveys: every name they use exists, and what an answer fills in can be filled in."""

from __future__ import annotations

from collections.abc import Iterator

from amends.core.policy.followups import Call
from amends.core.policy.problems.names import one_for_each_name
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.world import World
from amends.core.policy.surveys import Band, Questionnaire, SurveyPlan


def asking_problems(world: World) -> Iterator[Problem]:
    for name, call in world.pack.followups.calls.items():
        yield from _call_problems(world, ("followups", "calls", name), name, call)
    for name, questionnaire in world.pack.surveys.questionnaires.items():
        yield from _questionnaire_problems(world, ("surveys", "questionnaires", name), name, questionnaire)
    for name, plan in world.pack.surveys.plans.items():
        yield from _plan_problems(world, ("surveys", "plans", name), name, plan)


def _call_problems(world: World, path: Path, name: str, call: Call) -> Iterator[Problem]:
    pack = world.pack
    clocks, kinds = {rule.id for rule in pack.clocks}, pack.proceedings
    yield from one_for_each_name(world, (*path, "clocks"), "clock", name, call.due_by(), clocks)
    yield from one_for_each_name(world, (*path, "proceeding"), "proceeding", name, _one(call.proceeding), kinds)
    yield from one_for_each_name(world, (*path, "attempts"), "list", name, _one(call.attempts), world.lists)
    yield from one_for_each_name(world, path, "field", name, (*_one(call.name), *_one(call.phone)), world.fields)
    process = kinds.get(call.proceeding) if call.proceeding else pack.lifecycle
    if process is not None:
        verbs = {transition.verb for transition in process.transitions}
        yield from one_for_each_name(world, path, "verb", name, call.verbs(), verbs)


def _questionnaire_problems(world: World, path: Path, name: str, asked: Questionnaire) -> Iterator[Problem]:
    ids = [question.id for question in asked.questions]
    for twice in sorted({one for one in ids if ids.count(one) > 1}):
        yield Problem(
            (*path, "questions"), "question_twice", twice, "同一份问卷中题目编号重复。",
            "this question stands twice in the questionnaire.",
        )  # fmt: skip
    if asked.low is not None:
        where = (*path, "low")
        yield from one_for_each_name(world, where, "field", name, asked.low.questions, ids)
        yield from one_for_each_name(world, (*where, "to"), "role", name, asked.low.to, world.pack.roles.roles)
    if asked.on_case is None:
        return
    where = (*path, "on_case")
    yield from one_for_each_name(world, where, "verb", name, (asked.on_case.verb,), world.verbs_used)
    yield from one_for_each_name(world, where, "field", name, asked.on_case.fills, world.fields)
    for source in asked.on_case.fills.values():
        question = source.question if isinstance(source, Band) else source
        yield from one_for_each_name(world, where, "field", name, (question,), ids)


def _plan_problems(world: World, path: Path, name: str, plan: SurveyPlan) -> Iterator[Problem]:
    known = world.pack.surveys.questionnaires
    yield from one_for_each_name(world, (*path, "questionnaire"), "questionnaire", name, (plan.questionnaire,), known)
    verbs = {transition.verb for transition in world.pack.lifecycle.transitions}
    yield from one_for_each_name(world, (*path, "after"), "verb", name, plan.after, verbs)


def _one(name: str | None) -> tuple[str, ...]:
    return (name,) if name else ()
