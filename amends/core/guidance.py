"""Which guidance is shown where, what its texts say, and what of it was used: recorded with the verb, deciding nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from amends.core.policy.base import Title
from amends.core.policy.conditions import Known, holds
from amends.core.policy.guidance import OFFERED_TEXTS, Guidance
from amends.core.policy.pack import Pack
from amends.core.policy.wording import filled_in
from amends.core.refusals import FieldError, InvalidData

USED = "guided"
"""The key of an event under which it stands what of the guidance was used while doing the verb."""

ADDRESSED = "addressed"
"""The placeholder for the customer's name with the form of address."""

SALUTATION = "salutation"
"""The field with the form of address; its choices are the words that follow the name."""


@dataclass(frozen=True, slots=True)
class Used:
    """What somebody used of the guidance: phrases put into a field, ticks (`checklist.item`), and that the phrases were read
    and made to fit before they were used.
    """

    phrases: tuple[str, ...] = ()
    ticks: tuple[str, ...] = ()
    were_read: bool = False


def guidance_for(
    pack: Pack, known: Known, *, verb: str = "", form: str = "", state: str | None = None
) -> list[Guidance]:
    """The guidance that is shown while a verb is being done with a form, in the order of the pack.

    `state` is given where guidance of a state belongs on the page too. What stands beside a field is left out.
    """
    kind = known.value("kind")
    return [
        g
        for g in pack.guidance
        if g.field is None
        and (not g.verbs or verb in g.verbs)
        and g.form in (None, form)
        and g.state in (None, state)
        and g.when_kind in (None, kind)
        and holds(g.when, known)
    ]


def tools_in(pack: Pack, known: Known, state: str) -> list[Guidance]:
    """The tools that are offered on the page of a case in a state, in the order of the pack. Source: EXP-10.2.2"""
    return [g for g in guidance_for(pack, known, state=state) if g.as_ == "tool" and g.state == state]


def facts_asked(pack: Pack) -> frozenset[str]:
    """The facts on which guidance depends: when one of them changes, other guidance may be right."""
    return frozenset(name for g in pack.guidance if g.when for kind, name in g.when.names() if kind == "fact")


def recorded_use(pack: Pack, used: Used) -> dict[str, list[str]]:
    """What an event records of the guidance used; empty when nothing was.

    Raises InvalidData when phrases were put in and nobody confirmed having read them. What the pack does not know (any more)
    is left out: guidance never keeps anybody from working. Source: EXP-5.1.2, EXP-5.2.2
    """
    by_id = {g.id: g for g in pack.guidance if g.id}
    phrases = [name for name in dict.fromkeys(used.phrases) if name in by_id and by_id[name].as_ in OFFERED_TEXTS]
    ticks = [tick for tick in dict.fromkeys(used.ticks) if _is_item(by_id, tick)]
    if phrases and not used.were_read:
        raise InvalidData([FieldError("/_read", "phrases_unread", {"titles": [by_id[name].title for name in phrases]})])
    return {name: found for name, found in (("phrases", phrases), ("ticks", ticks)) if found}


def _is_item(by_id: dict[str, Guidance], tick: str) -> bool:
    name, _, item = tick.partition(".")
    return name in by_id and item in by_id[name].items


def title_of_tick(pack: Pack, tick: str) -> tuple[Title, Title] | None:
    """The checklist and the item that a tick stands for."""
    name, _, item = tick.partition(".")
    found = next((g for g in pack.guidance if g.id == name and item in g.items), None)
    return (found.title, found.items[item]) if found and found.title else None


def text_for(text: str, value_of: Callable[[str], str], name_of: Callable[[str], str]) -> str:
    """The text with its placeholders filled; what is not known stands in brackets by its name, to be seen and completed."""
    return filled_in(text, lambda name: value_of(name) or f"[{name_of(name)}]")


def words_to_avoid(shown: Iterable[Guidance]) -> list[tuple[str, Title]]:
    """Every word that is warned of, with what to say or do instead."""
    return [(word, g.text) for g in shown if g.as_ == "avoid" and g.text for word in g.words]


def grants(pack: Pack, roles: Iterable[str]) -> int:
    """The amount in minor units that somebody with these roles may grant alone: the largest of their roles, or nothing.

    Source: MKT-3.4b, EXP-5.1.4
    """
    own = (pack.roles.roles[name].authority for name in roles if name in pack.roles.roles)
    return max((minor_of(amount) for amount in own if amount), default=0)


def minor_of(amount: str) -> int:
    """An amount as packs write it, in minor units."""
    whole, _, part = amount.partition(".")
    return int(whole) * 100 + int((part + "00")[:2])


def worth_of(options: Iterable[Any], chosen: Any) -> int:
    """What the chosen options cost together, in minor units."""
    names = chosen if isinstance(chosen, list) else [chosen]
    return sum(minor_of(option.worth) for option in options if option.id in names and option.worth)
