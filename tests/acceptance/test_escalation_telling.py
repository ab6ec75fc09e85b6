"""What the customer hears, and when, under the escalation policy."""

import pytest

from tests.doors import Staff, faults, value_of

PACKS = ("escalation",)

TO_DEPARTMENT = ("grade", "dispatch", "sign_in", "investigate")
TO_HANDLED = ("conclude", "add_evidence", "propose", "complete_measure", "carry_out")
MARKS = "    marks: {registered_by: customer_service, classification: preliminary}\n"
TELLS = "    tells: [acknowledgement, {message: safety_advice, when: {fact: safety_threat, is: true}}]\n"
NO_MESSAGE = ("lifecycle.yaml", MARKS + TELLS, MARKS)
ONE_ITEM = {"complete_measure": {"item": 1}}


def registered(office, **answers):
    return office.api("intake_officer").registered(
        **{"channel": "hotline", "category": "delivery_delay", "business_impact": "project_delayed", **answers}
    )


@pytest.mark.clause("ESC-1.3.2")
def test_receipt_is_acknowledged_at_once_and_a_case_without_it_is_listed(office, clock, tmp_path):
    told = registered(office, complainant_email="li.lei@example.com")
    clerk = office.api("cs_agent")

    assert office.messages(told) == ["acknowledgement"]
    assert any(told in body for body in office.left("acknowledgement"))
    assert clerk.case(told)["last_told_at"] == "2026-03-02T01:00:00Z"
    assert clerk.clocks(told)["acknowledgement"]["status"] == "kept"

    office.change_policy(tmp_path, NO_MESSAGE)
    unreachable = registered(office)
    assert clerk.case(unreachable)["last_told_at"] is None
    assert clerk.numbers(overdue="acknowledgement") == []
    clock.later(minutes=31)
    assert clerk.numbers(overdue="acknowledgement") == [unreachable]
    assert clerk.numbers(word="late") == [unreachable]
    clerk.does(unreachable, "contact", contact_direction="outgoing", contact_text="上门告知已收到，正在处理")
    assert clerk.numbers(overdue="acknowledgement") == []


@pytest.mark.clause("ESC-3.1.3b")
def test_an_urgent_case_without_a_word_within_the_interval_is_overdue_for_contact(office, clock):
    number = registered(office)
    clerk = office.api("cs_agent")
    clerk.does(number, "mark_urgent")

    clock.later(minutes=59)
    assert clerk.numbers(word="late") == []
    clock.later(minutes=2)
    office.work()
    assert clerk.numbers(word="late") == [number]
    page = Staff(office.world, "cs_agent").get("/queue/", {"tab": "all", "word": "late"}).content.decode()
    assert number in page
    assert "应告知未告知" in page

    clerk.does(number, "contact", contact_way="telephone", contact_direction="outgoing", contact_text="已派人上门")
    assert clerk.numbers(word="late") == []
    entry = clerk.events(number, "contact")[0]
    assert value_of(entry, "contact_direction") == ["我方联系客户"]
    assert entry["actor_name"] == clerk.person.name


@pytest.mark.clause("ESC-3.3.3a")
def test_a_question_of_the_customer_stays_open_with_the_owner_until_it_is_answered(office):
    number = registered(office)
    office.walk(number, *TO_DEPARTMENT)
    clerk, owner = office.api("cs_agent"), office.handler(number)
    clerk.does(
        number, "contact", contact_way="telephone", contact_direction="incoming", contact_text="客户来电",
        questions_asked=[{"question_text": "师傅哪天能来？"}],
    )  # fmt: skip

    assert owner.case(number)["questions_open"] == 1
    assert owner.numbers(task="mine") == [number]
    page = office_page(office, owner, number)
    assert "客户提问未答复" in page
    assert "师傅哪天能来？" in page
    assert clerk.case(number)["customer_spoke_at"] > clerk.case(number)["last_told_at"]

    reply = {"contact_way": "telephone", "contact_direction": "outgoing", "contact_text": "回电"}
    left_open = owner.act(number, "contact", **reply)
    assert (left_open.status_code, faults(left_open)) == (
        422, {"/data/question_answers/0/question_answer": "left_unanswered"},
    )  # fmt: skip
    owner.does(number, "contact", **reply, question_answers=[{"item": 1, "question_answer": "周三上午九点"}])

    assert owner.case(number)["questions_open"] == 0
    assert owner.numbers(task="mine") == []
    answered = value_of(owner.events(number, "contact")[-1], "question_answers")
    assert [cell["value"] for cell in answered[0]] == [1, "周三上午九点"]
    again = owner.act(number, "contact", **reply, question_answers=[{"item": 1, "question_answer": "再说一遍"}])
    assert faults(again) == {"/data/question_answers/0": "no_open_item"}


def office_page(office, door, number):
    staff = Staff(office.world, "cs_agent")
    staff.force_login(door.person)
    return staff.get(f"/cases/{number}/").content.decode()


@pytest.mark.clause("ESC-3.3.3b")
def test_progress_is_due_at_the_interval_of_the_level_and_a_missed_report_is_flagged(office, clock):
    number = registered(office)
    office.walk(number, *TO_DEPARTMENT)
    owner = office.handler(number)
    clock.at("2026-03-04T09:00:00+08:00")
    owner.does(number, "contact", contact_way="telephone", contact_direction="outgoing", contact_text="正在查")

    read = owner.clocks(number)["progress"]
    assert read["due_at"] == "2026-03-06T10:00:00Z"
    assert owner.case(number)["word_due_at"] <= "2026-03-06T10:00:00Z"
    page = Staff(office.world, "cs_agent").get("/queue/", {"tab": "all"}).content.decode()
    assert "下次告知客户" in page

    clock.at("2026-03-09T09:00:00+08:00")
    office.work()
    assert number in owner.numbers(overdue="progress")
    assert "向客户通报进度" in " ".join(n["text"] for n in office.notices(number) if n["to"] == owner.username)


@pytest.mark.clause("ESC-3.4.1", "ESC-5.1.2")
def test_the_result_is_told_with_route_and_answer_and_customer_service_has_the_task_until_then(office):
    number = registered(office)
    office.walk(number, *TO_DEPARTMENT)
    agent = office.api("cs_agent")
    assert "result_and_satisfaction" not in agent.clocks(number)
    office.walk(number, *TO_HANDLED, **ONE_ITEM)

    task = agent.clocks(number)["result_and_satisfaction"]
    assert (task["task"]["title"], task["stopped_at"]) == ("反馈结果并收集满意度", None)
    assert agent.case(number)["department"] != "customer_service"
    assert agent.numbers(task="mine") == [number]
    assert "联系任务：反馈结果并收集满意度" in office_page(office, agent, number)

    bare = agent.send(number, "tell", {"result_text": "已换新件"})
    assert faults(bare) == {"/data/told_way": "required", "/data/customer_answer": "required"}
    refused = {"told_way": "telephone", "result_text": "已换新件", "customer_answer": "refused"}
    assert faults(agent.send(number, "tell", refused)) == {"/data/refusal_reason": "required"}
    assert agent.does(number, "tell", **refused, refusal_reason="还是坏的")["state"] == "planning"
    office.walk(number, "propose", "complete_measure", "carry_out", **ONE_ITEM)
    assert agent.numbers(task="mine") == [number]
    after = agent.does(number, "tell", told_way="email", result_text="又换了一台", customer_answer="accepted")

    assert after["state"] == "agreed"
    assert [value_of(e, "customer_answer") for e in agent.events(number, "tell")] == [["不接受"], ["接受"]]
    assert [value_of(e, "told_way") for e in agent.events(number, "tell")] == [["电话"], ["邮件"]]
