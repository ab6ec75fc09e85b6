"""Answers to a questionnaire: what is taken, what is refused at which question, what it means for a case; and drawing a sample."""

import pytest

from amends.core.policy.surveys import Questionnaire
from amends.core.refusals import InvalidData
from amends.core.sampling import is_drawn
from amends.core.survey_answers import read_answers, said_on_case

NAMED = {"zh-Hans": "题", "en": "question"}
ASKED = Questionnaire.model_validate(
    {
        "title": NAMED, "lead": NAMED, "thanks": NAMED,
        "questions": [
            {"id": "result", "title": NAMED, "type": "score", "rates": NAMED, "required": True},
            {"id": "ten", "title": NAMED, "type": "score", "scale": 10},
            {"id": "one", "title": NAMED, "type": "choice", "options": {"a": NAMED, "b": NAMED}},
            {"id": "many", "title": NAMED, "type": "several", "options": {"a": NAMED, "b": NAMED}},
            {"id": "words", "title": NAMED, "type": "text"},
        ],
        "on_case": {"fills": {
            "satisfaction": {"question": "result", "values": {"satisfied": 4, "neutral": 3, "dissatisfied": 1}}, "comment": "words",
        }},
        "low": {"at_most": 2, "questions": ["result"], "to": ["lead"], "message": "low"},
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("score", "value", "low"),
    [(1, "dissatisfied", True), (2, "dissatisfied", True), (3, "neutral", False), (4, "satisfied", False), (5, "satisfied", False)],
)  # fmt: skip
def test_a_score_means_the_value_whose_least_it_reaches(score, value, low):
    answers = read_answers(ASKED, {"result": [str(score)], "words": ["好"]})

    assert said_on_case(ASKED, answers) == {"satisfaction": value, "comment": "好"}
    assert answers.is_low(ASKED) is low


def test_scores_codes_and_words_are_kept_apart():
    answers = read_answers(ASKED, {"result": "5", "ten": "10", "one": ["b"], "many": ["a", "b", "a"], "words": ""})

    assert (dict(answers.scores), dict(answers.codes), dict(answers.texts)) == (
        {"result": 5, "ten": 10}, {"one": ("b",), "many": ("a", "b")}, {},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        ({}, [("/result", "unanswered")]),
        ({"result": "6"}, [("/result", "unknown_choice")]),
        ({"result": "0"}, [("/result", "unknown_choice")]),
        ({"result": "0039999"}, [("/result", "unknown_choice")]),
        ({"result": "003" + "9" * 5000}, [("/result", "unknown_choice")]),
        ({"result": "４"}, [("/result", "unknown_choice")]),
        ({"result": ["4", "5"]}, [("/result", "unknown_choice")]),
        ({"result": "4", "one": ["a", "b"]}, [("/one", "unknown_choice")]),
        ({"result": "4", "many": ["c"]}, [("/many", "unknown_choice")]),
        ({"ten": "11", "words": "字" * 2001}, [("/result", "unanswered"), ("/ten", "unknown_choice"), ("/words", "too_long")]),
    ],
)  # fmt: skip
def test_every_fault_is_named_at_its_question(data, faults):
    with pytest.raises(InvalidData) as refused:
        read_answers(ASKED, data)

    assert [(error.pointer, error.code) for error in refused.value.errors] == faults


def test_a_draw_is_repeatable_grows_with_the_share_and_keeps_to_it():
    keys = [f"case-{n}" for n in range(4000)]
    drawn = {share: {key for key in keys if is_drawn(key, share)} for share in (5, 20, 50, 100)}

    assert drawn[5] < drawn[20] < drawn[50] < drawn[100] == set(keys)
    assert [round(len(found) / 40) for found in drawn.values()] == [pytest.approx(share, abs=2) for share in drawn]
    assert drawn[20] == {key for key in keys if is_drawn(key, 20)}
