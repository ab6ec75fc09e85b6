"""`{done: verb, in: round}` as packs write it, alone and within others."""

from datetime import UTC, datetime

import pytest

from amends.core.facts import CaseFacts, Doing
from amends.core.policy.conditions import Condition, holds

ASKED = Doing(seq=2, at=datetime(2026, 3, 2, tzinfo=UTC), actor="person:1", cycle=1, round=1)


@pytest.mark.parametrize(
    ("written", "in_the_first_round", "in_the_second"),
    [
        ({"done": "escalate", "in": "round"}, True, False),
        ({"not_done": "escalate", "in": "round"}, False, True),
        ({"done": "escalate", "in": "cycle"}, True, True),
        ({"done": "escalate"}, True, True),
        ({"all": [{"not_done": "escalate", "in": "round"}]}, False, True),
    ],
)
def test_whether_a_verb_was_done_is_asked_of_the_round_or_the_cycle(written, in_the_first_round, in_the_second):
    condition = Condition.model_validate(written)
    held = [holds(condition, CaseFacts(cycle=1, round=n, done={"escalate": ASKED})) for n in (1, 2)]
    assert held == [in_the_first_round, in_the_second]
