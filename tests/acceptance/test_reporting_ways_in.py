"""The ways in to the shop: calls, the website, feedback apart from complaints, and praise."""

import pytest
from django.test import Client

from tests.doors import Staff, faults, value_of
from tests.pages import in_words, text_of

PACKS = ("reporting",)
CALLER = {"complainant_name": "顾晓彤", "complainant_phone": "13800138000"}


@pytest.mark.clause("REP-2.1.1")
def test_an_agent_sees_a_known_caller_with_open_cases_and_the_new_case_stores_number_time_and_agent(office, clock):
    agent = Staff(office.world, "cs_agent")
    door = office.of(agent.person)
    earlier = door.registered(**CALLER, subject="洗衣机外壳破了")

    secret = agent.get("/intake/", {"phone": "13800138000"})["Location"].split("call=")[1]
    clock.later(minutes=2)
    agent.post("/intake/", {"_desk": "reporting", "_redraw": "1", "_call": secret})
    shown = text_of(agent.post("/intake/earlier/", {"_desk": "reporting", "complainant_phone": "13800138000"}))
    sent = agent.post("/intake/", {
        "_desk": "reporting", "_kind": "complaint", "_channel": "hotline", **CALLER, "caller_number": "13800138000",
        "call_began_at": "2026-03-02T09:00", "complaint_type": "delivery/not_on_time", "agreed_on": "2026-02-27",
        "subject": "还没送到", "description": "约好周五送到，没有来。",
    })  # fmt: skip

    assert "老客户 顾＊＊" in shown and "以往 1 件，未结 1 件" in shown and earlier in shown
    number = sent["Location"].strip("/").split("/")[-1]
    event = door.events(number, "register")[0]
    assert (value_of(event, "caller_number"), value_of(event, "call_began_at")) == (
        "138****8000",
        "2026-03-02T01:00:00Z",
    )
    assert (event["actor"], event["at"]) == (agent.person.actor_id, "2026-03-02T01:02:00Z")


@pytest.mark.clause("REP-3.1.1", "REP-3.1.2")
def test_feedback_of_four_sources_stands_apart_and_a_passage_of_a_call_becomes_one_in_one_step(office):
    agent = office.api("cs_agent")
    staff = Staff(office.world, "cs_agent")
    call = agent.registered(
        **CALLER, subject="还没送到", complaint_type="service_attitude", description="没送到。另外你们的说明书字太小。"
    )
    before = staff.counts("kind")

    feedback = {"kind": "feedback", **CALLER, "feedback_type": "experience"}
    numbers = [
        agent.registered(**feedback, channel=channel) for channel in ("web_form", "social_media", "hotline", "email")
    ]
    listed = {case["number"]: case["channel"] for case in agent.read("cases", kind="feedback")["cases"]}
    assert [listed[number] for number in numbers] == ["web_form", "social_media", "hotline", "email"]
    methods = [value_of(agent.events(number, "register")[0], "collection_method") for number in numbers]
    assert methods == [["在线表单"], None, None, None]

    marked = staff.post(f"/cases/{call}/do/extract/", {
        "_version": str(agent.case(call)["version"]), "passage": "你们的说明书字太小。", "feedback_type": "experience",
    })  # fmt: skip
    assert marked.status_code == 302
    (extracted,) = set(agent.numbers(kind="feedback")) - set(numbers)
    event = agent.events(extracted, "register")[0]
    assert value_of(event, "description") == "你们的说明书字太小。"
    assert value_of(event, "collection_method") == ["客服记录"]
    assert (agent.case(extracted)["channel"], agent.case(call)["state"]) == ("hotline", "registered")
    assert extracted in text_of(staff.get(f"/cases/{call}/"))
    assert call in text_of(staff.get(f"/cases/{extracted}/"))
    assert staff.counts("kind") == before
    assert staff.counts_apart("channel") == {"客服热线": 2, "在线表单": 1, "社交媒体": 1, "电子邮件": 1, "合计": 5}


@pytest.mark.clause("REP-5.2.3")
def test_thank_you_letters_are_counted_apart_and_stand_on_the_page_of_whoever_is_praised(office):
    agent = office.api("cs_agent")
    staff, praised = Staff(office.world, "cs_agent"), Staff(office.world, "case_handler")
    letter = {"kind": "praise", "channel": "letter", "complainant_name": "顾晓彤", "complainant_phone": None}
    nobody = agent.register(**letter, praised_person=None, praised_department=None)
    tomorrow = agent.register(**letter, praised_person=praised.person.pk, praised_on="2026-03-03")
    wordless = agent.register(**letter, praised_person=praised.person.pk, description=None, evidence_files=None)
    assert [faults(one) for one in (nobody, tomorrow, wordless)] == [
        {"/answers/praised_person": "required"}, {"/answers/praised_on": "in_future"}, {"/description": "required"},
    ]  # fmt: skip

    scan = office.world.upload(agent.person.actor_id)
    first = agent.registered(**letter, praised_person=praised.person.pk, praised_on="2026-02-27", subject="冒雪送药")
    scanned = {"description": None, "evidence_files": [scan], "subject": "修好了就走"}
    agent.registered(**letter, praised_person=praised.person.pk, **scanned)

    assert (agent.case(first)["state"], agent.case(first)["due_at"]) == ("praise_recorded", None)
    assert (staff.counts("kind"), staff.counts_apart("kind")) == ({}, {"表扬与感谢信": 2, "合计": 2})
    assert "我们已经记下来了，谢谢您告诉我们" in text_of(staff.get(f"/intake/done/{first}/"))
    own = text_of(praised.get("/account/"))
    assert "客户表扬 2" in own and "冒雪送药" in own and "修好了就走" in own
    assert "2026年2月27日" in own
    assert "冒雪送药" not in text_of(staff.get("/account/"))


def test_praise_on_the_website_waits_until_somebody_says_who_was_meant(office):
    agent = office.api("cs_agent")
    praised = office.api("case_handler")
    number = agent.registered(kind="praise", channel="web_form", praised_whom="南门的小伍", complainant_phone=None)
    assert (agent.case(number)["state"], agent.clocks(number)["praise"]["status"]) == ("praise_received", "running")

    assert agent.does(number, "confirm", praised_person=praised.id)["state"] == "praise_recorded"
    assert "客户表扬 1" in text_of(Staff(office.world, "case_handler").get("/account/"))


@pytest.mark.clause("REP-2.1.3")
def test_a_complaint_on_the_website_gets_its_number_at_once_and_stands_in_the_queue(office):
    customer = Client()
    sent = customer.post("/portal/complain/reporting/complaint/", {
        **CALLER, "complaint_type": "delivery/not_on_time", "agreed_on": "2026-02-27", "subject": "还没送到", "description": "约好周五送到。",
    })  # fmt: skip

    (number,) = office.api("cs_agent").numbers()
    assert sent.status_code == 201
    assert number in "".join(in_words(sent.content.decode()).split())
    queue = text_of(Staff(office.world, "cs_agent").get("/queue/"))
    assert number in queue and "还没送到" in queue
    assert office.told(number, "new_case")
