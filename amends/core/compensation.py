"""What a compensation standard gives for the facts of a case, and how the amount comes about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol

from amends.core.facts import CaseFacts
from amends.core.policy.base import Title
from amends.core.policy.compensation import Standard, StandardPart, StandardRule, StandardVersion
from amends.core.policy.conditions import holds

CENT = Decimal("0.01")


class HasStandards(Protocol):
    """Whatever knows standards by name: a pack's compensation.yaml."""

    @property
    def standards(self) -> dict[str, Standard]: ...


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One summand of a calculation: what it is, from which amount, at which percentage, and what it gives."""

    title: Title
    basis: Decimal | None
    percent: int | None
    amount: Decimal
    limited: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """A calculation sheet: which rule of which version, its summands, and the amount after the limit on the whole."""

    standard: str
    title: Title
    version: int
    rule: StandardRule
    lines: tuple[SheetLine, ...]
    amount: Decimal
    limited: bool
    currency: str

    @property
    def minor(self) -> int:
        return int(self.amount * 100)


def calculation_sheet(table: HasStandards, name: str, facts: CaseFacts, *, on: date) -> Sheet | None:
    """How the standard in force on the day comes to its amount; None while a fact it needs is unknown or no rule holds.

    Equal facts give equal sheets: nothing else is asked. Amounts are rounded half up to the cent, part by part.
    """
    standard = table.standards.get(name)
    version = standard.on(on) if standard else None
    return _sheet(name, standard, version, facts) if standard and version else None


def sheet_as_applied(table: HasStandards, applied: str, facts: CaseFacts) -> Sheet | None:
    """The calculation under the version that was applied at the time, written `standard@version` as it is stored."""
    name, _, number = applied.partition("@")
    standard = table.standards.get(name)
    version = next((v for v in standard.versions if str(v.version) == number), None) if standard else None
    return _sheet(name, standard, version, facts) if standard and version else None


def _sheet(name: str, standard: Standard, version: StandardVersion, facts: CaseFacts) -> Sheet | None:
    rule = next((rule for rule in version.rules if holds(rule.when, facts)), None)
    if rule is None:
        return None
    lines = [line_of(part, facts) for part in rule.parts]
    if any(line is None for line in lines):
        return None
    known = tuple(line for line in lines if line is not None)
    total = sum((line.amount for line in known), Decimal(0))
    amount = total if rule.at_most is None else min(total, rule.at_most)
    return Sheet(name, standard.title, version.version, rule, known, amount, amount != total, standard.currency)


def amount_of(value: Any) -> Decimal | None:
    """What a fact holds, as an amount; None when it holds none."""
    return Decimal(value["minor"]) / 100 if isinstance(value, dict) and "minor" in value else None


def line_of(part: StandardPart, facts: CaseFacts) -> SheetLine | None:
    """One summand; None while the amount it is a percentage of is unknown."""
    if part.fixed is not None:
        return SheetLine(part.title, None, None, part.fixed, limited=False)
    amounts = [amount_of(facts.value(name)) for name in part.facts()]
    if None in amounts:
        return None
    basis, *limits = [amount for amount in amounts if amount is not None]
    limits += [part.at_most] if part.at_most is not None else []
    reckoned = (basis * part.percent / 100).quantize(CENT, ROUND_HALF_UP)
    amount = max(reckoned, part.at_least or Decimal(0))
    amount = min([amount, *limits])
    return SheetLine(part.title, basis, part.percent, amount, limited=amount != reckoned)
