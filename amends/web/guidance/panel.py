"""The panel of guidance as a page shows it, and what of it a page says was used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext

from amends.core.guidance import ADDRESSED, Used, guidance_for, text_for, words_to_avoid
from amends.core.policy.base import Title
from amends.core.policy.conditions import Known
from amends.core.policy.guidance import OFFERED_TEXTS, Guidance
from amends.core.policy.pack import Pack
from amends.doors.wording import button_of, in_words, words

MOST = 100
"""So many phrases and ticks of one form are read; nobody uses more."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A text that a button puts into a field, filled in for this case."""

    id: str
    title: str
    text: str
    into: str
    is_script: bool
    says: str
    is_used: bool


@dataclass(frozen=True, slots=True)
class Line:
    """An item of a list; a tick has a value to send."""

    text: str
    value: str = ""
    is_ticked: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """Questions to ask, or a checklist to tick off."""

    title: str
    lines: list[Line]
    is_checklist: bool


@dataclass(frozen=True, slots=True)
class Suggested:
    """A next action that fits, with the address where it is done; none while the case is not registered."""

    title: str
    address: str = ""


@dataclass(slots=True)
class Panel:
    """Everything that is shown; empty when there is nothing to show. `kept` is what was used of guidance that fits no more."""

    notices: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    texts: list[Offered] = field(default_factory=list)
    lists: list[Listed] = field(default_factory=list)
    avoided: list[tuple[str, str]] = field(default_factory=list)
    suggested: list[Suggested] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)
    form: str = ""
    were_read: bool = False

    def __bool__(self) -> bool:
        return bool(self.notices or self.hints or self.texts or self.lists or self.avoided or self.kept)

    @property
    def has_used(self) -> bool:
        return any(text.is_used for text in self.texts) or any(name == "_phrase" for name, _ in self.kept)

    @property
    def count(self) -> int:
        return len(self.notices) + len(self.hints) + len(self.texts) + len(self.lists)


def used_in(post: QueryDict) -> Used:
    """What a posted page says of the guidance: phrases that were put in, ticks, and that the phrases were read."""
    return Used(
        phrases=tuple(post.getlist("_phrase")[:MOST]), ticks=tuple(post.getlist("_tick")[:MOST]),
        were_read=bool(post.get("_read")),
    )  # fmt: skip


def panel_of(
    pack: Pack, known: Known, *, verb: str = "", form: str = "", state: str | None = None, used: Used,
    value_of: Callable[[str], str], address_of: Callable[[str], str] = str, belongs_to: str = "",
) -> Panel:  # fmt: skip
    """The guidance that fits now. `value_of` fills placeholders, `address_of` leads to a verb, `belongs_to` is the id of the
    form that its ticks are sent with.
    """
    shown = _mood_first(pack, guidance_for(pack, known, verb=verb, form=form, state=state))

    def name_of(name: str) -> str:
        f = pack.fields.get(name)
        return words(f.title) if f else in_words(_NAMES.get(name, name))

    return Panel(
        hints=[words(g.text) for g in shown if g.as_ == "hint"],
        texts=[_offered(g, used, value_of, name_of) for g in shown if g.as_ in OFFERED_TEXTS],
        lists=[_listed(g, used) for g in shown if g.items],
        avoided=[(word, words(instead)) for word, instead in words_to_avoid(shown)],
        suggested=_suggested(pack, shown, address_of, apart_from=verb),
        kept=_kept(shown, used),
        form=belongs_to,
        were_read=used.were_read,
    )


def _mood_first(pack: Pack, shown: list[Guidance]) -> list[Guidance]:
    """What the customer's mood asks for stands before what is always right."""
    mood = pack.head.care.mood
    return sorted(shown, key=lambda g: not (mood and g.when and ("fact", mood.field) in g.when.names()))


_NAMES = {ADDRESSED: "客户称呼", "number": "个案编号", "hotline": "服务热线", "due_at": "时限", "department": "部门"}


def _offered(g: Guidance, used: Used, value_of: Callable[[str], str], name_of: Callable[[str], str]) -> Offered:
    text = text_for(words(g.text), value_of, name_of)
    is_used = g.id in used.phrases
    return Offered(g.id or "", words(g.title), text, g.into or "", g.as_ == "script", g.says or "", is_used)


def _listed(g: Guidance, used: Used) -> Listed:
    values = {f"{g.id}.{name}": words(title) for name, title in g.items.items()}
    lines = [Line(text, value, value in used.ticks) for value, text in values.items()]
    return Listed(words(g.title), lines, g.as_ == "checklist")


def _kept(shown: list[Guidance], used: Used) -> list[tuple[str, str]]:
    ids = {g.id for g in shown}
    phrases = [("_phrase", name) for name in used.phrases if name not in ids]
    return phrases + [("_tick", tick) for tick in used.ticks if tick.partition(".")[0] not in ids]


def _suggested(
    pack: Pack, shown: Iterable[Guidance], address_of: Callable[[str], str], *, apart_from: str
) -> list[Suggested]:
    verbs = dict.fromkeys(g.next for g in shown if g.next and g.next != apart_from)
    return [Suggested(_button(pack, verb), address_of(verb)) for verb in verbs]


def _button(pack: Pack, verb: str) -> str:
    title: Title | None = next((t.title for t in pack.lifecycle.with_verb(verb) if t.title), None)
    return words(title) if title else button_of(verb)


def unknown_form_of_address() -> str:
    """How a customer is addressed whose form of address nobody noted."""
    return gettext("先生/女士")
