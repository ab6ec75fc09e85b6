"""The ways in to the service desk: letters with their originals, chats and messages on the website."""

import pytest
from django.test import Client

from tests.doors import Staff, faults, value_of
from tests.pages import in_words, text_of

PACKS = ("service",)
LETTER = {"kind": "complaint", "complainant_phone": "13800138000", "nature": "delivery/damaged"}


@pytest.mark.clause("SVC-1.1a")
def test_a_fax_and_a_letter_brought_by_a_salesperson_are_kept_with_their_originals(office):
    specialist, salesperson = office.api("cs_specialist"), office.api("salesperson")
    scan = office.world.upload(specialist.person.actor_id)
    without = specialist.register(**LETTER, channel="fax", original_files=None)
    nobody = specialist.register(**LETTER, channel="sales_staff", salesperson=None)

    fax = specialist.registered(**LETTER, channel="fax", original_files=[scan])
    brought = specialist.registered(**LETTER, channel="sales_staff", salesperson=salesperson.id)

    assert faults(without) == {"/answers/original_files": "required"}
    assert faults(nobody) == {"/answers/salesperson": "required"}
    for number, channel in ((fax, "fax"), (brought, "sales_staff")):
        assert specialist.case(number)["channel"] == channel
        assert len(specialist.read(f"cases/{number}/evidence")["evidence"]) == 1
    assert value_of(specialist.events(brought, "register")[0], "salesperson") == salesperson.person.name
    mailed = specialist.registered(**LETTER, channel="email")
    assert specialist.case(mailed)["channel"] == "email"


@pytest.mark.clause("SVC-4.3.1")
def test_a_chat_and_a_message_are_registered_in_the_four_classes_and_wait_outside_service_hours(office, clock):
    specialist, staff = office.api("cs_specialist"), Staff(office.world, "cs_specialist")
    chat = {"channel": "live_chat", "kind": "suggestion", "complainant_phone": "13800138000", "answered_at_once": False}
    chat |= {"promised_reply_at": "2026-03-03T12:00:00+08:00", "topic": "order_status"}
    copied = "会话 8817\n顾晓彤 2026/3/2 9:01:12\n说明书字太小\n客服小王 2026/3/2 9:02:00\n记下了，谢谢"
    speechless = specialist.register(**chat, transcript="说明书字太小，看不清。")
    assert faults(speechless) == {"/answers/transcript": "no_speakers"}

    number = specialist.registered(**chat, transcript=copied)
    assert (specialist.case(number)["kind"], specialist.case(number)["received_at"]) == (
        "suggestion",
        "2026-03-02T01:00:00Z",
    )
    assert value_of(specialist.events(number, "register")[0], "transcript") == copied
    page = text_of(staff.get(f"/cases/{number}/"))
    assert "顾晓彤 2026/3/2 9:01:12 说明书字太小 客服小王 2026/3/2 9:02:00 记下了，谢谢" in page

    clock.at("2026-03-07T20:15:00+08:00")
    sent = Client().post("/portal/complain/service/enquiry/", {
        "complainant_name": "顾晓彤", "complainant_phone": "13800138000", "subject": "有没有备件", "description": "滚筒还能单买吗？",
        "topic": "order_status",
    })  # fmt: skip
    assert sent.status_code == 201
    assert "现在不是服务时间" in in_words(sent.content.decode())
    assert "3月9日" in in_words(sent.content.decode())
    (message,) = specialist.numbers(kind="enquiry")
    event = specialist.events(message, "register")[0]
    assert (event["at"], value_of(event, "description")) == ("2026-03-07T12:15:00Z", "滚筒还能单买吗？")
    assert specialist.clocks(message)["message_read"]["due_at"] == "2026-03-09T02:30:00Z"
    clock.at("2026-03-08T12:00:00+08:00")
    office.work()
    assert (message in specialist.numbers(), specialist.case(message)["is_late"]) == (True, False)
    assert office.told(message, "clock_late") == []
    assert message in text_of(Staff(office.world, "cs_specialist").get("/queue/"))
