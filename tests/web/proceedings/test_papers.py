"""Papers of proceedings: filled with what the proceeding and its case say, who did what, and who decided."""

from __future__ import annotations

import pytest

from amends.apps.cases.proceedings.queries import visible_proceeding
from amends.apps.cases.queries import Viewer
from amends.apps.people.models import AccessEntry
from amends.doors.papers.finding import sheet_called
from amends.doors.papers.proceedingfile import ProceedingFile
from tests.acceptance.test_escalation_proceedings import complaint, escalates, formed, plan, superior
from tests.doors import Office
from tests.papers.reading import text_of_docx
from tests.web.staff import signed_in

PACKS = ("escalation",)


def paper(door: object, key: str, name: str) -> str:
    answer = door.get(f"proceedings/{key}/papers/{name}.docx")  # type: ignore[attr-defined]
    assert answer.status_code == 200, answer.content
    return text_of_docx(answer.content)


@pytest.mark.clause("ESC-4.2.1", "ESC-4.2.2b")
def test_the_escalation_request_prints_the_case_the_request_and_the_opinion_with_name_and_date(office: Office) -> None:
    number = complaint(office)
    key = escalates(office, number, escalation_reason="须由供应商总部调货")
    before = paper(superior(office), key, "escalation")
    superior(office).steps_on(key, "approve", escalation_opinion="同意升级，限三日内成立小组。")

    text = paper(superior(office), key, "escalation")

    assert number in text and "须由供应商总部调货" in text and "SJ202603-" in text
    assert "☑\xa0超出本部门处理能力，规定时间内无法解决" in text
    assert "同意升级，限三日内成立小组。" not in before
    name = superior(office).person.name
    assert f"签字：{name}　2026年3月2日" in text and "批准：同意升级，限三日内成立小组。" in text
    assert office.handler(number).person.name in text


@pytest.mark.clause("ESC-4.4.1b", "ESC-4.4.2a")
def test_minutes_are_printed_meeting_by_meeting_and_the_report_with_members_plan_and_review(office: Office) -> None:
    _, key, leader = formed(office)
    leader.steps_on(key, "conclude")
    leader.steps_on(key, "propose", **plan(office))
    leader.steps_on(key, "meet", meeting_progress="第一次会议的进展")
    leader.steps_on(key, "meet", meeting_progress="第二次会议的进展")
    leader.steps_on(key, "report", report_result="已换货并上门致歉")
    superior(office).steps_on(key, "approve", report_opinion="同意结案。")

    listed = {one["title"]: one["name"] for one in leader.read(f"proceedings/{key}/papers")["papers"]}
    first = paper(leader, key, listed["专项会议纪要（第 1 份）"])
    report = paper(leader, key, "task_force_report")

    assert "第一次会议的进展" in first and "第二次会议的进展" not in first
    for text in ("已换货并上门致歉", "复检同批货物", "2026年3月4日", "同意结案。", superior(office).person.name):
        assert text in report, text
    assert leader.get(f"proceedings/{key}/papers/special_meeting.docx").status_code == 404


def test_the_page_offers_what_was_filled_in_and_each_printing_is_noted(office: Office) -> None:
    key = escalates(office, complaint(office))
    head = signed_in(office.world, "superior_department_head")

    page = head.get(f"/proceedings/{key}/").content.decode()
    made = head.get(f"/proceedings/{key}/print/escalation.pdf")

    assert f"/proceedings/{key}/print/escalation.docx" in page
    assert made.content.startswith(b"%PDF-")
    assert AccessEntry.objects.get(action="print").object == f"proceeding:{key}"
    assert head.get(f"/proceedings/{key}/print/dispatch.pdf").status_code == 404


def test_a_case_offers_no_papers_that_only_its_proceedings_fill_in(office: Office) -> None:
    number = complaint(office)
    names = [one["name"] for one in office.handler(number).read(f"cases/{number}/papers")["papers"]]
    assert "escalation" not in names and "dispatch" in names
    assert office.handler(number).get(f"cases/{number}/papers/escalation.pdf").status_code == 404


def test_whoever_does_not_see_the_case_reads_nothing_of_it_on_the_paper(office: Office) -> None:
    number = complaint(office)
    viewer = Viewer(person=office.handler(number).person, now=office.clock.now)
    file = ProceedingFile(viewer, visible_proceeding(viewer, escalates(office, number)))
    assert number in sheet_called(file, "escalation").texts()

    hidden = ProceedingFile(viewer, file.proceeding)
    hidden.behind = None

    assert number not in sheet_called(hidden, "escalation").texts()
