"""Text messages: names of messages that do not exist, placeholders that nobody fills."""

from __future__ import annotations

from collections.abc import Iterator

from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.shape import near
from amends.core.policy.problems.world import World
from amends.core.policy.texting import GROUP_PLACEHOLDERS
from amends.core.policy.wording import placeholders_in


def texting_problems(world: World) -> Iterator[Problem]:
    """What is wrong in texting.yaml."""
    texting = world.pack.texting
    known = {name for name, channels in world.pack.messages.texts.items() if "sms" in channels}
    for key, names in (("any_hour", texting.any_hour), ("templates", tuple(texting.templates))):
        for name in names:
            if name not in known:
                hint = near(name, known)
                yield Problem(
                    ("texting", key), "no_message", name, f"messages/ 中没有这条短信。{hint[0]}",
                    f"messages/ has no such text message.{hint[1]}",
                )  # fmt: skip
    level = world.pack.grading.axis(world.pack.grading.level or "") if world.pack.grading.level else None
    levels = {value.id for value in level.values} if level else set()
    for name in texting.urgent_levels:
        if name not in levels:
            hint = near(name, levels)
            yield Problem(
                ("texting", "urgent_levels"), "unknown_level", name, f"没有级别“{name}”。{hint[0]}",
                f'there is no level "{name}".{hint[1]}',
            )  # fmt: skip
    for name, wording in (texting.groups.wordings if texting.groups else {}).items():
        path: Path = ("texting", "groups", "wordings", name)
        for text in filter(None, (wording.text.zh_hans, wording.text.zh_hant, wording.text.en)):
            for placeholder in sorted(set(placeholders_in(text)) - {*GROUP_PLACEHOLDERS, *wording.asks}):
                yield Problem(
                    path, "unknown_placeholder", name, f"没有占位符 {{{{{placeholder}}}}}，也没有在 asks 中列出。",
                    f"there is no placeholder {{{{{placeholder}}}}}, nor does asks name it.",
                )  # fmt: skip
