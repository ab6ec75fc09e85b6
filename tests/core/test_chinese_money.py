"""Amounts in capitals, as the rules for cheques of the People's Bank write them."""

from decimal import Decimal

import pytest

from amends.core.chinese_money import LARGEST, in_capitals


@pytest.mark.parametrize(
    ("yuan", "written"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.10", "壹角整"),
        ("0.15", "壹角伍分"),
        ("1", "壹元整"),
        ("10", "壹拾元整"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("1234.56", "壹仟贰佰叁拾肆元伍角陆分"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("10010.05", "壹万零壹拾元零伍分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("100000", "壹拾万元整"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("1010000", "壹佰零壹万元整"),
        ("10000001", "壹仟万零壹元整"),
        ("100000001", "壹亿零壹元整"),
        ("1000100000000", "壹万零壹亿元整"),
        ("2000050000000", "贰万亿伍仟万元整"),
        ("-128.50", "负壹佰贰拾捌元伍角整"),
    ],
)
def test_an_amount_in_capitals(yuan: str, written: str) -> None:
    assert in_capitals(int(Decimal(yuan) * 100)) == written


def test_the_largest_amount_that_a_case_holds_is_written_out() -> None:
    assert in_capitals(10**15) == "壹拾万亿元整"


def test_an_amount_beyond_all_money_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        in_capitals(LARGEST * 100)
