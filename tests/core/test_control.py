"""Control charts: bursts and drifts stand out, chance does not, and one cause is one episode."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from amends.core.control import DAILY, WEEKLY, episodes, limit_of, repeated, usual_at, watch

DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def calm(days, *, seed=3, level=20.0):
    """Days of counts that vary by chance and a half, fewer at weekends."""
    chance = random.Random(seed)
    wanted = [level if day % 7 < 5 else level / 3 for day in range(days)]
    return [max(0, round(chance.gauss(mean, (1.5 * mean) ** 0.5))) for mean in wanted]


def test_a_burst_stands_out_on_the_day_it_comes_and_is_one_episode():
    counts = calm(140)
    for day in range(120, 125):
        counts[day] = 60

    found = episodes(watch(counts))

    assert [span.place for span in found[-1]][:5] == [120, 121, 122, 123, 124]
    assert found[-1][0].sign == "burst"
    assert found[-1][0].count == 60 > found[-1][0].limit > found[-1][0].usual
    assert len(found) == 1


def test_a_slow_rise_is_a_drift():
    counts = [20] * 98 + [20 + day // 3 for day in range(42)]
    chart = replace(DAILY, once_in=10**9)

    assert {span.sign for span in watch(counts, chart)} == {None, "drift"}


def test_calm_days_seldom_stand_out():
    spans = watch(calm(600))

    assert len(episodes(spans)) <= 2


def test_a_weekend_is_held_against_weekends():
    counts = calm(140)
    weekday, weekend = usual_at(counts, 133, DAILY)[0], usual_at(counts, 138, DAILY)[0]

    assert weekday == pytest.approx(20, abs=4)
    assert weekend == pytest.approx(20 / 3, abs=4)


def test_nothing_is_said_before_there_is_enough_to_compare_with():
    assert watch([5] * 91) == []
    assert len(watch([5] * 92)) == 1
    assert watch([5] * 20, WEEKLY) == []


def test_a_desk_with_next_to_nothing_is_not_warned_of_two_cases():
    counts = [0] * 100 + [2] + [0] * 10 + [6]

    assert [span.place for span in watch(counts) if span.sign == "burst"] == [111]


@pytest.mark.parametrize(
    ("usual", "spread", "chance", "limit"),
    [(1.0, 1.0, 0.01, 4), (10.0, 1.0, 0.01, 18), (10.0, 3.0, 0.01, 26), (5000.0, 1.0, 0.001, 5283)],
)
def test_a_limit_is_exceeded_as_seldom_as_asked(usual, spread, chance, limit):
    assert limit_of(usual, spread, chance) == limit


def test_what_is_repeated_counts_inside_the_span_of_time_alone():
    far = [("a", DAY + timedelta(days=20 * n)) for n in range(4)]
    close = [("b", DAY + timedelta(days=n)) for n in (9, 0, 3)]

    found = repeated([*far, *close], times=3, within=timedelta(days=30))

    assert list(found) == ["b"]
    assert found["b"] == [DAY, DAY + timedelta(days=3), DAY + timedelta(days=9)]
