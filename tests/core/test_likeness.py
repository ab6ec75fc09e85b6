"""How alike texts are by the words they share."""

import pytest

from amends.core.likeness import likeness

GROUT = {"瓷砖", "空鼓", "补灌", "来电", "询问"}


def test_the_more_of_what_was_asked_a_text_speaks_of_the_more_alike_it_is() -> None:
    found = likeness(
        {"瓷砖", "空鼓", "补灌"}, {"same": {"瓷砖", "空鼓", "补灌"}, "near": {"瓷砖", "脱落"}, "other": {"样册"}}
    )

    assert found["same"] == pytest.approx(1) and 0 < found["near"] < 0.5 and "other" not in found


def test_words_that_most_texts_have_say_little() -> None:
    found = likeness(
        GROUT, {"about_it": {"空鼓", "来电", "询问"}, "by_chance": {"样册", "来电", "询问"}, "too": {"来电", "询问"}}
    )

    assert found["about_it"] > 2 * found["by_chance"]


@pytest.mark.parametrize(("asked", "told"), [(set(), {"a": {"瓷砖"}}), ({"瓷砖"}, {}), ({"瓷砖"}, {"a": set()})])
def test_without_words_nothing_is_alike(asked: set[str], told: dict[str, set[str]]) -> None:
    assert likeness(asked, told) == {}
