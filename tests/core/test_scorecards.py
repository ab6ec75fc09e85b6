"""Scorecards: the numbers of the clause, what has no data, what is taken off, bonuses; and what holds of every score."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.core.indicators import Tally, result_of
from amends.core.policy.kpis import Bonus, Indicator
from amends.core.scorecards import bonus_of, card_of, places, points_of

SHARE = {"kind": "share", "counted": {"fact": "resolved", "is": True}}


def indicator(name, **more):
    return Indicator.model_validate({"id": name, "title": {"zh-Hans": name}, **SHARE, **more})


RESOLUTION = indicator("resolution", weight=40)
SATISFACTION = indicator(
    "satisfaction", kind="mean", of="score", unit="points", digits=2, points="of_best", weight=20, minimum=5
)
TIMELINESS = indicator("timeliness", weight=30)
ESCALATION = indicator("escalation", direction="down", weight=10)
ALL = (RESOLUTION, SATISFACTION, TIMELINESS, ESCALATION)
WEIGHTED = tuple((one, one.weight) for one in ALL)


def share(one, counted, of):
    return result_of(one, Tally(population=of, counted=counted))


def scores(total, of):
    return result_of(SATISFACTION, Tally(population=of, counted=of, measured=of, total=total))


def results(*, answers=(36, 8)):
    return {
        "resolution": share(RESOLUTION, 15, 20),
        "satisfaction": scores(*answers),
        "timeliness": share(TIMELINESS, 14, 20),
        "escalation": share(ESCALATION, 2, 20),
    }


def test_the_numbers_of_the_clause_come_to_78_0_and_again_to_78_0():
    card = card_of(WEIGHTED, results(), best=5)
    assert [part.points for part in card.parts] == [Decimal("75.0"), Decimal("90.0"), Decimal("70.0"), Decimal("90.0")]
    assert str(card.total) == "78.0"
    assert card_of(WEIGHTED, results(), best=5) == card


@pytest.mark.parametrize("answers", [(0, 0), (15, 3)])
def test_an_indicator_without_data_or_with_too_few_cases_gives_its_weight_to_the_others(answers):
    card = card_of(WEIGHTED, results(answers=answers), best=5)
    assert (card.parts[1].points, card.parts[1].share) == (None, None)
    assert [part.share for part in card.parts if part.share] == [Decimal("50.0"), Decimal("37.5"), Decimal("12.5")]
    assert str(card.total) == "75.0"  # (40·75 + 30·70 + 10·90) : 80


def test_without_any_data_there_is_no_score_whatever_was_taken_off():
    nothing = {one.id: result_of(one, Tally()) for one in ALL}
    card = card_of(WEIGHTED, nothing, best=5, deducted=Decimal(3))
    assert (card.earned, card.total) == (None, None)


def test_no_more_is_taken_off_than_the_cap_and_a_score_never_falls_below_nothing():
    assert str(card_of(WEIGHTED, results(), best=5, deducted=Decimal(5)).total) == "73.0"
    assert str(card_of(WEIGHTED, results(), best=5, deducted=Decimal(50), at_most=20).total) == "58.0"
    assert str(card_of(WEIGHTED, results(), best=5, deducted=Decimal(90)).total) == "0.0"


@pytest.mark.parametrize(
    ("direction", "target", "counted", "points"),
    [("up", "80", 4, 50), ("up", "30", 4, 100), ("down", "20", 4, 50), ("down", "20", 1, 100), ("down", "20", 0, 100)],
)
def test_points_by_target_are_the_part_of_it_that_was_reached_and_never_more_than_all(
    direction, target, counted, points
):
    one = indicator("rate", direction=direction, target=target, points="target")
    assert points_of(one, share(one, counted, 10), best=5) == points


def test_a_bonus_is_given_only_where_every_threshold_is_reached_and_says_which_was_missed():
    bonus = Bonus.model_validate(
        {
            "id": "bonus", "title": {"zh-Hans": "加分"}, "points": 5,
            "thresholds": [
                {"indicator": "resolution", "at_least": 75}, {"indicator": "satisfaction", "at_least": "4.5"},
                {"indicator": "timeliness", "at_least": 70}, {"indicator": "escalation", "at_most": 10},
            ],
        }
    )  # fmt: skip
    assert (bonus_of(bonus, results()).points, bonus_of(bonus, results()).missed) == (Decimal(5), ())
    worse = bonus_of(bonus, {**results(), "timeliness": share(TIMELINESS, 13, 20)})
    assert (worse.points, [one.indicator for one in worse.missed]) == (Decimal(0), ["timeliness"])
    unknown = bonus_of(bonus, results(answers=(15, 3)))
    assert [one.indicator for one in unknown.missed] == ["satisfaction"]


counts = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted)


@given(st.lists(counts, min_size=3, max_size=3), st.integers(0, 40), st.integers(0, 120))
def test_every_score_lies_between_the_least_and_the_most_points_and_shares_make_one_whole(made, answered, taken):
    found = {
        "resolution": share(RESOLUTION, *made[0]), "timeliness": share(TIMELINESS, *made[1]),
        "escalation": share(ESCALATION, *made[2]), "satisfaction": scores(4 * answered, answered),
    }  # fmt: skip
    card = card_of(WEIGHTED, found, best=5, deducted=Decimal(taken))
    known = [part.points for part in card.parts if part.points is not None]
    if not known:
        assert card.total is None
        return
    assert min(known) - Decimal("0.1") <= card.earned <= max(known) + Decimal("0.1")
    assert card.total == max(card.earned - min(taken, 100), 0)
    assert abs(sum(part.share for part in card.parts if part.share) - 100) <= Decimal("0.2")


@given(st.lists(counts, min_size=2, max_size=2), st.integers(1, 60))
def test_solving_one_more_never_lowers_a_score(made, more):
    solved, of = made[0]
    found = {
        "resolution": share(RESOLUTION, solved, of + more), "timeliness": share(TIMELINESS, *made[1]),
        "escalation": share(ESCALATION, 0, 0), "satisfaction": scores(0, 0),
    }  # fmt: skip
    better = {**found, "resolution": share(RESOLUTION, solved + 1, of + more)}
    assert card_of(WEIGHTED, better, best=5).total >= card_of(WEIGHTED, found, best=5).total


def test_the_same_total_has_the_same_place_and_who_has_none_has_no_place():
    assert places([Decimal(80), None, Decimal(90), Decimal(80), Decimal(70)]) == [2, None, 1, 2, 4]
