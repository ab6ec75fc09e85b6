"""A case of every shipped policy goes from first contact to archive by the pages, by the people whom the policy names.

Two of them meet every proceeding on their way that their policy has for a case: a product that hurt somebody, and a parcel paid for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from amends.apps.cases.models import Case
from amends.core.policy.forms import Form
from tests.journeys.driving import Visitor
from tests.world import PASSWORD, DeskWorld, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True, slots=True)
class Step:
    """Who does what, and in which state the case stands afterwards; `wishes` fix single fields of the form.

    A verb of a proceeding is written with its kind before it, and its state is the proceeding's; `begin:kind` begins one. A wish
    that can be called is asked for its value when it is needed.
    """

    role: str
    function: str
    verb: str
    state: str
    wishes: dict[str, Any] = field(default_factory=dict)

    def wishes_in(self, world: DeskWorld, case: Case) -> dict[str, Any]:
        return {name: value(world, case) if callable(value) else value for name, value in self.wishes.items()}


def step(role: str, function: str, verb: str, state: str, **wishes: Any) -> Step:
    return Step(role, function, verb, state, wishes)


def who(role: str, function: str = "") -> Callable[[DeskWorld, Case], int]:
    """The person who holds the role, as the answer to a field."""
    return lambda world, _: world.person(role, function).pk


def unit(function: str) -> Callable[[DeskWorld, Case], int]:
    """The department of a function, as the answer to a field."""
    return lambda world, _: world.organisation.departments[function].pk


def days_after_it_is_due(_: DeskWorld, case: Case) -> str:
    due = case.clocks.get(rule="handling").due_at
    assert due is not None
    return (due + timedelta(days=3)).date().isoformat()


def own_number(_: DeskWorld, case: Case) -> str:
    return case.number


DESK = "customer_service"
HURT = {"category": "product_quality", "safety_threat": "yes", "subject": "电热水壶漏电致人受伤"}
HEAD, LEADER, SUPERIOR = ("department_head", "production"), ("senior_management", ""), ("superior_department_head", "")
MEMBERS = {
    f"members-{n}-member": who("department_head", function) for n, function in enumerate(("sales", "production"))
}
ESCALATION = [
    step("cs_agent", DESK, "grade", "graded"),
    step("cs_agent", DESK, "dispatch", "dispatched"),
    step(*HEAD, "sign_in", "signed_in"),
    step(*HEAD, "begin:escalation", "submitted", escalation_trigger="beyond_ability"),
    step(*SUPERIOR, "escalation:approve", "approved"),
    step(*LEADER, "task_force:schedule", "investigating", task_force_leader=who(*LEADER), **MEMBERS),
    step(*LEADER, "task_force:conclude", "planning"),
    step(
        *LEADER, "task_force:propose", "carrying_out", **{
            "plan_steps-0-task_owner": who(*LEADER),
            "duties-0-duty_member": who("department_head", "sales"), "duties-1-duty_member": who(*HEAD),
        },
    ),
    step(*LEADER, "task_force:meet", "carrying_out"),
    step(*LEADER, "begin:support_request", "asked", asked_department=unit("sales")),
    step(*LEADER, "task:complete_measure", "done"),
    step("supporting_head", "sales", "support_request:reply", "answered"),
    step(
        *HEAD, "begin:coordination", "raised", **{
            "disputing_departments-0-asked_department": unit("sales"), "disputing_departments-1-asked_department": unit("production"),
        },
    ),
    step(
        *HEAD, "begin:improvement", "open", improvement_owner=who(*HEAD), **{"cases_behind-0-case_behind": own_number},
    ),
    step(*HEAD, "improvement:complete_measure", "to_verify"),
    step(*HEAD, "investigate", "investigating"),
    step(*HEAD, "conclude", "planning"),
    step(*HEAD, "propose", "carrying_out"),
    step(*HEAD, "complete_measure", "carrying_out"),
    step(*HEAD, "carry_out", "handled"),
    step(*LEADER, "task_force:report", "reported"),
    step(*SUPERIOR, "coordination:rule", "settled"),
    step(*SUPERIOR, "task_force:approve", "passed"),
    step(*SUPERIOR, "tell", "told"),
    step(*SUPERIOR, "task_force:assess", "evaluated"),
    step("quality_manager", "", "lesson:propose", "proposed"),
    step("quality_manager", "", "improvement:verify", "effective", effect_verdict="effective"),
    step("quality_manager", "", "begin:rectification", "demanded", asked_department=unit("production")),
    step(*LEADER, "lesson:approve", "adopted"),
    step("supporting_head", "production", "rectification:reply", "responded"),
    step("quality_manager", "", "rectification:verify", "verified"),
    step("cs_agent", DESK, "begin:suggestion", "made", suggester=who("cs_agent"), suggesting_department=unit(DESK)),
    step("cs_agent", DESK, "agree", "agreed"),
    step("cs_agent", DESK, "close", "closed"),
    step("cs_agent", DESK, "add_evidence", "closed"),
    step(*HEAD, "suggestion:approve", "adopted"),
    step("cs_agent", DESK, "archive", "archived"),
]  # fmt: skip
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
    step("finance_center", "finance_center", "payout:approve", "submitted"),
    step("general_manager", "management", "payout:approve", "approved"),
    step("commerce_clerk", "business_unit", "archive", "archived"),
]
AGENT, SUPERVISOR, BUSINESS = ("cs_agent", DESK), ("cs_supervisor", DESK), ("department_head", "business_department")
EXPRESS = [
    step(*SUPERVISOR, "accept", "accepted"),
    step(*AGENT, "confirm", "confirmed"),
    step(*SUPERVISOR, "grade", "graded"),
    step(*SUPERVISOR, "dispatch", "dispatched"),
    step(*BUSINESS, "sign_in", "signed_in"),
    step(*BUSINESS, "begin:extension", "applied", extended_until=days_after_it_is_due),
    step(*SUPERVISOR, "extension:approve", "granted"),
    step(*BUSINESS, "investigate", "investigating"),
    step(*BUSINESS, "conclude", "concluded"),
    step(*BUSINESS, "propose", "planned"),
    step(
        *BUSINESS, "begin:compensation", "submitted",
        loss_kind="damage", loss_amount="120", insured="no", fault_lies_with="company",
    ),
    step(*SUPERVISOR, "compensation:approve", "approved"),
    step(*AGENT, "tell", "told"),
    step(*AGENT, "agree", "agreed"),
    step(*AGENT, "compensation:agree", "agreed"),
    step("finance_officer", "", "compensation:pay", "paid", payment_amount="120"),
    step(*AGENT, "compensation:receipt", "received"),
    step(*BUSINESS, "complete_measure", "agreed"),
    step(*BUSINESS, "carry_out", "carried_out"),
    step(*SUPERVISOR, "compensation:follow_up", "closed", process_verdict="as_it_is"),
    step(*AGENT, "follow_up", "followed_up"),
    step(*AGENT, "close", "closed"),
    step(*AGENT, "archive", "archived"),
]  # fmt: skip


def desk_of(pack_id: str) -> DeskWorld:
    now = timezone.now()
    publish_shipped((pack_id,), now=now)
    return open_world(pack_id, now=now, password=PASSWORD)


def form_of(world: DeskWorld, case: Case, verb: str) -> Form | None:
    """The form that the policy asks for a verb here."""
    rules = [t for t in world.pack.lifecycle.from_state(case.state) if t.verb == verb]
    return world.pack.forms[rules[0].form] if rules[0].form else None


@dataclass(slots=True)
class Walk:
    """One case on its way through the pages."""

    visitor: Visitor
    number: str

    @property
    def case(self) -> Case:
        return Case.objects.get(number=self.number)

    def takes(self, one: Step) -> str:
        """Take a step as the person whom it names; returns the words for the state that follows."""
        world, case = self.visitor.world, self.case
        self.visitor.becomes(world.person(one.role, one.function))
        first, _, verb = one.verb.rpartition(":")
        wishes = one.wishes_in(world, case)
        if not first:
            self.visitor.does(self.number, verb, form_of(world, case, verb), **wishes)
            return self.visitor.state()
        if first == "begin":
            form = world.pack.forms[world.pack.proceedings[verb].from_state(None)[0].form]
            self.visitor.begins(self.number, verb, form, **wishes)
            return case.proceedings.filter(kind=verb).latest("begun_at").state
        proceeding = case.proceedings.filter(kind=first).exclude(state_category="done").earliest("begun_at")
        rules = [t for t in world.pack.proceedings[first].from_state(proceeding.state) if t.verb == verb]
        form = world.pack.forms[rules[0].form] if rules[0].form else None
        if verb == "approve":
            self.visitor.opens_waiting(first)
        else:
            self.visitor.page.goto(f"{self.visitor.base}/proceedings/{proceeding.pk}/")
        self.visitor.steps(verb, form, **wishes)
        proceeding.refresh_from_db()
        return proceeding.state


def the_room_shows_the_whole_of_it(page: Page, number: str) -> None:
    page.goto(page.url.partition("/cases/")[0] + f"/cases/{number}/?tab=proceedings")
    page.get_by_role("link", name="专项处理小组").first.click()
    expect(page.locator(".room-items tbody tr")).to_have_count(3)


def the_payment_stands_in_the_ledger(page: Page, number: str) -> None:
    page.goto(page.url.partition("/cases/")[0] + "/proceedings/")
    page.get_by_role("link", name="补偿台账").click()
    row = page.locator(".ledger tbody tr", has_text=number)
    expect(row).to_contain_text("已办结")
    expect(row).to_contain_text("¥120.00")


FIRST_CONTACT: dict[str, dict[str, Any]] = {"escalation": HURT}
AT_THE_END = {"escalation": the_room_shows_the_whole_of_it, "express": the_payment_stands_in_the_ledger}


@pytest.mark.parametrize(
    ("pack_id", "officer", "channel", "steps"),
    [
        pytest.param("escalation", "cs_agent", "hotline", ESCALATION, id="escalation"),
        pytest.param("reporting", "cs_agent", "hotline", REPORTING, id="reporting"),
        pytest.param("market", "cs_agent", "letter", MARKET, id="market"),
        pytest.param("service", "salesperson", "email", SERVICE, id="service"),
        pytest.param("express", "cs_supervisor", "mobile_app", EXPRESS, id="express"),
    ],
)
def test_a_case_goes_from_first_contact_to_archive_by_the_pages(
    live_server: Any, window: Page, pack_id: str, officer: str, channel: str, steps: list[Step]
) -> None:
    world = desk_of(pack_id)
    visitor = Visitor(window, live_server.url, world)
    visitor.becomes(world.person(officer))
    wishes = {"description": "收到时已经损坏，外包装完好。", **FIRST_CONTACT.get(pack_id, {})}
    walk = Walk(visitor, visitor.registers(kind="complaint", channel=channel, **wishes))

    for one in steps:
        words = one.state if ":" in one.verb else world.pack.lifecycle.states[one.state].title.zh_hans
        assert (one.verb, walk.takes(one)) == (one.verb, words)

    visitor.opens(walk.number)
    assert visitor.records() >= sum(1 for one in steps if ":" not in one.verb) + 1
    if pack_id in AT_THE_END:
        AT_THE_END[pack_id](window, walk.number)
    assert visitor.said == []
    with pytest.raises(SystemExit) as ended:
        call_command("audit_verify", "--json")
    assert ended.value.code == 0
