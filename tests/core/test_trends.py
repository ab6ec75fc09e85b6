"""Rising, falling or stable: by a named test and a tolerance, never on too little data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.core.trends import sens_slope, trend_of

COUNTS = st.lists(st.integers(0, 500), min_size=3, max_size=15)


@pytest.mark.parametrize(
    ("values", "direction"),
    [
        ([10, 14, 19], "rising"),
        ([19, 14, 10], "falling"),
        ([14, 10, 13, 11], "stable"),
        ([10, 14, 13], "stable"),
        ([14], "insufficient"),
        ([10, 19], "insufficient"),
        ([], "insufficient"),
        ([7, 7, 7, 7, 7, 7], "stable"),
        ([0, 0, 0], "stable"),
        ([100, 101, 102, 103, 104], "stable"),
        ([20, 18, 15, 13, 9], "falling"),
        ([5, 6, 5, 8, 7, 9, 11, 10, 13, 12, 15, 14], "rising"),
        ([10, 11, 10, 90, 10, 11, 10, 11], "stable"),
    ],
)
def test_counts_have_the_trend_that_a_manager_would_see(values, direction):
    assert trend_of(values).direction == direction


def test_a_trend_shows_what_it_was_judged_by():
    seen = trend_of([10, 14, 19])

    assert (seen.values, seen.needed, seen.tolerance) == (3, 3, 0.1)
    assert seen.chance == pytest.approx(1 / 6)
    assert seen.limit == pytest.approx(1 / 6)
    assert seen.slope == 4.5
    assert seen.change == pytest.approx(9 / (43 / 3))


def test_a_wider_tolerance_keeps_a_slow_rise_stable():
    slow = [100, 103, 106, 109, 112, 115]

    assert trend_of(slow, tolerance=0.1).direction == "rising"
    assert trend_of(slow, tolerance=0.2).direction == "stable"


def test_a_policy_may_ask_for_more_months():
    assert trend_of([10, 14, 19], least=6).direction == "insufficient"


def test_one_wild_month_does_not_turn_the_slope():
    assert sens_slope([10, 10, 10, 500, 10, 10, 10]) == 0


@given(COUNTS)
def test_a_trend_turned_round_in_time_points_the_other_way(values):
    there, back = trend_of(values), trend_of(values[::-1])
    opposite = {"rising": "falling", "falling": "rising", "stable": "stable"}

    assert back.direction == opposite[there.direction]


@given(COUNTS, st.integers(2, 9))
def test_a_trend_does_not_depend_on_the_unit(values, times):
    assert trend_of([value * times for value in values]).direction == trend_of(values).direction
