"""Shares of classes: the numbers of the clauses, what changed in percentage points, and the orders that may be asked for."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from amends.core.shares import shares


def test_30_20_and_10_are_50_0_and_33_3_and_16_7_percent_and_add_up_to_the_cases():
    found = shares({"A": 30, "B": 20, "C": 10}, {})
    assert [(one.rank, one.name, str(one.share), str(one.together)) for one in found] == [
        (1, "A", "50.0", "50.0"), (2, "B", "33.3", "83.3"), (3, "C", "16.7", "100.0"),
    ]  # fmt: skip
    assert [(one.share_before, one.change) for one in found] == [(None, None)] * 3


def test_the_change_of_a_share_is_in_percentage_points_and_the_largest_increase_comes_first_on_request():
    now, before = {"late": 5, "lost": 5, "rude": 0}, {"late": 6, "lost": 2, "rude": 2}
    found = {one.name: one for one in shares(now, before)}
    assert {name: (one.more, one.change) for name, one in found.items()} == {
        "late": (-1, Decimal("-10.0")), "lost": (3, Decimal("30.0")), "rude": (-2, Decimal("-20.0")),
    }  # fmt: skip
    assert [one.name for one in shares(now, before, order="increase")] == ["lost", "late", "rude"]


def test_the_dearest_comes_first_on_request():
    found = shares({"A": 3, "B": 1}, {}, cost={"B": 9900}, order="cost")
    assert [(one.rank, one.name, one.cost) for one in found] == [(1, "B", 9900), (2, "A", 0)]


counts = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 500))


@given(counts, counts, st.sampled_from(["count", "increase", "cost"]))
def test_no_case_is_lost_in_any_order(now, before, order):
    found = shares(now, before, order=order)
    assert sum(one.count for one in found) == sum(now.values())
    assert sum(one.before for one in found) == sum(before.values())
    assert [one.rank for one in found] == list(range(1, len(found) + 1))
    if sum(now.values()):
        assert abs(sum(one.share for one in found) - 100) <= Decimal("0.05") * len(found)
