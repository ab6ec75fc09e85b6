"""Where the time of cases goes, step by step; and a step that administrators leave out without touching code or running cases."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.test_reporting import ANALYSED, TO_CLOSED, complaint
from tests.doors import Staff
from tests.pages import text_of

PACKS = ("reporting",)
STEP = r"平均用时 (.+?) 其中等待 (.+?) 其中办理 (.+?) 占全程"


def closed_after(office, hours):
    """A complaint that waited so many hours to be signed in, and a day for the customer's answer."""
    began = office.clock.now
    number = complaint(office)
    office.walk(number, *TO_CLOSED[:2], grade=ANALYSED)
    office.clock.later(hours=hours)
    office.walk(number, *TO_CLOSED[2:6])
    office.clock.later(hours=24)
    office.walk(number, *TO_CLOSED[6:], complete_measure={"item": 1})
    office.clock.at(began)
    return number


def steps_page(office, **asked):
    asked = {"from": "2026-03-01", "to": "2026-03-31", **asked}
    return text_of(Staff(office.world, "administrator").get("/policies/reporting/steps/", asked))


@pytest.mark.clause("REP-6.1.2")
def test_time_by_step_is_shown_and_a_step_switched_off_is_passed_by_new_cases_only(office):
    numbers = [closed_after(office, hours) for hours in (2, 4)]
    page = steps_page(office)
    signed_in = re.search(rf"已分派，待签收 可停用 个案 2 {STEP}", page)
    answered = re.search(rf"已告知，待客户答复 个案 2 {STEP}", page)
    assert signed_in
    assert signed_in.group(1).startswith("3 小时")
    assert answered
    assert answered.group(1) == answered.group(2)
    listed = Staff(office.world, "team_lead").get(
        "/policies/reporting/steps/cases/?state=told&from=2026-03-01&to=2026-03-31"
    )
    assert all(number in text_of(listed) for number in numbers)

    running = complaint(office)
    office.walk(running, *TO_CLOSED[:2], grade=ANALYSED)
    admin = Staff(office.world, "administrator")
    assert admin.post("/policies/reporting/steps/dispatched/switch/", {"to": "off"}).status_code == 302
    assert "已停用" in steps_page(office)

    new = complaint(office)
    office.walk(new, *TO_CLOSED[:2], grade=ANALYSED)
    reader = office.api("team_lead")
    assert reader.case(new)["state"] == "investigating"
    assert reader.case(new)["version"] > 0
    assert reader.case(running)["state"] == "dispatched"
    office.walk(running, "sign_in")
    assert reader.case(running)["state"] == "investigating"

    assert admin.post("/policies/reporting/steps/dispatched/switch/", {"to": "on"}).status_code == 302
    again = complaint(office)
    office.walk(again, *TO_CLOSED[:2], grade=ANALYSED)
    assert reader.case(again)["state"] == "dispatched"


def test_only_who_manages_the_policy_switches_and_only_optional_steps(office):
    assert (
        Staff(office.world, "cs_agent").post("/policies/reporting/steps/dispatched/switch/", {"to": "off"}).status_code
        == 403
    )
    refused = Staff(office.world, "administrator").post(
        "/policies/reporting/steps/investigating/switch/", {"to": "off"}
    )
    assert refused.status_code == 409
    late = Staff(office.world, "administrator").get(
        "/policies/reporting/steps/", {"from": "2026-03-02", "to": "2026-03-01"}
    )
    assert late.status_code == 422
