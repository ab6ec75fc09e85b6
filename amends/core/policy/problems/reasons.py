"""What messages tell as the reason of a step: the form marks the field, and everybody who is told may read it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from amends.core.approvals import chains_of_state
from amends.core.policy.forms import SENTENCES, Field
from amends.core.policy.lifecycle import Process, Transition
from amends.core.policy.problems.lifecycle import forms_of
from amends.core.policy.problems.report import Path, Problem, quoted, quoted_en
from amends.core.policy.problems.world import World
from amends.core.policy.wording import place_of, placeholders_in
from amends.core.roles import complainant_roles

REASON = "reason"


def reason_problems(world: World) -> Iterator[Problem]:
    """Fields that can not be a reason, and messages that say one which the step's form does not mark, or not for all who are told."""
    for form_id, form in world.pack.forms.items():
        for index, f in enumerate(form.fields):
            yield from _field_problems(("forms", form_id, "fields", index), f)
    for path, process in world.processes:
        for index, transition in enumerate(process.transitions):
            where: Path = (*path, "transitions", index)
            for key, message, roles in _told(world, process, transition):
                if _says_reason(world, message):
                    yield from _step_problems(world, path, where, key, transition, message, roles)


def _field_problems(where: Path, f: Field) -> Iterator[Problem]:
    if f.reason and f.type not in SENTENCES:
        yield Problem(
            (*where, "reason"), "reason_no_text", f.id, f"类型为“{f.type}”；只有 text 和 long_text 才能作为理由告知。",
            f"its type is {f.type}; only a text or long_text can be told as the reason.",
        )  # fmt: skip
    for index, inner in enumerate(f.fields):
        if inner.reason:
            yield Problem(
                (*where, "fields", index, "reason"), "reason_in_rows", inner.id,
                "明细表中的字段每行一个，不能作为理由告知。",
                "a field of rows can not be told as the reason: every row has one.",
            )  # fmt: skip


def _told(world: World, process: Process, transition: Transition) -> Iterator[tuple[str, str, Collection[str]]]:
    """Every message that may follow from a step: under which key, its id, and the roles it goes to."""
    customers = complainant_roles(world.pack)
    for told in transition.messages():
        yield "tells", told.message, customers
    if transition.sends:
        yield "sends", transition.sends.message, customers
    for notice in transition.notifies:
        yield "notifies", notice.message, notice.to
    states = {transition.target(state) for state in transition.from_ or (None,)}
    if transition.approves and transition.verb == "approve":
        states |= set(transition.from_)  # Until the chain is complete, the next in it are asked.
    for name in {chain for state in states for chain in chains_of_state(process.transitions, state)}:
        chain = world.pack.approvals.chains.get(name)
        if chain and chain.asks:
            yield "to", chain.asks, [role for step in chain.steps for role in step.by]


def _says_reason(world: World, message: str) -> bool:
    texts = world.pack.messages.texts.get(message, {}).values()
    return any(place_of(name) == REASON for said in texts for text in said.values() for name in placeholders_in(text))


def _step_problems(
    world: World, path: Path, where: Path, key: str, transition: Transition, message: str, roles: Collection[str]
) -> Iterator[Problem]:
    for _, form in forms_of(world, where, path, transition):
        marked = [(index, f) for index, f in enumerate(form.fields) if f.reason]
        if not marked:
            yield Problem(
                (*where, key), "no_reason", message,
                f"消息写有 {{{{reason}}}}，而表单“{form.id}”没有哪个字段标明 reason: true，这一处会是空的。",
                f'it says {{{{reason}}}}, but no field of form "{form.id}" has reason: true, so nothing will stand there.',
                warning=True,
            )  # fmt: skip
        for index, f in marked:
            kept_from = sorted({role for role in roles if not f.may_be_told([role])})
            if kept_from or not f.may_be_told(roles):
                yield Problem(
                    (*where, key), "reason_kept", message,
                    f"消息写有 {{{{reason}}}}，即 {{0}} 的“{f.id}”，而{quoted(kept_from) or '投诉人'}不能看或只能看遮盖后的内容。",
                    f'it says {{{{reason}}}}, which is "{f.id}" in {{0}}: {quoted_en(kept_from) or "the complainant"} may not read that in full.',
                    refers=(("forms", form.id, "fields", index),),
                )  # fmt: skip
