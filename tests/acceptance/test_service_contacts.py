"""Calls and chats that are no complaints: answered at once or promised, dispatched, tracked, urged and filed."""

import pytest

from tests.doors import Staff, faults, said, value_of
from tests.pages import text_of

PACKS = ("service",)

ANSWERED = {
    "answered_at_once": True, "handling_text": "查询型号资料", "answer_text": "已发送产品手册", "minutes_taken": 6,
    "topic": "product_information/documents",
}  # fmt: skip
PROMISED = {
    "answered_at_once": False, "complainant_phone": "13800138000", "promised_reply_at": "2026-03-03T12:00:00+08:00",
    "topic": "order_status",
}  # fmt: skip
DUE = {"task_due_at": "2026-03-03T10:00:00+08:00"}
WAYS = [pytest.param("hotline", marks=pytest.mark.clause("SVC-4.2.2b")),
        pytest.param("live_chat", marks=pytest.mark.clause("SVC-4.3.2"))]  # fmt: skip


def contact(office, channel="hotline", kind="enquiry", **answers):
    return office.api("cs_specialist").register(kind=kind, channel=channel, **answers)


def promised(office, channel="hotline", **answers):
    response = contact(office, channel, **{**PROMISED, **answers})
    assert response.status_code == 201, response.content.decode()
    return response.json()["number"]


@pytest.mark.clause("SVC-4.2.1")
def test_a_call_of_the_agency_class_is_no_complaint(office):
    number = contact(office, kind="agency", **ANSWERED).json()["number"]

    door = office.api("cs_specialist")
    assert (door.numbers(counts="yes"), door.numbers(counts="no")) == ([], [number])
    staff = Staff(office.world, "cs_specialist")
    assert (staff.counts("kind"), staff.counts_apart("kind")) == ({}, {"代理类": 1, "合计": 1})


@pytest.mark.clause("SVC-4.2.1")
def test_a_call_of_the_complaint_class_starts_the_complaint_process(office):
    response = contact(
        office, kind="complaint", complainant_phone="13800138000", nature="delivery/late", solved_on_call=False,
        involves_payout=False,
    )  # fmt: skip

    assert (response.status_code, response.json()["state"]) == (201, "to_dispatch")
    assert Staff(office.world, "cs_specialist").counts("kind") == {"投诉类": 1, "合计": 1}
    assert office.api("cs_specialist").clocks(response.json()["number"])["transfer"]["status"] == "running"


@pytest.mark.clause("SVC-4.2.1")
def test_converting_an_enquiry_asks_for_what_the_notice_needs_and_founds_the_complaint(office):
    number = promised(office)
    door = office.api("cs_specialist")
    refused = door.send(number, "convert", {"reason": "电话里改口要求赔偿"})
    assert refused.status_code == 422
    assert set(faults(refused)) == {"/data/nature", "/data/solved_on_call", "/data/involves_payout"}

    door.does(
        number, "convert", reason="电话里改口要求赔偿", nature="delivery/late", solved_on_call=False, involves_payout=True
    )  # fmt: skip

    (founded,) = door.numbers(kind="complaint")
    assert (door.case(number)["state"], door.case(founded)["state"]) == ("converted", "to_dispatch")
    assert value_of(door.events(founded, "register")[0], "nature") == ["未按约定时间到货"]


@pytest.mark.clause("SVC-4.2.1")
def test_there_are_four_classes_to_choose_from(office):
    desk = office.api("cs_specialist").read("desks")["desks"][0]

    assert {kind["title"] for kind in desk["kinds"]} == {"咨询类", "代理类", "投诉类", "建议及意见类"}


@pytest.mark.clause("SVC-4.2.2a")
def test_a_call_in_remit_is_closed_as_answered_at_once_with_the_time_taken(office):
    response = contact(office, **ANSWERED)

    assert (response.status_code, response.json()["state"]) == (201, "answered")
    entered = office.api("cs_specialist").events(response.json()["number"], "register")[0]
    assert (value_of(entered, "answer_text"), value_of(entered, "minutes_taken")) == ("已发送产品手册", 6)


@pytest.mark.parametrize("channel", WAYS)
def test_an_unanswered_contact_needs_contact_details_and_a_promised_time(office, channel):
    no_details = contact(office, channel, **{**PROMISED, "complainant_phone": None})
    no_promise = contact(office, channel, **{**PROMISED, "promised_reply_at": None})

    assert (no_details.status_code, faults(no_details)) == (422, {"/complainant/phone": "required"})
    assert (no_promise.status_code, faults(no_promise)) == (422, {"/answers/promised_reply_at": "required"})


@pytest.mark.parametrize("channel", WAYS)
def test_a_promise_that_passes_without_a_reply_is_flagged_to_the_specialist(office, clock, channel):
    number = promised(office, channel)
    specialist = office.api("cs_specialist")
    assert specialist.clocks(number)["promised_reply"]["due_at"] == "2026-03-03T04:00:00Z"

    clock.at("2026-03-03T11:59:00+08:00")
    office.work()
    assert office.told(number, "promise_missed") == []

    clock.at("2026-03-03T12:00:00+08:00")
    office.work()

    assert office.told(number, "promise_missed") == [specialist.username]
    assert specialist.numbers(late="yes") == [number]


@pytest.mark.parametrize("channel", WAYS)
def test_a_reply_before_the_promised_time_keeps_the_promise(office, clock, channel):
    number = promised(office, channel)

    clock.at("2026-03-03T11:00:00+08:00")
    office.api("cs_specialist").does(number, "answer")

    assert office.api("cs_specialist").clocks(number)["promised_reply"]["status"] == "kept"


@pytest.mark.clause("SVC-4.2.3")
def test_a_call_about_another_departments_subject_becomes_its_task_and_the_specialist_stays_tracker(office):
    number = promised(office, topic="order_status")
    specialist = office.api("cs_specialist")

    after = specialist.does(number, "dispatch", **DUE)

    assert (after["state"], after["department"], after["handler"]) == (
        "task_sent",
        office.code("logistics"),
        specialist.username,
    )
    member = office.api("department_member", "logistics")
    assert member.numbers(waits_for="department_member") == [number]
    assert member.clocks(number)["task"]["due_at"] == "2026-03-03T02:00:00Z"
    assert member.username in office.told(number, "task_received")
    assert member.does(number, "sign_in")["state"] == "task_open"


@pytest.mark.clause("SVC-4.2.4")
def test_the_department_is_reminded_before_and_after_the_due_time(office, clock):
    number = promised(office, promised_reply_at="2026-03-06T12:00:00+08:00")
    office.does(number, "dispatch", task_due_at="2026-03-05T17:00:00+08:00")
    member = office.api("department_member", "logistics")

    reminders = {}
    for moment in ("2026-03-04T16:00:00+08:00", "2026-03-04T17:30:00+08:00", "2026-03-05T17:30:00+08:00"):
        clock.at(moment)
        office.work()
        told = [n for n in office.notices(number, to=member) if n["message"] == "task_reminder"]
        reminders[moment[5:16]] = len(told)

    assert reminders == {"03-04T16:00": 0, "03-04T17:30": 1, "03-05T17:30": 2}


@pytest.mark.clause("SVC-4.2.4", "SVC-4.3.4")
@pytest.mark.parametrize("channel", ["hotline", "live_chat"])
def test_every_urging_is_logged_with_time_and_text_and_counted(office, clock, channel):
    number = promised(office, channel)
    office.walk(number, "dispatch", "sign_in", dispatch=DUE)
    specialist = office.api("cs_specialist")

    for hour, text in ((14, "请今日内答复"), (16, "客户再次来电催问")):
        clock.at(f"2026-03-02T{hour}:00:00+08:00")
        specialist.does(number, "urge", urge_text=text)

    urgings = specialist.events(number, "urge")
    assert [(event["at"], value_of(event, "urge_text")) for event in urgings] == [
        ("2026-03-02T06:00:00Z", "请今日内答复"),
        ("2026-03-02T08:00:00Z", "客户再次来电催问"),
    ]
    assert len(urgings) == 2
    assert office.api("department_member", "logistics").username in office.told(number, "urged")


@pytest.mark.clause("SVC-4.2.6")
def test_an_item_without_a_reply_is_not_filed(office):
    number = promised(office)
    specialist = office.api("cs_specialist")

    refused = specialist.act(number, "archive", satisfaction="satisfied")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert "答复客户" in said(refused)

    specialist.does(number, "answer")
    unrated = specialist.act(number, "archive", satisfaction=None)
    assert (unrated.status_code, unrated.json()["missing"]) == (409, ["客户满意度"])
    assert specialist.does(number, "archive", satisfaction="satisfied")["state"] == "filed"


@pytest.mark.clause("SVC-4.2.6")
def test_filed_items_are_found_by_caller_class_date_and_department(office, clock):
    specialist = office.api("cs_specialist")
    number = promised(office, complainant_name="海湾装饰工程公司")
    other = contact(office, kind="suggestion", **ANSWERED, complainant_name="李雷").json()["number"]
    office.walk(number, "dispatch", "sign_in", "carry_out", "answer", dispatch=DUE)
    for filed in (number, other):
        specialist.does(filed, "archive", satisfaction="satisfied")

    assert specialist.numbers(status="archived", text="海湾装饰") == [number]
    assert specialist.numbers(status="archived", kind="suggestion") == [other]
    assert specialist.numbers(status="archived", archived_in="2026-03", department=office.department("logistics")) == [
        number
    ]
    assert specialist.numbers(status="archived", received_from="2026-03-03") == []


@pytest.mark.clause("SVC-4.3.3")
def test_the_department_reads_the_transcript_of_a_dispatched_chat_and_its_due_time(office):
    number = promised(office, "live_chat", transcript="客户：到货时间？\n客服：为您查询。")
    office.does(number, "dispatch", **DUE)

    member = office.api("department_member", "logistics")

    entered = member.events(number, "register")[0]
    assert value_of(entered, "transcript") == "客户：到货时间？\n客服：为您查询。"
    page = text_of(Staff(office.world, "department_member", "logistics").get(f"/cases/{number}/"))
    assert "客户：到货时间？" in page
    assert "派转业务办理" in page
    assert member.case(number)["due_at"] == member.clocks(number)["task"]["due_at"] == "2026-03-03T02:00:00Z"


@pytest.mark.clause("SVC-4.3.4")
def test_an_overdue_chat_stands_beside_overdue_calls_with_its_channel(office, clock):
    call = promised(office)
    clock.later(minutes=5)
    chat = promised(office, "live_chat")
    for number in (call, chat):
        office.does(number, "dispatch", **DUE)

    clock.at("2026-03-03T10:30:00+08:00")

    specialist = office.api("cs_specialist")
    listed = specialist.read("cases", late="yes", sort="oldest")["cases"]
    assert [(case["number"], case["channel"]) for case in listed] == [(call, "hotline"), (chat, "live_chat")]
    page = text_of(Staff(office.world, "cs_specialist").get("/queue/", {"tab": "all", "late": "yes"}))
    assert [number in page for number in (call, chat)] == [True, True]
    assert "在线交谈" in page


@pytest.mark.clause("SVC-4.3.6")
def test_filed_calls_and_chats_of_one_customer_are_listed_in_time_order_with_channel(office, clock):
    specialist = office.api("cs_specialist")
    customer = {"complainant_name": "海湾装饰工程公司", "complainant_phone": "13800138000", "satisfaction": "satisfied"}
    call = contact(office, **ANSWERED, **customer).json()["number"]
    clock.at("2026-03-02T15:00:00+08:00")
    chat = contact(office, "live_chat", **ANSWERED, **customer).json()["number"]
    for number in (call, chat):
        specialist.does(number, "archive")

    listed = specialist.read("cases", status="archived", text="海湾装饰工程公司", sort="oldest")["cases"]

    assert [(case["number"], case["channel"], case["received_at"]) for case in listed] == [
        (call, "hotline", "2026-03-02T01:00:00Z"),
        (chat, "live_chat", "2026-03-02T07:00:00Z"),
    ]
