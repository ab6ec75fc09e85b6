"""The escalation policy: suggestions, measures whose effect is checked, and rectification demanded of departments."""

import pytest

from tests.acceptance.test_escalation_proceedings import TO_TOLD, complaint

PACKS = ("escalation",)

ABOUT = {"category": "delivery_delay", "product": "equipment"}


def measure(office, number, *behind):
    """A measure that the head of sales has completed; returns its id."""
    owner = office.api("department_head", "sales")
    rows = [{"case_behind": other} for other in behind]
    begun = office.handler(number).begins(
        "improvement", number, improvement_owner=owner.id, improvement_due="2026-03-09", cases_behind=rows
    )
    owner.steps_on(begun["id"], "complete_measure")
    return begun["id"]


def last_event(door, key):
    return door.read(f"proceedings/{key}/events")["events"][-1]


@pytest.mark.clause("ESC-1.3.5", "ESC-7.4.2")
def test_a_complaint_after_the_measure_shows_as_recurrence_beside_those_before(office, clock):
    number, *others = [complaint(office, **ABOUT) for _ in range(3)]
    complaint(office, **{**ABOUT, "product": "software"})
    clock.later(days=1)
    key = measure(office, number, *others)
    clock.later(days=2)
    complaint(office, **ABOUT)
    clock.later(days=1)
    quality = office.api("quality_manager")

    quality.steps_on(key, "verify", effect_verdict="not_effective")

    shown = {v["field"]: v["value"] for v in last_event(quality, key)["values"]}
    assert (shown["counted_before"], shown["counted_after"]) == (3, 1)
    assert quality.proceeding(key)["state"] == "open"


@pytest.mark.clause("ESC-5.2.3")
@pytest.mark.parametrize("answer", ["measure", "reason"])
def test_a_complaint_caused_by_a_product_closes_with_a_measure_or_a_reason(office, answer):
    number = complaint(office, *TO_TOLD[:4])
    handler = office.handler(number)
    handler.does(number, "conclude", product_caused=True)
    office.walk(number, *TO_TOLD[5:], "agree", complete_measure={"item": 1})

    refused = handler.act(number, "close", no_measure_reason=None)
    if answer == "measure":
        owner = office.api("department_head", "sales").id
        handler.begins("improvement", number, improvement_owner=owner)
        closed = handler.act(number, "close", no_measure_reason=None)
    else:
        closed = handler.act(number, "close", no_measure_reason="该型号已停产，无须改进。")

    assert (refused.status_code, refused.json()["missing"]) == (409, ["改进措施，或不需要改进措施的理由"])
    assert closed.status_code == 200


@pytest.mark.clause("ESC-5.4.2")
def test_a_suggestion_names_its_author_and_the_answer_reaches_them(office):
    number = complaint(office)
    finance = office.api("superior_department_head")
    unit = office.department("finance")
    key = finance.begins("suggestion", number, suggester=finance.id, suggesting_department=unit)["id"]

    bare = office.handler(number).step(key, "disapprove", reason=None)
    office.handler(number).steps_on(key, "disapprove", reason="与现行退款流程冲突。")

    assert bare.status_code == 422
    assert finance.proceeding(key)["state"] == "rejected"
    (told,) = [n for n in office.notices(number, to=finance, by=finance) if n["message"] == "suggestion_answered"]
    assert "与现行退款流程冲突。" in told["text"]


def test_a_demand_stays_open_until_a_manager_verifies_it_and_is_listed_when_overdue(office, clock):
    manager, head = office.api("quality_manager"), office.api("supporting_head", "sales")
    key = manager.begins("rectification", asked_department=office.department("sales"), rectification_due="2026-03-04")[
        "id"
    ]
    head.steps_on(key, "reply")
    assert manager.proceeding(key)["ended_at"] is None

    clock.later(days=4)
    office.work()

    assert [one["id"] for one in manager.read("proceedings", kind="rectification")["proceedings"] if one["is_late"]]
    assert head.step(key, "verify").status_code == 403
    manager.steps_on(key, "send_back", reason="请附值班表。")
    assert any("请附值班表。" in one.text for one in head.person.notices.all())
    head.steps_on(key, "reply")
    assert manager.steps_on(key, "verify")["state"] == "verified"
    assert office.told_in(key, "rectification_verified")
