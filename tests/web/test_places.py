"""What is filled into messages later, named as people call it."""

from __future__ import annotations

import pytest

from amends.core.policy.wording import PLACEHOLDERS
from amends.doors.places import place_words, with_places_named, without_aside


def test_places_are_named_and_unknown_ones_keep_their_own_name():
    assert (
        with_places_named("编号{{number}}，{{ due_at:handling }}前，{{elsewhere}}")
        == "编号[编号]，[到期时间]前，[elsewhere]"
    )


def test_every_place_that_a_message_may_have_is_called_by_words():
    assert sorted(place for place in PLACEHOLDERS if not place_words(place)) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("我们已收到您的来件（编号 {{number}}）", "我们已收到您的来件"),
        ("We have received your message (number {{number}})", "We have received your message"),
        ("请评价（共五分）", "请评价（共五分）"),
    ],
)
def test_what_differs_in_every_case_is_no_part_of_the_name_of_a_message(line, said):
    assert without_aside(line) == said
