"""The words for customers: what a portal needs to speak of the desk, its kinds, its steps and its promises."""

from __future__ import annotations

from collections.abc import Iterator

from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.shape import near
from amends.core.policy.problems.world import World
from amends.core.policy.wording import placeholders_in
from amends.core.roles import complainant_roles

DUE = "due_at"
UNITS = ("department", "team")


def portal_problems(world: World) -> Iterator[Problem]:
    """What is wrong in the words for customers, whoever wrote the pack."""
    yield from _outlet_problems(world)
    yield from _promise_problems(world)
    for index, clock in enumerate(world.pack.clocks):
        for language, text in clock.told_as.items():
            if placeholders_in(text) != [DUE]:
                yield Problem(
                    ("clocks", index, "told_as", language), "told_as_without_time", clock.id,
                    "给客户看的承诺必须写明 {{due_at}}，恰好一次。", "the promise to customers names {{due_at}}, exactly once.",
                )  # fmt: skip


def _promise_problems(world: World) -> Iterator[Problem]:
    """A message to complainants names a limit only where some clock is shown to them: others are no promise."""
    roles = complainant_roles(world.pack)
    if any(set(clock.shown_to) & roles for clock in world.pack.clocks) or world.left_out_parts:
        return
    told = {m.message for _, p in world.processes for t in p.transitions for m in t.messages()}
    for message in sorted(told & world.pack.messages.texts.keys()):
        for channel, texts in world.pack.messages.texts[message].items():
            for language, text in texts.items():
                if channel != "notice" and DUE in placeholders_in(text):
                    yield Problem(
                        ("messages", "texts", message, channel, language), "no_limit_shown", message,
                        "发给投诉人的消息写有 {{due_at}}，但没有任何时限向投诉人显示（shown_to）。",
                        "a message to the complainant uses {{due_at}}, but no clock is shown to complainants (shown_to).",
                    )  # fmt: skip


def _outlet_problems(world: World) -> Iterator[Problem]:
    portal = world.pack.head.portal
    if portal is None or portal.outlet is None or world.is_missed(portal.outlet, "forms"):
        return
    where: Path = ("head", "portal", "outlet")
    field = world.fields.get(portal.outlet)
    if field is None:
        hint = near(portal.outlet, world.fields)
        yield Problem(
            where, "unknown_field", portal.outlet, f"没有这个字段。{hint[0]}", f"there is no such field.{hint[1]}"
        )
    elif field.type not in UNITS:
        yield Problem(
            where, "fixed_type", portal.outlet, "二维码填入网点的字段必须是部门或班组。",
            "the field that a QR code fills in holds a department or team.",
        )  # fmt: skip


def unspoken_problems(world: World) -> Iterator[Problem]:
    """What customers would read in the words of the staff: asked of the packs that ship, where a kind is open to them."""
    kinds = {name: kind for name, kind in world.pack.channels.kinds.items() if kind.portal}
    if not kinds:
        return
    if world.pack.head.portal is None:
        yield _unspoken(("head",), "portal", "portal")
    for name, kind in kinds.items():
        if kind.offered_as is None:
            yield _unspoken(("channels", "kinds", name), name, "offered_as")
    for name, state in world.pack.lifecycle.states.items():
        if state.told_as is None:
            yield _unspoken(("lifecycle", "states", name), name, "told_as")
    for index, clock in enumerate(world.pack.clocks):
        if clock.shown_to and not {"zh-Hans", "en"} <= set(clock.told_as):
            yield _unspoken(("clocks", index), clock.id, "told_as")


def _unspoken(path: Path, key: str, word: str) -> Problem:
    return Problem(
        path, "no_public_word", key, f"缺少给客户看的说法（{word}）。", f"it has no words for customers ({word})."
    )
