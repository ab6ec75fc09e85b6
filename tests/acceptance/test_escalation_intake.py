"""How complaints come in under the escalation policy: channels, records, first classification, urgency."""

import pytest

from tests.doors import Staff, faults, value_of

PACKS = ("escalation",)

TO_THE_ARCHIVE = (
    "grade", "dispatch", "sign_in", "investigate", "conclude", "add_evidence", "propose", "complete_measure", "carry_out",
    "tell", "agree", "close", "archive",
)  # fmt: skip
AN_ITEM = {"complete_measure": {"item": 1}}


def choices_of(door, kind, field):
    """The values that the intake form of a kind offers in a field."""
    (desk,) = door.read("desks")["desks"]
    form = next(found["schema"] for found in desk["kinds"] if found["id"] == kind)
    return form["properties"][field]["enum"]


def stages_of(door, number):
    return [(event["verb"], event["to"]) for event in door.events(number)]


@pytest.mark.clause("ESC-1.2.1")
def test_an_added_category_is_selectable_beside_the_others_and_stored(office, tmp_path):
    other = "      - {id: other, title: {zh-Hans: 其他, en: other}, common: other, clause: [ESC-1.2.1]}\n"
    billing = "      - {id: billing, title: {zh-Hans: 账单收费, en: billing}, common: other, clause: [ESC-1.2.1]}\n"
    office.change_policy(tmp_path, ("categories.yaml", other, billing + other))
    clerk = office.api("intake_officer")

    offered = choices_of(clerk, "complaint", "category")
    stored = {name: clerk.case(clerk.registered(channel="hotline", category=name))["category"] for name in offered}

    assert {"product_quality", "service_attitude", "delivery_delay", "billing"} <= set(offered)
    assert stored == {name: name for name in offered}


@pytest.mark.clause("ESC-1.2.2")
def test_somebody_of_the_warehouse_registers_a_complaint_handed_over_in_person(office):
    storeman = office.api("department_member", "warehouse")

    number = storeman.registered(
        channel="offline", category="product_quality", receiving_department=office.department("warehouse")
    )

    case = storeman.case(number)
    assert (case["channel"], case["channel_group"], case["state"]) == ("offline", "offline", "registered")
    assert value_of(storeman.events(number)[0], "receiving_department") == "仓储部"


@pytest.mark.clause("ESC-1.2.2")
def test_an_offline_complaint_runs_through_the_same_stages_and_levels_as_one_by_telephone(office):
    warehouse = office.department("warehouse")
    clerk = office.api("intake_officer")
    answers = {"category": "delivery_delay", "business_impact": "project_delayed"}
    offline = office.api("department_member", "warehouse").registered(
        channel="offline", receiving_department=warehouse, **answers
    )
    telephone = clerk.registered(channel="hotline", **answers)

    for number in (offline, telephone):
        office.walk(number, *TO_THE_ARCHIVE, **AN_ITEM)

    assert clerk.case(offline)["level"] == clerk.case(telephone)["level"] == "level_2"
    assert stages_of(clerk, offline) == stages_of(clerk, telephone)
    assert clerk.case(offline)["state"] == "archived"


@pytest.mark.clause("ESC-3.1.2a")
def test_a_complaint_without_its_matter_is_refused_at_that_field(office):
    response = office.api("intake_officer").register(channel="hotline", subject=None)

    assert (response.status_code, faults(response)) == (422, {"/subject": "required"})


@pytest.mark.clause("ESC-3.1.2a")
def test_a_complete_record_shows_every_field_with_officer_and_time(office, clock):
    clerk = office.api("intake_officer")
    clock.at("2026-03-02T10:20:00+08:00")
    number = clerk.registered(
        channel="hotline", complainant_name="李雷", complainant_phone="13912345678", subject="水泵漏水",
        description="昨天安装后开始漏水", category="product_quality",
    )  # fmt: skip

    (record,) = clerk.events(number)

    assert (record["actor_name"], record["role"]) == (clerk.person.name, "受理人员")
    assert record["at"] == record["recorded_at"] == "2026-03-02T02:20:00Z"
    assert {shown["field"]: shown["value"] for shown in record["values"]} == {
        "complainant_name": "李＊＊",
        "complainant_phone": "139****5678",
        "subject": "水泵漏水",
        "description": "昨天安装后开始漏水",
        "category": ["产品质量"],
        "level": ["三级客诉"],
    }
    assert clerk.case(number)["channel"] == "hotline"


@pytest.mark.clause("ESC-3.1.2b")
def test_a_corrected_category_counts_and_the_preliminary_one_stays_in_history_and_counts(office):
    clerk = office.api("intake_officer")
    number = clerk.registered(channel="hotline", category="service_attitude")
    office.walk(number, "grade", "dispatch", "sign_in", "investigate")

    office.handler(number).does(number, "conclude", category="delivery_delay")

    assert clerk.case(number)["category"] == "delivery_delay"
    assert value_of(clerk.events(number, "register")[0], "category") == ["服务态度"]
    assert value_of(clerk.events(number, "conclude")[0], "category") == ["交付延迟"]
    assert clerk.numbers(category="delivery_delay") == [number]
    assert clerk.numbers(first_category="service_attitude") == [number]
    page = Staff(office.world, "intake_officer")
    assert page.counts("category") == {"交付延迟": 1, "合计": 1}
    assert page.counts("first_category") == {"服务态度": 1, "合计": 1}


@pytest.mark.clause("ESC-3.1.3a")
def test_an_urgent_case_is_first_in_the_queue_has_its_own_limits_and_alerts_in_the_same_step(office, clock):
    clerk = office.api("intake_officer")
    normal = [clerk.registered(channel="hotline", category="product_quality", safety_threat=True) for _ in range(10)]
    clock.later(minutes=10)
    assert "请立即停止使用并断开电源" in office.left("safety_advice")[0]

    urgent = clerk.registered(channel="hotline", category="other", urgent=True, urgent_reason="客户停产")

    supervisor = office.api("cs_supervisor")
    queue = supervisor.numbers(sort="priority", department=office.department("customer_service"))
    assert queue[0] == urgent
    assert sorted(queue[1:]) == sorted(normal)
    clocks = clerk.clocks(urgent)
    assert clocks["grading"]["due_at"] == "2026-03-02T01:40:00Z"
    assert clocks["handling"]["due_at"] == "2026-03-03T01:10:00Z"
    assert clerk.clocks(normal[0])["grading"]["due_at"] == "2026-03-02T03:00:00Z"
    alerts = [told for told in clerk.read(f"cases/{urgent}/messages")["notices"] if told["message"] == "urgent_alert"]
    assert {told["to"] for told in alerts} == {supervisor.username, clerk.case(urgent)["handler"]}
    assert {told["created_at"] for told in alerts} == {clerk.case(urgent)["registered_at"]}


@pytest.mark.clause("ESC-3.1.3a")
def test_a_waiting_case_that_is_marked_urgent_goes_to_the_head_of_the_queue(office, clock):
    clerk = office.api("intake_officer")
    numbers = [clerk.registered(channel="hotline", category="other") for _ in range(11)]
    clock.later(minutes=10)

    clerk.does(numbers[-1], "mark_urgent")

    assert clerk.numbers(sort="priority")[0] == numbers[-1]
    assert clerk.case(numbers[-1])["level"] == "level_3"
    assert clerk.clocks(numbers[-1])["handling"]["due_at"] == "2026-03-03T01:00:00Z"


@pytest.mark.clause("ESC-1.3.3")
def test_level_1_and_level_3_get_another_owner_and_other_limits(office):
    severe, ordinary = graded_pair(office)

    assert dispatched_to(office, severe) == "escalation.production.department_head"
    assert dispatched_to(office, ordinary, "department_member") == "escalation.production.department_member"
    assert handling_due(office, severe) == "2026-03-04T10:00:00Z"
    assert handling_due(office, ordinary) == "2026-03-09T10:00:00Z"


@pytest.mark.clause("ESC-1.3.3")
def test_a_changed_policy_changes_the_next_dispatch(office, tmp_path):
    office.change_policy(
        tmp_path,
        ("routing.yaml", "owner_only: {level_1: head, level_2: head}", "owner_only: {level_2: head, level_3: head}"),
        ("pack.yaml", "en: handling limit at level 3}\n    value: 5", "en: handling limit at level 3}\n    value: 4"),
    )

    _, ordinary = graded_pair(office)
    refused = office.api("intake_officer").act(
        ordinary, "dispatch", handler=office.api("department_member", "production").id
    )

    assert (refused.status_code, faults(refused)) == (422, {"/data/handler": "head_only"})
    assert dispatched_to(office, ordinary, "department_head") == "escalation.production.department_head"
    assert handling_due(office, ordinary) == "2026-03-06T10:00:00Z"


def graded_pair(office):
    """The numbers of two complaints that differ only in whether safety is threatened."""
    clerk = office.api("intake_officer")
    numbers = [
        clerk.registered(channel="hotline", category="product_quality", safety_threat=threat)
        for threat in (True, False)
    ]
    for number in numbers:
        clerk.does(number, "grade")
    return numbers


def dispatched_to(office, number, role=None):
    """Dispatch a case, to the holder of a role in production if one is named; returns who owns it then."""
    owner = {"handler": office.api(role, "production").id} if role else {}
    return office.api("intake_officer").does(number, "dispatch", **owner)["handler"]


def handling_due(office, number):
    return office.api("cs_supervisor").clocks(number)["handling"]["due_at"]
