"""The record of a complaint to the courier: what is asked, how it is classed, who learns of it, and how it ends."""

import pytest

from tests.doors import faults, said, value_of

PACKS = ("express",)

COMPLETE = {
    "complainant_name": "李雷",
    "complainant_phone": "13800138000",
    "description": "3月1日在朝阳网点取件时发现外箱破裂。",
    "demands": [{"text": "赔偿 300 元"}],
}
TO_CARRIED_OUT = (
    "accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "tell", "agree", "carry_out",
)  # fmt: skip


def registered(office, **answers):
    return office.api("intake_officer").registered(**{**COMPLETE, **answers})


@pytest.mark.clause("EXP-1.2.1")
@pytest.mark.parametrize("impossible", ["1380013800", "12", "一三八零零"])
def test_an_impossible_telephone_number_is_refused_at_its_field(office, impossible):
    clerk = office.api("intake_officer")

    refused = clerk.register(**{**COMPLETE, "complainant_phone": impossible})

    assert (refused.status_code, faults(refused)) == (422, {"/complainant/phone": "bad_phone"})
    assert clerk.numbers() == []


@pytest.mark.clause("EXP-1.2.1")
def test_a_record_with_name_contact_time_and_content_is_saved(office):
    clerk = office.api("intake_officer")

    saved = clerk.register(**COMPLETE, subject="外箱破裂")

    assert saved.status_code == 201
    assert saved.json()["received_at"] == "2026-03-02T01:00:00Z"
    entered = clerk.events(saved.json()["number"], "register")[0]
    assert value_of(entered, "complainant_name") == "李＊＊"
    assert value_of(entered, "complainant_phone") == "138****8000"
    assert value_of(entered, "description") == COMPLETE["description"]


@pytest.mark.clause("EXP-1.2.1")
@pytest.mark.parametrize(
    ("left_out", "pointer"),
    [
        ("complainant_name", "/complainant/name"),
        ("complainant_phone", "/complainant/phone"),
        ("subject", "/subject"),
        ("tracking_number", "/answers/tracking_number"),
    ],
)
def test_a_missing_mandatory_entry_is_refused_at_its_field(office, left_out, pointer):
    refused = office.api("intake_officer").register(**{**COMPLETE, left_out: None})

    assert (refused.status_code, faults(refused)) == (422, {pointer: "required"})


@pytest.mark.clause("EXP-1.2.2")
def test_item_damage_is_proposed_as_a_damaged_parcel_and_both_classes_are_stored(office):
    clerk = office.api("intake_officer")
    number = registered(office, recorded_category="item_damage")

    office.walk(number, "accept", "confirm", "grade", grade={"category": None})

    assert clerk.case(number)["category"] == "service_quality/damaged"
    assert value_of(clerk.events(number, "register")[0], "recorded_category") == ["物品损坏"]


@pytest.mark.clause("EXP-1.2.2")
def test_another_assessment_than_proposed_leaves_the_class_at_recording_alone(office):
    clerk = office.api("intake_officer")
    number = registered(office, recorded_category="item_damage")

    office.walk(number, "accept", "confirm", "grade", grade={"category": "service_quality/lost"})

    assert clerk.case(number)["category"] == "service_quality/lost"
    assert value_of(clerk.events(number, "register")[0], "recorded_category") == ["物品损坏"]


@pytest.mark.clause("EXP-1.2.3")
@pytest.mark.parametrize(("left_out", "missing"), [("description", "投诉经过"), ("demands", "客户诉求")])
def test_a_letter_without_course_of_events_or_demand_is_incomplete_and_stays_at_intake(office, left_out, missing):
    clerk = office.api("intake_officer")
    number = registered(office, channel="email", **{left_out: None})

    assert clerk.actions(number)["accept"]["missing"] == [missing]
    refused = clerk.act(number, "accept")

    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert missing in said(refused)
    assert clerk.case(number)["state"] == "received"

    clerk.does(number, "correct", **{left_out: COMPLETE[left_out]}, reason="客户补充")
    assert clerk.does(number, "accept")["state"] == "accepted"


@pytest.mark.clause("EXP-1.2.3")
@pytest.mark.parametrize("left_out", ["description", "demands"])
def test_who_can_be_asked_at_once_is_asked_for_course_of_events_and_demand(office, left_out):
    clerk = office.api("intake_officer")

    for channel in ("telephone", "outlet"):
        refused = clerk.register(**{**COMPLETE, left_out: None}, channel=channel)
        blank = clerk.register(
            **{**COMPLETE, left_out: [{"text": " "}] if left_out == "demands" else " "}, channel=channel
        )

        assert [next(iter(faults(one).items()))[1] for one in (refused, blank)] == ["required", "required"]
    assert clerk.numbers() == []


@pytest.mark.clause("EXP-1.2.3")
def test_course_of_events_demands_and_evidence_are_kept_in_fields_of_their_own(office):
    clerk = office.api("intake_officer")
    number = registered(office, evidence_files=[office.world.upload(clerk.person.actor_id)])

    entered = clerk.events(number, "register")[0]

    assert value_of(entered, "description") == COMPLETE["description"]
    assert [row[0]["value"] for row in value_of(entered, "demands")] == ["赔偿 300 元"]
    assert value_of(entered, "evidence_files") == 1
    assert [file["name"] for file in clerk.read(f"cases/{number}/evidence")["evidence"]] == ["现场照片.png"]


@pytest.mark.clause("EXP-1.2.7")
def test_the_department_concerned_gets_a_notice_and_a_task_by_the_routing_rule(office):
    number = registered(office, recorded_category="item_damage")

    passed_on = office.walk(number, "accept", "confirm", "grade", "dispatch")

    assert (passed_on["state"], passed_on["department"]) == ("dispatched", office.code("transport_operations"))
    head = office.api("department_head", "transport_operations")
    assert head.numbers(waits_for="department") == [number]
    assert [(n["message"], n["acknowledged_at"]) for n in office.notices(number, to=head)] == [("dispatched", None)]
    assert office.api("department_head", "settlement").numbers() == []


@pytest.mark.clause("EXP-1.2.7")
def test_a_department_that_does_not_confirm_receipt_in_time_is_flagged(office, clock):
    number = registered(office, recorded_category="item_damage")
    office.walk(number, "accept", "confirm", "grade", "dispatch")
    supervisor = office.api("cs_supervisor")
    due = supervisor.clocks(number)["sign_in"]["due_at"]
    assert due == "2026-03-02T03:04:00Z"

    clock.at("2026-03-02T11:03:00+08:00")
    office.work()
    assert (supervisor.case(number)["is_late"], office.told(number, "clock_late")) == (False, [])

    clock.at("2026-03-02T11:05:00+08:00")
    office.work()

    assert supervisor.case(number)["is_late"] is True
    heads = [office.api("department_head", name) for name in ("transport_operations", "business_department")]
    assert office.told(number, "clock_late") == sorted(door.username for door in [*heads, supervisor])
    assert supervisor.numbers(late="yes") == [number]


@pytest.mark.clause("EXP-1.2.7")
def test_receipt_is_confirmed_by_signing_in(office):
    number = registered(office)
    office.walk(number, "accept", "confirm", "grade", "dispatch")

    office.does(number, "sign_in")

    signed = office.api("cs_supervisor").events(number, "sign_in")[0]
    assert (signed["at"], signed["to"]) == ("2026-03-02T01:05:00Z", "待调查")
    assert office.api("cs_supervisor").clocks(number)["sign_in"]["status"] == "kept"


@pytest.mark.clause("EXP-1.2.9")
def test_a_case_is_not_closed_without_the_customers_satisfaction(office):
    number = registered(office)
    office.walk(number, *TO_CARRIED_OUT)
    agent = office.api("cs_agent")

    refused = agent.act(number, "close")

    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert "客户满意度" in said(refused)
    agent.does(number, "follow_up", satisfaction_answer="satisfied")
    assert agent.does(number, "close")["state"] == "closed"


@pytest.mark.clause("EXP-1.2.9")
def test_a_case_is_not_closed_without_a_result(office):
    number = registered(office)
    office.walk(number, *TO_CARRIED_OUT, "follow_up")

    refused = office.api("cs_agent").act(number, "close", outcome=None, result_text=None)

    assert (refused.status_code, faults(refused)) == (
        422,
        {"/data/outcome": "required", "/data/result_text": "required"},
    )


@pytest.mark.clause("EXP-1.2.9")
def test_no_answer_may_be_recorded_only_after_the_prescribed_attempts(office, clock):
    number = registered(office)
    office.walk(number, *TO_CARRIED_OUT)
    agent = office.api("cs_agent")

    for _ in range(3):
        refused = agent.act(number, "no_answer")
        assert (refused.status_code, "规定次数的联系尝试" in said(refused)) == (409, True)
        clock.later(hours=1)
        agent.does(number, "contact", contact_time=clock.now.isoformat(), contact_way="telephone", reached=False)
    agent.does(number, "no_answer", comment="三次电话均无人接听")

    graded = agent.events(number, "no_answer")[0]["graded"]
    assert [(found["axis"], found["value"]) for found in graded] == [("客户满意度", "客户未答复")]
    assert agent.does(number, "close", outcome="no_answer")["outcome"] == "no_answer"


@pytest.mark.clause("EXP-4.2.1")
def test_receipt_ends_with_content_customer_time_and_a_confirmation_to_the_customer(office):
    clerk = office.api("intake_officer")
    number = registered(office, complainant_email="li.lei@example.com")

    entered = clerk.events(number, "register")[0]

    assert value_of(entered, "description") == COMPLETE["description"]
    assert value_of(entered, "complainant_email") == "l***@example.com"
    assert entered["at"] == clerk.case(number)["received_at"] == "2026-03-02T01:00:00Z"
    sent = clerk.read(f"cases/{number}/messages")["messages"]
    assert [(m["message"], m["channel"], m["address"]) for m in sent] == [
        ("acknowledgement", "email", "l***@example.com")
    ]


@pytest.mark.clause("EXP-6.1.1")
def test_a_case_without_place_of_occurrence_is_not_confirmed_before_it_is_known(office):
    agent = office.api("cs_agent")
    number = registered(office, occurred_at="2026-03-01T20:00:00+08:00", occurred_place=None)
    office.does(number, "accept")

    refused = agent.act(number, "confirm", occurred_place=None, no_evidence_reason="客户未留存")

    assert (refused.status_code, faults(refused)) == (422, {"/data/occurred_place": "required"})
    agent.does(number, "confirm", occurred_place="朝阳网点", no_evidence_reason="客户未留存")
    confirmed = agent.events(number, "confirm")[0]
    assert (confirmed["actor"], confirmed["at"]) == (agent.person.actor_id, "2026-03-02T01:01:00Z")
    assert value_of(confirmed, "occurred_place") == "朝阳网点"
    assert value_of(agent.events(number, "register")[0], "occurred_at") == "2026-03-01T12:00:00Z"
