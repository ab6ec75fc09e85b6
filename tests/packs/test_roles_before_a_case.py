"""Who may register is asked before there is a case: what counts then is what would count on a case of which nothing is known."""

from __future__ import annotations

from typing import Any, cast

import pytest

from amends.core.directory import Caller, Holding
from amends.core.facts import CaseFacts
from amends.core.roles import actor_on_case, roles_before_a_case
from tests.packs.test_ways_of_cases import pack

NOBODY_TO_ASK = cast(Any, None)
"""Nothing of the organisation is asked where nothing is known of the case."""


@pytest.mark.parametrize("name", ["service", "market", "escalation"])
@pytest.mark.parametrize("department", [None, 3])
@pytest.mark.parametrize("person", [None, 7])
def test_a_caller_has_the_roles_that_count_on_an_empty_case(name, department, person):
    policy = pack(name)
    for role in policy.roles.roles:
        caller = Caller(id="person:7", person=person, holdings=(Holding(role, department),))
        on_a_case = actor_on_case(policy, caller, CaseFacts(), NOBODY_TO_ASK)
        assert roles_before_a_case(policy, caller) == on_a_case.roles
