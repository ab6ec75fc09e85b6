"""Forecasts of monthly counts: a range, the methods and their errors named, silence on too little data."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amends.core.forecasting import COMBINED, SIX, combined_at, forecast, replay, seasonal_naive, theta

RISING = [100 + 10 * month for month in range(24)]
SEASONAL = [60, 50, 55, 70, 90, 120, 140, 130, 100, 80, 70, 65] * 4


@pytest.mark.parametrize("history", [[], [12, 14], list(range(1, 12)), [0] * 30])
def test_too_little_data_is_no_forecast(history):
    assert forecast(history) is None


def test_a_rise_goes_on_above_the_last_count():
    found = forecast(RISING, horizon=3)

    assert len(found.points) == 3
    assert found.points[0].expected > RISING[-1]
    assert [p.expected for p in found.points] == sorted(p.expected for p in found.points)
    assert all(p.low <= p.expected <= p.high for p in found.points)
    assert next(iter(found.weights)) == "steady_trend"
    assert found.beats_the_baseline


def test_a_year_repeats_itself():
    found = forecast(SEASONAL, horizon=6)

    assert [round(p.expected, -1) for p in found.points] == pytest.approx(SEASONAL[:6], abs=12)


def test_a_forecast_names_its_methods_and_compares_their_errors():
    found = forecast(SEASONAL)

    assert sum(found.weights.values()) == pytest.approx(1)
    assert set(found.weights) <= {method.name for method in COMBINED}
    assert set(found.errors) == {method.name for method in (*SIX, *COMBINED)}
    assert found.errors["seasonal_naive"] == 0
    assert found.held_back == 12
    assert 0 <= found.covered <= 1


def test_a_year_of_months_is_enough_for_a_range_but_not_for_a_season():
    found = forecast([20, 25, 22, 24, 19, 23, 26, 21, 22, 25, 20, 24])

    assert found.points[0].low < 22 < found.points[0].high
    assert "seasonal_naive" not in found.errors
    assert found.held_back == 4


def test_a_policy_says_how_many_months_it_wants():
    assert forecast(RISING, least=36) is None
    assert forecast(RISING[:6], least=1) is not None
    assert forecast(RISING[:5], least=1) is None


def test_what_is_said_at_an_origin_does_not_know_what_came_later():
    said = replay(SEASONAL[:30], 3)
    later = replay([*SEASONAL[:30], 9000, 1, 700], 3)

    assert combined_at(said, SEASONAL[:30], 30) == combined_at(later, [*SEASONAL[:30], 9000, 1, 700], 30)


def test_simple_methods_say_what_their_names_say():
    assert seasonal_naive(SEASONAL, 14) == SEASONAL[:12] + SEASONAL[:2]
    assert theta([10.0] * 24, 3) == pytest.approx([10, 10, 10])


@settings(max_examples=8)
@given(st.lists(st.integers(0, 5000), min_size=12, max_size=30), st.integers(1, 6))
def test_any_history_gives_a_range_around_what_is_expected(history, horizon):
    found = forecast(history, horizon=horizon)

    if any(history[-12:]):
        assert len(found.points) == horizon
        assert all(0 <= p.low <= p.expected <= p.high for p in found.points)
    else:
        assert found is None
