"""Guidance and the customer in sight, in the express, reporting and escalation packs."""

import re

import pytest

from tests.acceptance.test_market_guidance import guidance_of, on_page, sends
from tests.doors import Staff, faults, value_of
from tests.pages import text_of

PACKS = ("express", "reporting", "escalation")

TO_PLAN = ("accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude")


@pytest.fixture
def express(office_of):
    return office_of("express")


def parcel(office, category="item_damage", **answers):
    return office.api("cs_agent").registered(
        channel="telephone", recorded_category=category, complainant_name="顾晓彤", salutation="ms", **answers
    )


def to_plan(office, number, **grade):
    office.walk(number, *TO_PLAN, grade={"category": "service_quality/damaged", **grade})
    return office.handler(number)


@pytest.mark.clause("EXP-5.1.1")
def test_problem_and_expectation_are_asked_for_before_a_solution(express):
    agent = express.api("intake_officer")
    number = agent.registered(channel="third_party_platform", description=None, demands=None)
    intake = Staff(express.world, "intake_officer").get("/intake/")

    refused = agent.act(number, "accept")
    agent.does(number, "correct", description="外箱压瘪", demands=[{"text": "赔偿"}])
    express.walk(number, *TO_PLAN)
    planned = express.handler(number).does(number, "propose")

    assert "先听客户讲完，不要打断" in guidance_of(intake)
    assert (refused.status_code, set(refused.json()["missing"])) == (409, {"投诉经过", "客户诉求"})
    assert planned["state"] == "planned"


@pytest.mark.clause("EXP-5.1.2", "EXP-5.2.2")
def test_what_is_said_to_a_customer_is_offered_while_talking_and_at_no_step_between_colleagues(express):
    number = parcel(express, "item_loss", concerns_parcel=True, tracking_number="SF1234567890123", emotion="furious")
    express.walk(number, "accept", "confirm", "grade")

    talking = guidance_of(Staff(express.world, "cs_agent").get(f"/cases/{number}/do/contact/"))
    dispatching = text_of(Staff(express.world, "intake_officer").get(f"/cases/{number}/do/dispatch/"))

    assert [title in talking for title in ("安抚（愤怒时）", "体谅（丢件）", "先稳住自己")] == [True, True, True]
    assert [title in dispatching for title in ("可以这样说", "体谅（丢件）", "先稳住自己")] == [False, False, False]


@pytest.mark.clause("EXP-5.1.2", "EXP-5.2.2", "EXP-5.2.1")
def test_wording_of_the_class_is_confirmed_before_use_stored_and_counted_and_a_hard_contact_is_handed_over(express):
    number = parcel(express, "item_loss", concerns_parcel=True, tracking_number="SF1234567890123")
    staff, supervisor = Staff(express.world, "cs_agent"), Staff(express.world, "cs_supervisor")
    said = "顾女士，丢了东西确实着急，我现在就去查。"
    contact = {
        "contact_time": "2026-03-02T09:00", "contact_way": "telephone", "reached": "yes", "contact_text": said,
        "emotion": "furious", "_phrase": "sympathy_lost", "_tick": "calming.breathe",
    }  # fmt: skip

    offered = guidance_of(staff.get(f"/cases/{number}/do/contact/"))
    angry = staff.post(f"/cases/{number}/do/contact/", {**contact, "_redraw": "1"}, headers={"HX-Request": "true"})
    unread = sends(staff, number, "contact", **contact)
    sends(staff, number, "contact", **contact, _read="1")
    lead = express.api("cs_supervisor")
    relief = sends(staff, number, "request_relief", relieved_by=str(lead.id), relief_reason="anger")

    assert "顾女士，东西不见了" in offered and "SF1234567890123" in offered
    assert "到手是坏的" not in offered
    assert (
        "情绪激动时：先稳住自己" in angry.content.decode()
        and f"/cases/{number}/do/request_relief/" in angry.content.decode()
    )
    assert (unread.status_code, relief.status_code) == (422, 302)
    (event,) = express.api("cs_agent").events(number, "contact")
    assert value_of(event, "contact_text") == said
    summary = text_of(supervisor.get("/experience/"))
    assert "体谅（丢件） 1 1" in summary and "深呼吸，放低音量、放慢语速 1 1" in summary
    assert lead.username in express.told(number, "relief_wanted")
    assert f"{staff.person.name} 1" in text_of(supervisor.get("/workload/"))


@pytest.mark.clause("EXP-5.1.4")
def test_solutions_of_similar_cases_stand_beside_the_plan_with_their_acceptance(express):
    for answer, amount in (("agree", "200.00"), ("agree", "400.00"), ("refuse", "30.00")):
        number = parcel(express)
        to_plan(express, number).does(number, "propose", solution_kind=["compensation"], agreed_amount=amount)
        express.walk(number, "tell", answer)
    number = parcel(express)
    handler = to_plan(express, number)
    handler.does(number, "propose", solution_kind=["apology"], agreed_amount="5000.00")
    now = parcel(express)
    to_plan(express, now)

    planner = Staff(express.world, "cs_agent")
    planner.force_login(express.handler(now).person)
    shown = text_of(planner.get(f"/cases/{now}/do/propose/"))

    assert "补偿损失 67% 3 次答复，接受 67%，平均 ¥210.00" in shown
    assert "致歉 超出您的权限 还没有客户答复" in shown


@pytest.mark.clause("EXP-7.2.2")
def test_the_mean_of_need_first_and_its_comments_stand_in_the_experience_summary(express):
    reviewer = Staff(express.world, "quality_manager")
    for score, comment in (("5", "先保证客户用上"), ("2", "只谈规定，没有问客户急不急")):
        address = f"/cases/{parcel(express)}/begin/case_review/"
        page = reviewer.get(address)
        names = [n for n in re.findall(r'name="(score_[a-z_]+)" ', page.content.decode()) if "comment" not in n]
        sent = reviewer.post(address, {
            **dict.fromkeys(names, "3"), "score_need_first": score, "score_need_first_comment": comment,
            "_version": on_page(page, "_version"), "_token": on_page(page, "_token"),
        })  # fmt: skip
        assert sent.status_code == 302

    summary = text_of(reviewer.get("/experience/"))

    assert "把客户的需要放在第一位并解决 3.5 / 5" in summary
    assert "先保证客户用上" in summary and "只谈规定，没有问客户急不急" in summary


@pytest.mark.clause("REP-6.2.1")
def test_history_value_and_preferred_route_stand_beside_the_plan(office_of):
    office = office_of("reporting")
    agent = office.api("cs_agent")
    known = {"complainant_name": "沈国梁", "complainant_phone": "13900000777"}
    first = {"preferred_route": "sms", "customer_since": "2020-03-01", "yearly_volume": "12800.00"}
    earlier = [
        agent.registered(
            kind="complaint", channel="hotline", **known, subject=f"以前的投诉{n}", **(first if n == 1 else {})
        )
        for n in (1, 2, 3)
    ]
    number = agent.registered(
        kind="complaint", channel="hotline", **known, preferred_route=None, customer_since=None, yearly_volume=None
    )
    office.walk(
        number,
        "grade",
        "dispatch",
        "sign_in",
        "conclude",
        grade={"nature": "isolated", "severity": "medium", "extent": "local"},
    )

    page = Staff(office.world, "team_lead").get(f"/cases/{number}/do/propose/")
    office.does(number, "propose", plan_adapted="改发短信，晚上七点后联系")

    shown = text_of(page)
    assert "2020-03-01" in shown and "¥12,800.00" in shown and "以往投诉 3 件" in shown
    assert all(one in shown for one in earlier)
    assert re.search(r'name="reply_route"[^>]*value="sms"[^>]*checked', page.content.decode())
    assert value_of(agent.events(number, "propose")[0], "plan_adapted") == "改发短信，晚上七点后联系"


@pytest.mark.clause("ESC-1.3.1")
def test_the_wish_is_on_every_page_the_plan_answers_it_and_the_review_scores_it(office_of):
    office = office_of("escalation")
    number = office.api("cs_agent").registered(demand="换一台新的", channel="hotline")
    office.walk(number, "grade", "dispatch", "sign_in", "investigate", "conclude")
    handler = office.handler(number)
    reader = Staff(office.world, "quality_manager")

    refused = handler.act(number, "propose", answers_expectation=None)
    taken = handler.does(number, "propose", answers_expectation="整机更换，三天内送到")
    pages = [reader.get(f"/cases/{number}/", {"tab": tab}).content.decode() for tab in ("", "evidence", "proceedings")]
    review = text_of(reader.get(f"/cases/{number}/begin/case_review/"))

    assert faults(refused) == {"/data/answers_expectation": "required"}
    assert taken["state"] == "carrying_out"
    assert all("换一台新的" in page[page.index('class="brief"') : page.index('class="stages"')] for page in pages)
    assert "以客户的需要和期望为先" in review and "方案回应了客户的期望" in review
