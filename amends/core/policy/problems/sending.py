"""Steps whose words leave for the complainant: where they may stand, and the fields that they take the words from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from amends.core.policy.forms import Field
from amends.core.policy.lifecycle import Sends, Transition, WrittenBy
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.world import World
from amends.core.policy.wording import placeholders_in

CHANNELS = frozenset(get_args(WrittenBy))
TEXT = "written_text"


def sending_problems(world: World) -> Iterator[Problem]:
    """What is wrong with the word `sends`."""
    for path, process in world.processes:
        for index, transition in enumerate(process.transitions):
            if transition.sends is None:
                continue
            where: Path = (*path, "transitions", index, "sends")
            if path != ("lifecycle",):
                yield Problem(
                    where, "only_in_lifecycle", transition.verb, "sends 只能用在个案的流程中。",
                    "sends belongs to a verb of a case.",
                )  # fmt: skip
            else:
                yield from _field_problems(world, where, transition, transition.sends)
                yield from _frame_problems(world, where, transition, transition.sends)


def _field_problems(world: World, where: Path, transition: Transition, sends: Sends) -> Iterator[Problem]:
    form = world.pack.forms.get(transition.form or "")
    own = {f.id: f for f in form.fields} if form else {}
    wanted = [("by", sends.by, ("choice",)), ("text", sends.text, ("long_text",))]
    wanted += [("subject", sends.subject, ("text",))] if sends.subject else []
    wanted += [("to", name, ("email",) if channel == "email" else ("phone",)) for channel, name in sends.to.items()]
    for key, name, types in wanted:
        f = own.get(name)
        if f is None or f.type not in types:
            yield Problem(
                (*where, key), "sends_field", name, f"表单中没有类型为 {types[0]} 的这一项。",
                f"the form has no field of type {types[0]} with this name.",
            )  # fmt: skip
    by = own.get(sends.by)
    for option in sorted(_choices(by) - CHANNELS) if by else ():
        yield Problem(
            (*where, "by"),
            "sends_channel",
            option,
            "发送方式只能是 email 和 sms。",
            "only email and sms can be chosen.",
        )


def _choices(f: Field) -> set[str]:
    return {option.id for option in f.options}


def _frame_problems(world: World, where: Path, transition: Transition, sends: Sends) -> Iterator[Problem]:
    """Every channel that can be chosen has a frame, and the frame has room for what is written."""
    form = world.pack.forms.get(transition.form or "")
    by = form.field(sends.by) if form else None
    texts = world.pack.messages.texts.get(sends.message, {})
    for channel in sorted(_choices(by) & CHANNELS) if by else ():
        if channel not in texts:
            yield Problem(
                (*where, "message"), "no_message", sends.message, f"这条消息没有 {channel} 的文字。",
                f"this message has no text for {channel}.",
            )  # fmt: skip
    for channel, said in texts.items():
        for language, text in said.items():
            if TEXT not in placeholders_in(text):
                yield Problem(
                    (*where, "message"), "no_room", f"{sends.message}.{channel}.{language}",
                    "文字中缺少 {{written_text}}，写的内容发不出去。", "it lacks {{written_text}}: nothing that is written would leave.",
                )  # fmt: skip
