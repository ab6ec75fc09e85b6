"""A case of every shipped policy goes from first contact to archive by the pages, by the people whom the policy names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page

from amends.apps.cases.models import Case
from amends.core.policy.forms import Form
from tests.journeys.driving import Visitor
from tests.world import PASSWORD, DeskWorld, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True, slots=True)
class Step:
    """Who does what, and in which state the case stands afterwards; `wishes` fix single fields of the form."""

    role: str
    function: str
    verb: str
    state: str
    wishes: dict[str, Any] = field(default_factory=dict)


def step(role: str, function: str, verb: str, state: str, **wishes: Any) -> Step:
    return Step(role, function, verb, state, wishes)


DESK = "customer_service"
ESCALATION = [
    step("cs_agent", DESK, "grade", "graded"),
    step("cs_agent", DESK, "dispatch", "dispatched"),
    step("department_head", "production", "sign_in", "signed_in"),
    step("department_head", "production", "investigate", "investigating"),
    step("department_head", "production", "conclude", "planning"),
    step("department_head", "production", "propose", "carrying_out"),
    step("department_head", "production", "complete_measure", "carrying_out"),
    step("department_head", "production", "carry_out", "handled"),
    step("cs_agent", DESK, "tell", "told"),
    step("cs_agent", DESK, "agree", "agreed"),
    step("cs_agent", DESK, "close", "closed"),
    step("cs_agent", DESK, "add_evidence", "closed"),
    step("cs_agent", DESK, "archive", "archived"),
]
REPORTING = [
    step("cs_agent", DESK, "grade", "analysed"),
    step("cs_agent", DESK, "dispatch", "dispatched"),
    step("case_handler", "quality_management", "sign_in", "investigating"),
    step("case_handler", "quality_management", "conclude", "concluded"),
    step("case_handler", "quality_management", "propose", "proposed"),
    step("case_handler", "quality_management", "tell", "told"),
    step("case_handler", "quality_management", "agree", "carrying_out"),
    step("case_handler", "quality_management", "complete_measure", "carrying_out"),
    step("case_handler", "quality_management", "carry_out", "handled"),
    step("case_handler", "quality_management", "close", "closed"),
    step("case_handler", "quality_management", "archive", "archived"),
]
MARKET = [
    step("cs_agent", DESK, "judge", "upheld"),
    step("cs_agent", DESK, "contact", "upheld"),
    step("cs_agent", DESK, "dispatch", "passed_on"),
    step("accused_head", DESK, "sign_in", "solving"),
    step("accused_head", DESK, "propose", "implementing"),
    step("accused_head", DESK, "carry_out", "implemented"),
    step("cs_agent", DESK, "tell", "told"),
    step("cs_agent", DESK, "agree", "handled"),
    step("cs_agent", DESK, "follow_up", "followed_up"),
    step("department_leader", "market_department", "review", "closed"),
    step("cs_agent", DESK, "archive", "archived"),
]
SERVICE = [
    step("commerce_clerk", "business_unit", "accept", "noticed"),
    step("business_unit_head", "business_unit", "review", "to_dispatch"),
    step("commerce_clerk", "business_unit", "dispatch", "dispatched"),
    step("department_head", "quality_management", "sign_in", "planning"),
    step("department_head", "quality_management", "propose", "plan_fed_back"),
    step("commerce_clerk", "business_unit", "tell", "carrying_out"),
    step("department_head", "quality_management", "carry_out", "carried_out"),
    step("commerce_clerk", "business_unit", "follow_up", "payout_review"),
    step("finance_center", "finance_center", "assess", "payout_approval"),
    step("general_manager", "management", "approve", "payout_approved"),
    step("commerce_clerk", "business_unit", "archive", "archived"),
]
EXPRESS = [
    step("cs_supervisor", DESK, "accept", "accepted"),
    step("cs_agent", DESK, "confirm", "confirmed"),
    step("cs_supervisor", DESK, "grade", "graded"),
    step("cs_supervisor", DESK, "dispatch", "dispatched"),
    step("department_head", "business_department", "sign_in", "signed_in"),
    step("department_head", "business_department", "investigate", "investigating"),
    step("department_head", "business_department", "conclude", "concluded"),
    step("department_head", "business_department", "propose", "planned"),
    step("cs_agent", DESK, "tell", "told"),
    step("cs_agent", DESK, "agree", "agreed"),
    step("department_head", "business_department", "complete_measure", "agreed"),
    step("department_head", "business_department", "carry_out", "carried_out"),
    step("cs_agent", DESK, "follow_up", "followed_up"),
    step("cs_agent", DESK, "close", "closed"),
    step("cs_agent", DESK, "archive", "archived"),
]


def desk_of(pack_id: str) -> DeskWorld:
    now = timezone.now()
    publish_shipped((pack_id,), now=now)
    return open_world(pack_id, now=now, password=PASSWORD)


def form_of(world: DeskWorld, case: Case, verb: str) -> Form | None:
    """The form that the policy asks for a verb here."""
    rules = [t for t in world.pack.lifecycle.from_state(case.state) if t.verb == verb]
    return world.pack.forms[rules[0].form] if rules[0].form else None


@pytest.mark.parametrize(
    ("pack_id", "officer", "kind", "channel", "steps"),
    [
        pytest.param("escalation", "cs_agent", "complaint", "hotline", ESCALATION, id="escalation"),
        pytest.param("reporting", "cs_agent", "complaint", "hotline", REPORTING, id="reporting"),
        pytest.param("market", "cs_agent", "complaint", "letter", MARKET, id="market"),
        pytest.param("service", "salesperson", "complaint", "email", SERVICE, id="service"),
        pytest.param("express", "cs_supervisor", "complaint", "mobile_app", EXPRESS, id="express"),
    ],
)
def test_a_case_goes_from_first_contact_to_archive_by_the_pages(
    live_server: Any, window: Page, pack_id: str, officer: str, kind: str, channel: str, steps: list[Step]
) -> None:
    world = desk_of(pack_id)
    visitor = Visitor(window, live_server.url, world)
    visitor.becomes(world.person(officer))
    number = visitor.registers(kind=kind, channel=channel, description="收到时已经损坏，外包装完好。")

    for one in steps:
        case = Case.objects.get(number=number)
        visitor.becomes(world.person(one.role, one.function))
        visitor.does(number, one.verb, form_of(world, case, one.verb), **one.wishes)
        words = world.pack.lifecycle.states[one.state].title.zh_hans
        assert (one.verb, visitor.state()) == (one.verb, words)

    assert visitor.records() >= len(steps) + 1
    assert visitor.said == []
    with pytest.raises(SystemExit) as ended:
        call_command("audit_verify", "--json")
    assert ended.value.code == 0
