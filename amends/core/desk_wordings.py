"""The words of a desk's messages: what the pack ships, what may be proposed instead, and what is wrong with a proposal.

A desk may word what its pack says, never whether it is said: every rule on who is told what, when and on which channel stays
in the pack. Source: decision 0017.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from amends.core.policy.pack import Pack
from amends.core.policy.texting import GROUP_PLACEHOLDERS
from amends.core.policy.wording import (
    DUE_OF,
    IF,
    MAILBOX,
    PLACEHOLDERS,
    UNLESS,
    conditions_out_of_place,
    place_of,
    placeholders_in,
)
from amends.core.refusals import FieldError
from amends.core.roles import complainant_roles

GROUP = "group"
"""The channel of texts to groups of the address book, whose templates stand in texting.yaml."""

TEXTED = frozenset({"sms", GROUP})
LONGEST = {"sms": 500, GROUP: 500, "notice": 400, "page": 4000, "email": 10_000}
"""Characters; carriers vet no text message beyond 500, signature and placeholders included."""
LONGEST_SUBJECT = 120
INDISPENSABLE = ("code", "link", "written_text")
"""Without these the receiver can not go on, or does not get what was written to them: where the pack's text names one, every other does."""
CHINESE = ("zh-hans", "zh-hant")

_SIGNATURE = re.compile(r"【[^【】]{1,30}】")
_OPT_OUT = {"zh-hans": ("退订", "拒收请回复"), "en": ("opt out", "unsubscribe", "stop")}
_TEMPLATE_IDS = {"aliyun": re.compile(r"SMS_[0-9]{4,20}"), "tencent": re.compile(r"[0-9]{3,20}")}
CARRIERS = tuple(_TEMPLATE_IDS)
"""Carriers that send vetted templates only."""


@dataclass(frozen=True, slots=True, order=True)
class WordingKey:
    """One text of a desk: which message, on which channel, in which language."""

    message: str
    channel: str
    language: str


@dataclass(frozen=True, slots=True)
class Words:
    """A text with the ids under which carriers vetted it. The first line of a mail is its subject."""

    text: str
    templates: Mapping[str, str] = field(default_factory=dict)

    def subject_and_body(self, channel: str) -> tuple[str, str]:
        """A mail's subject and what follows; everything else is all body."""
        if channel != "email":
            return "", self.text
        subject, _, body = self.text.partition("\n")
        return subject.strip(), body.strip("\n")


def composed(channel: str, subject: str, body: str) -> str:
    """The text as packs write it: the subject of a mail stands on its first line."""
    return f"{' '.join(subject.split())}\n\n{body.strip()}\n" if channel == "email" else body.strip()


def wordings_in(pack: Pack) -> dict[WordingKey, Words]:
    """Every text that the pack ships, in its order; those to groups last."""
    found: dict[WordingKey, Words] = {}
    for message, channels in pack.messages.texts.items():
        for channel, texts in channels.items():
            templates = pack.texting.templates.get(message, {}) if channel == "sms" else {}
            for language, text in texts.items():
                found[WordingKey(message, channel, language)] = Words(text, templates)
    for name, wording in (pack.texting.groups.wordings if pack.texting.groups else {}).items():
        said = {"zh-hans": wording.text.zh_hans, "en": wording.text.en}
        for language, spoken in said.items():
            if spoken:
                found[WordingKey(name, GROUP, language)] = Words(spoken, wording.templates)
    return found


def places_of(pack: Pack, key: WordingKey) -> list[str]:
    """The placeholders that a text may name, in alphabetical order."""
    if key.channel == GROUP:
        wording = pack.texting.groups.wordings.get(key.message) if pack.texting.groups else None
        return sorted({*GROUP_PLACEHOLDERS, *(wording.asks if wording else ())})
    roles = complainant_roles(pack)
    asked = {IF + MAILBOX, UNLESS + MAILBOX} if key.channel == "email" else set()
    return sorted(PLACEHOLDERS | asked | {DUE_OF + clock.id for clock in pack.clocks if set(clock.shown_to) & roles})


def wording_faults(
    proposed: Words, *, key: WordingKey, pack: Pack, present: Words, carrier: str = ""
) -> list[FieldError]:
    """What keeps a text from being proposed, each at the field where it is: `subject`, `body` or `template_<carrier>`.

    `present` is what is sent now, `carrier` the one that sends text messages here. Nothing at all where it may be proposed.
    """
    return [
        *_place_faults(proposed, key, pack),
        *_length_faults(proposed, key),
        *(_text_message_faults(proposed.text, key) if key.channel in TEXTED else ()),
        *_avoided_words(proposed, key, pack),
        *(_template_faults(proposed, present, carrier) if key.channel in TEXTED else ()),
        *_nothing_new(proposed, present, key),
    ]


def _place_faults(proposed: Words, key: WordingKey, pack: Pack) -> Iterator[FieldError]:
    known = set(places_of(pack, key))
    for name, part in zip(("subject", "body"), proposed.subject_and_body(key.channel), strict=True):
        for place in dict.fromkeys(map(place_of, placeholders_in(part))):
            if place not in known:
                yield _unknown(f"/{name}", place[:40], known)
        rest = re.sub(r"\{\{[^{}]*\}\}", "", part)
        if "{" in rest or "}" in rest:
            yield FieldError(f"/{name}", "place_left_open", {})
    if _has_stray_conditions(proposed.text, key):
        yield FieldError("/body", "condition_out_of_place", {})
    own = wordings_in(pack).get(key)
    needed = set(placeholders_in(own.text)) & set(INDISPENSABLE) if own else set()
    for place in sorted(needed - set(placeholders_in(proposed.text))):
        yield FieldError("/body", "place_missing", {"name": place})


def _has_stray_conditions(text: str, key: WordingKey) -> bool:
    if key.channel == "email":
        return bool(conditions_out_of_place(text))
    return any(name.startswith((IF, UNLESS)) for name in placeholders_in(text))


def _unknown(pointer: str, place: str, known: set[str]) -> FieldError:
    close = get_close_matches(place, sorted(known), n=1)
    if close:
        return FieldError(pointer, "misspelt_place", {"name": place, "near": close[0]})
    return FieldError(pointer, "unknown_place", {"name": place})


def _length_faults(proposed: Words, key: WordingKey) -> Iterator[FieldError]:
    subject, body = proposed.subject_and_body(key.channel)
    if key.channel == "email" and not subject:
        yield FieldError("/subject", "required", {"field": "主题"})
    if len(subject) > LONGEST_SUBJECT:
        yield FieldError("/subject", "too_long", {"field": "主题", "limit": LONGEST_SUBJECT, "length": len(subject)})
    if not body.strip():
        yield FieldError("/body", "required", {"field": "正文"})
    limit = LONGEST.get(key.channel, LONGEST["email"])
    if len(body) > limit:
        yield FieldError("/body", "too_long", {"field": "正文", "limit": limit, "length": len(body)})


def _text_message_faults(text: str, key: WordingKey) -> Iterator[FieldError]:
    if key.language in CHINESE:
        if not _SIGNATURE.match(text):
            yield FieldError("/body", "no_signature", {})
        elif text.count("【") + text.count("】") > 2:
            yield FieldError("/body", "several_signatures", {})
    if key.channel == GROUP:
        usual = _OPT_OUT["en" if key.language == "en" else "zh-hans"]
        if not any(word in text.lower() for word in usual):
            yield FieldError(
                "/body", "no_opt_out", {"example": "Reply T to opt out" if key.language == "en" else "回T退订"}
            )


def _avoided_words(proposed: Words, key: WordingKey, pack: Pack) -> Iterator[FieldError]:
    """Words that the pack's guidance advises against: said by hand they warn, in a template they are refused."""
    parts = zip(("subject", "body"), proposed.subject_and_body(key.channel), strict=True)
    rules = [rule for rule in pack.guidance if rule.as_ == "avoid"]
    for name, part in parts:
        for rule in rules:
            for word in rule.words:
                if word in part:
                    yield FieldError(f"/{name}", "avoided_word", {"word": word, "instead": rule.text or ""})


def _template_faults(proposed: Words, present: Words, carrier: str) -> Iterator[FieldError]:
    for name, pattern in _TEMPLATE_IDS.items():
        given = proposed.templates.get(name, "")
        pointer = f"/template_{name}"
        if given and not pattern.fullmatch(given):
            yield FieldError(pointer, f"bad_template_{name}", {})
        elif given and given == present.templates.get(name) and _said(proposed.text) != _said(present.text):
            yield FieldError(pointer, "template_of_other_text", {"value": given})
        elif not given and name == carrier:
            yield FieldError(pointer, "template_needed", {})


def _nothing_new(proposed: Words, present: Words, key: WordingKey) -> Iterator[FieldError]:
    if _said(proposed.text) == _said(present.text) and dict(proposed.templates) == dict(present.templates):
        yield FieldError("/body", "nothing_new", {})


def _said(text: str) -> str:
    """A text without the blank lines by which packs and forms differ."""
    return "\n".join(line.rstrip() for line in text.strip().split("\n") if line.strip())
