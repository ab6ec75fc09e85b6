"""Clear answers, realistic promises and progress in time, under the express handbook."""

import pytest

from tests.doors import Staff, faults, value_of
from tests.pages import text_of

PACKS = ("express",)

COMPLETE = {"channel": "telephone", "description": "3月1日在朝阳网点取件时发生。", "demands": [{"text": "赔偿 300 元"}]}
TO_PLAN = ("accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose")
ANSWER = {"contact_way": "telephone", "reached": True, "contact_direction": "outgoing", "contact_text": "回电说明"}


def registered(office, **answers):
    return office.api("intake_officer").registered(**{**COMPLETE, **answers})


@pytest.mark.clause("EXP-5.1.3")
def test_a_reply_that_leaves_a_question_open_is_warned_of_by_name(office):
    number = registered(office)
    office.walk(number, *TO_PLAN)
    agent = office.api("cs_agent")
    asked = [{"question_text": "件现在在哪里？"}, {"question_text": "运费退不退？"}]
    agent.does(number, "contact", **{**ANSWER, "contact_direction": "incoming"}, questions_asked=asked)

    form = Staff(office.world, "cs_agent").get(f"/cases/{number}/do/tell/").content.decode()
    for words in ("件现在在哪里？", "运费退不退？", "公司的态度和结论", "下一步", "下一步的时间"):
        assert words in form
    plan = office.handler(number).events(number, "propose")[0]
    assert value_of(plan, "answer_text") in form

    reply = {
        "answer_text": "已找到",
        "company_position": "我们的责任",
        "question_answers": [{"item": 1, "question_answer": "在杭州"}],
    }
    refused = agent.act(number, "tell", **reply)
    assert faults(refused) == {"/data/question_answers/1/question_answer": "left_unanswered"}
    assert "第 2 个问题" in str(refused.json()["errors"])
    told = agent.does(number, "tell", **reply, left_open_reason="退费由财务核对，明天答复")
    assert (told["state"], told["questions_open"]) == ("told", 1)


@pytest.mark.clause("EXP-5.2.3")
def test_a_promise_keeps_within_authority_and_time_and_shows_as_broken_when_past_due(office, clock):
    number = registered(office)
    agent = office.api("cs_agent")
    promise = {"promise_kind": "amount", "promised_reply_at": "2026-03-03T10:00:00+08:00", "promise_text": "先退运费"}

    def promises(door, amount, **other):
        money = {"amount": amount, "currency": "CNY"}
        return door.send(number, "promise", {**promise, **other, "promised_amount": money})

    assert faults(promises(agent, "100.01")) == {"/data/promised_amount": "beyond_authority"}
    too_far = promises(agent, "20.00", promised_reply_at="2026-04-30T10:00:00+08:00")
    assert faults(too_far) == {"/data/promised_reply_at": "too_far_ahead"}
    assert promises(office.api("cs_supervisor"), "100.01").status_code == 200
    assert promises(agent, "100.00").status_code == 200

    assert "先退运费" in Staff(office.world, "cs_agent").get("/promises/", {"whose": "mine"}).content.decode()
    clock.at("2026-03-03T10:01:00+08:00")
    staff = Staff(office.world, "cs_agent")
    pages = {show: text_of(staff.get("/promises/", {"show": show})) for show in ("", "late", "broken", "open")}
    assert [number in page for page in pages.values()] == [True, True, True, False]
    assert f"{number} " in pages[""] and "已逾期未履行" in pages["broken"]


@pytest.mark.clause("EXP-5.2.3")
def test_a_promised_call_is_called_a_call_and_overdue_once_its_time_is_over(office, clock):
    number = registered(office)
    office.api("cs_agent").does(number, "promise", promise_kind="call", promised_reply_at="2026-03-03T10:00:00+08:00")

    promised = text_of(Staff(office.world, "cs_agent").get(f"/cases/{number}/"))
    clock.at("2026-03-03T10:01:00+08:00")
    overdue = text_of(Staff(office.world, "cs_agent").get(f"/cases/{number}/"))

    assert "已承诺“按时回电”，明天 10:00 前" in promised and "，已逾期" not in promised
    assert "已承诺“按时回电”，今天 10:00 前，已逾期" in overdue


@pytest.mark.clause("EXP-5.2.4")
def test_a_day_without_a_word_raises_a_contact_task_and_updates_are_in_the_history(office, clock):
    number = registered(office)
    agent = office.api("cs_agent")
    office.walk(number, "accept", "confirm", "grade", "dispatch")
    assert agent.numbers(task="mine") == []

    clock.at("2026-03-03T18:00:00+08:00")
    assert agent.numbers(task="mine") == [number]
    assert (
        "联系任务：联系客户，反馈处理进度" in Staff(office.world, "cs_agent").get(f"/cases/{number}/").content.decode()
    )
    agent.does(number, "contact", **ANSWER)
    assert agent.numbers(task="mine") == []
    history = Staff(office.world, "cs_agent").get(f"/cases/{number}/", {"show": "contacts"}).content.decode()
    assert "回电说明" in history


@pytest.mark.clause("EXP-4.2.6")
def test_a_negative_opinion_leads_back_to_the_plan_and_restarts_no_limit(office, clock):
    number = registered(office)
    office.walk(number, *TO_PLAN, "tell")
    before = office.api("cs_supervisor").clocks(number)["handling"]["due_at"]
    clock.later(days=1)

    after = office.api("cs_agent").does(number, "refuse", reason="不够")

    assert (after["state"], after["round"]) == ("concluded", 2)
    read = office.api("cs_supervisor").clocks(number)["handling"]
    assert (read["due_at"], read["stopped_at"]) == (before, None)
    assert [e["verb"] for e in office.api("cs_supervisor").events(number)][-3:] == ["propose", "tell", "refuse"]


@pytest.mark.clause("EXP-6.1.4")
def test_execution_asks_for_the_customers_reaction_or_a_reason_to_go_ahead(office):
    number = registered(office)
    office.walk(number, *TO_PLAN, "tell")
    handler = office.handler(number)

    refused = handler.act(number, "carry_out")
    assert (refused.status_code, refused.json()["missing"]) == (409, ["客户接受"])
    assert handler.actions(number)["record_exception"]["title"] == "未取得客户意见，先行实施"
    assert faults(handler.send(number, "record_exception", {})) == {"/data/ahead_reason": "required"}
    handler.does(number, "record_exception", ahead_reason="生鲜件等不得")
    assert handler.does(number, "carry_out")["state"] == "carried_out"
