"""The complaint handling notice: who issues, reviews and transfers it, and what it must hold before it is archived."""

import pytest

from tests.doors import Staff, faults, said, value_of
from tests.pages import text_of

PACKS = ("service",)
ISSUERS = ("commerce_clerk", "cs_specialist", "technical_service_engineer")

LETTER = {"channel": "email", "complainant_phone": "13800138000", "nature": "product_quality/appearance"}
CALL = {
    "channel": "hotline", "complainant_phone": "13800138000", "nature": "delivery/damaged", "solved_on_call": True,
    "solution_text": "告知补发流程", "solution_accepted": True, "involves_payout": False,
}  # fmt: skip
PLAN = {
    "remedial_measures": "补发同型号面板 6 块", "preventive_measures": "加固外包装", "handling_deadline": "2026-03-20",
    "handling_plan": "3月20日前补发到货并回收破损件",
}  # fmt: skip
TO_RESULT = ("dispatch", "sign_in", "propose", "tell", "carry_out")


def registered(office, **answers):
    return office.api("cs_specialist").registered(kind="complaint", **answers)


def due(office, number, clock):
    return office.api("cs_specialist").clocks(number)[clock]["due_at"]


@pytest.mark.clause("SVC-1.1b")
@pytest.mark.parametrize("role", ISSUERS)
def test_a_written_complaint_registered_by_one_of_three_roles_becomes_a_numbered_notice(office, role):
    response = office.api(role).register(kind="complaint", **LETTER)

    assert (response.status_code, response.json()["state"]) == (201, "noticed")
    assert response.json()["number"] == "GT202603-00001"


@pytest.mark.clause("SVC-1.1b")
@pytest.mark.parametrize("role", ["finance_center", "general_manager", "business_unit_head"])
def test_another_role_can_not_issue_a_notice(office, role):
    refused = office.api(role).register(kind="complaint", **LETTER)

    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")


@pytest.mark.clause("SVC-1.1b")
def test_a_complaint_brought_back_by_a_salesperson_is_not_handled_before_a_notice_is_issued(office):
    salesperson = office.api("salesperson")
    number = salesperson.registered(
        kind="complaint", channel="sales_staff", complainant_phone="13800138000", nature="delivery/damaged",
        salesperson=salesperson.id,
    )  # fmt: skip
    clerk = office.api("commerce_clerk")
    assert clerk.case(number)["state"] == "registered"

    refused = clerk.act(number, "dispatch")
    by_the_salesperson = salesperson.act(number, "accept")

    assert (refused.status_code, refused.json()["missing"]) == (409, ["填写通知单"])
    assert by_the_salesperson.status_code == 404
    assert clerk.does(number, "accept")["state"] == "noticed"


@pytest.mark.clause("SVC-1.1b")
def test_the_notice_holds_the_parts_that_the_policy_names(office):
    number = registered(office, **LETTER, subject="面板到货破损 6 块")

    page = Staff(office.world, "cs_specialist").get(f"/cases/{number}/print/handling_notice.pdf")

    assert (page.status_code, page.content[:5]) == (200, b"%PDF-")
    parts = {row.heading.zh_hans for row in office.world.pack.forms["handling_notice"].printed.rows if row.heading}
    assert parts == {
        "一、顾客与投诉内容", "二、事业部审阅", "三、相关部门措施与方案", "四、反馈结果", "五、赔款", "六、存档",
    }  # fmt: skip


@pytest.mark.clause("SVC-1.1c")
def test_the_head_of_the_business_unit_reviews_and_reviewer_time_and_comment_are_stored(office):
    number = registered(office, **LETTER)
    head = office.api("business_unit_head")

    assert head.does(number, "review", review_comment="同意转交质量部门")["state"] == "to_dispatch"

    review = head.events(number, "review")[0]
    assert (review["actor"], review["role"], review["deputy_for"]) == (head.person.actor_id, "事业部负责人", None)
    assert value_of(review, "review_comment") == "同意转交质量部门"


@pytest.mark.clause("SVC-1.1c")
def test_a_person_without_a_valid_delegation_can_not_review(office, clock):
    number = registered(office, **LETTER)
    clerk = office.api("commerce_clerk")
    assert clerk.act(number, "review").status_code == 403

    office.is_away("business_unit_head", deputy=clerk, since="2026-03-03T00:00+08:00", until="2026-03-05T00:00+08:00")
    before = clerk.act(number, "review")
    clock.at("2026-03-05T00:00:00+08:00")
    after = clerk.act(number, "review")

    assert (before.status_code, after.status_code) == (403, 403)
    assert clerk.case(number)["state"] == "noticed"


@pytest.mark.clause("SVC-1.1c")
def test_the_delegate_reviews_within_the_period_as_delegate_for_the_head(office, clock):
    number = registered(office, **LETTER)
    clerk, head = office.api("commerce_clerk"), office.api("business_unit_head")
    office.is_away("business_unit_head", deputy=clerk, since="2026-03-03T00:00+08:00", until="2026-03-05T00:00+08:00")

    clock.at("2026-03-04T10:00:00+08:00")
    clerk.does(number, "review", review_comment="同意")

    review = clerk.events(number, "review")[0]
    assert (review["actor"], review["deputy_for"]) == (clerk.person.actor_id, head.person.name)


@pytest.mark.clause("SVC-1.1d")
def test_a_letter_of_friday_is_transferred_by_the_end_of_monday_or_flagged(office, clock):
    clock.at("2026-03-06T15:00:00+08:00")
    number = registered(office, **LETTER)
    assert due(office, number, "transfer") == "2026-03-09T09:30:00Z"

    clock.at("2026-03-09T17:29:00+08:00")
    office.work()
    assert office.api("cs_specialist").clocks(number)["transfer"]["status"] == "running"

    clock.at("2026-03-09T17:30:00+08:00")
    office.work()

    assert office.api("cs_specialist").clocks(number)["transfer"]["status"] == "broken"
    assert office.api("cs_specialist").numbers(late="yes") == [number]
    assert office.api("business_unit_head").username in office.told(number, "clock_late")


@pytest.mark.clause("SVC-1.1d")
def test_with_the_review_as_start_the_day_runs_from_the_review(office, clock, tmp_path):
    clock.at("2026-03-06T15:00:00+08:00")
    office.change_policy(tmp_path, ("pack.yaml", "value: [registered, noticed, to_dispatch]", "value: [to_dispatch]"))
    number = registered(office, **LETTER)
    assert "transfer" not in office.api("cs_specialist").clocks(number)

    clock.at("2026-03-09T10:00:00+08:00")
    office.api("business_unit_head").does(number, "review")

    assert due(office, number, "transfer") == "2026-03-10T09:30:00Z"


@pytest.mark.clause("SVC-1.2a")
def test_a_call_with_all_three_conditions_leaves_a_telephone_record_and_no_notice(office):
    number = registered(office, **CALL)

    case = office.api("cs_specialist").case(number)
    assert (case["state"], case["outcome"]) == ("telephone_recorded", "solved")
    entered = office.api("cs_specialist").events(number, "register")[0]
    conditions = {name: value_of(entered, name) for name in ("solved_on_call", "solution_accepted", "involves_payout")}
    assert conditions == {"solved_on_call": True, "solution_accepted": True, "involves_payout": False}


@pytest.mark.clause("SVC-1.2a")
@pytest.mark.parametrize(
    ("changed", "missing"),
    [
        ({"involves_payout": True}, ["不涉及补偿或赔款（涉及的须填写通知单）"]),
        ({"solution_accepted": False}, ["顾客接受解决办法"]),
        (
            {"solved_on_call": False, "solution_text": None, "solution_accepted": None},
            ["当时即可解决", "顾客接受解决办法"],
        ),
    ],
)
def test_a_record_only_is_refused_when_a_condition_fails(office, changed, missing):
    clerk = office.api("cs_specialist")

    refused = clerk.register(kind="complaint", **{**CALL, **changed, "record_as": "telephone_record"})

    assert (refused.status_code, refused.json()["missing"]) == (409, missing)
    assert clerk.numbers() == []


@pytest.mark.clause("SVC-1.2b")
@pytest.mark.parametrize(
    "changed",
    [
        {"solved_on_call": False, "solution_text": None, "solution_accepted": None},
        {"solution_accepted": False},
        {"involves_payout": True},
    ],
    ids=["not solved", "solution not accepted", "payout involved"],
)
def test_a_call_that_is_not_settled_yields_a_notice_to_transfer_within_one_working_day(office, changed):
    number = registered(office, **{**CALL, **changed})

    assert office.api("cs_specialist").case(number)["state"] == "to_dispatch"
    assert due(office, number, "transfer") == "2026-03-03T09:30:00Z"


@pytest.mark.clause("SVC-1.2b")
def test_a_telephone_notice_is_transferred_without_review_unless_the_setting_asks_for_it(office, clock, tmp_path):
    number = registered(office, **{**CALL, "involves_payout": True})
    assert office.api("cs_specialist").does(number, "dispatch")["state"] == "dispatched"

    clock.at("2026-03-03T09:00:00+08:00")
    office.change_policy(tmp_path, ("pack.yaml", "value: [written]", "value: [written, hotline]"))
    reviewed = registered(office, **{**CALL, "involves_payout": True})

    refused = office.api("cs_specialist").act(reviewed, "dispatch")
    assert (refused.status_code, refused.json()["missing"]) == (409, ["审阅"])


@pytest.mark.clause("SVC-1.3a")
def test_a_notice_received_on_a_monday_is_answered_by_the_monday_two_weeks_later(office, clock):
    number = registered(office, **LETTER)
    office.walk(number, "review", "dispatch")
    assert due(office, number, "plan") == "2026-03-16T09:30:00Z"

    clock.at("2026-03-16T17:30:00+08:00")

    assert office.api("cs_specialist").clocks(number)["plan"]["status"] == "broken"
    assert office.api("cs_specialist").numbers(late="yes") == [number]


@pytest.mark.clause("SVC-1.3a")
@pytest.mark.parametrize("left_out", list(PLAN))
def test_a_response_without_one_of_the_four_entries_is_refused_with_the_entry_named(office, left_out):
    number = registered(office, **LETTER)
    office.walk(number, "review", "dispatch", "sign_in")
    member = office.api("department_member", "quality_management")

    refused = member.act(number, "propose", **{**PLAN, left_out: None})

    assert (refused.status_code, faults(refused)) == (422, {f"/data/{left_out}": "required"})
    assert member.does(number, "propose", **PLAN)["state"] == "plan_fed_back"


@pytest.mark.clause("SVC-1.3b")
def test_a_plan_fed_back_notifies_the_business_unit_and_its_deadline_is_tracked(office, clock):
    number = registered(office, **LETTER)
    office.walk(number, "review", "dispatch", "sign_in", "propose", propose=PLAN)

    head = office.api("business_unit_head")
    assert head.username in office.told(number, "plan_fed_back")
    fed_back = head.events(number, "propose")[0]
    assert fed_back["at"] == "2026-03-02T01:04:00Z"
    assert value_of(fed_back, "handling_plan") == PLAN["handling_plan"]
    assert head.clocks(number)["plan"]["status"] == "kept"
    deadline = head.clocks(number)["handling_deadline"]
    assert (deadline["due_at"], deadline["status"]) == ("2026-03-20T09:30:00Z", "running")

    office.does(number, "tell")
    member = office.api("department_member", "quality_management")
    before = len([n for n in office.notices(number, to=member) if n["message"] == "clock_near"])
    clock.at("2026-03-19T17:30:00+08:00")
    office.work()
    assert len([n for n in office.notices(number, to=member) if n["message"] == "clock_near"]) == before + 1

    clock.at("2026-03-20T17:30:00+08:00")
    office.work()
    assert member.username in office.told(number, "clock_late")


@pytest.mark.clause("SVC-1.3b")
def test_a_plan_that_is_not_fed_back_by_the_tenth_working_day_is_overdue(office, clock):
    number = registered(office, **LETTER)
    office.walk(number, "review", "dispatch", "sign_in")

    clock.at("2026-03-16T17:30:00+08:00")
    office.work()

    assert office.api("business_unit_head").case(number)["is_late"] is True
    assert office.api("business_unit_head").username in office.told(number, "clock_late")


@pytest.mark.clause("SVC-1.4a")
def test_a_notice_without_feedback_result_is_not_archived(office):
    number = registered(office, **LETTER)
    office.walk(number, "review", *TO_RESULT, propose=PLAN)
    clerk = office.api("commerce_clerk")

    refused = clerk.act(number, "archive")

    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert "记录反馈结果" in said(refused)
    clerk.does(
        number, "follow_up", customer_response="accepted", feedback_result_text="顾客确认收到补发面板",
        payout_needed=False,
    )  # fmt: skip
    assert value_of(clerk.events(number, "follow_up")[0], "feedback_result_text") == "顾客确认收到补发面板"
    assert clerk.does(number, "archive")["state"] == "archived"


@pytest.mark.clause("SVC-1.4a")
def test_response_date_and_outcome_are_all_asked_for(office):
    number = registered(office, **LETTER)
    office.walk(number, "review", *TO_RESULT, propose=PLAN)

    refused = office.api("commerce_clerk").act(
        number, "follow_up", customer_response=None, contact_time=None, feedback_result_text=None, payout_needed=False
    )

    assert faults(refused) == {
        "/data/customer_response": "required",
        "/data/contact_time": "required",
        "/data/feedback_result_text": "required",
    }


@pytest.mark.clause("SVC-1.4c")
def test_a_payout_approved_on_thursday_is_archived_by_tuesday_or_flagged(office, clock):
    number = registered(office, **LETTER)
    office.walk(number, "review", *TO_RESULT, propose=PLAN)
    payout = {
        "payout_needed": True,
        "payout_amount": "1200",
        "payout_reason": "破损面板赔付",
        "customer_response": "accepted",
    }
    clock.at("2026-03-05T10:00:00+08:00")
    office.walk(number, "follow_up", follow_up=payout)
    (sheet,) = office.api("finance_center").proceedings(number, "payout")
    for role in ("finance_center", "general_manager"):
        clock.later(minutes=1)
        office.api(role).steps_on(sheet["id"], "approve")
    assert due(office, number, "archive") == "2026-03-10T09:30:00Z"

    clock.at("2026-03-10T17:30:00+08:00")
    office.work()

    clerk = office.api("commerce_clerk")
    assert clerk.clocks(number)["archive"]["status"] == "broken"
    assert clerk.case(number)["is_late"] is True
    assert clerk.does(number, "archive")["state"] == "archived"
    assert clerk.clocks(number)["archive"]["stopped_at"] == "2026-03-10T09:30:00Z"


@pytest.mark.clause("SVC-1.4c")
def test_a_notice_without_a_payout_has_the_same_limit_from_the_recorded_result(office, clock):
    number = registered(office, **LETTER)
    office.walk(number, "review", *TO_RESULT, propose=PLAN)
    clock.at("2026-03-05T10:00:00+08:00")

    office.does(number, "follow_up", payout_needed=False, customer_response="accepted")

    assert due(office, number, "archive_without_payout") == "2026-03-10T09:30:00Z"


@pytest.mark.clause("SVC-4.1")
def test_the_flow_chart_shows_the_six_steps_the_hotline_and_the_branch_between_own_handling_and_dispatch(office):
    page = text_of(Staff(office.world, "cs_specialist").get("/policies/service/process/"))

    chart = page.split("客户服务热线与在线服务流程图")[-1].split("登录已过期")[0]
    assert chart.split() == [
        "热线", "86922900", "受理登记", "业务处理（本岗位、本部门职能范围）", "业务派转（其他部门职能范围）",
        "业务处理（本岗位、本部门职能范围）", "业务派转（其他部门职能范围）", "跟踪督促", "回复客户", "记录备案",
    ]  # fmt: skip


@pytest.mark.clause("SVC-4.1")
def test_another_hotline_number_stands_in_the_chart_once_it_is_configured(office, clock, tmp_path):
    clock.at("2026-03-03T09:00:00+08:00")
    office.change_policy(tmp_path, ("pack.yaml", 'value: "86922900"', 'value: "400-600-2900"'))

    page = text_of(Staff(office.world, "cs_specialist").get("/policies/service/process/"))

    assert page.split("客户服务热线与在线服务流程图")[-1].startswith(" 热线 400-600-2900 受理登记")
