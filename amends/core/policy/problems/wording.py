"""Messages exist for whoever is told, in every language of the pack, with known placeholders; titles are translated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from amends.core.policy.clock_rules import ClockRule
from amends.core.policy.problems.report import Path, Problem
from amends.core.policy.problems.shape import near
from amends.core.policy.problems.world import World, titles
from amends.core.policy.wording import (
    DUE_OF,
    IF,
    PLACEHOLDERS,
    UNLESS,
    conditions_out_of_place,
    place_of,
    placeholders_in,
)
from amends.core.roles import complainant_roles

SENT_BY_PRODUCT = frozenset({"portal_code"})
OUTWARD = ("email", "sms", "page")
LANGUAGES = ("zh-hans", "zh-hant", "en")
_NUMBER_PART = re.compile(r"\{([^{}]*)\}")
_NUMBER_PARTS = re.compile(r"year|month|day|seq(:[1-9])?")


def message_problems(world: World) -> Iterator[Problem]:
    used: set[str] = set()
    roles = complainant_roles(world.pack)
    shown = frozenset(clock.id for clock in world.pack.clocks if set(clock.shown_to) & roles)
    for path, message, outward in _uses(world):
        used.add(message)
        yield from _missing(world, path, message, outward)
    for message, channels in world.pack.messages.texts.items():
        where: Path = ("messages", "texts", message)
        if (
            message not in used
            and message not in SENT_BY_PRODUCT
            and "page" not in channels
            and not world.left_out_parts
        ):
            yield Problem(
                where,
                "unused_message",
                message,
                "没有任何规则发送这条消息。",
                "no rule sends this message.",
                warning=True,
            )
        for channel, texts in channels.items():
            for language, text in texts.items():
                yield from _text_problems((*where, channel, language), message, channel, language, text, shown)


def _uses(world: World) -> Iterator[tuple[Path, str, bool]]:
    """Every message a rule sends: where, its id, and whether it leaves the house."""
    for path, process in world.processes:
        for index, transition in enumerate(process.transitions):
            where = (*path, "transitions", index)
            for told in transition.messages():
                yield (*where, "tells"), told.message, True
            if transition.sends:
                yield (*where, "sends"), transition.sends.message, True
            for message in transition.tells_partner:
                yield (*where, "tells_partner"), message, True
            for notice in transition.notifies:
                yield (*where, "notifies"), notice.message, False
    clocks: list[tuple[Path, tuple[ClockRule, ...]]] = [(("clocks",), world.pack.clocks)]
    clocks += [(("proceedings", name, "clocks"), kind.clocks) for name, kind in world.pack.proceedings.items()]
    for path, rules in clocks:
        for index, clock in enumerate(rules):
            for step_index, step in enumerate(clock.ladder):
                if step.message:
                    yield (*path, index, "ladder", step_index, "message"), step.message, False
    for name, kind in world.pack.proceedings.items():
        if kind.for_partners and kind.for_partners.asks_code:
            yield ("proceedings", name, "for_partners", "asks_code"), "partner_code", True
    for name, chain in world.pack.approvals.chains.items():
        if chain.asks:
            yield ("approvals", "chains", name, "asks"), chain.asks, False
    surveys = world.pack.surveys
    for name, plan in surveys.plans.items():
        yield ("surveys", "plans", name, "message"), plan.message, True
    for name, asked in surveys.questionnaires.items():
        if asked.low:
            yield ("surveys", "questionnaires", name, "low", "message"), asked.low.message, False
    if surveys.message:
        yield ("surveys", "message"), surveys.message, True


def _missing(world: World, path: Path, message: str, outward: bool) -> Iterator[Problem]:
    texts = world.pack.messages.texts.get(message)
    if texts is None:
        hint = near(message, world.pack.messages.texts)
        yield Problem(
            path, "no_message", message, f"messages/ 中没有这条消息的文字。{hint[0]}",
            f"messages/ has no text for this message.{hint[1]}",
        )  # fmt: skip
        return
    wanted = OUTWARD if outward else ("notice",)
    present = [channel for channel in wanted if channel in texts]
    if not present:
        who, who_en = ("投诉人", "the complainant") if outward else ("员工", "staff")
        yield Problem(
            path, "no_message", message, f"没有发给{who}的文字（{'、'.join(wanted)}）。",
            f"it has no text for {who_en} ({', '.join(wanted)}).",
        )  # fmt: skip
    for channel in present:
        yield from _missing_languages(world, path, message, channel, texts[channel])


def _missing_languages(
    world: World, path: Path, message: str, channel: str, texts: Mapping[str, str]
) -> Iterator[Problem]:
    for language in world.pack.head.languages:
        if language not in texts and not (language == "zh-hant" and "zh-hans" in texts):
            yield Problem(
                path,
                "no_message",
                message,
                f"缺少 {channel} 的 {language} 文字。",
                f"the {language} text for {channel} is missing.",
            )


def _text_problems(
    path: Path, message: str, channel: str, language: str, text: str, shown: frozenset[str]
) -> Iterator[Problem]:
    if language not in LANGUAGES:
        yield Problem(
            path, "unknown_language", message, f"不支持语言“{language}”。", f'the language "{language}" is not known.'
        )
    lines = text.strip().split("\n")
    if not text.strip():
        yield Problem(path, "empty_message", message, "消息是空的。", "the message is empty.")
    elif channel == "email" and (len(lines) < 2 or not text.split("\n")[0].strip()):
        yield Problem(
            path, "no_subject", message, "邮件的第一行应为主题，其后为正文。",
            "the first line of an email is its subject, and a text must follow.",
        )  # fmt: skip
    yield from _condition_problems(path, message, channel, text)
    for name in dict.fromkeys(map(place_of, placeholders_in(text))):
        if name.startswith(DUE_OF) and name.removeprefix(DUE_OF) in shown:
            continue
        if name not in PLACEHOLDERS:
            hint = near(name, PLACEHOLDERS)
            yield Problem(
                path, "unknown_placeholder", message, f"占位符“{name}”不在词典中。{hint[0]}",
                f'the placeholder "{name}" is not in the dictionary.{hint[1]}',
            )  # fmt: skip


def _condition_problems(path: Path, message: str, channel: str, text: str) -> Iterator[Problem]:
    names = placeholders_in(text) if channel != "email" else conditions_out_of_place(text)
    for name in dict.fromkeys(name for name in names if name.startswith((IF, UNLESS))):
        yield Problem(
            path, "condition_out_of_place", message, f"“{{{{{name}}}}}”只能写在邮件正文一行的开头。",
            f'"{{{{{name}}}}}" may only begin a line of the body of an email.',
        )  # fmt: skip


def number_problems(world: World) -> Iterator[Problem]:
    """The pattern of case numbers counts, and uses parts that exist."""
    pattern = world.pack.head.number
    parts = _NUMBER_PART.findall(pattern)
    for part in parts:
        if not _NUMBER_PARTS.fullmatch(part):
            yield Problem(
                ("head", "number"), "number_pattern", "number", f"编号格式中没有“{{{part}}}”这一部分。",
                f"the number pattern knows no part {{{part}}}; it has year, month, day, seq and seq:5.",
            )  # fmt: skip
    if sum(part.startswith("seq") for part in parts) != 1:
        yield Problem(
            ("head", "number"), "number_pattern", "number", "编号格式必须恰好含有一个流水号 {seq}。",
            "the number pattern needs exactly one {seq}.",
        )  # fmt: skip


def translation_problems(world: World) -> Iterator[Problem]:
    """Titles without English: asked of the packs that ship."""
    for path, title in titles(world.pack):
        if not title.en:
            yield _untranslated(path, title.zh_hans)
    for index, clock in enumerate(world.pack.clocks):
        if not clock.title.get("en"):
            yield _untranslated(("clocks", index, "title"), clock.title.get("zh-Hans", clock.id))


def _untranslated(path: Path, text: str) -> Problem:
    short = text if len(text) <= 20 else text[:19] + "…"
    return Problem(path, "no_english", short, "缺少英文（en）。", "the English title (en) is missing.")
