"""Figures in the unit in which people say them."""

from decimal import Decimal

import pytest

from amends.core.indicators import Tally, Verdict, as_said, result_of
from amends.core.policy.kpis import Indicator


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


def figured(kind, tally, **more):
    asked = {
        "id": "one",
        "title": {"zh-Hans": "甲"},
        "kind": kind,
        "direction": "down",
        "target": 5,
        "minimum": 5,
        **more,
    }
    result = result_of(Indicator.model_validate(asked), tally)
    return None if result.value is None else str(result.value), result.verdict


SHARE = {"counted": {"fact": "in_time", "is": True}}
RATE = {"volume": "parcels", "unit": "per_thousand"}


@pytest.mark.parametrize(
    ("kind", "more", "tally", "said"),
    [
        ("count", {"unit": "cases", "digits": 0}, Tally(), ("0", Verdict.MET)),
        ("count", {"unit": "cases", "digits": 0}, Tally(population=2, counted=2), ("2", Verdict.MET)),
        ("share", SHARE, Tally(), (None, Verdict.NOT_APPLICABLE)),
        ("share", SHARE, Tally(population=4, counted=0), ("0.0", Verdict.TOO_FEW)),
        ("share", SHARE, Tally(population=5, counted=0), ("0.0", Verdict.MET)),
        ("per_volume", RATE, Tally(volume=0), (None, Verdict.NOT_APPLICABLE)),
        ("per_volume", RATE, Tally(volume=None), (None, Verdict.NOT_APPLICABLE)),
        ("per_volume", RATE, Tally(volume=4), ("0.0", Verdict.TOO_FEW)),
        ("per_volume", RATE, Tally(volume=1000), ("0.0", Verdict.MET)),
        ("mean", {"of": "score", "unit": "points"}, Tally(), (None, Verdict.NOT_APPLICABLE)),
        ("mean", {"of": "score", "unit": "points"}, Tally(4, 4, 4, 8), ("2.0", Verdict.TOO_FEW)),
    ],
)
def test_none_counted_is_none_and_only_a_ratio_can_rest_on_too_little(kind, more, tally, said):
    assert figured(kind, tally, **more) == said
