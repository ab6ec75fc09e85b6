"""Templates of handling: they begin tasks that exist, whose forms ask for what a step says, in departments that exist."""

from __future__ import annotations

from collections.abc import Iterator

from amends.core.policy.problems.names import one_for_each_name
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.world import World


def template_problems(world: World) -> Iterator[Problem]:
    kinds = {name: kind for name, kind in world.pack.proceedings.items() if kind.about != "desk"}
    for name, template in world.pack.templates.handling.items():
        path: Path = ("templates", "handling", name)
        yield from one_for_each_name(world, (*path, "proceeding"), "proceeding", name, (template.proceeding,), kinds)
        functions = world.pack.routing.functions
        for index, step in enumerate(template.steps):
            yield from one_for_each_name(
                world, (*path, "steps", index, "to"), "function", step.id, (step.to,), functions
            )
        kind = kinds.get(template.proceeding)
        if kind is None:
            continue
        form = world.pack.forms.get(kind.from_state(None)[0].form or "")
        asked = {f.id for f in form.fields} if form else set()
        yield from one_for_each_name(
            world, (*path, "fields"), "field", name, template.fields.model_dump().values(), asked
        )
