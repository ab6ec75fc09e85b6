"""Asking customers: by plan, once each, never in their place, and figures that add up to their answers."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.acceptance.test_calls import queries_of
from tests.doors import Staff
from tests.pages import in_words, text_of

PACKS = ("escalation", "reporting", "express")
AGREED = (
    "grade", "dispatch", "sign_in", "investigate", "conclude", "add_evidence", "propose", "complete_measure", "carry_out", "tell", "agree",
)  # fmt: skip
TO_CLOSED = (
    "accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "tell", "agree", "carry_out", "follow_up",
    "close",
)  # fmt: skip
ANALYSED = {"nature": "isolated", "severity": "medium", "extent": "local"}
REPORTED = (
    "grade", "dispatch", "sign_in", "conclude", "propose", "tell", "agree", "complete_measure", "carry_out", "close", "archive",
)  # fmt: skip


def links(office):
    return [re.search(r"/portal/survey/[\w-]{22}/", text).group(0) for text in office.left("survey_invitation")]


def answered(link, **given):
    return Client().post(link, {"process": "4", "result": "4", **given})


def page(office, role, address, **asked):
    return text_of(Staff(office.world, role).get(address, asked))


def only_survey(office, role):
    shown = Staff(office.world, role).get("/surveys/").content.decode()
    return re.search(r"/surveys/[0-9a-f-]{36}/", shown).group(0)


@pytest.mark.clause("ESC-3.4.2a")
def test_whoever_accepts_evaluates_process_and_result_and_who_does_not_answer_counts_as_not_evaluated(office_of):
    office = office_of("escalation")
    agent = office.api("cs_agent")
    numbers = [
        office.api("intake_officer").registered(
            channel="hotline",
            category="delivery_delay",
            business_impact="project_delayed",
            complainant_phone=f"1380013800{n}",
        )
        for n in (1, 2)
    ]
    for number in numbers:
        office.walk(number, *AGREED, complete_measure={"item": 1})
    first, _ = links(office)
    assert Client().get(first).status_code == Client().get(first).status_code == 200

    assert answered(first, process="3", result="5", words="就是等得久了点").status_code == 200
    twice = answered(first, process="1", result="1")
    assert (twice.status_code, "您已经评价过了" in in_words(twice.content.decode())) == (410, True)

    survey = only_survey(office, "cs_supervisor")
    shown = page(office, "cs_supervisor", f"{survey}analysis/")
    assert re.search(r"邀请 2 已回答 1 未评价 1 回收率 50.0%", shown)
    assert re.search(r"处理的过程，您满意吗？ 处理过程 3.00 1", shown)
    assert re.search(r"处理的结果，您满意吗？ 处理结果 5.00 1", shown)
    (rated,) = [e for n in numbers for e in agent.events(n, "rate")]
    assert {v["field"]: v["value"] for v in rated["values"]} == {
        "process_satisfaction": ["一般"], "satisfaction": ["满意"], "comment": "就是等得久了点",
    }  # fmt: skip


@pytest.mark.clause("ESC-7.3.2")
def test_an_answer_to_a_public_questionnaire_is_feedback_with_its_channel_and_no_complaint(office_of):
    office = office_of("escalation")
    staff = Staff(office.world, "cs_supervisor")
    plan = {"title": "夏季体验", "questionnaire": "experience", "methods": "link", "share": "100", "minimum": "1",
            "begins_on": "2026-03-02", "ends_on": "2026-06-30"}  # fmt: skip
    survey = staff.post("/surveys/new/escalation/", plan)["Location"]
    assert Client().get("/portal/ask/escalation/experience/").status_code == 404
    assert staff.post(f"{survey}start/").status_code == 302

    sheet = {"product": "5", "service": "2", "heard": "shop", "words": "门店没人接待"}
    assert Client().post("/portal/ask/escalation/experience/?from=qr", {"service": "2"}).status_code == 422
    assert Client().post("/portal/ask/escalation/experience/?from=qr", sheet).status_code == 200
    agent = Staff(office.world, "cs_agent")
    assert agent.post(f"{survey}take/", {**sheet, "_method": "telephone"}).status_code == 302
    assert agent.post(f"{survey}take/", {**sheet, "_method": "email"}).status_code == 302

    found = page(office, "cs_supervisor", f"{survey}analysis/", by="method")
    assert "公开问卷 3" in found
    assert "二维码 1" in found
    assert "电话访问 1" in found
    assert "邮件 1" in found
    assert "门店没人接待" in found
    assert office.api("cs_supervisor").numbers() == []


@pytest.mark.clause("EXP-5.3.1")
@pytest.mark.clause("EXP-5.3.2")
@pytest.mark.clause("EXP-5.3.3")
def test_an_incomplete_plan_does_not_start_and_a_complete_one_asks_each_customer_once(office_of):
    office = office_of("express")
    numbers = []
    for n in range(3):
        number = office.api("cs_agent").registered(kind="complaint", complainant_phone=f"1390013900{n}")
        office.walk(number, *TO_CLOSED, follow_up={"satisfaction_answer": "satisfied"})
        numbers.append(number)
    by_itself = links(office)
    assert len(by_itself) == 3
    staff = Staff(office.world, "quality_manager")
    plan = {"title": "三月专项调查", "kinds": "complaint", "closed_from": "2026-03-01", "closed_until": "2026-03-31", "share": "100",
            "questionnaire": "after_handling", "begins_on": "2026-03-02", "ends_on": "2026-03-31", "minimum": "2"}  # fmt: skip
    survey = staff.post("/surveys/new/express/", plan)["Location"]
    refused = staff.post(f"{survey}start/")
    assert refused.status_code == 409
    assert "调查方式" in refused.content.decode()

    staff.post(survey, {**plan, "methods": ["telephone", "sms"]})
    assert staff.post(f"{survey}start/").status_code == 302
    office.work()
    assert "邀请 3 已回答 0" in page(office, "quality_manager", survey)
    agent = Staff(office.world, "cs_agent")
    waiting = re.findall(rf"{survey}ask/[0-9a-f-]+/(?=\" data-row-link)", agent.get(f"{survey}ask/").content.decode())
    assert len(waiting) == 3
    sheets = [
        {"process": "5", "result": "4", "speed": "2", "words": "再快些"},
        {"process": "4", "result": "4", "speed": "1", "words": "还好"},
    ]
    pages = ("/surveys/", f"{survey}analysis/", f"{survey}answers/")
    needed = []
    for address, sheet in zip(waiting, sheets, strict=False):
        assert "tel:1390013900" in agent.get(address).content.decode()
        assert agent.post(address, sheet).status_code == 302
        needed.append([queries_of(staff, one) for one in pages])
    assert needed[0] == needed[1]
    again = agent.post(waiting[0], sheets[0])
    assert again.status_code == 410
    handlers = {office.api("cs_agent").case(number)["handler"] for number in numbers}
    assert agent.person.username not in handlers

    shown = page(office, "quality_manager", f"{survey}analysis/")
    assert re.search(r"满意度高的方面 处理过程 4.50 2 份 .*不足之处 及时性 1.50 2 份", shown)
    assert "回答少于 2 份、不参与排名：服务态度：0、责任部门：0" in shown
    assert "电话访问" in page(office, "quality_manager", f"{survey}answers/")
    assert agent.person.name in page(office, "quality_manager", f"{survey}answers/")
    for by in ("category", "channel", "department"):
        assert re.search(r"合计 2 4.50", page(office, "quality_manager", f"{survey}analysis/", by=by))

    assert answered(by_itself[0], process="1", result="1").status_code == 200
    over = answered(by_itself[0], process="5", result="5")
    assert over.status_code == 410
    assert "只能回答一次" in over.content.decode()
    assert office.told(numbers[0], "low_score") != []


@pytest.mark.clause("REP-5.2.1")
def test_a_quarterly_survey_asks_by_itself_and_shows_mean_distribution_invited_and_response_rate(office_of):
    office = office_of("reporting")
    for n in range(2):
        number = office.api("cs_agent").registered(
            kind="complaint",
            channel="hotline",
            complainant_phone=f"1380013800{n}",
            complaint_type="product_quality/damage",
        )
        office.walk(number, *REPORTED, grade=ANALYSED, complete_measure={"item": 1})
    office.clock.later(days=1)
    office.work()
    first, _ = links(office)
    answered(first, process="4", result="5")
    office.clock.later(days=1)
    office.work()
    assert len(links(office)) == 2

    survey = only_survey(office, "team_lead")
    shown = page(office, "team_lead", f"{survey}analysis/")
    assert "邀请 2 已回答 1 未评价 1 回收率 50.0%" in shown
    assert re.search(r"处理结果 5.00 1 份 1 分：0 2 分：0 3 分：0 4 分：0 5 分：1", shown)
    listed = Staff(office.world, "team_lead").get(f"{survey}answers/").content.decode()
    assert re.search(r'href="/cases/FK20260302-000[12]/"', listed)
