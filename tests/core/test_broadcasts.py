"""A notice on a known problem concerns the cases that agree with what it fills in."""

import pytest
from pydantic import ValidationError

from amends.core.facts import CaseFacts
from amends.core.policy.proceedings import Broadcast

RULE = Broadcast(states=("published",), match={"region": "where", "category": "what"})


@pytest.mark.parametrize(
    ("notice", "case", "concerned"),
    [
        ({"where": "east"}, {"region": "east"}, True),
        ({"where": "east"}, {"region": "north"}, False),
        ({"where": "east"}, {}, False),
        ({"where": "east", "what": "parcel"}, {"region": "east", "category": "parcel/lost"}, True),
        ({"where": "east", "what": "parcel"}, {"region": "east", "category": "parcels"}, False),
        ({}, {"region": "north"}, True),
    ],
)
def test_it_concerns_what_agrees(notice, case, concerned):
    assert RULE.concerns(notice, CaseFacts(values=case)) is concerned


def test_it_names_verb_and_message_or_neither():
    with pytest.raises(ValidationError, match="both verb and message"):
        Broadcast(states=("published",), match={"region": "where"}, verb="tell")
