"""The standard amount for a loss: equal facts, equal amounts; every cent explained; versions by day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from amends.core.compensation import calculation_sheet, line_of
from amends.core.facts import CaseFacts
from amends.core.policy.compensation import Compensation, StandardPart
from amends.core.policy.conditions import Condition, holds

TABLE = Compensation.model_validate(
    {
        "standards": {
            "loss": {
                "title": {"zh-Hans": "损失赔偿标准"},
                "versions": [
                    {
                        "version": 1,
                        "valid_from": "2026-01-01",
                        "rules": [
                            {
                                "title": {"zh-Hans": "未保价"},
                                "when": {"fact": "insured", "is": False},
                                "parts": [
                                    {"title": {"zh-Hans": "实际损失"}, "of": "loss_amount", "at_most": "300.00"},
                                    {"title": {"zh-Hans": "退还运费"}, "of": "freight"},
                                ],
                            },
                            {
                                "title": {"zh-Hans": "保价"},
                                "parts": [{"title": {"zh-Hans": "实际损失"}, "of": "loss_amount"}],
                                "at_most": "20000.00",
                            },
                        ],
                    },
                    {
                        "version": 2,
                        "valid_from": "2026-06-01",
                        "rules": [
                            {
                                "title": {"zh-Hans": "新标准"},
                                "parts": [{"title": {"zh-Hans": "三倍运费"}, "of": "freight", "percent": 300}],
                            }
                        ],
                    },
                ],
            }
        }
    }
)
SPRING, SUMMER = date(2026, 3, 1), date(2026, 6, 1)


def facts(**amounts: object) -> CaseFacts:
    return CaseFacts(
        values={
            k: {"minor": v, "currency": "CNY"} if isinstance(v, int) and not isinstance(v, bool) else v
            for k, v in amounts.items()
        }
    )


@pytest.mark.parametrize(
    ("known", "day", "amount", "limited"),
    [
        ({"insured": False, "loss_amount": 20_000, "freight": 1_200}, SPRING, "212.00", [False, False]),
        ({"insured": False, "loss_amount": 50_000, "freight": 1_200}, SPRING, "312.00", [True, False]),
        ({"insured": True, "loss_amount": 3_000_000}, SPRING, "20000.00", [False]),
        ({"insured": True, "loss_amount": 3_000_000, "freight": 1_255}, SUMMER, "37.65", [False]),
    ],
)
def test_the_amount_is_the_sum_of_its_lines(
    known: dict[str, object], day: date, amount: str, limited: list[bool]
) -> None:
    sheet = calculation_sheet(TABLE, "loss", facts(**known), on=day)
    assert sheet is not None
    assert sheet.amount == Decimal(amount)
    assert [line.limited for line in sheet.lines] == limited
    assert sheet.version == (1 if day == SPRING else 2)


def test_nothing_is_guessed_while_a_fact_is_unknown() -> None:
    assert calculation_sheet(TABLE, "loss", facts(insured=False, loss_amount=100), on=SPRING) is None
    assert calculation_sheet(TABLE, "loss", facts(insured=True, loss_amount=100), on=date(2025, 12, 31)) is None
    assert calculation_sheet(TABLE, "gift", facts(), on=SPRING) is None


@given(loss=st.integers(0, 10**13), freight=st.integers(0, 10**6), name=st.text(max_size=5))
def test_equal_facts_give_equal_amounts_whoever_the_customer_is(loss: int, freight: int, name: str) -> None:
    one = calculation_sheet(TABLE, "loss", facts(insured=False, loss_amount=loss, freight=freight), on=SPRING)
    other = calculation_sheet(
        TABLE, "loss", facts(insured=False, loss_amount=loss, freight=freight, complainant=name), on=SPRING
    )
    assert one == other
    assert one is not None and one.amount == sum(line.amount for line in one.lines)
    assert one.amount <= Decimal(300) + Decimal(freight) / 100


def test_an_amount_with_a_fraction_is_written_as_text() -> None:
    with pytest.raises(ValidationError, match="as text"):
        Compensation.model_validate(
            {"standards": {"x": {"title": {"zh-Hans": "甲"}, "versions": [
                {"version": 1, "valid_from": "2026-01-01", "rules": [
                    {"title": {"zh-Hans": "乙"}, "parts": [{"title": {"zh-Hans": "丙"}, "fixed": 0.1}]}]}]}}}
        )  # fmt: skip


@pytest.mark.parametrize(("limit", "held"), [("200.00", True), ("200.01", False), (20_000, True), (20_001, False)])
def test_an_amount_is_compared_with_one_as_people_write_it_or_in_its_smallest_unit(limit: object, held: bool) -> None:
    known = CaseFacts(values={"loss_amount": {"minor": 20_000, "currency": "CNY"}})
    assert holds(Condition.model_validate({"fact": "loss_amount", "at_least": limit}), known) is held


def test_a_part_may_be_limited_by_the_amount_of_another_fact() -> None:
    part = StandardPart.model_validate({"title": {"zh-Hans": "实际损失"}, "of": "loss", "at_most_of": "declared"})
    amounts = {name: {"minor": minor, "currency": "CNY"} for name, minor in (("loss", 90_000), ("declared", 50_000))}
    line = line_of(part, CaseFacts(values=amounts))
    assert line is not None
    assert (line.amount, line.limited) == (Decimal(500), True)
    assert line_of(part, CaseFacts(values={"loss": amounts["loss"]})) is None
