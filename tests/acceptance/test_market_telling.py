"""Answers at once, promises of a reply, and each step told, under the market process."""

import pytest

from tests.doors import Staff, faults

PACKS = ("market",)

UPHELD = {"grounds": "sufficient", "demand_judged": "reasonable", "validity": "upheld", "service_link": "installation"}
PROMISED = "2026-03-02T15:00:00+08:00"
REPLY = {"contact_purpose": "progress", "contact_way": "telephone", "contact_text": "还在核实"}


@pytest.mark.clause("MKT-3.1c")
def test_a_minor_complaint_settled_in_the_call_is_never_passed_on_and_counts_as_first_contact(office):
    agent = office.api("cs_agent")
    number = agent.registered(
        channel="telephone", can_settle_now=True, answer_text="五金保修五年", settled_now=True, promised_reply_at=None
    )

    case = agent.case(number)
    assert (case["state"], case["outcome"], case["due_clock"]) == ("handled", "settled_at_once", "follow_up")
    assert office.messages(number) == ["answered_at_once"]
    assert Staff(office.world, "cs_agent").counts("outcome") == {"当场答复解决": 1, "合计": 1}
    office.walk(number, "follow_up", "review", "archive", review={"review_result": "pass"})
    assert agent.case(number)["state"] == "archived"


@pytest.mark.clause("MKT-3.1d")
def test_what_is_not_settled_needs_a_promised_time_that_binds_and_is_confirmed(office):
    agent = office.api("cs_agent")

    refused = agent.register(channel="telephone", promised_reply_at=None)
    too_far = agent.register(channel="telephone", promised_reply_at="2026-06-01T15:00:00+08:00")
    number = agent.registered(channel="telephone", promised_reply_at=PROMISED)

    assert (refused.status_code, faults(refused)) == (422, {"/answers/promised_reply_at": "required"})
    assert faults(too_far) == {"/answers/promised_reply_at": "too_far_ahead"}
    assert agent.clocks(number)["promised_reply"]["due_at"] == "2026-03-02T07:00:00Z"
    agent.does(number, "judge", **UPHELD)
    agent.does(number, "contact", contact_purpose="apology")
    assert agent.case(number)["word_due_at"] == "2026-03-02T07:00:00Z"
    assert office.messages(number) == ["acknowledged_with_time"]
    assert any("2026年3月2日 15:00前答复您" in body for body in office.left("acknowledged_with_time"))


@pytest.mark.clause("MKT-3.1e")
def test_at_the_promised_time_a_reply_renews_the_promise_and_a_broken_one_alerts(office, clock):
    agent, lead = office.api("cs_agent"), office.api("cs_lead")
    number = agent.registered(channel="telephone", promised_reply_at=PROMISED)
    agent.does(number, "judge", **UPHELD)
    clock.at("2026-03-02T14:50:00+08:00")

    bare = agent.act(number, "contact", **REPLY, promised_reply_at=None)
    assert (bare.status_code, faults(bare)) == (422, {"/data/promised_reply_at": "required"})
    agent.does(number, "contact", **REPLY, promised_reply_at="2026-03-02T17:00:00+08:00")
    assert agent.clocks(number)["promised_reply"]["due_at"] == "2026-03-02T09:00:00Z"

    clock.at("2026-03-02T17:01:00+08:00")
    office.work()
    assert set(office.told(number, "promise_broken")) >= {agent.username, lead.username}
    page = Staff(office.world, "cs_lead").get("/promises/", {"whose": "all", "show": "broken"}).content.decode()
    assert number in page
    assert '按时履行 <span class="figure">1</span>' in page
    assert '失约 <span class="figure">1</span>' in page


@pytest.mark.clause("MKT-3.4a")
def test_each_step_is_a_contact_task_and_a_customer_who_asks_first_is_counted(office):
    agent = office.api("cs_agent")
    number = agent.registered(channel="telephone", promised_reply_at=PROMISED)
    office.walk(number, "judge", "contact", "dispatch", judge=UPHELD, contact={"contact_purpose": "apology"})
    office.does(number, "sign_in")

    task = agent.clocks(number)["step_told"]
    assert (task["task"], task["stopped_at"]) == ({"title": "主动告知客户进展", "to": ["cs_agent"]}, None)
    assert agent.numbers(task="mine") == [number]
    agent.does(number, "contact", **REPLY, promised_reply_at="2026-03-03T17:00:00+08:00")
    assert agent.numbers(task="mine") == []
    office.does(number, "propose")
    assert agent.numbers(task="mine") == [number]

    enquiry = {"contact_purpose": "status_enquiry", "contact_direction": "incoming", "contact_way": "telephone"}
    agent.does(number, "contact", **enquiry)
    agent.does(number, "contact", **enquiry)
    page = Staff(office.world, "cs_agent").get(f"/cases/{number}/").content.decode()
    assert "客户主动询问进展 2 次" in page
