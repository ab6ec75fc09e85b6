"""Tests are drawn the same by the same seed and marked as a whole; shares and means are exact; a value falls by a margin."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from amends.core.policy.training import Bank, Module
from amends.core.training import Known, Owed, drawn, fell, marked, mean_of, options_in_order, share_of, standing

NOW = datetime(2026, 3, 2, tzinfo=UTC)
TITLE = {"zh-Hans": "题"}
BANK = Bank.model_validate(
    {
        "title": TITLE,
        "questions": [
            {"id": f"q{n}", "title": TITLE, "type": "several", "options": {"a": TITLE, "b": TITLE, "c": TITLE}, "right": ["a", "b"]}
            for n in range(10)
        ],
    }
)  # fmt: skip


def module(**more):
    reading = [{"title": TITLE, "text": TITLE}]
    return Module.model_validate(
        {"title": TITLE, "aim": TITLE, "materials": reading, "bank": "b", "draw": 4, "pass_mark": 75, **more}
    )


def test_the_same_seed_draws_the_same_questions_and_another_one_others():
    assert drawn(BANK, 4, "one") == drawn(BANK, 4, "one")
    assert len(set(drawn(BANK, 4, "one"))) == 4
    assert len({tuple(drawn(BANK, 4, str(seed))) for seed in range(20)}) > 10
    assert drawn(BANK, 40, "one") == drawn(BANK, 10, "one")
    assert set(options_in_order(BANK.questions[0], "one")) == {"a", "b", "c"}


def test_a_question_is_right_as_a_whole_and_the_pass_mark_counts_itself():
    asked = ["q1", "q2", "q3", "q4"]
    right = {"q1": ["b", "a"], "q2": ["a", "b"], "q3": ["a", "b"], "q4": ["a"]}
    result = marked(module(), BANK, asked, right)
    assert (result.score, result.passed, result.right) == (75, True, ("q1", "q2", "q3"))
    assert marked(module(pass_mark=76), BANK, asked, right).passed is False
    assert marked(module(), BANK, asked, {}).score == 0


@pytest.mark.parametrize(
    ("rule", "known", "owed"),
    [
        ({}, Known(), Owed.NOT_YET),
        ({"attempts": 2}, Known(failed=2), Owed.NO_TRIES),
        ({}, Known(passed_at=NOW - timedelta(days=400)), Owed.PASSED),
        ({}, Known(passed_at=NOW - timedelta(days=4), given_at=NOW), Owed.NOT_YET),
        ({"renewed_by": {"every_days": 365}}, Known(passed_at=NOW - timedelta(days=365)), Owed.AGAIN),
        ({"renewed_by": {"every_days": 365}}, Known(passed_at=NOW - timedelta(days=364)), Owed.PASSED),
        ({"renewed_by": {"policy_version": True}}, Known(passed_at=NOW, confirmed_version=1), Owed.CONFIRM),
        ({"renewed_by": {"policy_version": True}}, Known(passed_at=NOW, confirmed_version=2), Owed.PASSED),
    ],
)
def test_what_somebody_owes_follows_from_passes_assignments_and_confirmations(rule, known, owed):
    assert standing(module(**rule), known, version=2, now=NOW) is owed


def test_shares_and_means_are_exact_and_nothing_divided_by_nothing_is_no_value():
    assert (share_of(3, 4), share_of(1, 3), share_of(0, 5), share_of(0, 0)) == (Decimal("75"), Decimal("33.3"), 0, None)
    assert (mean_of([4, 5]), mean_of([Decimal("4"), Decimal("5"), Decimal("5")]), mean_of([])) == (
        Decimal("4.5"), Decimal("4.67"), None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "up", "said"),
    [("100", "90", True, True), ("100", "90.1", True, False), ("100", "110", False, True), ("10", "9", False, False),
     (None, "5", True, False), ("0", "1", False, True)],
)  # fmt: skip
def test_a_value_falls_when_it_is_worse_by_the_margin(before, after, up, said):
    then = Decimal(before) if before else None
    assert fell(then, Decimal(after), margin=10, more_is_better=up) is said
