"""Figures in the unit in which people say them."""

from decimal import Decimal

import pytest

from amends.core.indicators import as_said


@pytest.mark.parametrize(
    ("unit", "values", "said"),
    [
        ("minutes", ["119.9"], ("minutes", ["119.9"])),
        ("minutes", ["120"], ("hours", ["2.0"])),
        ("minutes", ["3479.3"], ("hours", ["58.0"])),
        ("minutes", ["-1218.9"], ("hours", ["-20.3"])),
        ("minutes", ["30", "3479.3", None], ("hours", ["0.5", "58.0", None])),
        ("minutes", [None], ("minutes", [None])),
        ("hours", ["3479.3"], ("hours", ["3479.3"])),
        ("percent", ["150.0"], ("percent", ["150.0"])),
    ],
)
def test_long_minutes_are_said_in_hours_and_the_values_of_one_indicator_share_a_unit(unit, values, said):
    given = [None if value is None else Decimal(value) for value in values]
    got, numbers = as_said(unit, *given)
    assert (got, [None if number is None else str(number) for number in numbers]) == said
