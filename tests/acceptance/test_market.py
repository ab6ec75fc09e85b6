"""The complaint process of the market development department, from the grumble to the reviewed file."""

import pytest

from tests.doors import Staff, faults, value_of
from tests.pages import text_of
from tests.papers.reading import text_of_pdf

PACKS = ("market",)

UPHELD = {
    "grounds": "sufficient",
    "demand_judged": "reasonable",
    "validity": "upheld",
    "service_link": "installation",
}
NOT_UPHELD = {"grounds": "insufficient", "demand_judged": "unreasonable", "validity": "not_upheld"}
APOLOGY = {"contact_purpose": "apology"}
CONTENT = {"satisfaction_solution": "satisfied", "satisfaction_result": "satisfied"}
PASSED = {"review_result": "pass"}


def recorded(office, **answers):
    """The number of a complaint by telephone that customer service recorded."""
    return office.api("cs_agent").registered(**{"channel": "telephone", **answers})


def passed_on(office, **answers):
    """The number of an upheld complaint that waits in the installation department."""
    number = recorded(office, **answers)
    office.walk(number, "judge", "contact", "dispatch", judge=UPHELD, contact=APOLOGY)
    return number


def taken_to(office, last, **answers):
    """The number of an upheld complaint after the stages up to and including `last`."""
    number = passed_on(office, **answers)
    stages = ["sign_in", "propose", "carry_out", "tell", "agree", "follow_up", "review", "archive"]
    office.walk(
        number, *stages[: stages.index(last) + 1], agree=CONTENT, follow_up={"satisfaction": "satisfied"}, review=PASSED
    )
    return number


def missing(response):
    return response.json()["missing"]


@pytest.mark.clause("MKT-1.1")
def test_a_mere_grumble_without_evidence_is_a_complaint_whoever_hears_it(office):
    fitter = office.api("accused_staff", "installation")

    number = fitter.registered(
        channel="passed_by_staff", complainant_name="匿名", complainant_phone=None, no_contact=True, subject="客户抱怨等太久",
        description="不太高兴，没有说要什么",
    )  # fmt: skip

    agent = office.api("cs_agent")
    case = agent.case(number)
    assert (case["kind"], case["state"], case["waits_for"]) == ("complaint", "registered", "cs_agent")
    assert agent.read(f"cases/{number}/evidence")["evidence"] == []
    assert agent.does(number, "judge", **UPHELD)["state"] == "upheld"


@pytest.mark.clause("MKT-2.1")
def test_one_list_shows_state_last_feedback_and_the_next_due_action(office, clock):
    told = taken_to(office, "tell")
    clock.at("2026-03-02T11:00:00+08:00")
    waiting = passed_on(office)
    lead = office.api("cs_lead")

    listed = {case["number"]: case for case in lead.read("cases", status="open")["cases"]}

    assert set(listed) == {told, waiting}
    assert (listed[told]["state"], listed[waiting]["state"]) == ("told", "passed_on")
    assert listed[told]["last_told_at"] == lead.events(told, "tell")[0]["at"]
    assert listed[waiting]["last_told_at"] == lead.events(waiting, "contact")[0]["at"]
    for number in (told, waiting):
        assert listed[number]["department_told_at"] == lead.events(number, "dispatch")[0]["at"]
    assert (listed[told]["due_clock"], listed[waiting]["due_clock"]) == ("customer_answer", "receipt")
    page = Staff(office.world, "cs_lead").get("/queue/", {"tab": "all"}).content.decode()
    assert (page.count("最近告知客户"), page.count("最近告知部门")) == (2, 2)


@pytest.mark.clause("MKT-2.2")
def test_an_agent_complained_about_neither_sees_nor_takes_the_case(office):
    accused, lead = office.api("cs_agent"), office.api("cs_lead")
    number = lead.registered(channel="telephone", accused_kind="person", accused_person=accused.id)

    refused = lead.act(number, "reassign", handler=accused.id, reason="由本人处理")

    assert accused.get(f"cases/{number}").status_code == 404
    assert accused.numbers() == []
    assert (refused.status_code, faults(refused)) == (422, {"/data/handler": "accused"})
    assert lead.case(number)["handler"] == lead.username


@pytest.mark.clause("MKT-2.2")
def test_a_complaint_about_an_agent_is_proposed_to_somebody_else_and_may_carry_the_record(office):
    accused, lead = office.api("cs_agent"), office.api("cs_lead")
    number = lead.registered(channel="telephone", accused_kind="person", accused_person=accused.id)
    link = {**UPHELD, "service_link": "agent_service"}
    lead.does(number, "judge", **link)
    lead.does(number, "contact", **APOLOGY)

    refused = lead.act(number, "dispatch", handler=accused.id)
    case = lead.does(number, "dispatch", handler=None)
    recording = lead.upload(number, "通话.png")
    lead.does(number, "add_evidence", evidence_kind="call_recording", evidence_files=[recording])

    assert (refused.status_code, faults(refused)) == (422, {"/data/handler": "accused"})
    assert case["department"] == office.code("customer_service")
    assert case["handler"] == office.api("accused_head", "customer_service").username
    assert [file["kind"] for file in lead.read(f"cases/{number}/evidence")["evidence"]] == ["call_recording"]


@pytest.mark.clause("MKT-2.2")
def test_an_agent_complained_about_opens_only_the_task_passed_on(office):
    accused, lead = office.api("cs_agent"), office.api("cs_lead")
    number = lead.registered(channel="telephone", accused_kind="person", accused_person=accused.id)
    office.also_holds(accused, "related_staff", "customer_service")

    lead.does(number, "ask", asked_department=office.department("customer_service"), question="当时是怎么答复客户的")

    assert accused.numbers() == [number]
    assert set(accused.actions(number)) <= {"reply", "add_evidence"}
    assert "reply" in accused.actions(number)
    assert [event["verb"] for event in accused.events(number)] == ["ask"]
    for verb in ("judge", "contact", "withdraw", "reassign"):
        assert accused.act(number, verb).status_code == 403
    assert accused.post(f"cases/{number}/reveal", {"field": "complainant_phone", "reason": "回电"}).status_code == 403
    accused.does(number, "reply", item=1)
    assert accused.get(f"cases/{number}").status_code == 404


@pytest.mark.clause("MKT-2.2")
def test_who_complained_about_an_agent_is_not_told_by_another_case_of_the_same_customer(office):
    accused, lead, phone = office.api("cs_agent"), office.api("cs_lead"), "13900139000"
    customer = {"complainant_name": "高怀瑾", "complainant_phone": phone}
    about_them = lead.registered(channel="telephone", accused_kind="person", accused_person=accused.id, **customer)
    office.also_holds(accused, "related_staff", "customer_service")
    lead.does(
        about_them, "ask", asked_department=office.department("customer_service"), question="当时是怎么答复客户的"
    )
    another = recorded(office, **customer)
    assert set(accused.numbers()) == {about_them, another}

    def told_to(api, role):
        staff = Staff(office.world, role)
        return [
            about_them in text_of(staff.get(f"/cases/{another}/")).split("相关个案", 1)[-1],
            about_them in text_of(staff.post("/intake/earlier/", {"complainant_phone": phone})),
            about_them in api.numbers(complainant_of=another),
            about_them in api.numbers(text=phone),
        ]

    assert told_to(lead, "cs_lead") == [True] * 4
    assert told_to(accused, "cs_agent") == [False] * 4
    assert accused.numbers(text=about_them) == [about_them]


@pytest.mark.clause("MKT-2.3")
def test_a_complaint_that_is_not_passed_on_in_time_is_overdue_for_hand_over(office, clock):
    number = recorded(office)
    lead = office.api("cs_lead")
    assert lead.clocks(number)["hand_over"]["due_at"] == "2026-03-03T01:00:00Z"

    clock.at("2026-03-03T08:59:00+08:00")
    in_time = lead.numbers(overdue="hand_over")
    clock.at("2026-03-03T09:00:00+08:00")

    assert (in_time, lead.numbers(overdue="hand_over")) == ([], [number])


@pytest.mark.clause("MKT-2.3")
def test_a_complaint_passed_on_shows_the_times_of_hand_over_and_receipt(office, clock):
    number = recorded(office)
    office.walk(number, "judge", "contact", judge=UPHELD, contact=APOLOGY)
    clock.at("2026-03-02T10:00:00+08:00")
    office.api("cs_agent").does(number, "dispatch")
    clock.at("2026-03-02T10:40:00+08:00")
    office.handler(number).does(number, "sign_in")
    lead = office.api("cs_lead")

    assert lead.clocks(number)["hand_over"]["stopped_at"] == "2026-03-02T02:00:00Z"
    assert lead.clocks(number)["receipt"]["stopped_at"] == "2026-03-02T02:40:00Z"
    assert [e["at"] for verb in ("dispatch", "sign_in") for e in lead.events(number, verb)] == [
        "2026-03-02T02:00:00Z",
        "2026-03-02T02:40:00Z",
    ]


@pytest.mark.clause("MKT-2.4")
def test_without_follow_up_information_nothing_is_archived(office):
    number = taken_to(office, "agree")

    refused = office.api("cs_agent").act(number, "archive")

    assert (refused.status_code, missing(refused)[0]) == (409, "回访")


@pytest.mark.clause("MKT-2.4")
def test_the_archived_file_shows_the_follow_up(office):
    number = taken_to(office, "agree")
    agent = office.api("cs_agent")
    agent.does(
        number, "follow_up", follow_up_at="2026-03-02T09:00:00+08:00", follow_up_caller=agent.id, satisfaction="satisfied",
        opinion_entry="none_given", follow_up_remarks="客户表示感谢",
    )  # fmt: skip
    office.walk(number, "review", "archive", review=PASSED)

    (follow_up,) = agent.events(number, "follow_up")

    assert agent.case(number)["state"] == "archived"
    assert {shown["field"]: shown["value"] for shown in follow_up["values"]} == {
        "follow_up_at": "2026-03-02T01:00:00Z",
        "follow_up_caller": agent.person.name,
        "satisfaction": ["满意"],
        "opinion_entry": ["已询问，没有意见"],
        "follow_up_remarks": "客户表示感谢",
    }


@pytest.mark.clause("MKT-3.2c")
def test_a_solved_case_is_closed_only_with_the_customers_opinion_or_that_there_was_none(office):
    number = taken_to(office, "agree")
    agent = office.api("cs_agent")

    refused = agent.act(number, "follow_up", satisfaction="satisfied", opinion_entry=None)
    assert (refused.status_code, faults(refused)) == (422, {"/data/opinion_entry": "required"})
    unsaid = agent.act(number, "follow_up", satisfaction="satisfied", opinion_entry="given", handling_opinion=None)
    assert faults(unsaid) == {"/data/handling_opinion": "required"}

    agent.does(
        number, "follow_up", satisfaction="satisfied", opinion_entry="given", handling_opinion="回电再快一点就好"
    )
    office.walk(number, "review", review=PASSED)
    assert value_of(agent.events(number, "follow_up")[0], "handling_opinion") == "回电再快一点就好"


@pytest.mark.clause("MKT-4.0")
def test_the_flow_chart_draws_the_configured_steps_and_marks_where_the_case_stands(office):
    number = taken_to(office, "sign_in")

    response = Staff(office.world, "cs_agent").get("/policies/market/process/", {"case": number})

    chart, page = response.context["chart"], response.content.decode()
    titles = [box.title for box in chart.boxes]
    main = [
        "待判断",
        "成立，待转交",
        "已转交，待签收",
        "提出方案",
        "实施方案",
        "待反馈客户",
        "待客户表态",
        "待回访",
        "待领导审查",
        "待归档",
        "已归档",
    ]
    assert [title for title in titles if title in main] == main
    assert [box.title for box in chart.boxes if box.is_now] == ["提出方案"]
    assert "客户投诉处理流程 2015-11-30 最终版" in page
    assert "2015-11-30" in page


@pytest.mark.clause("MKT-4.0")
def test_a_changed_configuration_changes_the_chart(office, tmp_path):
    page = Staff(office.world, "cs_agent")
    before = [box.title for box in page.get("/policies/market/process/").context["chart"].boxes]

    office.change_policy(
        tmp_path,
        (
            "lifecycle.yaml",
            "{zh-Hans: 提出方案, en: finding a solution}",
            "{zh-Hans: 拟定方案, en: finding a solution}",
        ),
    )

    after = [box.title for box in page.get("/policies/market/process/").context["chart"].boxes]
    assert after == [{"提出方案": "拟定方案"}.get(title, title) for title in before]
    assert "拟定方案" in after


@pytest.mark.clause("MKT-4.1a")
def test_a_visit_and_a_call_follow_the_same_steps_and_limits(office):
    agent = office.api("cs_agent")
    same = {"subject": "空调漏水", "description": "昨天安装后漏水"}
    call = agent.registered(channel="telephone", **same)
    visit = agent.registered(channel="visit", visit_place="一号门店", visit_receiver=agent.id, **same)

    due = [{name: clock["due_at"] for name, clock in agent.clocks(number).items()} for number in (call, visit)]

    assert due[0] == due[1]
    assert list(agent.actions(call)) == list(agent.actions(visit))
    (record,) = agent.events(visit)
    assert (value_of(record, "visit_place"), value_of(record, "visit_receiver")) == ("一号门店", agent.person.name)
    refused = agent.register(channel="visit", visit_place=None, visit_receiver=None, **same)
    assert faults(refused) == {"/answers/visit_place": "required", "/answers/visit_receiver": "required"}


@pytest.mark.clause("MKT-4.1c")
def test_a_first_action_after_45_minutes_is_late_and_in_the_figure(office, clock):
    late, early = recorded(office), recorded(office)
    agent = office.api("cs_agent")
    agent.does(early, "contact", contact_purpose="progress")

    clock.at("2026-03-02T09:45:00+08:00")
    agent.does(late, "contact", contact_purpose="progress")

    reading = agent.clocks(late)["first_handling"]
    assert (reading["due_at"], reading["stopped_at"]) == ("2026-03-02T01:30:00Z", "2026-03-02T01:45:00Z")
    assert reading["breached_at"] == "2026-03-02T01:30:00Z"
    assert agent.clocks(early)["first_handling"]["breached_at"] is None
    assert agent.numbers(missed="first_handling") == [late]


@pytest.mark.clause("MKT-4.2")
def test_the_printed_record_form_is_filled_from_the_case(office):
    number = passed_on(
        office, complainant_name="李雷", accused_kind="department", accused_department=office.department("installation"),
        subject="空调漏水", description="昨天安装后漏水", demand="重新安装并道歉",
    )  # fmt: skip
    office.walk(
        number, "sign_in", "propose", "carry_out", "tell", "agree", "follow_up", "review",
        propose={"solution_text": "更换排水管"}, carry_out={"implementation_text": "当天已更换"},
        agree={**CONTENT, "customer_opinion": "这次很及时"}, follow_up={"satisfaction": "satisfied"},
        review={**PASSED, "review_comment": "同意结案"},
    )  # fmt: skip

    response = Staff(office.world, "cs_agent").get(f"/cases/{number}/print/complaint_record.pdf")

    assert response.status_code == 200
    paper = text_of_pdf(response.content)
    for heading in (
        "投诉人",
        "投诉对象",
        "投诉内容",
        "客户要求",
        "处理意见",
        "处理结果",
        "客户意见",
        "领导审查",
        "记录人",
    ):
        assert heading in paper
    for text in (
        "李＊＊",
        "安装部",
        "昨天安装后漏水",
        "重新安装并道歉",
        "更换排水管",
        "当天已更换",
        "这次很及时",
        "同意结案",
        number,
    ):
        assert text in paper


@pytest.mark.clause("MKT-4.2")
def test_the_printed_record_form_is_a_pdf(office):
    number = recorded(office)

    response = Staff(office.world, "cs_agent").get(f"/cases/{number}/print/complaint_record.pdf")

    assert b"".join(response)[:5] == b"%PDF-"
    assert response.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.clause("MKT-4.3a")
@pytest.mark.parametrize("part", ["problem", "grounds_reason", "demand_reason"])
def test_a_judgement_without_the_problem_or_a_reason_is_refused(office, part):
    number = recorded(office)

    response = office.api("cs_agent").act(number, "judge", **{**UPHELD, part: None})

    assert (response.status_code, faults(response)) == (422, {f"/data/{part}": "required"})


@pytest.mark.clause("MKT-4.3a")
@pytest.mark.parametrize(
    ("grounds", "demand", "finding"),
    [
        ("sufficient", "reasonable", "成立"),
        ("sufficient", "unreasonable", "部分成立"),
        ("insufficient", "reasonable", "不成立"),
        ("insufficient", "unreasonable", "不成立"),
    ],
)
def test_grounds_and_demand_are_judged_apart_each_with_its_reason(office, grounds, demand, finding):
    number = recorded(office)
    validity = {"成立": "upheld", "部分成立": "partly_upheld", "不成立": "not_upheld"}[finding]
    agent = office.api("cs_agent")

    agent.does(
        number, "judge", problem="排水管未接好", grounds=grounds, grounds_reason="有照片", demand_judged=demand,
        demand_reason="对照合同", validity=validity, service_link="installation",
    )  # fmt: skip

    (judged,) = agent.events(number, "judge")
    assert [value_of(judged, name) for name in ("problem", "grounds_reason", "demand_reason")] == [
        "排水管未接好",
        "有照片",
        "对照合同",
    ]
    words = {"sufficient": "充分", "insufficient": "不充分", "reasonable": "合理", "unreasonable": "不合理"}
    assert [value_of(judged, name) for name in ("grounds", "demand_judged")] == [[words[grounds]], [words[demand]]]
    assert value_of(judged, "validity") == [finding]


@pytest.mark.clause("MKT-4.3b")
def test_a_customer_who_still_objects_gets_a_second_judgement_by_somebody_else(office):
    number = recorded(office)
    agent, lead = office.api("cs_agent"), office.api("cs_lead")
    agent.does(number, "judge", **NOT_UPHELD)

    case = agent.does(number, "answer", answer_text="感谢您的来电，经核实……", understanding=False)

    assert (case["state"], case["waits_for"]) == ("objected", "cs_lead")
    assert office.messages(number)[-1] == "not_upheld"
    assert "judge" not in agent.actions(number)
    assert agent.act(number, "judge", **UPHELD).status_code == 403
    assert lead.does(number, "judge", **UPHELD)["state"] == "upheld"


@pytest.mark.clause("MKT-4.3b")
def test_a_complaint_that_is_not_upheld_is_closed_as_such_and_counted_apart(office):
    upheld = taken_to(office, "review")
    number = recorded(office)
    office.walk(
        number, "judge", "answer", "follow_up", "review", judge=NOT_UPHELD, answer={"understanding": True},
        follow_up={"satisfaction": "acceptable"}, review=PASSED,
    )  # fmt: skip
    lead = office.api("cs_lead")

    assert (lead.case(number)["state"], lead.case(number)["outcome"]) == ("closed", "not_upheld")
    assert (lead.numbers(outcome="not_upheld"), lead.numbers(outcome="satisfied")) == ([number], [upheld])
    assert Staff(office.world, "cs_lead").counts("outcome") == {"投诉不成立": 1, "投诉成立，客户满意": 1, "合计": 2}


@pytest.mark.clause("MKT-4.3c")
def test_an_upheld_complaint_is_passed_on_only_with_its_link_and_an_apology(office):
    number = recorded(office)
    agent = office.api("cs_agent")
    without_link = agent.act(number, "judge", **{**UPHELD, "service_link": None})
    agent.does(number, "judge", **UPHELD)

    without_apology = agent.act(number, "dispatch")
    agent.does(number, "contact", contact_purpose="regret")
    regret_only = agent.act(number, "dispatch")
    agent.does(number, "contact", **APOLOGY)

    assert (without_link.status_code, faults(without_link)) == (422, {"/data/service_link": "required"})
    assert (without_apology.status_code, missing(without_apology)) == (409, ["致歉记录"])
    assert (regret_only.status_code, missing(regret_only)) == (409, ["致歉记录"])
    assert agent.does(number, "dispatch")["state"] == "passed_on"
    assert Staff(office.world, "cs_agent").counts("category") == {"安装": 1, "合计": 1}


@pytest.mark.clause("MKT-4.3d")
def test_the_department_gets_the_problem_with_a_due_time_and_confirms_receipt(office, clock):
    number = recorded(office)
    office.walk(number, "judge", "contact", judge=UPHELD, contact=APOLOGY)
    office.api("cs_agent").does(
        number,
        "dispatch",
        task_text="排水管未接好",
        expected_result="重新安装",
        solution_due_at="2026-03-03T12:00:00+08:00",
    )
    head = office.api("accused_head", "installation")

    (task,) = head.events(number, "dispatch")
    clock.at("2026-03-02T10:00:00+08:00")
    head.does(number, "sign_in")

    assert head.numbers() == [number]
    assert (value_of(task, "task_text"), value_of(task, "expected_result")) == ("排水管未接好", "重新安装")
    assert value_of(head.events(number, "judge")[0], "service_link") == ["安装"]
    assert head.clocks(number)["solution"]["due_at"] == "2026-03-03T04:00:00Z"
    assert [event["at"] for event in head.events(number, "sign_in")] == ["2026-03-02T02:00:00Z"]
    assert office.told(number, "passed_on") == [head.username]


@pytest.mark.clause("MKT-4.4a")
def test_without_a_recorded_implementation_nothing_is_fed_back(office):
    number = taken_to(office, "propose")
    agent = office.api("cs_agent")

    refused = agent.act(number, "tell")
    office.walk(number, "carry_out")

    assert (refused.status_code, missing(refused)) == (409, ["完成实施"])
    (solution,), (result,) = agent.events(number, "propose"), agent.events(number, "carry_out")
    assert (value_of(solution, "solution_owner") is None, value_of(result, "implemented_at") is None) == (False, False)
    assert (solution["actor_name"], result["actor_name"]) == (office.handler(number).person.name,) * 2
    assert agent.does(number, "tell")["state"] == "told"


@pytest.mark.clause("MKT-4.4b")
def test_customer_service_and_not_the_department_feeds_back_and_asks_twice(office):
    number = taken_to(office, "carry_out")
    head, agent = office.api("accused_head", "installation"), office.api("cs_agent")

    refused = head.act(number, "tell")
    agent.does(number, "tell", satisfaction_solution="satisfied", satisfaction_result="acceptable")

    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")
    (told,) = agent.events(number, "tell")
    assert value_of(told, "satisfaction_solution") == ["满意"]
    assert value_of(told, "satisfaction_result") == ["基本满意"]


@pytest.mark.clause("MKT-4.5")
def test_two_dissatisfied_rounds_open_the_third_and_alert_the_leader(office):
    number = taken_to(office, "tell")
    agent = office.api("cs_agent")

    first = agent.does(number, "refuse", refusal_reason="还在漏水")
    told_after_first = office.told(number, "round_alert")
    office.walk(number, "propose", "carry_out", "tell", propose={"solution_text": "更换整机"})
    second = agent.does(number, "refuse", refusal_reason="换的也漏")

    assert (first["round"], told_after_first) == (2, [])
    assert (second["round"], second["state"]) == (3, "solving")
    assert office.told(number, "round_alert") == [office.api("department_leader").username]
    assert [event["round"] for event in agent.events(number, "propose")] == [1, 2]
    assert [value_of(event, "refusal_reason") for event in agent.events(number, "refuse")] == ["还在漏水", "换的也漏"]
    assert value_of(agent.events(number, "propose")[1], "solution_text") == "更换整机"


@pytest.mark.clause("MKT-4.6a")
def test_a_satisfied_customer_does_not_replace_the_leaders_review(office):
    number = taken_to(office, "follow_up")

    refused = office.api("cs_agent").act(number, "archive")

    assert (refused.status_code, missing(refused)) == (409, ["审阅"])


@pytest.mark.clause("MKT-4.6a")
def test_a_returned_case_goes_back_to_the_handler_with_the_comment(office):
    number = taken_to(office, "follow_up")
    handler, leader = office.handler(number), office.api("department_leader")

    without_comment = leader.act(number, "review", review_result="return", review_comment=None)
    case = leader.does(number, "review", review_result="return", review_comment="请说明为何当时没有检查")

    assert (without_comment.status_code, faults(without_comment)) == (422, {"/data/review_comment": "required"})
    assert (case["state"], case["handler"]) == ("solving", handler.username)
    (told,) = [one for one in office.notices(number, to=handler) if one["message"] == "review_returned"]
    assert "请说明为何当时没有检查" in told["text"]
    assert value_of(handler.events(number, "review")[0], "review_comment") == "请说明为何当时没有检查"


@pytest.mark.clause("MKT-4.6a")
def test_a_policy_that_keeps_the_comment_to_leaders_and_tells_it_to_the_handler_is_refused(office, tmp_path):
    kept = "type: long_text, reason: true, seen_by: [department_leader, management]"
    comment = ("forms/leader_review.yaml", "type: long_text, reason: true", kept)
    notice = ("messages/review_returned.notice.zh-Hans.txt", "：{{reason}}", "。")
    in_english = ("messages/review_returned.notice.en.txt", ": {{reason}}", ".")

    said = office.tries_to_change_policy(tmp_path / "told", comment)

    assert 'review_returned: it says {{reason}}, which is "review_comment" in leader_review.yaml' in said
    assert '"case_handler", "cs_agent" may not read that in full.' in said
    office.change_policy(tmp_path / "kept", comment, notice, in_english)


@pytest.mark.clause("MKT-4.6b")
def test_the_archived_file_holds_all_parts_is_read_only_and_is_found(office):
    number = taken_to(office, "tell", description="阳台漏水到楼下")
    office.walk(
        number, "agree", "follow_up", "review", "archive", agree={**CONTENT, "customer_opinion": "师傅很耐心"},
        follow_up={"satisfaction": "satisfied"}, review={**PASSED, "review_comment": "处理得当"},
    )  # fmt: skip
    lead, handler = office.api("cs_lead"), office.handler(number)

    shown = {value["field"]: value["value"] for event in lead.events(number) for value in event["values"]}
    refused = handler.act(number, "note")

    assert {"description", "implementation_text", "customer_opinion", "review_comment"} <= set(shown)
    assert (shown["customer_opinion"], shown["review_comment"]) == ("师傅很耐心", "处理得当")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert (list(handler.actions(number)), list(lead.actions(number))) == ([], ["reopen"])
    assert lead.numbers(text="楼下", status="archived") == [number]
