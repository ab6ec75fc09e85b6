"""Conditions are tables of fact, operator and value; nothing stored is ever evaluated as code."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Protocol

from pydantic import Field, model_validator

from amends.core.policy.base import Name, Piece

OPERATORS = (
    "is",
    "is_not",
    "in",
    "not_in",
    "within",
    "has",
    "at_least",
    "at_most",
    "more_than",
    "less_than",
    "given",
)
MAX_DEPTH = 3


class Known(Protocol):
    """What a condition may ask about: the value of a fact, and which verbs were done."""

    def value(self, name: str) -> Any: ...
    def was_done(self, verb: str, *, within: str) -> bool: ...


class Condition(Piece):
    """One question about a case, or several joined by `all`, `any` or `none`, nested at most three deep.

    `{fact: loss, at_least: 1000}` compares; `within` matches a category or one below it; `has` looks into a
    multiple choice; `given: false` asks for absence. `{done: investigate, in: round}` asks whether a verb was
    performed in this cycle (the default) or this round; `{not_done: …}` asks the opposite.
    """

    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    none: tuple[Condition, ...] | None = None
    fact: Name | None = None
    done: Name | None = None
    not_done: Name | None = None
    during: str = Field(default="cycle", pattern="^(cycle|round)$")
    is_: Any = Field(default=None, alias="is")
    is_not: Any = None
    in_: tuple[Any, ...] | None = Field(default=None, alias="in")
    not_in: tuple[Any, ...] | None = None
    within: str | tuple[str, ...] | None = None
    has: str | tuple[str, ...] | None = None
    at_least: Any = None
    at_most: Any = None
    more_than: Any = None
    less_than: Any = None
    given: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_in_of_done(cls, raw: Any) -> Any:
        """`in` after `done` names cycle or round; after `fact` it lists values."""
        if isinstance(raw, Mapping) and ("done" in raw or "not_done" in raw) and "in" in raw:
            raw = dict(raw)
            raw["during"] = raw.pop("in")
        return raw

    @model_validator(mode="after")
    def _asks_exactly_one_question(self) -> Condition:
        subjects = [s for s in (self.all, self.any, self.none, self.fact, self.done, self.not_done) if s is not None]
        if len(subjects) != 1:
            raise ValueError("a condition asks one thing: all, any, none, fact, done or not_done")
        if self.fact is not None and len(self.operators()) != 1:
            raise ValueError(f"the question about “{self.fact}” needs exactly one of: {', '.join(OPERATORS)}")
        if self.fact is None and self.operators():
            raise ValueError("an operator needs a fact to compare")
        if self.depth() > MAX_DEPTH:
            raise ValueError(f"conditions are nested at most {MAX_DEPTH} deep")
        return self

    def operators(self) -> list[str]:
        """The operators given, by their name in the pack."""
        given = self.model_fields_set
        names = {"is_": "is", "in_": "in"}
        fields = (
            "is_",
            "is_not",
            "in_",
            "not_in",
            "within",
            "has",
            "at_least",
            "at_most",
            "more_than",
            "less_than",
            "given",
        )
        return [names.get(f, f) for f in fields if f in given]

    @cached_property
    def operator(self) -> str:
        """The operator of a comparison, by its name in the pack."""
        return self.operators()[0]

    def parts(self) -> tuple[Condition, ...]:
        return self.all or self.any or self.none or ()

    def depth(self) -> int:
        return 1 + max((part.depth() for part in self.parts()), default=-1 + (1 if self.parts() else 0))

    def names(self) -> Iterator[tuple[str, str]]:
        """Every (`fact`|`verb`, name) the condition speaks of."""
        if self.fact:
            yield "fact", self.fact
        if self.done or self.not_done:
            yield "verb", self.done or self.not_done or ""
        for part in self.parts():
            yield from part.names()

    def comparisons(self) -> Iterator[Condition]:
        """The single questions inside, flattened."""
        if self.fact:
            yield self
        for part in self.parts():
            yield from part.comparisons()


def holds(condition: Condition | None, known: Known) -> bool:
    """Whether the condition is true of what is known; no condition holds always.

    A comparison with an absent fact is false, `is_not` and `not_in` included only when the fact is present:
    what is not known is never an argument. Use `given: false` to ask for absence.
    """
    if condition is None:
        return True
    if condition.all is not None:
        return all(holds(part, known) for part in condition.all)
    if condition.any is not None:
        return any(holds(part, known) for part in condition.any)
    if condition.none is not None:
        return not any(holds(part, known) for part in condition.none)
    if condition.done is not None:
        return known.was_done(condition.done, within=condition.during)
    if condition.not_done is not None:
        return not known.was_done(condition.not_done, within=condition.during)
    return _compare(condition, known.value(condition.fact or ""))


def verdict(
    condition: Condition, known: Known, *, apart_from: Collection[str] = (), verbs_are_known: bool = False
) -> bool | None:
    """Whether what is known decides the condition already, and how; None while it is open.

    Open is what asks for an absent fact, for a fact that merely has to be given, for one of `apart_from`, and for a verb
    unless `verbs_are_known`.
    """
    if condition.parts():
        parts = [
            verdict(part, known, apart_from=apart_from, verbs_are_known=verbs_are_known) for part in condition.parts()
        ]
        return _joined_verdict(condition, parts)
    if condition.fact is None and verbs_are_known:
        return holds(condition, known)
    if condition.fact is None or condition.fact in apart_from or condition.given is not None:
        return None
    value = known.value(condition.fact)
    return None if value is None else _compare(condition, value)


def _joined_verdict(condition: Condition, verdicts: list[bool | None]) -> bool | None:
    decisive = condition.all is None
    if decisive in verdicts:
        joined: bool | None = decisive
    else:
        joined = None if None in verdicts else not decisive
    return not joined if condition.none is not None and joined is not None else joined


def _compare(condition: Condition, value: Any) -> bool:
    operator = condition.operator
    present = value is not None and value != "" and value != [] and value != ()
    if operator == "given":
        return present is bool(condition.given)
    if not present:
        return False
    if operator == "is":
        return bool(value == condition.is_)
    if operator == "is_not":
        return bool(value != condition.is_not)
    if operator == "in":
        return value in (condition.in_ or ())
    if operator == "not_in":
        return value not in (condition.not_in or ())
    if operator == "within":
        return any(_lies_within(v, _tuple(condition.within)) for v in _tuple(value))
    if operator == "has":
        return any(wanted in _tuple(value) for wanted in _tuple(condition.has))
    return _ordered(operator, value, getattr(condition, operator))


FIGURE = re.compile(r"-?\d{1,10}(\.\d{1,4})?")
"""How a figure with decimals is stored."""


def _ordered(operator: str, value: Any, limit: Any) -> bool:
    left, right = _comparable(value), _comparable(limit)
    if isinstance(value, Mapping) and isinstance(limit, str):
        right = Decimal(limit) * 100  # an amount as people write it: "3000.00"
    if operator == "at_least":
        return bool(left >= right)
    if operator == "at_most":
        return bool(left <= right)
    return bool(left > right) if operator == "more_than" else bool(left < right)


def _comparable(value: Any) -> Any:
    """Money compares by its minor units, dates as dates, figures with decimals as numbers; all arrive as stored."""
    if isinstance(value, Mapping) and "minor" in value:
        return value["minor"]
    if isinstance(value, str) and len(value) == 10 and value[4] == "-":
        return date.fromisoformat(value)
    return Decimal(value) if isinstance(value, str) and FIGURE.fullmatch(value) else value


def _lies_within(value: str, groups: tuple[str, ...]) -> bool:
    return any(value == group or str(value).startswith(group + "/") for group in groups)


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple | frozenset | set) else (value,)
