"""compensation.yaml: what the company pays for which loss, in versions with a first day each."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from amends.core.policy.base import Name, Piece, Ruled, Title
from amends.core.policy.conditions import Condition


def _written(value: object) -> object:
    """An amount is written as text, "300.00": a number with a fraction would not be kept exactly."""
    if isinstance(value, float):
        raise ValueError('write amounts as text, for example "300.00"')
    return value


Amount = Annotated[Decimal, BeforeValidator(_written), Field(ge=0, max_digits=15, decimal_places=2)]


class StandardPart(Piece):
    """One summand: a fixed amount, or a percentage of an amount that a fact holds, at least and at most so much.

    `at_most_of` limits it to the amount of another fact, such as a declared value.
    """

    title: Title
    fixed: Amount | None = None
    of: Name | None = None
    percent: int = Field(default=100, ge=0, le=10_000)
    at_least: Amount | None = None
    at_most: Amount | None = None
    at_most_of: Name | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> StandardPart:
        if (self.fixed is None) == (self.of is None):
            raise ValueError("a part is either fixed or a percentage of a fact")
        return self

    def facts(self) -> tuple[str, ...]:
        """The facts whose amounts it rests on."""
        return tuple(name for name in (self.of, self.at_most_of) if name)


class StandardRule(Ruled):
    """What is due when the condition holds: the sum of the parts, at most so much altogether."""

    title: Title
    when: Condition | None = None
    parts: tuple[StandardPart, ...] = Field(min_length=1)
    at_most: Amount | None = None


class StandardVersion(Ruled):
    """The rules in force from a day on; the first that holds is taken."""

    version: int = Field(ge=1)
    valid_from: date
    rules: tuple[StandardRule, ...] = Field(min_length=1)


class Standard(Ruled):
    """A standard with its versions, oldest first."""

    title: Title
    currency: str = "CNY"
    versions: tuple[StandardVersion, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _versions_follow_each_other(self) -> Standard:
        days = [version.valid_from for version in self.versions]
        numbers = [version.version for version in self.versions]
        if days != sorted(set(days)) or numbers != sorted(set(numbers)):
            raise ValueError("versions follow each other by number and first day")
        return self

    def facts(self) -> frozenset[str]:
        """The facts that some version asks about."""
        rules = [rule for version in self.versions for rule in version.rules]
        asked = {name for rule in rules if rule.when for kind, name in rule.when.names() if kind == "fact"}
        return frozenset(asked | {name for rule in rules for part in rule.parts for name in part.facts()})

    def on(self, day: date) -> StandardVersion | None:
        """The version in force on a day; None before the first."""
        return next((v for v in reversed(self.versions) if v.valid_from <= day), None)


class Compensation(Piece):
    """compensation.yaml as a whole."""

    standards: dict[Name, Standard] = {}
