"""One printed form for all channels, confidentiality, and no complaint that nobody moves."""

import re

import pytest
from django.db import connection
from django.test import Client

from tests.doors import Staff
from tests.pages import text_of

PACKS = ("express",)

COMPLETE = {
    "complainant_name": "李雷", "complainant_phone": "13800138000", "description": "3月1日在朝阳网点取件时发生。",
    "demands": [{"text": "赔偿 300 元"}],
}  # fmt: skip
FORM = "complaint_record"


def registered(office, **answers):
    return office.api("intake_officer").registered(**{**COMPLETE, **answers})


@pytest.mark.clause("EXP-1.2.4")
def test_complaints_by_telephone_and_website_are_printed_with_the_same_layout(office):
    papers = [paper(office, registered(office, channel=channel)) for channel in ("telephone", "website")]

    assert papers[0] == papers[1]
    assert papers[0][:4] == ["客户投诉记录表", "一、投诉人", "姓名", "客户身份"]


def paper(office, number):
    """The titles on the printed form of a case, in their order; the PDF itself has to be there."""
    staff = Staff(office.world, "cs_supervisor")
    printed = staff.get(f"/cases/{number}/print/{FORM}.pdf")
    assert (printed.status_code, printed.content[:5]) == (200, b"%PDF-")
    return office.titles_on_paper(number, FORM, staff.person)


@pytest.mark.clause("EXP-1.2.4")
def test_the_layout_belongs_to_a_numbered_version_of_the_policy(office):
    number = registered(office)

    judged = office.api("cs_supervisor").read(f"cases/{number}/conformity")

    assert (judged["pack"], judged["version"]) == ("express", 1)
    assert "客户投诉记录表" in text_of(Staff(office.world, "cs_supervisor").get(f"/cases/{number}/"))


def test_nobody_reads_a_record_without_signing_in(office):
    number = registered(office)

    by_api = Client().get(f"/api/v1/cases/{number}")
    by_page = Client().get(f"/cases/{number}/")

    assert (by_api.status_code, by_page.status_code) == (401, 302)
    assert by_page["Location"].startswith("/sign-in/")


@pytest.mark.clause("EXP-1.2.6")
def test_an_employee_without_a_role_on_the_case_is_refused_and_the_attempt_is_logged(office):
    number = registered(office, subject="外箱破裂")
    employee = office.api("employee")

    by_api = employee.get(f"cases/{number}")
    by_page = Staff(office.world, "employee").get(f"/cases/{number}/")
    searched = employee.numbers(text="外箱破裂")

    assert (by_api.status_code, by_page.status_code, searched) == (404, 404, [])
    assert office.accesses(number) == [(employee.username, "refused", "", "")] * 2
    assert (employee.username, "search", "", "外箱破裂") in office.accesses_by(employee)


@pytest.mark.clause("EXP-1.2.6")
def test_personal_data_is_masked_and_every_look_at_it_needs_a_reason_and_is_logged(office):
    number = registered(office)
    agent = office.api("cs_agent")

    without = agent.post(f"cases/{number}/reveal", {"field": "complainant_phone", "reason": ""})
    shown = agent.post(f"cases/{number}/reveal", {"field": "complainant_phone", "reason": "电话核对地址"})
    by_staff = office.api("quality_manager").post(
        f"cases/{number}/reveal", {"field": "complainant_phone", "reason": "想看一下"}
    )

    assert without.status_code == 422
    assert (shown.status_code, shown.json()["value"]) == (200, "13800138000")
    assert by_staff.status_code == 403
    assert office.accesses(number) == [(agent.username, "reveal", "complainant_phone", "电话核对地址")]
    page = text_of(Staff(office.world, "cs_agent").get(f"/cases/{number}/"))
    assert ("13800138000" in page, "李雷" in page, "138****8000" in page) == (False, False, True)


@pytest.mark.clause("EXP-1.2.6")
@pytest.mark.parametrize("by", ["kind", "channel", "category", "department", "state"])
def test_the_figures_that_are_passed_around_hold_no_personal_data(office, by):
    registered(office)

    figures = text_of(Staff(office.world, "executive").get("/counts/", {"by": by}))

    assert [word in figures for word in ("李雷", "13800138000", "138****8000", "朝阳网点取件")] == [False] * 4


@pytest.mark.clause("EXP-1.2.8")
def test_exactly_the_cases_without_an_active_owner_or_a_due_date_are_listed_and_raised(office, clock):
    whole, left, undated = (registered(office) for _ in range(3))
    for number in (whole, left, undated):
        office.walk(number, "accept", "confirm", "grade", "dispatch", "sign_in", "investigate")
    office.does(left, "reassign", handler=office.api("department_staff", "delivery_operations").id)
    office.leaves(office.handler(left))
    without_due_date(undated)

    clock.later(days=1)
    office.work()

    supervisor = office.api("cs_supervisor")
    assert gaps(office) == {left: "承办人已停用", undated: "没有到期时间"}
    assert [office.told(number, "gap_found") for number in (whole, left, undated)] == [
        [],
        [supervisor.username],
        [supervisor.username],
    ]

    supervisor.does(left, "reassign", handler=office.api("department_head", "delivery_operations").id)
    supervisor.does(undated, "mark_urgent")
    assert gaps(office) == {}


def gaps(office):
    """The cases of the integrity check with what each lacks."""
    page = Staff(office.world, "cs_supervisor").get("/gaps/")
    rows = page.content.decode().split("<tbody>")[1].split("</tr>")[:-1] if b"<tbody>" in page.content else []
    found = (re.search(r"/cases/([^/]+)/.*?chip-late\">([^<]+)<", row, re.DOTALL) for row in rows)
    return {match.group(1): match.group(2) for match in found}


def without_due_date(number):
    """Take the due date from a case behind the application's back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_case SET due_at = NULL, sweep_at = %s WHERE number = %s",
            ["9999-01-01 00:00:00+00:00", number],
        )
        assert cursor.rowcount == 1
