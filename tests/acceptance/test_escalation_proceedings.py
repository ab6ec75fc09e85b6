"""The escalation policy: when a complaint is escalated, who decides on it, and the task force that takes it over."""

from datetime import datetime, timedelta

import pytest

PACKS = ("escalation",)

TO_TOLD = (
    "grade",
    "dispatch",
    "sign_in",
    "investigate",
    "conclude",
    "propose",
    "complete_measure",
    "carry_out",
    "tell",
)
AGAIN = ("propose", "complete_measure", "carry_out", "tell")
ONE_ITEM = {"complete_measure": {"item": 1}}
HANDLED = TO_TOLD[:-1]


def complaint(office, *verbs, **answers):
    """The number of a level-3 complaint about late delivery that lies with the warehouse."""
    number = office.api("intake_officer").registered(channel="hotline", **{"category": "delivery_delay", **answers})
    team = {"team": office.department("warehouse"), "handler": office.api("department_member", "warehouse").id}
    office.walk(number, *(verbs or TO_TOLD[:3]), dispatch=team, **ONE_ITEM)
    return number


def escalates(office, number, **wishes):
    wishes = {"escalation_trigger": "beyond_ability", **wishes}
    return office.handler(number).begins("escalation", number, **wishes)["id"]


def superior(office):
    return office.api("superior_department_head")


def approves(office, number):
    """Escalate a case; returns the id of the task force that is then to be formed."""
    superior(office).steps_on(escalates(office, number), "approve")
    return superior(office).proceedings(number, "task_force")[0]["id"]


def members(office, *functions):
    return [{"member": office.api("department_head", f).id} for f in functions]


def charter(office, **wishes):
    return {
        "task_force_leader": office.api("department_head", "logistics").id,
        "leading_department": office.department("logistics"),
        "members": members(office, "sales", "production"),
        **wishes,
    }


def formed(office, *verbs, **wishes):
    """A case with its task force just formed: number, id of the task force, the leader's door."""
    number = complaint(office, *verbs)
    key = approves(office, number)
    superior(office).steps_on(key, "schedule", **charter(office, **wishes))
    return number, key, office.api("department_head", "logistics")


def plan(office, *functions):
    functions = functions or ("sales", "production")
    owner = office.api("department_head", "sales").id
    return {
        "duties": [{"duty_member": office.api("department_head", f).id, "duty": "协同处理"} for f in functions],
        "plan_steps": [{"task_what": "复检同批货物", "task_owner": owner, "task_due": "2026-03-04"}],
    }


@pytest.mark.clause("ESC-4.1.1")
def test_a_case_past_its_limit_proposes_escalation_and_it_is_raised_by_hand_before(office, clock):
    number = complaint(office)
    assert office.handler(number).possible(number)["escalation"]["offered"] is None

    due = datetime.fromisoformat(office.handler(number).case(number)["due_at"])
    clock.at(due - timedelta(minutes=5))
    near = office.handler(number).possible(number)["escalation"]
    assert near["offered"] == "规定时间将到，预计不能解决的，可申请升级。"

    clock.later(days=20)
    office.work()

    offer = office.handler(number).possible(number)["escalation"]
    assert (offer["fills"], offer["demanded"]) == ({"escalation_trigger": "beyond_ability"}, False)
    assert offer["offered"] == "已超过规定时间仍未解决，可申请升级。"
    early = complaint(office)
    assert office.handler(early).begin("escalation", early, escalation_trigger="beyond_ability").status_code == 201


@pytest.mark.clause("ESC-4.1.2", "ESC-5.2.2")
def test_a_second_refusal_demands_escalation_and_the_first_only_allows_it(office):
    number = complaint(office, *TO_TOLD, "refuse")
    first = office.handler(number).possible(number)["escalation"]
    assert not first["demanded"]

    office.walk(number, *AGAIN, "refuse", **ONE_ITEM)

    second = office.handler(number).possible(number)["escalation"]
    assert (second["demanded"], second["fills"]) == (True, {"escalation_trigger": "still_dissatisfied"})
    once = complaint(office, *TO_TOLD, "refuse")
    assert office.handler(once).begin("escalation", once, escalation_trigger="still_dissatisfied").status_code == 201


@pytest.mark.clause("ESC-4.1.3")
def test_trigger_across_departments_names_two_of_them_and_the_obstacle(office):
    number = complaint(office)
    one = [{"department_concerned": office.department("sales")}]
    handler = office.handler(number)
    wishes = {"escalation_trigger": "cross_department", "departments_concerned": one * 2}

    refused = handler.begin("escalation", number, **wishes)
    two = [*one, {"department_concerned": office.department("production")}]
    without = handler.begin(
        "escalation", number, **{**wishes, "departments_concerned": two, "coordination_obstacle": None}
    )
    accepted = handler.begin("escalation", number, **{**wishes, "departments_concerned": two})

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/data/departments_concerned")
    assert without.json()["errors"][0]["pointer"] == "/data/coordination_obstacle"
    assert accepted.status_code == 201


@pytest.mark.clause("ESC-4.2.1")
@pytest.mark.parametrize(
    "part", ["escalation_facts", "escalation_progress", "escalation_reason", "escalation_proposal"]
)
def test_every_narrative_part_of_the_request_is_mandatory(office, part):
    number = complaint(office)

    refused = office.handler(number).begin("escalation", number, escalation_trigger="beyond_ability", **{part: None})

    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [(f"/data/{part}", "required")]


@pytest.mark.clause("ESC-4.2.1")
def test_a_submitted_request_is_numbered_and_nobody_changes_it(office):
    number = complaint(office)
    key = escalates(office, number)
    handler = office.handler(number)

    (shown,) = handler.proceedings(number, "escalation")
    refused = handler.step(key, "correct")

    assert shown["number"].startswith("SJ202603-")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert list(handler.steps(key)) == ["withdraw"]


@pytest.mark.clause("ESC-4.2.2a")
def test_a_request_of_friday_is_due_on_tuesday_reminded_of_and_marked_late(office, clock):
    number = complaint(office)
    clock.later(days=4)  # Friday 6 March
    key = escalates(office, number)

    assert superior(office).proceeding(key)["due_at"].startswith("2026-03-10T")
    clock.later(days=3)
    office.work()
    assert not superior(office).proceeding(key)["is_late"]
    clock.later(days=2)
    office.work()

    assert superior(office).proceeding(key)["is_late"]
    told = [n["message"] for n in office.notices(number, to=superior(office), by=superior(office))]
    assert {"escalation_asked", "escalation_overdue"} <= set(told)


@pytest.mark.clause("ESC-4.2.2a")
def test_a_policy_that_leaves_the_days_blank_is_not_published(office, tmp_path):
    said = office.tries_to_change_policy(
        tmp_path,
        ("pack.yaml", "en: limit for reviewing an escalation request}\n    value: 2", "en: limit for reviewing}"),
    )

    assert "is published" not in said
    assert "escalation_review_workdays" in said


@pytest.mark.clause("ESC-4.2.2b")
def test_the_applicant_does_not_approve_and_a_refusal_goes_back_with_its_reason(office):
    number = complaint(office)
    both = office.handler(number)
    office.also_holds(both, "superior_department_head", "superior_department")
    key = escalates(office, number)

    own = both.step(key, "approve")
    superior(office).steps_on(key, "disapprove", reason="请本部门先补齐签收凭证。")

    assert (own.status_code, own.json()["code"]) == (403, "not_permitted")
    after = both.proceeding(key)
    assert after["state"] == "refused"
    assert both.case(number)["state"] == "signed_in"
    refused = [n for n in office.notices(number, to=both) if n["message"] == "escalation_refused"]
    assert "请本部门先补齐签收凭证。" in refused[0]["text"]
    assert both.begin("escalation", number, escalation_trigger="beyond_ability").status_code == 201


@pytest.mark.clause("ESC-4.3.2b")
def test_the_customer_hears_of_the_escalation_and_silence_afterwards_is_flagged(office, clock):
    number, _, leader = formed(office)
    assert "escalated" in office.messages(number)
    leader.does(number, "contact")

    clock.later(days=3)
    office.work()

    assert office.api("cs_supervisor").clocks(number)["escalated_update"]["status"] == "broken"
    assert "overdue" in office.told(number, "overdue") or leader.username in office.told(number, "overdue")
    leader.does(number, "contact")
    assert office.api("cs_supervisor").clocks(number)["escalated_update"]["status"] == "running"


@pytest.mark.clause("ESC-4.3.1a")
def test_the_task_force_is_told_sees_the_case_and_takes_it_over(office):
    number = complaint(office)
    outsider = office.api("department_head", "production")
    assert outsider.get(f"cases/{number}").status_code == 404
    key = approves(office, number)

    superior(office).steps_on(key, "schedule", **charter(office))

    leader = office.api("department_head", "logistics")
    assert set(office.told(number, "task_force_formed")) == {
        leader.username, outsider.username, office.api("department_head", "sales").username,
    }  # fmt: skip
    assert outsider.get(f"cases/{number}").status_code == 200
    assert office.handler(number).username == leader.username


@pytest.mark.clause("ESC-3.2.1c")
def test_a_level_1_case_waits_for_a_task_force_led_by_senior_management(office):
    number = office.api("intake_officer").registered(category="product_quality", safety_threat=True)
    office.walk(number, "grade", "dispatch", "sign_in")
    head, senior = office.api("department_head", "production"), office.api("senior_management")
    (force,) = senior.proceedings(number, "task_force")
    early = head.act(number, "investigate")
    two = members(office, "production", "sales")
    ordinary = senior.step(force["id"], "schedule", task_force_leader=head.id, members=two)
    alone = senior.step(
        force["id"], "schedule", task_force_leader=senior.id, members=members(office, "production", "production")
    )

    senior.steps_on(force["id"], "schedule", task_force_leader=senior.id, members=two)

    assert (early.status_code, early.json()["missing"][0][:6]) == (409, "专项处理小组")
    assert [e["code"] for e in ordinary.json()["errors"]] == ["wrong_role"]
    assert [e["code"] for e in alone.json()["errors"]] == ["too_few_different"]
    assert head.does(number, "investigate")["state"] == "investigating"


@pytest.mark.clause("ESC-4.3.1b")
def test_a_plan_leaves_no_member_without_a_duty_and_a_late_step_shows(office, clock):
    number, key, leader = formed(office)
    leader.steps_on(key, "conclude")

    lacking = leader.step(key, "propose", **plan(office, "sales"))
    twice = leader.step(key, "propose", **plan(office, "sales", "sales"))
    assert [e["code"] for e in twice.json()["errors"]] == ["not_each_once"]
    leader.steps_on(key, "propose", **plan(office))

    assert [e["code"] for e in lacking.json()["errors"]] == ["one_for_each"]
    (task,) = leader.proceedings(number, "task")
    assert (task["subject"], task["is_late"]) == ("复检同批货物", False)
    clock.later(days=4)
    office.work()
    assert leader.proceedings(number, "task")[0]["is_late"]


@pytest.mark.clause("ESC-4.3.2a")
def test_a_plan_needs_a_new_investigation_and_both_stay(office):
    number, key, leader = formed(office, *HANDLED)

    early = leader.step(key, "propose", **plan(office))
    leader.steps_on(key, "conclude", renewed_findings="重新查证：冷库温控断电两次。")
    leader.steps_on(key, "propose", **plan(office))

    assert (early.status_code, early.json()["code"]) == (409, "wrong_state")
    assert early.json()["missing"] == ["提交重新调查结论"]
    assert office.api("cs_supervisor").events(number, "conclude")
    told = leader.read(f"proceedings/{key}/events")["events"]
    assert "重新查证：冷库温控断电两次。" in str([e for e in told if e["verb"] == "conclude"])


@pytest.mark.clause("ESC-4.4.1a", "ESC-5.3.2")
def test_an_obstacle_is_listed_settled_with_tasks_and_both_departments_hear(office):
    number, _, leader = formed(office)
    both = [{"asked_department": office.department(f)} for f in ("after_sales", "customer_service")]
    key = leader.begins("coordination", number, obstacle_text="两部门都不认运输破损", disputing_departments=both)["id"]
    listed = superior(office).read("proceedings", kind="coordination", waiting="me")["proceedings"]
    owner = office.api("department_head", "sales")
    tasks = [{"task_what": "先行赔付", "task_owner": owner.id, "task_due": "2026-03-05"}]

    superior(office).steps_on(key, "rule", ruling_text="由销售部先行赔付。", ruling_tasks=tasks)

    assert [one["subject"] for one in listed] == ["两部门都不认运输破损"]
    assert "先行赔付" in [one["subject"] for one in owner.waiting()]
    told = set(office.told(number, "obstacle_settled"))
    heads = {office.api("supporting_head", f).username for f in ("after_sales", "customer_service")}
    assert heads | {leader.username} <= told
    assert "由销售部先行赔付。" in str(leader.read(f"proceedings/{key}/events"))


@pytest.mark.clause("ESC-4.4.1b")
def test_a_meeting_that_is_not_held_in_a_week_is_overdue_and_its_decisions_are_tasks(office, clock):
    number, key, leader = formed(office)
    owner = office.api("department_head", "sales")
    decision = {"task_what": "补发货物", "task_owner": owner.id, "task_due": "2026-03-06"}
    superior(office).steps_on(key, "meet", meeting_decisions=[decision])
    assert "补发货物" in [one["subject"] for one in owner.waiting()]

    clock.later(days=8, hours=12)
    office.work()

    clocks = superior(office).read(f"proceedings/{key}/clocks")["clocks"]
    assert [c["status"] for c in clocks if c["clock"] == "special_meeting"][-1] == "broken"
    assert leader.username in office.told(number, "meeting_overdue")


@pytest.mark.clause("ESC-4.4.2a", "ESC-4.4.2b", "ESC-4.4.2c", "ESC-4.4.2d", "ESC-5.3.3")
def test_the_result_is_told_after_the_review_and_archived_after_the_evaluation(office):
    number, key, leader = formed(office, *HANDLED)
    leader.steps_on(key, "conclude")
    leader.steps_on(key, "propose", **plan(office))
    empty = leader.step(key, "report", report_satisfaction=None)
    assert [e["pointer"] for e in empty.json()["errors"]] == ["/data/report_satisfaction"]
    leader.steps_on(key, "report", report_satisfaction="not_yet_asked", report_result="第一版结果")
    blocked = [leader.act(number, "tell"), superior(office).act(number, "tell")]
    assert [r.status_code for r in blocked] == [409, 409]
    superior(office).steps_on(key, "send_back", reason="请写明赔付依据。")
    leader.steps_on(key, "report", report_satisfaction="not_yet_asked", report_result="第二版结果")
    superior(office).steps_on(key, "approve")
    kept = str(leader.read(f"proceedings/{key}/events"))
    assert all(text in kept for text in ("第一版结果", "请写明赔付依据。", "第二版结果"))

    assert leader.act(number, "tell").status_code == 409
    superior(office).does(number, "tell")
    superior(office).steps_on(key, "follow_up", supplement_satisfaction="satisfied", supplement_text="客户说满意。")
    assert superior(office).proceeding(key)["state"] == "passed"
    assert "第二版结果" in str(leader.read(f"proceedings/{key}/events"))
    office.walk(number, "agree", "close", "add_evidence")
    refused = office.handler(number).act(number, "archive")
    assert refused.json()["missing"] == ["升级处理总结评估"]
    bare = superior(office).step(key, "assess", result_verdict=None, impact_financial=None)
    assert {e["pointer"] for e in bare.json()["errors"]} == {"/data/result_verdict", "/data/impact_financial"}
    superior(office).steps_on(key, "assess", evaluation_lessons="冷库断电须自动告警。")
    assert office.handler(number).does(number, "archive")["state"] == "archived"
    quality = office.api("quality_manager")
    (lesson,) = quality.read("proceedings", kind="lesson")["proceedings"]
    assert lesson["subject"] == "冷库断电须自动告警"
    quality.steps_on(lesson["id"], "propose", rule_change="断电十分钟内告警。")
    assert office.api("senior_management").steps_on(lesson["id"], "approve")["state"] == "adopted"


@pytest.mark.clause("ESC-5.2.2", "ESC-5.3.1", "ESC-5.4.1")
def test_a_department_asked_for_support_sees_the_case_and_answers_in_time_or_late_for_all_to_see(office, clock):
    number, _, leader = formed(office)
    production = office.api("supporting_head", "production")
    original = office.api("supporting_member", "warehouse")
    resource = {"asked_department": office.department("production"), "support_due": "2026-03-03"}
    superior(office).begins("support_request", number, support_need="检测数据", **resource)
    ask = {"asked_department": office.department("warehouse"), "support_due": "2026-03-03"}
    key = leader.begins("support_request", number, support_need="出库记录", **ask)["id"]
    assert original.get(f"cases/{number}").status_code == 200
    original.steps_on(key, "reply", support_answer="出库记录见附件。")
    assert "出库记录见附件。" in str(leader.read(f"proceedings/{key}/events"))

    clock.later(days=3)
    office.work()

    listed = production.read("proceedings", kind="support_request")["proceedings"]
    (waiting,) = [one for one in listed if one["state"] == "asked"]
    seen = superior(office).proceeding(waiting["id"])
    assert (waiting["is_late"], seen["is_late"]) == (True, True)
    assert {production.username, leader.username} <= set(office.told(number, "proceeding_overdue"))
