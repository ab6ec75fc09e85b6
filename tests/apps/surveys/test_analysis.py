"""Which aspects are strong, which weak, and which have too few answers to be ranked."""

from amends.apps.surveys.analysis import Response, Spread, ranking_of
from amends.core.policy.surveys import Question

NAMED = {"zh-Hans": "题", "en": "question"}


def spread(name, *counts):
    asked = {"id": name, "title": NAMED, "type": "score", "rates": NAMED, "scale": len(counts)}
    return Spread(Question.model_validate(asked), counts)


def test_mean_count_and_distribution():
    result = spread("result", 1, 0, 0, 1, 2)

    assert (result.n, result.mean) == (4, 3.75)
    assert spread("nobody", 0, 0, 0, 0, 0).mean is None


def test_questions_with_different_scales_are_ranked_by_their_share_of_the_scale_and_none_twice():
    strong, weak = spread("strong", 0, 0, 0, 0, 5), spread("weak", 5, 0, 0, 0, 0)
    of_ten = spread("of_ten", 0, 0, 0, 0, 0, 0, 0, 5, 0, 0)
    few = spread("few", 0, 0, 0, 0, 4)

    found = ranking_of([weak, of_ten, few, strong], minimum=5)

    assert [list(map(name_of, part)) for part in (found.strongest, found.weakest, found.too_few)] == [
        ["strong", "of_ten"], ["weak"], ["few"],
    ]  # fmt: skip


def name_of(one):
    return one.question.id


def test_who_gave_no_answer_is_counted_as_silent():
    assert (Response(3, 1, 2, 5).silent, Response(3, 1, 2, 5).rate, Response(0, 0, 0, 5).rate) == (1, 66.7, None)
