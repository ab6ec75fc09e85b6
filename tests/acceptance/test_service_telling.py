"""Who speaks with the customer, by when, and with what answer, under the service rules."""

import re

import pytest
from django.test import Client

from tests.doors import value_of
from tests.web.staff import on_page

PACKS = ("service",)

PROMISED = {
    "answered_at_once": False, "complainant_phone": None, "complainant_email": "li.lei@example.com",
    "promised_reply_at": "2026-03-03T12:00:00+08:00", "topic": "order_status",
}  # fmt: skip


@pytest.mark.clause("SVC-1.3c")
def test_a_plan_that_was_fed_back_stays_a_contact_task_of_the_named_person(office):
    clerk = office.api("cs_specialist")
    number = clerk.registered(
        kind="complaint", channel="hotline", complainant_phone="13800138000", nature="delivery/late", solved_on_call=False,
        involves_payout=False,
    )  # fmt: skip
    office.walk(number, "dispatch", "sign_in", "propose")
    tracker = office.handler(number)

    task = tracker.clocks(number)["tell_customer"]
    assert (task["task"], task["stopped_at"]) == ({"title": "告知顾客处理期限和方案", "to": ["tracker"]}, None)
    assert tracker.numbers(task="mine") == [number]
    department = office.api("department_member", "logistics")
    assert "tell" not in department.actions(number) if number in department.numbers() else True
    office.does(number, "tell", contact_text="顾客同意周五前换货")
    assert tracker.numbers(task="mine") == []
    assert value_of(tracker.events(number, "tell")[0], "contact_text") == "顾客同意周五前换货"


@pytest.mark.clause("SVC-4.2.5")
def test_a_finished_item_keeps_reply_and_satisfaction_and_a_late_reply_is_marked(office, clock):
    clerk = office.api("cs_specialist")
    number = clerk.registered(kind="enquiry", channel="hotline", **PROMISED)
    agency = clerk.registered(kind="agency", channel="hotline", **PROMISED)
    assert clerk.clocks(number)["reply"]["due_at"] == "2026-03-05T09:30:00Z"
    assert clerk.clocks(agency)["reply"]["due_at"] == "2026-03-11T09:30:00Z"

    clock.at("2026-03-06T09:00:00+08:00")
    office.work()
    for one in (number, agency):
        clerk.does(one, "answer", handling_text="查过", answer_text="今天发货", satisfaction="satisfied")

    reply = clerk.events(number, "answer")[0]
    assert (reply["at"], value_of(reply, "answer_text")) == ("2026-03-06T01:00:00Z", "今天发货")
    assert value_of(reply, "satisfaction") == ["满意"]
    assert [clerk.clocks(one)["reply"]["status"] for one in (number, agency)] == ["broken", "kept"]
    assert clerk.numbers(missed="reply", status="all") == [number]
    assert clerk.does(number, "archive")["state"] == "filed"


@pytest.mark.clause("SVC-4.3.5")
def test_the_answer_to_a_web_message_is_logged_and_whoever_wrote_it_rates_it(office):
    customer = Client()
    sent = customer.post("/portal/complain/service/enquiry/", {
        "complainant_name": "李雷", "complainant_email": "li.lei@example.com", "subject": "到货时间",
        "description": "滚筒什么时候到？", "topic": "order_status",
    })  # fmt: skip
    assert sent.status_code == 201
    clerk = office.api("cs_specialist")
    (number,) = clerk.numbers(kind="enquiry")

    clerk.does(number, "answer", handling_text="查过", answer_text="滚筒今天发货", satisfaction=None)

    (answered,) = clerk.events(number, "answer")
    assert value_of(answered, "answer_text") == "滚筒今天发货"
    assert "answer" in office.messages(number)
    page = customer.get(f"/portal/case/{number}/").content.decode()
    assert "滚筒今天发货" in page
    address = f"/portal/case/{number}/rate/"
    assert address in page
    form = customer.get(address)
    fields = {name: on_page(form, name) for name in ("_token", "_seen")}
    assert customer.post(address, {"satisfaction": "satisfied", **fields}).status_code == 302
    assert value_of(clerk.events(number, "rate")[0], "satisfaction") == ["满意"]


def test_whoever_was_answered_is_asked_how_it_went_and_the_score_counts_on_the_case(office):
    clerk = office.api("cs_specialist")
    number = clerk.registered(kind="enquiry", channel="hotline", **PROMISED)
    clerk.does(number, "answer", handling_text="查过", answer_text="今天发货", satisfaction=None)

    link = re.search(r"/portal/survey/[\w-]{22}/", office.left("survey_invitation")[-1]).group(0)
    assert Client().post(link, {"result": "2", "in_time": "4", "words": "电话等太久"}).status_code == 200

    (rated,) = clerk.events(number, "rate")
    assert (value_of(rated, "satisfaction"), value_of(rated, "comment")) == (["不满意"], "电话等太久")
