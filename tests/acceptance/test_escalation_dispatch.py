"""Who becomes accountable under the escalation policy, who is told, and what a dispatch must carry."""

import re
from datetime import UTC

import pytest

from tests.doors import Staff, faults, value_of
from tests.pages import text_of

PACKS = ("escalation",)

SEVERE = {"category": "product_quality", "safety_threat": True}
SERIOUS = {"category": "delivery_delay", "business_impact": "project_delayed"}
ORDINARY = {"category": "delivery_delay"}


def graded(office, **answers):
    """The number of a complaint by telephone that is ready for dispatch."""
    clerk = office.api("intake_officer")
    number = clerk.registered(channel="hotline", **answers)
    clerk.does(number, "grade")
    return number


def notices(office, number, message):
    """Who was told of a case, and when."""
    told = office.api("cs_supervisor").read(f"cases/{number}/messages")["notices"]
    return [(notice["to"], notice["created_at"]) for notice in told if notice["message"] == message]


@pytest.mark.clause("ESC-1.3.4")
def test_a_declined_case_keeps_an_accountable_person_and_goes_to_the_supervisor(office):
    number = graded(office, **SERIOUS)
    office.walk(number, "dispatch")
    head, supervisor = office.handler(number), office.api("cs_supervisor")

    refused = head.act(number, "return", reason=None)
    case = head.does(number, "return", reason="货物由仓储部发出")

    assert (refused.status_code, faults(refused)) == (422, {"/data/reason": "required"})
    assert (case["handler"], case["department"]) == (head.username, office.code("logistics"))
    assert supervisor.numbers(waits_for="cs_supervisor") == [number]
    assert notices(office, number, "returned") == [(supervisor.username, case["changed_at"])]
    (declined,) = supervisor.events(number, "return")
    assert (declined["actor_name"], value_of(declined, "reason")) == (head.person.name, "货物由仓储部发出")


@pytest.mark.clause("ESC-1.3.4")
def test_a_hand_over_names_who_takes_it_and_why_and_every_open_case_has_one_owner(office):
    number = graded(office, **ORDINARY)
    member, other = office.api("department_member", "warehouse"), office.api("department_member", "logistics")
    office.walk(number, "dispatch", dispatch={"team": office.department("warehouse"), "handler": member.id})
    head = office.api("department_head", "logistics")

    refused = head.act(number, "reassign", handler=other.id, reason=None)
    case = head.does(number, "reassign", handler=other.id, reason="王师傅熟悉这条线路")

    assert (refused.status_code, faults(refused)) == (422, {"/data/reason": "required"})
    assert case["handler"] == other.username
    (handed_over,) = head.events(number, "reassign")
    assert (handed_over["handler"], value_of(handed_over, "reason")) == (other.person.name, "王师傅熟悉这条线路")
    assert Staff(office.world, "cs_supervisor").get("/gaps/").context["lines"] == []


@pytest.mark.clause("ESC-1.3.4")
def test_from_the_case_everybody_who_sees_it_opens_the_matrix_with_duty_and_authority(office):
    number = graded(office, **SERIOUS)
    office.walk(number, "dispatch")
    head = Staff(office.world, "department_head", "logistics")

    address = f"/policies/escalation/duties/?case={number}"
    case_page, matrix = head.get(f"/cases/{number}/"), head.get(address)

    assert f'href="{address}"' in case_page.content.decode()
    here = matrix.content.decode().split('aria-current="step"')[1].split("</tr>")[0]
    assert "责任部门在时限内签收，或写明理由退回" in here
    assert "退回不属于本部门的客诉，由客服主管裁定" in here


@pytest.mark.clause("ESC-3.2.1a")
def test_late_delivery_at_level_3_is_proposed_to_logistics(office):
    number = graded(office, **ORDINARY)
    team, member = office.department("warehouse"), office.api("department_member", "warehouse")

    case = office.api("intake_officer").does(number, "dispatch", team=team, handler=member.id)

    assert (case["level"], case["department"]) == ("level_3", office.code("logistics"))


@pytest.mark.clause("ESC-3.2.1a")
def test_another_department_than_proposed_needs_a_reason_that_is_kept(office):
    number = graded(office, **SERIOUS)
    clerk, sales = office.api("intake_officer"), office.department("sales")

    refused = clerk.act(number, "dispatch", department=sales)
    case = clerk.does(number, "dispatch", department=sales, route_reason="合同中另有约定")

    assert (refused.status_code, faults(refused)) == (422, {"/data/route_reason": "reason_needed"})
    assert case["department"] == office.code("sales")
    assert value_of(clerk.events(number, "dispatch")[0], "route_reason") == "合同中另有约定"


@pytest.mark.clause("ESC-3.2.1b")
def test_senior_management_is_told_in_the_moment_a_case_is_level_1(office):
    number = office.api("intake_officer").registered(channel="hotline", **SEVERE)

    senior, case = office.api("senior_management"), office.api("cs_supervisor").case(number)

    assert notices(office, number, "level_1_report") == [(senior.username, case["registered_at"])]
    page = Staff(office.world, "senior_management").get("/notices/").content.decode()
    assert f"【一级客诉】{number}" in page


@pytest.mark.clause("ESC-3.2.1b")
def test_senior_management_is_told_in_the_moment_a_case_is_raised_to_level_1(office, clock):
    number = graded(office, **SERIOUS)
    office.walk(number, "dispatch", "sign_in")
    assert notices(office, number, "level_1_report") == []

    clock.later(hours=1)
    case = office.handler(number).does(number, "grade", level="level_1", grade_reason="客户停产，媒体已到场")

    assert notices(office, number, "level_1_report") == [(office.api("senior_management").username, case["changed_at"])]


@pytest.mark.clause("ESC-3.2.1b")
def test_an_unacknowledged_report_is_repeated_and_escalated_until_it_is_acknowledged(office, clock):
    number = office.api("intake_officer").registered(channel="hotline", **SEVERE)
    senior, leader = office.api("senior_management"), office.api("company_leader")

    told = []
    for minutes in (30, 30, 60):
        clock.later(minutes=minutes)
        office.work()
        told.append(sorted(to for to, at in notices(office, number, "level_1_report") if at == zulu(clock.now)))
    senior.does(number, "acknowledge")
    clock.later(hours=2)
    office.work()

    assert told == [[senior.username], sorted([leader.username, senior.username]), []]
    (acknowledged,) = senior.events(number, "acknowledge")
    assert (acknowledged["actor_name"], acknowledged["at"]) == (senior.person.name, "2026-03-02T03:00:00Z")
    assert [at for _, at in notices(office, number, "level_1_report") if at > acknowledged["at"]] == []


def test_confirming_the_level_is_refused_and_moves_no_limit_until_something_differs(office, clock):
    clerk = office.api("intake_officer")
    number = clerk.registered(channel="hotline", **SEVERE)
    clerk.does(number, "grade")
    limit = clerk.clocks(number)["report_acknowledgement"]
    clock.later(minutes=10)

    again = clerk.act(number, "grade", level="level_1", grade_reason="再次确认")
    assert faults(again) == {"/data/level": "same_grade"}
    assert "没有变化，无需重新定级。" in again.content.decode()

    clerk.does(number, "grade", level="level_1", emotion="highly_agitated")
    assert [clerk.clocks(number)["report_acknowledgement"][key] for key in ("n", "due_at")] == [
        limit["n"],
        limit["due_at"],
    ]


def zulu(moment):
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@pytest.mark.clause("ESC-3.2.1d")
def test_the_head_of_the_department_owns_a_level_2_case_unless_an_exception_is_recorded(office):
    number = graded(office, **SERIOUS)
    head, member = office.api("department_head", "logistics"), office.api("department_member", "logistics")
    assert office.api("intake_officer").does(number, "dispatch")["handler"] == head.username

    refused = head.act(number, "reassign", handler=member.id, reason="负责人出差")
    case = head.does(number, "reassign", handler=member.id, reason="负责人出差", exception_reason="经公司领导同意")

    assert (refused.status_code, faults(refused)) == (422, {"/data/handler": "head_only"})
    assert case["handler"] == member.username
    assert value_of(head.events(number, "reassign")[0], "exception_reason") == "经公司领导同意"


@pytest.mark.clause("ESC-3.2.1e")
def test_a_level_2_case_without_a_status_report_reminds_the_head_and_shows_the_leader_that_it_is_overdue(office):
    number = graded(office, **SERIOUS)
    head, leader = office.api("department_head", "logistics"), office.api("company_leader")
    office.api("intake_officer").does(number, "dispatch")
    office.clock.later(hours=20)
    head.does(number, "report", status_reported="已查明延误原因，正在改派车辆。")
    assert [n["message"] for n in office.notices(number, to=leader)] == ["status_reported"]
    office.work()
    assert "status_report_overdue" not in {n["message"] for n in office.notices(number, to=head)}

    office.clock.later(days=2)
    office.work()
    for reader in (head, leader):
        assert "status_report_overdue" in {n["message"] for n in office.notices(number, to=reader)}
    page = text_of(Staff(office.world, "company_leader").get(f"/cases/{number}/"))
    assert re.search(r"向公司领导汇报处理情况.{0,40}超时", page)
    assert leader.clocks(number)["status_report"]["status"] == "broken"


@pytest.mark.clause("ESC-3.2.1f")
def test_a_level_3_case_needs_a_team_and_a_member_and_is_in_the_queue_of_that_team_only(office):
    number = graded(office, **ORDINARY)
    clerk, member = office.api("intake_officer"), office.api("department_member", "warehouse")
    other_team, other_member = office.new_team("logistics", "department_member")

    refused = clerk.act(number, "dispatch", team=None, handler=None)
    clerk.does(number, "dispatch", team=office.department("warehouse"), handler=member.id)

    assert (refused.status_code, faults(refused)) == (422, {"/data/team": "required", "/data/handler": "required"})
    assert member.numbers(department="mine") == [number]
    assert other_member.numbers(department="mine") == []
    assert clerk.numbers(department=other_team) == []


@pytest.mark.clause("ESC-3.2.1g")
def test_a_level_4_case_is_answered_and_closed_without_dispatch(office):
    agent = office.api("cs_agent")
    number = agent.registered(kind="enquiry", channel="hotline")
    agent.does(number, "grade")

    agent.does(number, "answer", answer_text="长按电源键五秒即可复位")
    case = agent.does(number, "close")

    assert (case["state"], case["outcome"], case["handler"]) == ("closed", "answered", agent.username)
    assert [event["verb"] for event in agent.events(number)] == ["register", "grade", "answer", "close"]


@pytest.mark.clause("ESC-3.2.1g")
def test_help_from_another_department_leaves_the_agent_the_owner(office):
    agent = office.api("cs_agent")
    number = agent.registered(kind="enquiry", channel="hotline")
    agent.does(number, "grade")

    agent.does(number, "ask", asked_department=office.department("production"), question="复位后数据会丢失吗")
    case = office.api("supporting_member", "production").does(number, "reply", item=1)

    assert (case["handler"], case["department"]) == (agent.username, office.code("customer_service"))
    assert agent.does(number, "answer")["handler"] == agent.username


@pytest.mark.clause("ESC-3.2.2")
@pytest.mark.parametrize("item", ["key_facts", "handling_requirements", "milestones"])
def test_a_dispatch_without_one_of_its_three_parts_is_refused(office, item):
    number = graded(office, **SERIOUS)

    response = office.api("intake_officer").act(number, "dispatch", **{item: None})

    assert (response.status_code, faults(response)) == (422, {f"/data/{item}": "required"})


@pytest.mark.clause("ESC-3.2.2")
def test_the_receiving_department_reads_all_three_parts_and_its_confirmation_is_timed(office, clock):
    number = graded(office, **SERIOUS)
    milestones = [{"milestone": "查明延误原因", "due_at": "2026-03-03T18:00:00+08:00"}]
    office.api("intake_officer").does(
        number, "dispatch", key_facts="设备迟到两天", handling_requirements="当日联系客户", milestones=milestones
    )
    head = office.api("department_head", "logistics")

    (dispatch,) = head.events(number, "dispatch")
    clock.at("2026-03-02T11:15:00+08:00")
    head.does(number, "sign_in")

    assert value_of(dispatch, "key_facts") == "设备迟到两天"
    assert value_of(dispatch, "handling_requirements") == "当日联系客户"
    ((milestone, due),) = value_of(dispatch, "milestones")
    assert (milestone["value"], due["value"]) == ("查明延误原因", "2026-03-03T10:00:00Z")
    assert [event["at"] for event in head.events(number, "sign_in")] == ["2026-03-02T03:15:00Z"]
