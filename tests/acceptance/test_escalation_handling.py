"""From the investigation to the customer's consent, under the escalation policy."""

import hashlib

import pytest

from tests.doors import faults, value_of

PACKS = ("escalation",)

ONE_ITEM = {"complete_measure": {"item": 1}}
TO_TOLD = ("propose", "complete_measure", "carry_out", "tell")


def dispatched(office):
    """The number of a level-2 complaint that waits in logistics, and the API of the head there."""
    clerk = office.api("intake_officer")
    number = clerk.registered(channel="hotline", category="delivery_delay", business_impact="project_delayed")
    office.walk(number, "grade", "dispatch")
    return number, office.api("department_head", "logistics")


def told(office):
    """The number of a complaint whose customer was told the result, and the API of who is accountable."""
    number, head = dispatched(office)
    office.walk(number, "sign_in", "investigate", "conclude", "add_evidence", *TO_TOLD, **ONE_ITEM)
    return number, head


def missing(response):
    return response.json()["missing"]


@pytest.mark.clause("ESC-3.3.1a")
def test_a_case_whose_investigation_did_not_start_in_time_is_listed_as_such(office, clock):
    number, head = dispatched(office)
    supervisor = office.api("cs_supervisor")
    assert head.clocks(number)["investigation_start"]["due_at"] == "2026-03-03T10:00:00Z"

    clock.at("2026-03-03T18:00:00+08:00")
    office.work()

    assert supervisor.numbers(overdue="investigation_start") == [number]
    notices = [
        (told["to"], told["text"])
        for told in supervisor.read(f"cases/{number}/messages")["notices"]
        if told["message"] == "investigation_not_started"
    ]
    assert [to for to, _ in notices] == [head.username, supervisor.username]
    assert {"未按时开始调查" in text for _, text in notices} == {True}


@pytest.mark.clause("ESC-3.3.1a")
def test_a_started_investigation_names_investigator_and_time_and_leaves_the_list(office, clock):
    number, head = dispatched(office)
    head.does(number, "sign_in")
    investigator = office.api("department_member", "logistics")

    clock.at("2026-03-02T14:30:00+08:00")
    head.does(number, "investigate", investigator=investigator.id)

    (started,) = head.events(number, "investigate")
    assert (value_of(started, "investigator"), started["at"]) == (investigator.person.name, "2026-03-02T06:30:00Z")
    assert head.clocks(number)["investigation_start"]["stopped_at"] == "2026-03-02T06:30:00Z"
    clock.at("2026-03-04T09:00:00+08:00")
    assert office.api("cs_supervisor").numbers(overdue="investigation_start") == []


@pytest.mark.clause("ESC-3.3.1a")
def test_findings_are_required_to_end_the_investigation(office):
    number, head = dispatched(office)
    office.walk(number, "sign_in", "investigate")

    response = head.act(number, "conclude", findings=None)

    assert (response.status_code, faults(response)) == (422, {"/data/findings": "required"})


@pytest.mark.clause("ESC-3.3.1b")
def test_a_replaced_report_stays_with_its_checksum_beside_the_new_version(office, clock):
    number, head = dispatched(office)
    first, second = b"%PDF-1.4 first report", b"%PDF-1.4 second report"
    original = head.upload(number, "检测报告.pdf", first)
    head.does(
        number, "add_evidence", evidence_kind="inspection_report", evidence_source="质检站", evidence_files=[original]
    )

    clock.at("2026-03-03T10:00:00+08:00")
    newer = head.upload(number, "检测报告第二版.pdf", second)
    head.does(number, "supersede_evidence", superseded_file=original, evidence_files=[newer], reason="补盖公章")

    old, new = head.read(f"cases/{number}/evidence")["evidence"]
    assert (old["id"], old["sha256"]) == (original, hashlib.sha256(first).hexdigest())
    assert (old["kind"], old["source"]) == ("inspection_report", "质检站")
    assert (new["id"], new["sha256"], new["supersedes"]) == (newer, hashlib.sha256(second).hexdigest(), original)
    assert (new["given_by"], new["uploaded_at"]) == (head.person.actor_id, "2026-03-03T02:00:00Z")
    assert b"".join(head.get(f"cases/{number}/evidence/{original}").streaming_content) == first


@pytest.mark.clause("ESC-3.3.1b")
def test_evidence_has_a_type_and_a_source_and_may_be_a_text(office):
    number, head = dispatched(office)

    refused = head.act(number, "add_evidence", evidence_kind=None, evidence_source=None)
    head.does(
        number,
        "add_evidence",
        evidence_kind="communication_record",
        evidence_source="客户来电",
        evidence_text="客户称……",
    )

    assert (refused.status_code, faults(refused)) == (
        422,
        {"/data/evidence_kind": "required", "/data/evidence_source": "required"},
    )
    (given,) = head.events(number, "add_evidence")
    assert (value_of(given, "evidence_kind"), value_of(given, "evidence_text")) == (["沟通记录"], "客户称……")
    assert given["actor_name"] == head.person.name


@pytest.mark.clause("ESC-3.3.2a")
def test_a_plan_before_the_findings_is_refused_and_accepted_after_them(office):
    number, head = dispatched(office)
    office.walk(number, "sign_in", "investigate")

    refused = head.act(number, "propose")
    head.does(number, "conclude")

    assert (refused.status_code, missing(refused)) == (409, ["调查结论"])
    assert head.does(number, "propose")["state"] == "carrying_out"


@pytest.mark.clause("ESC-3.3.2a")
@pytest.mark.parametrize("part", ["responsible", "due_at"])
def test_every_measure_of_a_plan_names_who_and_until_when(office, part):
    number, head = dispatched(office)
    office.walk(number, "sign_in", "investigate", "conclude")
    measure = {"measure": "refund", "text": "退还货款", "responsible": head.id, "due_at": "2026-03-04T18:00:00+08:00"}

    response = head.act(number, "propose", measures=[{k: v for k, v in measure.items() if k != part}])

    assert (response.status_code, faults(response)) == (422, {f"/data/measures/0/{part}": "required"})
    assert head.does(number, "propose", measures=[measure])["state"] == "carrying_out"


@pytest.mark.clause("ESC-3.3.2b")
def test_a_plan_with_one_measure_open_is_not_fully_handled(office):
    number, head = dispatched(office)
    office.walk(number, "sign_in", "investigate", "conclude")
    common = {"responsible": head.id, "due_at": "2026-03-04T18:00:00+08:00"}
    measures = [
        {"measure": "refund", "text": "退还货款", **common},
        {"measure": "apology", "text": "当面道歉", **common},
    ]
    head.does(number, "propose", measures=measures)

    head.does(number, "complete_measure", item=2)
    refused = head.act(number, "carry_out")

    items = head.read(f"cases/{number}/items")["items"]
    assert [(item["no"], item["is_open"], item["text"]) for item in items if item["list"] == "measures"] == [
        (1, True, "退还货款"),
        (2, False, "当面道歉"),
    ]
    assert (refused.status_code, missing(refused)) == (409, ["全部措施完成"])
    head.does(number, "complete_measure", item=1)
    assert head.does(number, "carry_out")["state"] == "handled"


@pytest.mark.clause("ESC-3.3.2b")
def test_measures_are_chosen_from_a_list_of_the_policy(office):
    number, head = dispatched(office)
    office.walk(number, "sign_in", "investigate", "conclude")

    row = head.actions(number)["propose"]["schema"]["properties"]["measures"]["items"]

    assert {"repair", "exchange", "refund", "apology", "service_improvement"} <= set(
        row["properties"]["measure"]["enum"]
    )


@pytest.mark.clause("ESC-3.4.2b")
def test_a_case_that_the_customer_does_not_accept_is_not_closed(office):
    number, head = told(office)

    no_reason = head.act(number, "refuse", refusal_reason=None)
    head.does(number, "refuse", refusal_reason="赔偿不足以弥补停工损失")
    refused = head.act(number, "close")

    assert (no_reason.status_code, faults(no_reason)) == (422, {"/data/refusal_reason": "required"})
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert missing(refused) == ["提交处理方案", "完成实施", "告知客户", "客户接受"]


@pytest.mark.clause("ESC-3.4.2b")
def test_a_revised_plan_opens_a_second_round_and_both_rounds_stay(office):
    number, head = told(office)
    head.does(number, "refuse", refusal_reason="赔偿不足以弥补停工损失")

    office.walk(number, *TO_TOLD, propose={"plan_text": "增加停工补偿"}, **ONE_ITEM)

    assert head.case(number)["round"] == 2
    shown = [(e["verb"], e["round"]) for e in head.events(number) if e["verb"] in ("propose", "tell", "refuse")]
    assert shown == [("propose", 1), ("tell", 1), ("refuse", 2), ("propose", 2), ("tell", 2)]
    first, second = head.events(number, "propose")
    assert value_of(second, "plan_text") == "增加停工补偿"
    assert value_of(first, "plan_text") != "增加停工补偿"
    assert office.walk(number, "agree", "close")["state"] == "closed"
