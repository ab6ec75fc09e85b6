"""Tests and effects of training: drawing by a kept seed, marking, what a person still owes, and how values stand to each other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from amends.core.policy.training import Bank, ExamQuestion, Module

YES, NO = "yes", "no"


def drawn(bank: Bank, number: int, seed: str) -> list[str]:
    """The ids of `number` questions in the order drawn; the same seed always draws the same, all of them where the bank has fewer."""
    return sorted((question.id for question in bank.questions), key=lambda name: _place(seed, name))[:number]


def options_in_order(question: ExamQuestion, seed: str) -> list[str]:
    """The options of a question as this test shows them: mixed, but for right and wrong."""
    if question.type == "true_false":
        return [YES, NO]
    return sorted(question.options, key=lambda name: _place(seed, f"{question.id}/{name}"))


def _place(seed: str, name: str) -> str:
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Marked:
    """A test as it was marked: which questions were answered rightly, the share in whole percent (rounded down), and whether it passed."""

    right: tuple[str, ...]
    asked: int
    score: int
    passed: bool


def marked(module: Module, bank: Bank, asked: Sequence[str], answers: Mapping[str, Sequence[str]]) -> Marked:
    """A question is right when exactly the right options were chosen; nothing is given for a part of them."""
    questions = {question.id: question for question in bank.questions}
    right = tuple(
        name for name in asked if name in questions and set(answers.get(name, ())) == set(questions[name].right)
    )
    score = len(right) * 100 // len(asked) if asked else 0
    return Marked(right, len(asked), score, score >= module.pass_mark)


class Owed(StrEnum):
    """Where somebody stands with a module."""

    PASSED = "passed"
    NOT_YET = "not_yet"
    AGAIN = "again"
    CONFIRM = "confirm"
    NO_TRIES = "no_tries"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of somebody and a module: the last pass, tests since the module was last given, given anew, the version confirmed."""

    passed_at: datetime | None = None
    given_at: datetime | None = None
    failed: int = 0
    confirmed_version: int | None = None


def standing(module: Module, known: Known, *, version: int, now: datetime) -> Owed:
    """What somebody owes. A pass stands until it was given anew or its days are over; a new policy version has to be confirmed.

    Source: EXP-9.1.1, EXP-9.1.4
    """
    if known.passed_at is None or (known.given_at is not None and known.given_at > known.passed_at):
        return Owed.NO_TRIES if known.failed >= module.attempts else Owed.NOT_YET
    days = module.renewed_by.every_days
    if days is not None and now >= known.passed_at + timedelta(days=days):
        return Owed.AGAIN
    if module.renewed_by.policy_version and known.confirmed_version != version:
        return Owed.CONFIRM
    return Owed.PASSED


def share_of(part: int, whole: int) -> Decimal | None:
    """In percent with one decimal, half up; None of nothing. Source: EXP-9.2.4"""
    if not whole:
        return None
    tenths = Fraction(1000 * part, whole)
    return Decimal((2 * tenths.numerator + tenths.denominator) // (2 * tenths.denominator)).scaleb(-1)


def mean_of(values: Sequence[Decimal | int]) -> Decimal | None:
    """With two decimals, half up; None of nothing. Source: EXP-9.2.3"""
    if not values:
        return None
    hundredths = sum((Fraction(value) for value in values), Fraction(0)) * 100 / len(values)
    return Decimal((2 * hundredths.numerator + hundredths.denominator) // (2 * hundredths.denominator)).scaleb(-2)


def fell(before: Decimal | None, after: Decimal | None, *, margin: int, more_is_better: bool) -> bool:
    """Whether the later value is worse than the earlier one by at least `margin` percent of it. Source: EXP-9.3.4"""
    if before is None or after is None or before == after:
        return False
    loss = before - after if more_is_better else after - before
    return loss > 0 and loss * 100 >= abs(before) * margin
