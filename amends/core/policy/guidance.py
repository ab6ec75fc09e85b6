"""Guidance: what staff are shown at the moment it helps. It is shown and may be used; nothing of it decides anything."""

from __future__ import annotations

from typing import Literal

from pydantic import Field as Attribute
from pydantic import model_validator

from amends.core.policy.base import Name, Ruled, Title
from amends.core.policy.conditions import Condition

GuidanceKind = Literal["hint", "phrase", "script", "questions", "checklist", "avoid", "tool"]

OFFERED_TEXTS = frozenset({"phrase", "script"})
"""Kinds of guidance whose text is put into a field and edited there."""

LISTED = frozenset({"questions", "checklist"})
"""Kinds of guidance that are lists of items."""


class Guidance(Ruled):
    """A piece of guidance, and where it is shown.

    `as` says what it is: a `hint` (a sentence), a `phrase` or a longer `script` (a text that a button puts into the field
    `into`, where it is edited), `questions` to clarify, a `checklist` whose ticks are recorded with the verb, or words to
    `avoid` (a warning while writing, never a refusal). `field` puts a hint beside a field; `state`, `verb`, `form`,
    `when_kind` and `when` say where and when anything else is shown, all that are given having to hold. `verb` is one verb or
    several: what is said to a customer names the verbs that are done with the customer, so that steps between colleagues do
    without it. `says` tells an expression of `regret` from an `apology` that admits a fault. `next` names the verb that is
    suggested with it.

    A `tool` stands on the page of a case in a `state`, with a short instruction as its text: it opens the verb `next`, or begins
    the proceeding `begins`, so that its use is recorded on the case like every other step.
    """

    id: Name | None = None
    as_: GuidanceKind = Attribute(default="hint", alias="as")
    title: Title | None = None
    text: Title | None = None
    items: dict[Name, Title] = {}
    words: tuple[str, ...] = ()
    field: Name | None = None
    state: Name | None = None
    verb: Name | tuple[Name, ...] | None = None
    form: Name | None = None
    when_kind: Name | None = None
    when: Condition | None = None
    into: Name | None = None
    says: Literal["regret", "apology"] | None = None
    next: Name | None = None
    begins: Name | None = None

    @property
    def verbs(self) -> tuple[str, ...]:
        """The verbs beside which it is shown; none stands for every verb."""
        return (self.verb,) if isinstance(self.verb, str) else self.verb or ()

    @model_validator(mode="after")
    def _says_what_its_kind_needs(self) -> Guidance:
        needed = {"text": self.as_ not in LISTED, "words": self.as_ == "avoid", "items": self.as_ in LISTED}
        named = self.as_ in OFFERED_TEXTS | LISTED or self.as_ == "tool"
        needed |= {"id": named, "title": named}
        needed["state"] = self.as_ == "tool"
        missing = [name for name, is_needed in needed.items() if is_needed and not getattr(self, name)]
        if self.as_ == "tool" and not (self.next or self.begins):
            missing.append("next or begins")
        if missing:
            raise ValueError(f"guidance as {self.as_} needs: {', '.join(missing)}")
        if self.begins and self.as_ != "tool":
            raise ValueError("only a tool begins a proceeding")
        if self.field and self.as_ != "hint":
            raise ValueError("only a hint stands beside a field")
        return self
