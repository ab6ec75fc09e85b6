"""What is done for the customer meanwhile, and the customer across all their cases, under the reporting policy."""

import pytest

from tests.doors import Staff, value_of

PACKS = ("reporting",)

PERSON = {"complainant_name": "李蕾", "complainant_phone": "13800138000"}
ANALYSED = {"nature": "isolated", "severity": "medium", "extent": "local"}


@pytest.mark.clause("REP-4.3.2")
def test_interim_relief_has_start_and_end_and_the_customers_answer_is_kept(office, clock):
    agent = office.api("cs_agent")
    number = agent.registered(channel="hotline", **PERSON)
    office.walk(number, "grade", "dispatch", "sign_in", grade=ANALYSED)
    relief = agent.begins(
        "interim_relief", number, relief_kind="loan_device", relief_text="备用路由器一台", relief_since="2026-03-02",
        relief_until="2026-03-06",
    )  # fmt: skip

    assert relief["state"] == "given"
    page = Staff(office.world, "cs_agent").get(f"/cases/{number}/", {"tab": "proceedings"}).content.decode()
    assert "备用路由器一台" in page
    clock.at("2026-03-05T10:00:00+08:00")
    ended = agent.steps_on(relief["id"], "complete_measure", relief_ended_on="2026-03-05")
    assert ended["state"] == "ended"
    whole = Staff(office.world, "cs_agent").get(f"/proceedings/{relief['id']}/").content.decode()
    assert "2026-03-02" in whole or "3月2日" in whole
    assert "2026-03-05" in whole or "3月5日" in whole

    office.walk(number, "conclude", "propose", "tell", "agree", agree={"comment": "可以接受"})
    assert value_of(agent.events(number, "agree")[0], "comment") == "可以接受"
    assert agent.case(number)["state"] == "carrying_out"


@pytest.mark.clause("REP-6.2.3")
def test_one_page_holds_every_contact_with_a_customer_and_the_plan_of_the_next(
    office, clock, django_assert_max_num_queries
):
    agent = office.api("cs_agent")
    complaint = agent.registered(channel="hotline", kind="complaint", **PERSON, demand="换一台新的")
    clock.later(hours=1)
    feedback = agent.registered(channel="hotline", kind="feedback", **PERSON, description="希望周末也能安装")
    clock.later(hours=1)
    agent.does(complaint, "contact", contact_way="telephone", reached=True, contact_text="告知正在查")
    office.walk(
        feedback, "grade", "answer", "close", "archive", "follow_up",
        grade=ANALYSED, follow_up={"satisfaction": "satisfied", "suggestion": "短信提前一天通知"},
    )  # fmt: skip
    plan = agent.begins(
        "contact_plan", complaint, plan_purpose="每季度问候", plan_owner=agent.id, next_contact_on="2026-03-10"
    )
    agent.steps_on(
        plan["id"], "contact", contact_text="问候", customer_need="要一份说明书", customer_opinion="总体不错",
        next_contact_on="2026-03-20",
    )  # fmt: skip

    staff = Staff(office.world, "cs_agent")
    staff.get(f"/cases/{complaint}/customer/")
    with django_assert_max_num_queries(30):
        page = staff.get(f"/cases/{complaint}/customer/").content.decode()
    order = ["要一份说明书", "短信提前一天通知", "告知正在查", "希望周末也能安装", "换一台新的"]
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert "每季度问候" in page
    needs = staff.get(f"/cases/{feedback}/customer/", {"show": "need"}).content.decode()
    assert ("换一台新的" in needs, "短信提前一天通知" in needs) == (True, False)

    clock.at("2026-03-23T09:30:00+08:00")
    office.work()
    assert agent.id in office.told_in(plan["id"], "contact_due")
