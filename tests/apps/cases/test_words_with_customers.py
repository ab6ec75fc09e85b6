"""Which steps of a proceeding the page of a customer holds: words with the customer, and nothing the house settles without them."""

import pytest
from django.conf import settings

from amends.apps.cases.customers import is_plan_of_contact, steps_with_customer
from amends.apps.policies.check import check_folder
from tests.world import ROOT


@pytest.mark.parametrize(
    ("name", "spoken", "plans"),
    [
        pytest.param(
            "express",
            {"compensation": {"agree", "follow_up", "receipt", "refuse"}, "recovery": set(), "extension": set()},
            set(),
            id="express",
        ),
        pytest.param(
            "reporting", {"contact_plan": {"contact"}, "return_visit": {"contact", "follow_up"}}, {"contact_plan"}, id="reporting"
        ),
        pytest.param(
            "escalation", {"customer_visit": {"contact", "follow_up"}, "management_meeting": set(), "task": set()}, set(),
            id="escalation",
        ),
    ],
)  # fmt: skip
def test_only_those_who_speak_with_the_customer_put_words_on_their_page(name, spoken, plans):
    pack = check_folder(ROOT / "packs" / name, calendars=settings.CALENDARS_DIR).pack

    assert pack is not None
    assert {kind: steps_with_customer(pack.proceedings[kind], pack) for kind in spoken} == spoken
    assert {kind for kind, process in pack.proceedings.items() if is_plan_of_contact(process, pack)} == plans
