"""How the courier handles a complaint: the limits, the investigation, the plan and what was carried out."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.doors import Staff, faults, value_of

PACKS = ("express",)

COMPLETE = {"description": "3月1日在朝阳网点取件时发生。", "demands": [{"text": "赔偿 300 元"}]}
MILD = {"operations_effect": "little", "satisfaction_effect": "unaffected", "affected": "single_customer"}
TO_INVESTIGATION = ("accept", "confirm", "grade", "dispatch", "sign_in", "investigate")
TO_PLAN = (*TO_INVESTIGATION, "conclude")
SERVICE_HOURS = ("pack.yaml", "    value: {hours: 1}\n", "    value: {working_hours: 1}\n")


def registered(office, **answers):
    return office.api("intake_officer").registered(**{**COMPLETE, **answers})


def graded_as(office, clock, class_, received):
    """A complaint received at a moment and given a class the same day."""
    clock.at(received)
    number = registered(office)
    office.walk(number, "accept", "confirm")
    clerk = office.api("intake_officer")
    clerk.does(number, "grade", **MILD, **{"class": class_}, grade_reason="按主管意见")
    return number


def due(office, number, clock="handling"):
    return office.api("cs_supervisor").clocks(number)[clock]["due_at"]


@pytest.mark.clause("EXP-4.1.1")
def test_a_scope_decision_after_59_minutes_is_on_time(office, clock):
    clock.at("2026-03-02T10:00:00+08:00")
    number = registered(office)

    clock.at("2026-03-02T10:59:00+08:00")
    office.api("intake_officer").does(number, "accept")

    read = office.api("cs_supervisor").clocks(number)["scope_check"]
    assert (read["due_at"], read["status"]) == ("2026-03-02T03:00:00Z", "kept")


@pytest.mark.clause("EXP-4.1.1")
def test_without_a_scope_decision_the_case_is_flagged_after_one_hour(office, clock):
    clock.at("2026-03-02T10:00:00+08:00")
    number = registered(office)

    clock.at("2026-03-02T10:59:59+08:00")
    office.work()
    assert office.api("cs_supervisor").case(number)["is_late"] is False

    clock.at("2026-03-02T11:00:00+08:00")
    office.work()

    assert office.api("cs_supervisor").case(number)["is_late"] is True
    assert office.api("cs_supervisor").clocks(number)["scope_check"]["status"] == "broken"
    warned = [office.api(role).username for role in ("cs_supervisor", "intake_officer")]
    assert office.told(number, "clock_late") == sorted(warned)


@pytest.mark.clause("EXP-4.1.1")
def test_at_all_hours_the_hour_runs_in_the_night(office, clock):
    clock.at("2026-03-01T23:30:00+08:00")

    assert due(office, registered(office), "scope_check") == "2026-03-01T16:30:00Z"


@pytest.mark.clause("EXP-4.1.1")
def test_with_service_hours_the_hour_goes_on_the_next_service_day(office, clock, tmp_path):
    clock.at("2026-03-02T17:40:00+08:00")
    office.change_policy(tmp_path, SERVICE_HOURS)

    number = registered(office)

    assert due(office, number, "scope_check") == "2026-03-03T01:40:00Z"


@pytest.mark.clause("EXP-4.1.1")
def test_out_of_scope_needs_a_reply_to_the_customer_and_a_place_to_go(office):
    number = registered(office)
    clerk = office.api("intake_officer")

    refused = clerk.act(number, "decline", answer_text=None, redirected_to=None)
    assert (refused.status_code, faults(refused)) == (
        422,
        {"/data/answer_text": "required", "/data/redirected_to": "required"},
    )

    after = clerk.does(number, "decline", answer_text="该件由其他公司承运", redirected_to="邮政管理部门申诉网站")
    assert after["state"] == "declined"
    assert office.messages(number)[-1] == "declined"
    assert value_of(clerk.events(number, "decline")[0], "redirected_to") == "邮政管理部门申诉网站"


@pytest.mark.clause("EXP-4.1.1")
@pytest.mark.parametrize(
    ("explained", "told"),
    [({"reason": "快件由其他公司承运"}, "原因：快件由其他公司承运。"), ({}, "原因：请向承运公司反映。")],
)
def test_the_mail_about_an_excluded_matter_gives_the_explanation_or_else_the_reply(office, explained, told):
    number = registered(office, complainant_email="gu.lan@example.com")
    reply = {"answer_text": "请向承运公司反映", "redirected_to": "承运公司客服热线"}

    office.api("intake_officer").does(number, "decline", **reply, **{"reason": None, **explained})

    (mail,) = office.left("declined")
    assert told in mail


@pytest.mark.clause("EXP-4.1.2.1")
def test_a_general_complaint_of_thursday_is_due_on_tuesday_and_later_is_late(office, clock):
    number = graded_as(office, clock, "general", "2026-03-05T10:00:00+08:00")
    assert due(office, number) == "2026-03-10T10:00:00Z"

    clock.at("2026-03-10T18:00:01+08:00")

    assert office.api("cs_supervisor").clocks(number)["handling"]["status"] == "broken"
    assert number in office.api("cs_supervisor").numbers(late="yes")


@pytest.mark.clause("EXP-4.1.2.2")
@pytest.mark.parametrize(
    ("received", "due_at"),
    [
        ("2026-03-02T10:00:00+08:00", "2026-03-09T10:00:00Z"),
        ("2026-04-29T10:00:00+08:00", "2026-05-09T10:00:00Z"),
    ],
    ids=["an ordinary week", "over Labour Day and its make-up Saturday"],
)
def test_a_major_complaint_is_due_after_five_working_days(office, clock, received, due_at):
    number = graded_as(office, clock, "major", received)

    assert due(office, number) == due_at


@pytest.mark.clause("EXP-4.1.2.3")
def test_a_general_complaint_made_special_is_due_seven_days_from_receipt_and_both_dates_are_kept(office, clock):
    number = graded_as(office, clock, "general", "2026-03-02T10:00:00+08:00")
    assert due(office, number) == "2026-03-05T10:00:00Z"

    clock.at("2026-03-03T10:00:00+08:00")
    office.api("intake_officer").does(
        number, "grade", **MILD, severity="minor", extent="local", grade_reason="涉及群体事件", **{"class": "special"}
    )

    read = office.api("cs_supervisor").clocks(number)["handling"]
    assert read["due_at"] == "2026-03-11T10:00:00Z"
    assert [d["due_at"] for d in read["due_history"]][-2:] == ["2026-03-05T10:00:00Z", "2026-03-11T10:00:00Z"]
    changed = office.api("cs_supervisor").events(number, "grade")[-1]
    assert [(g["before"], g["value"]) for g in changed["graded"] if g["axis"] == "投诉类别"] == [
        ("一般投诉", "特殊投诉")
    ]


@pytest.mark.clause("EXP-4.2.2")
@pytest.mark.parametrize(
    ("answers", "class_"),
    [
        ({}, "general"),
        ({"operations_effect": "major"}, "major"),
        ({"affected": "whole_operation"}, "major"),
        ({"operations_effect": "some"}, "general"),
    ],
)
def test_severe_or_global_complaints_are_proposed_as_major(office, answers, class_):
    number = registered(office)

    office.walk(number, "accept", "confirm", "grade", grade={**MILD, **answers})

    assert office.api("intake_officer").case(number)["level"] == class_


@pytest.mark.clause("EXP-4.2.2")
def test_special_by_hand_needs_a_reason(office):
    number = registered(office)
    office.walk(number, "accept", "confirm")
    clerk = office.api("intake_officer")

    refused = clerk.act(number, "grade", **MILD, **{"class": "special"}, grade_reason=None)
    assert (refused.status_code, faults(refused)) == (422, {"/data/grade_reason": "reason_needed"})

    assert clerk.does(number, "grade", **MILD, **{"class": "special"}, grade_reason="媒体关注")["level"] == "special"


@pytest.mark.clause("EXP-4.2.3")
def test_an_investigation_does_not_end_without_cause_and_evidence(office):
    number = registered(office)
    office.walk(number, *TO_INVESTIGATION)
    handler = office.handler(number)

    no_cause = handler.act(number, "conclude", cause_kind=None, cause=None)
    no_evidence = handler.act(number, "conclude", evidence_finding="on_file", evidence_files=None)
    no_reason = handler.act(number, "conclude", evidence_finding="none_available", evidence_absent_reason=None)

    assert faults(no_cause) == {"/data/cause_kind": "required", "/data/cause": "required"}
    assert faults(no_evidence) == {"/data/evidence_files": "required"}
    assert faults(no_reason) == {"/data/evidence_absent_reason": "required"}
    assert handler.case(number)["state"] == "investigating"


@pytest.mark.clause("EXP-4.2.3")
def test_no_evidence_available_is_accepted_with_its_reason_and_investigator_and_dates_are_kept(office):
    number = registered(office)
    office.walk(number, *TO_INVESTIGATION)
    handler = office.handler(number)

    handler.does(
        number, "conclude", evidence_finding="none_available", evidence_absent_reason="监控已超过保存期",
        cause_kind="transport", cause="分拣时跌落",
    )  # fmt: skip

    begun, ended = handler.events(number, "investigate")[0], handler.events(number, "conclude")[0]
    assert begun["handler"] == handler.person.name
    assert (begun["at"], ended["at"]) == ("2026-03-02T01:06:00Z", "2026-03-02T01:06:00Z")
    assert ended["actor"] == handler.person.actor_id
    assert value_of(ended, "cause") == "分拣时跌落"


@pytest.mark.clause("EXP-4.2.4")
def test_a_plan_without_responsibility_or_corrective_measure_is_refused(office):
    number = registered(office)
    office.walk(number, *TO_PLAN)
    handler = office.handler(number)

    no_responsibility = handler.act(number, "propose", responsibility=None, responsibility_text=None)
    no_measure = handler.act(number, "propose", corrective="measures", measures=None)
    nothing = handler.act(number, "propose", corrective=None)
    no_reason = handler.act(number, "propose", corrective="none", no_measure_reason=None)

    assert faults(no_responsibility) == {"/data/responsibility": "required", "/data/responsibility_text": "required"}
    assert faults(no_measure) == {"/data/measures": "required"}
    assert faults(nothing) == {"/data/corrective": "required"}
    assert faults(no_reason) == {"/data/no_measure_reason": "required"}


@pytest.mark.clause("EXP-4.2.4")
def test_none_with_a_reason_is_accepted_for_responsibility_and_measures(office):
    number = registered(office)
    office.walk(number, *TO_PLAN)

    after = office.handler(number).does(
        number, "propose", responsibility="none", responsibility_text="极端天气，无责任方", corrective="none",
        no_measure_reason="属偶发天气原因",
    )  # fmt: skip

    assert after["state"] == "planned"


@pytest.mark.clause("EXP-4.3.1")
def test_the_live_view_warns_before_the_limit_and_alarms_after_it(office, clock):
    number = graded_as(office, clock, "general", "2026-03-05T10:00:00+08:00")
    office.walk(number, "dispatch", "sign_in", "investigate")

    marks = {}
    for moment in ("2026-03-06T12:00:00+08:00", "2026-03-10T13:00:00+08:00", "2026-03-10T18:01:00+08:00"):
        clock.at(moment)
        marks[moment[5:16]] = mark_in_the_live_view(office, number)

    assert marks == {"03-06T12:00": "", "03-10T13:00": "soon", "03-10T18:01": "late"}


def mark_in_the_live_view(office, number):
    """How the queue marks the time left of a case: nothing, soon or late."""
    page = Staff(office.world, "cs_supervisor").get("/queue/", {"tab": "all"}).content.decode()
    row = page.split(f"/cases/{number}/", 1)[1].split("</tr>")[0]
    return re.search(r'<span class="(late|soon|)" data-due', row).group(1)


@pytest.mark.clause("EXP-4.3.1")
def test_the_handler_is_warned_when_a_fifth_of_the_time_is_left(office, clock):
    number = graded_as(office, clock, "general", "2026-03-05T10:00:00+08:00")
    office.walk(number, "dispatch", "sign_in", "investigate")
    handler = office.handler(number)
    ladder = handler.clocks(number)["handling"]["ladder"]
    moment = datetime.fromisoformat(next(step["at"] for step in ladder if "80%" in step["key"]))

    warnings = []
    for now in (moment - timedelta(minutes=1), moment):
        clock.at(now)
        office.work()
        warnings.append([n["message"] for n in office.notices(number, to=handler)].count("clock_warning"))

    assert warnings[1] == warnings[0] + 1
    left = handler.clocks(number)["handling"]
    assert left["left_seconds"] * 4 == left["spent_seconds"]


@pytest.mark.clause("EXP-6.1.2")
def test_the_courier_complained_about_can_not_be_the_investigator(office):
    courier = office.api("department_staff", "transport_operations")
    number = registered(office, recorded_category="item_damage", accused_person=courier.id)
    office.walk(number, "accept", "confirm", "grade", "dispatch", "sign_in")

    refused = office.handler(number).act(number, "investigate", handler=courier.id)

    assert (refused.status_code, faults(refused)) == (422, {"/data/handler": "accused"})
    assert courier.get(f"cases/{number}").status_code == 404


@pytest.mark.clause("EXP-6.1.2")
def test_the_investigation_does_not_end_without_both_statements_or_why_one_is_missing(office):
    number = registered(office)
    office.walk(number, *TO_INVESTIGATION)
    handler = office.handler(number)

    refused = handler.act(
        number, "conclude", complainant_statement="外箱已破", accused_statement=None, accused_statement_absent=None
    )
    assert (refused.status_code, faults(refused)) == (422, {"/data/accused_statement_absent": "required"})

    handler.does(number, "conclude", complainant_statement="外箱已破", accused_statement_absent="快递员已离职")
    concluded = handler.events(number, "conclude")[0]
    assert value_of(concluded, "complainant_statement") == "外箱已破"
    assert value_of(concluded, "accused_statement_absent") == "快递员已离职"


@pytest.mark.clause("EXP-6.1.2")
def test_the_investigation_that_does_not_start_at_once_is_flagged(office, clock):
    number = registered(office)
    office.walk(number, "accept", "confirm", "grade", "dispatch", "sign_in")
    assert due(office, number, "investigation_start") == "2026-03-02T03:05:00Z"

    clock.at("2026-03-02T11:06:00+08:00")

    assert office.api("cs_supervisor").clocks(number)["investigation_start"]["status"] == "broken"


@pytest.mark.clause("EXP-6.1.3")
def test_a_solution_that_answers_one_of_two_demands_is_refused(office):
    number = registered(office, demands=[{"text": "赔偿 300 元"}, {"text": "书面道歉"}])
    office.walk(number, *TO_PLAN)
    handler = office.handler(number)

    refused = handler.act(number, "propose", demand_answers=[{"answer": "met"}])
    no_reason = handler.act(number, "propose", demand_answers=[{"answer": "met"}, {"answer": "refused"}])

    assert (refused.status_code, faults(refused)) == (422, {"/data/demand_answers": "one_for_each"})
    assert faults(no_reason) == {"/data/demand_answers/1/reason": "required"}
    handler.does(
        number, "propose", demand_answers=[{"answer": "met"}, {"answer": "partly_met", "reason": "已口头致歉"}]
    )
    answers = value_of(handler.events(number, "propose")[0], "demand_answers")
    assert [row[0]["value"] for row in answers] == [["满足"], ["部分满足"]]


@pytest.mark.clause("EXP-6.1.5")
def test_a_payment_that_differs_from_the_agreement_is_shown_and_needs_an_explanation(office):
    number = registered(office)
    office.walk(number, *TO_PLAN, "propose", "tell", "agree", propose={"agreed_amount": "50"})
    handler = office.handler(number)

    refused = handler.act(number, "carry_out", paid_amount="40", difference_explanation=None)
    assert (refused.status_code, faults(refused)) == (422, {"/data/difference_explanation": "required"})
    assert handler.case(number)["state"] == "agreed"

    handler.does(number, "carry_out", paid_amount="40", difference_explanation="客户同意以 10 元优惠券抵扣")
    carried_out = handler.events(number, "carry_out")[0]
    assert value_of(carried_out, "amount_difference") == {"amount": "-10", "currency": "CNY"}
    assert value_of(carried_out, "difference_explanation") == "客户同意以 10 元优惠券抵扣"


@pytest.mark.clause("EXP-6.1.5")
def test_a_payment_as_agreed_needs_no_explanation(office):
    number = registered(office)
    office.walk(number, *TO_PLAN, "propose", "tell", "agree", propose={"agreed_amount": "50"})

    after = office.handler(number).does(number, "carry_out", paid_amount="50")

    assert after["state"] == "carried_out"


def test_customers_are_told_the_limit_promised_to_them_and_no_limit_within_the_house(office, clock):
    clock.at("2026-03-02T10:00:00+08:00")
    number = registered(office, complainant_phone="13800138000", complainant_email=None)
    office.walk(number, *TO_INVESTIGATION[:4], grade=MILD)
    assert due(office, number, "sign_in") < due(office, number)

    office.walk(number, "sign_in")

    promised = datetime.fromisoformat(due(office, number)).astimezone(ZoneInfo("Asia/Shanghai"))
    day = f"{promised.year}年{promised.month}月{promised.day}日"
    assert f"预计{day} {promised:%H:%M}前完成" in office.left("in_progress")[-1]


def test_a_promise_that_is_over_is_not_made_again(office, clock):
    clock.at("2026-03-02T10:00:00+08:00")
    number = registered(office, complainant_phone="13800138000", complainant_email=None)
    office.walk(number, *TO_INVESTIGATION[:4], grade=MILD)

    clock.at("2026-04-02T10:00:00+08:00")
    office.walk(number, "sign_in")

    assert "预计另行通知的时间前完成" in office.left("in_progress")[-1]
