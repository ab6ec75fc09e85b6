"""The escalation policy: regular meetings on the handling of complaints, and what follows from them and from feedback."""

import pytest

from tests.acceptance.test_escalation_proceedings import complaint
from tests.doors import Staff, faults, value_of
from tests.pages import text_of

PACKS = ("escalation",)


def quality(office):
    return office.api("quality_manager")


def departments(office, *functions):
    return [{"asked_department": office.department(function)} for function in functions]


def meeting(office, **wishes):
    wishes = {
        "meeting_title": "第一季度客诉管理工作会议", "meeting_at": "2026-03-09T14:00:00+08:00", "meeting_length": "90", "meeting_place": "三楼会议室",
        "meeting_departments": departments(office, "sales", "production"),
        "attendees_named": [{"attendee": office.api("department_head", "sales").id}], **wishes,
    }  # fmt: skip
    return quality(office).begin("management_meeting", **wishes)


def planned(office, **wishes):
    response = meeting(office, **wishes)
    assert response.status_code == 201, response.content.decode()
    return response.json()["id"]


def shown(office, key, verb, field):
    events = quality(office).read(f"proceedings/{key}/events")["events"]
    return value_of([event for event in events if event["verb"] == verb][-1], field)


def report(office, title):
    return quality(office).begins("assessment_report", report_title=title)["number"]


@pytest.mark.clause("ESC-6.2.2a")
def test_a_meeting_is_opened_with_the_assessment_reports_since_the_last_one(office, clock):
    january = report(office, "一月考核报告")
    clock.later(days=1)
    first = planned(office)
    quality(office).steps_on(first, "meet")
    clock.later(days=1)
    february = report(office, "二月考核报告")
    second = planned(office)
    clock.later(days=1)
    march = report(office, "三月考核报告")

    quality(office).steps_on(second, "meet")

    assert shown(office, first, "meet", "reports_listed") == [january]
    assert shown(office, second, "schedule", "reports_listed") == [february]
    assert shown(office, second, "meet", "reports_listed") == [february, march]
    page = text_of(Staff(office.world, "quality_manager").get(f"/proceedings/{second}/"))
    assert "二月考核报告" in page and "一月考核报告" not in page


@pytest.mark.clause("ESC-6.2.2a")
def test_minutes_need_a_conclusion_for_each_department_and_decisions_become_tasks(office):
    key = planned(office)
    quality(office).steps_on(key, "meet")
    owner = office.api("department_head", "sales")
    decision = {"task_what": "修订交付承诺", "task_owner": owner.id, "task_due": "2026-03-30"}

    refused = quality(office).step(key, "report", conclusions=[{"conclusion_text": "销售：合格"}])
    after = quality(office).steps_on(
        key, "report", conclusions=[{"conclusion_text": "销售：合格"}, {"conclusion_text": "生产：须整改"}],
        meeting_decisions=[decision],
    )  # fmt: skip

    assert faults(refused) == {"/data/conclusions": "one_for_each"}
    assert after["state"] == "final"
    (task,) = [one for one in owner.waiting(kind="task") if one["parent"] == key]
    assert (task["subject"], task["due_at"][:10]) == ("修订交付承诺", "2026-03-30")


@pytest.mark.clause("ESC-6.2.2a")
def test_a_meeting_that_was_missed_and_one_that_was_never_planned_are_flagged(office, clock):
    page = Staff(office.world, "quality_manager")
    flag = "客诉管理工作会议已到期，尚未安排。"
    assert flag in text_of(page.get("/proceedings/"))
    key = planned(office)
    assert flag not in text_of(page.get("/proceedings/"))

    clock.at("2026-03-11T09:00:00+08:00")
    office.work()

    assert quality(office).proceeding(key)["is_late"]
    attendee = Staff(office.world, "department_head", "sales")
    told = text_of(attendee.get("/notices/"))
    assert "请参加第一季度客诉管理工作会议" in told and "提醒：第一季度客诉管理工作会议" in told
    page.force_login(page.person)
    assert "尚无开会记录" in text_of(page.get("/notices/"))


def test_a_meeting_in_the_past_is_refused(office):
    refused = meeting(office, meeting_at="2026-03-01T14:00:00+08:00")
    assert faults(refused) == {"/data/meeting_at": "in_past"}


def test_the_invitation_is_a_calendar_file_that_follows_every_change(office):
    key = planned(office, meeting_title="客诉会议；销售,生产")
    attendee = Staff(office.world, "department_head", "sales")

    first = attendee.get(f"/proceedings/{key}/invitation.ics")
    quality(office).steps_on(
        key,
        "correct",
        meeting_at="2026-03-10T15:30:00+08:00",
        meeting_length="60",
        meeting_place="线上",
        reason="场地冲突",
    )
    moved = lines_of(attendee.get(f"/proceedings/{key}/invitation.ics"))
    quality(office).steps_on(key, "withdraw")

    assert first["Content-Type"].startswith("text/calendar")
    before = lines_of(first)
    assert (before["DTSTART"], before["DTEND"]) == ("20260309T060000Z", "20260309T073000Z")
    assert before["SUMMARY"] == "客诉会议；销售\\,生产"
    assert (moved["DTSTART"], moved["LOCATION"], moved["UID"]) == ("20260310T073000Z", "线上", before["UID"])
    assert int(moved["SEQUENCE"]) > int(before["SEQUENCE"])
    assert lines_of(attendee.get(f"/proceedings/{key}/invitation.ics"))["STATUS"] == "CANCELLED"
    page = attendee.get(f"/proceedings/{key}/").content.decode()
    assert f"/proceedings/{key}/invitation.ics" in page


def lines_of(response):
    """The properties of a calendar file after unfolding; every line has to be short enough and to end as it must."""
    assert response.status_code == 200
    raw = response.content
    assert raw.endswith(b"\r\n") and all(len(line) <= 75 for line in raw.split(b"\r\n"))
    text = raw.decode().replace("\r\n ", "")
    return dict(line.partition(":")[::2] for line in reversed(text.split("\r\n")) if line)


@pytest.mark.clause("ESC-6.2.2c")
def test_a_demand_of_a_meeting_stays_open_until_verified_and_is_listed_at_the_next_one_when_overdue(office, clock):
    key = planned(office)
    quality(office).steps_on(key, "meet")
    demand = {
        "asked_department": office.department("sales"), "rectification_problem": "承诺交期过短",
        "rectification_requirement": "改用实际产能测算", "rectification_due": "2026-03-06",
    }  # fmt: skip
    both = [{"conclusion_text": "合格"}, {"conclusion_text": "须整改"}]
    quality(office).steps_on(key, "report", conclusions=both, meeting_demands=[demand])
    head = office.api("supporting_head", "sales")
    (one,) = quality(office).read("proceedings", kind="rectification")["proceedings"]
    head.steps_on(one["id"], "reply")
    reported = quality(office).proceeding(one["id"])

    clock.later(days=7)
    office.work()
    following = planned(office, meeting_at="2026-06-09T14:00:00+08:00")
    listed = shown(office, following, "schedule", "demands_listed")
    verified = quality(office).steps_on(one["id"], "verify")
    quality(office).steps_on(following, "meet")

    assert (reported["state"], reported["ended_at"]) == ("responded", None)
    assert listed == [one["number"]]
    assert head.step(one["id"], "verify").status_code in (403, 409)
    assert (verified["state"], shown(office, following, "meet", "demands_listed")) == ("verified", [])


@pytest.mark.clause("ESC-7.3.3")
def test_an_adjustment_lists_the_feedback_it_answers_and_each_of_it_shows_how_far_it_is(office):
    numbers = [complaint(office) for _ in range(2)]
    owner = office.api("department_head", "production")
    wishes = {"adjustment_owner": owner.id, "adjustment_text": "交付周期改按产能承诺", "adjustment_due": "2026-04-30"}

    unknown = quality(office).begin("adjustment", cases_behind=[{"case_behind": "KS209901-00001"}], **wishes)
    none = quality(office).begin("adjustment", cases_behind=[], **wishes)
    key = quality(office).begins("adjustment", cases_behind=[{"case_behind": n} for n in numbers], **wishes)["id"]
    owner.steps_on(key, "complete_measure")

    assert (unknown.status_code, list(faults(unknown).values())) == (422, ["no_such_case"])
    assert faults(none) == {"/data/cases_behind": "required"}
    events = quality(office).read(f"proceedings/{key}/events")["events"]
    assert [row[0]["value"] for row in value_of(events[0], "cases_behind")] == numbers
    for number in numbers:
        (seen,) = quality(office).proceedings(number, "adjustment")
        assert (seen["id"], seen["state"]) == (key, "carried_out")
        assert "交付周期改按产能承诺" in text_of(
            Staff(office.world, "quality_manager").get(f"/cases/{number}/?tab=proceedings")
        )
