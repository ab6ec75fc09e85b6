"""Calling customers back: what is due stands on a list, a missed call comes back, and what was told goes on from there."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.doors import Staff
from tests.pages import text_of

PACKS = ("reporting", "escalation", "express", "market")

TO_ARCHIVE = (
    "grade", "dispatch", "sign_in", "conclude", "propose", "tell", "agree", "complete_measure", "carry_out", "close", "archive",
)  # fmt: skip
TO_CARRIED_OUT = (
    "accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "tell", "agree", "carry_out",
)  # fmt: skip
ANALYSED = {"nature": "isolated", "severity": "medium", "extent": "local"}


def archived(office):
    number = office.api("cs_agent").registered(
        kind="complaint", channel="hotline", complainant_phone="13800138000", complaint_type="product_quality/damage"
    )
    office.walk(number, *TO_ARCHIVE, grade=ANALYSED, complete_measure={"item": 1})
    return number


def page_of(office, address, **asked):
    """A page as an agent sees it who has just signed in."""
    return Staff(office.world, "cs_agent").get(address, asked)


def listed(office, **asked):
    shown = page_of(office, "/calls/", **asked)
    assert shown.status_code == 200
    return re.findall(r'href="(/calls/(?:cases|visits)/[^"]+)" data-row-link', shown.content.decode())


@pytest.mark.clause("REP-4.4.1")
def test_a_follow_up_is_due_after_its_delay_and_a_missed_call_comes_back_with_the_attempt_logged(office, tmp_path):
    office.change_policy(
        tmp_path, ("pack.yaml", "value: 7\n    unit: calendar_days\n    clause: [REP-4.4.2]", "value: 1\n    unit: calendar_days\n    clause: [REP-4.4.2]")
    )  # fmt: skip
    number = archived(office)
    assert listed(office) == []

    office.clock.later(days=1)
    assert listed(office) == [f"/calls/cases/{number}/"]
    page = text_of(page_of(office, f"/calls/cases/{number}/"))
    assert "问题解决了吗" in page
    assert "还没有拨打过" in page

    office.does(number, "contact", missed_reason="not_answered")
    (attempt,) = [e for e in office.api("cs_agent").events(number, "contact") if e["verb"] == "contact"]
    assert attempt["values"][0]["value"] == ["无人接听"]
    assert listed(office) == []
    assert listed(office, when="all") == [f"/calls/cases/{number}/"]
    office.clock.later(days=1)
    assert listed(office) == [f"/calls/cases/{number}/"]
    assert "已拨 1/3 次" in text_of(page_of(office, "/calls/"))

    shown = Staff(office.world, "cs_agent").post(f"/calls/cases/{number}/")
    assert "tel:13800138000" in shown.content.decode()
    office.does(number, "follow_up", satisfaction="satisfied", problem_solved=True, suggestion="包装再加一层")
    assert listed(office, when="all") == [visit_of(office)]
    (told,) = office.api("cs_agent").events(number, "follow_up")
    assert {v["field"]: v["value"] for v in told["values"]}["suggestion"] == "包装再加一层"


@pytest.mark.clause("REP-4.4.1")
def test_a_contact_before_archiving_puts_nobody_on_the_list_twice_and_a_number_learned_later_is_called(office):
    agent = office.api("cs_agent")
    number = agent.registered(
        kind="complaint", channel="email", complainant_phone=None, complainant_email="zhang@example.com",
        complaint_type="product_quality/damage",
    )  # fmt: skip
    office.does(number, "contact", contact_way="email", reached=True, contact_text="请告诉我们您的电话。")
    office.does(
        number, "correct", complaint_type="product_quality/damage", complainant_phone="13800138000", reason="来信告知"
    )
    office.walk(number, *TO_ARCHIVE, grade=ANALYSED, complete_measure={"item": 1})

    assert listed(office, when="all") == [f"/calls/cases/{number}/"]
    shown = Staff(office.world, "cs_agent").post(f"/calls/cases/{number}/")
    assert "tel:13800138000" in shown.content.decode()


def queries_of(client, address):
    """How many queries a page needs, beside those by which now and then something kept in memory is read again."""
    return min(_queries_of_one(client, address) for _ in range(3))


def _queries_of_one(client, address):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def visit_of(office):
    return next(address for address in listed(office, when="all") if "visits" in address)


@pytest.mark.clause("REP-6.2.2")
def test_ninety_days_after_a_solved_case_a_return_visit_is_due_and_its_record_keeps_what_was_said(office):
    number = archived(office)
    office.does(number, "follow_up", satisfaction="satisfied", problem_solved=True)

    office.clock.later(days=89)
    assert listed(office) == []
    office.clock.later(days=1)
    (address,) = listed(office)
    assert "有没有新的问题" in text_of(page_of(office, address))

    key = address.split("/")[3]
    assert office.api("cs_agent").step(key, "follow_up", visit_satisfaction="neutral").status_code == 403
    assert "请由其他同事回访" in text_of(page_of(office, address))
    office.api("team_lead").steps_on(
        key, "follow_up", visit_satisfaction="neutral", further_needs="想换个大一号的", visit_again=True
    )
    said = text_of(page_of(office, f"/proceedings/{key}/"))
    assert "一般" in said
    assert "想换个大一号的" in said
    (following,) = listed(office, when="all")
    assert following != address
    assert listed(office) == []


@pytest.mark.clause("ESC-7.3.1")
def test_customers_of_a_group_are_called_and_a_problem_told_becomes_a_linked_complaint_in_one_step(office_of):
    office = office_of("escalation")
    agent = Staff(office.world, "cs_agent")
    planning = {
        "visit_topic": "净水机使用满三个月", "call_on": f"{office.clock.now:%Y-%m-%d}", "_token": "t1",
        "customers": "周敏，13911112222\n吴刚\t010-86922900",
    }  # fmt: skip
    wrong = agent.post("/calls/plan/escalation/customer_visit/", {**planning, "customers": "周敏，打不通"})
    assert wrong.status_code == 422
    assert "第 1 行" in wrong.content.decode()
    assert listed(office, when="all") == []
    assert agent.post("/calls/plan/escalation/customer_visit/", planning).status_code == 302
    first, second = listed(office)
    for_two = queries_of(agent, "/calls/")
    more = {**planning, "_token": "t2", "customers": "马琳，13911113333\n何伟，13911114444\n罗静，13911115555"}
    assert agent.post("/calls/plan/escalation/customer_visit/", more).status_code == 302
    assert (len(listed(office)), queries_of(agent, "/calls/")) == (5, for_two)

    key = next(a for a in (first, second) if "周＊＊" in text_of(page_of(office, a))).split("/")[3]
    assert "tel:13911112222" in agent.post(f"/calls/visits/{key}/").content.decode()
    api = office.api("cs_agent")
    told = {"subject": "出水有异味", "description": "换滤芯之后一周，出水有塑料味。"}
    converted = api.step(key, "convert", **told)
    assert converted.status_code == 200, converted.content.decode()
    (number,) = api.numbers()
    case = text_of(page_of(office, f"/cases/{number}/"))
    assert "出水有异味" in case
    assert api.proceeding(key)["number"] in text_of(page_of(office, f"/cases/{number}/", tab="proceedings"))
    assert f"/cases/{number}/" in agent.get(f"/proceedings/{key}/").content.decode()


@pytest.mark.clause("EXP-2.2.3")
def test_satisfaction_is_unknown_until_the_call_and_then_one_of_three_with_source_and_date(office_of):
    office = office_of("express")
    agent = office.api("cs_agent")
    number = agent.registered(kind="complaint")
    assert office.world.pack.grading.axis("satisfaction") is not None
    before = text_of(Staff(office.world, "cs_agent").get(f"/cases/{number}/"))
    assert re.search(r"客户满意度\s*尚未评价", before)
    office.walk(
        number, "accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "tell", "agree", "carry_out"
    )  # fmt: skip
    assert listed(office, when="all") == [f"/calls/cases/{number}/"]

    office.does(number, "follow_up", satisfaction_answer="neutral", satisfaction_source="call", comment="还行")

    after = Staff(office.world, "cs_agent").get(f"/cases/{number}/")
    assert re.search(r"客户满意度\s*一般（电话回访）", text_of(after))
    (event,) = agent.events(number, "follow_up")
    assert {v["field"]: v["value"] for v in event["values"]}["satisfaction_source"] == ["电话回访"]
    assert event["at"].startswith(f"{office.clock.now:%Y-%m-}")


def test_whoever_was_not_reached_is_called_again_after_the_delay_of_the_plan(office_of):
    office = office_of("express")
    number = office.api("cs_agent").registered(kind="complaint", complainant_phone="13800138000")
    office.walk(number, *TO_CARRIED_OUT)
    office.clock.later(days=7)
    assert listed(office, when="overdue") == [f"/calls/cases/{number}/"]

    office.does(number, "contact", reached=False)
    assert listed(office) == []
    assert listed(office, when="all") == [f"/calls/cases/{number}/"]

    office.clock.later(days=4)
    assert listed(office) == [f"/calls/cases/{number}/"]
