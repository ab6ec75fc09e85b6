"""The stage bar shows the way that a case really takes: what was passed, and what its facts leave open ahead."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from amends.apps.policies.files import read_folder
from amends.core.facts import CaseFacts
from amends.core.policy.conditions import Condition, verdict
from amends.core.policy.pack import Pack, read_pack
from amends.core.process_map import main_line, way_of_case

FROM_SOLVING = "solving implementing implemented told"
TO_THE_END = "handled followed_up closed archived"


@cache
def pack(name: str) -> Pack:
    return read_pack(read_folder(Path(__file__).parents[2] / "packs" / name).raw)


def way(name: str, passed: str, values: Mapping[str, Any]) -> str:
    """Behind | now | ahead."""
    states = passed.split()
    facts = CaseFacts(state=states[-1], cycle=1, round=1, values=values)
    found = way_of_case(pack(name), facts, states)
    return " | ".join(" ".join(part) for part in (found.behind, (found.now,), found.ahead))


def test_cases_that_came_the_same_way_and_of_which_the_same_is_known_share_their_way():
    here = {"state": "registered", "cycle": 1, "round": 1}
    minor, like_it, major = ({"weight": "minor"}, {"weight": "minor", "subject": "x"}, {"weight": "major"})
    first, second, third = (
        way_of_case(pack("market"), CaseFacts(**here, values=values), ["registered"])
        for values in (minor, like_it, major)
    )
    assert first is second
    assert first != third


def test_the_main_line_leaves_branches_out():
    assert " ".join(main_line(pack("market").lifecycle)) == f"registered upheld passed_on {FROM_SOLVING} {TO_THE_END}"
    assert not {"payout_review", "payout_approved"} & set(main_line(pack("service").lifecycle))


@pytest.mark.parametrize(
    ("name", "passed", "values", "expected"),
    [
        pytest.param(
            "market", "registered", {"weight": "major"},
            f" | registered | upheld passed_on {FROM_SOLVING} {TO_THE_END}", id="nothing judged yet: the main way",
        ),
        pytest.param(
            "market", "registered", {"weight": "minor"}, f" | registered | {TO_THE_END}", id="minor: answered at once"
        ),
        pytest.param(
            "market", "registered not_upheld", {"validity": "not_upheld"}, f"registered | not_upheld | {TO_THE_END}",
            id="not upheld: the branch that it takes",
        ),
        pytest.param(
            "market", f"registered upheld passed_on {FROM_SOLVING} solving", {},
            f"registered upheld passed_on | solving | implementing implemented told {TO_THE_END}",
            id="another round: what was done lies ahead again",
        ),
        pytest.param(
            "escalation", "registered graded", {"level": "level_4"}, "registered | graded | answered closed archived",
            id="a level that is answered is not dispatched",
        ),
        pytest.param(
            "escalation", "registered graded dispatched returned", {"level": "level_2"},
            "registered graded | returned | dispatched signed_in investigating planning carrying_out handled told agreed"
            " closed archived", id="returned: the department is asked again",
        ),
        pytest.param(
            "service", "to_dispatch carried_out payout_review", {"payout_needed": True},
            "to_dispatch carried_out | payout_review | payout_approved archived", id="a payout's own way",
        ),
        pytest.param("express", "received withdrawn", {}, "received | withdrawn | archived", id="withdrawn"),
    ],
)  # fmt: skip
def test_a_case_goes_its_own_way(name, passed, values, expected):
    assert way(name, passed, values) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"fact": "weight", "is": "minor"}, True),
        ({"fact": "weight", "is": "major"}, False),
        ({"fact": "unknown", "is": "minor"}, None),
        ({"fact": "weight", "given": True}, None),
        ({"fact": "sums", "is": 1}, None),
        ({"done": "judge"}, None),
        ({"all": [{"fact": "weight", "is": "major"}, {"done": "judge"}]}, False),
        ({"all": [{"fact": "weight", "is": "minor"}, {"done": "judge"}]}, None),
        ({"any": [{"fact": "weight", "is": "minor"}, {"done": "judge"}]}, True),
        ({"any": [{"fact": "weight", "is": "major"}]}, False),
        ({"none": [{"fact": "weight", "is": "minor"}]}, False),
        ({"none": [{"fact": "weight", "is": "major"}]}, True),
        ({"none": [{"done": "judge"}]}, None),
    ],
)
def test_a_verdict_is_open_until_the_facts_decide_it(condition, expected):
    facts = CaseFacts(values={"weight": "minor", "sums": 1})
    assert verdict(Condition.model_validate(condition), facts, apart_from={"sums"}) is expected
