"""Registers of the escalation policy: commendations, rewards and sampling schedules, and the list that all of them share."""

import io
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from tests.doors import Staff
from tests.pages import text_of

PACKS = ("escalation",)


def register(office, kind, **query):
    return f"/registers/{office.world.desk.code}/{kind}/", query


def page(office, staff, kind, **query):
    answer = staff.get(*register(office, kind, **query))
    assert answer.status_code == 200
    return text_of(answer)


def commended(office, person, what, **wishes):
    given = {
        "grounds_indicators": ["resolution_rate", "satisfaction"],
        "grounds_values": "2026年第一季度：解决率98%，满意度4.8分",
    }
    return office.api("quality_manager").begins(
        "commendation",
        commended_person=person.id,
        commended_department=None,
        commendation_for=what,
        **{**given, **wishes},
    )


@pytest.mark.clause("ESC-6.2.2b")
def test_a_commendation_decided_at_the_meeting_cites_the_indicators_and_shows_on_the_employees_record(office, clock):
    quality, agent, head = office.api("quality_manager"), office.api("cs_agent"), office.api("department_head", "sales")
    meeting = quality.begins(
        "management_meeting", meeting_at="2026-03-04T10:00+08:00", attendees_named=[{"attendee": head.id}],
        meeting_departments=[{"asked_department": office.department("sales")}],
    )["id"]  # fmt: skip
    clock.at("2026-03-04T10:05+08:00")
    quality.steps_on(meeting, "meet")
    quality.steps_on(
        meeting, "report",
        meeting_commendations=[{
            "commended_person": agent.id, "commendation_for": "一季度解决率全台第一",
            "grounds_indicators": ["resolution_rate", "satisfaction"], "grounds_values": "2026年第一季度：解决率98%，满意度4.8分",
        }],
    )  # fmt: skip
    commended(office, head, "牵头整改交付延迟", grounds_indicators=["timeliness"])

    shown = page(office, Staff(office.world, "quality_manager"), "commendation", commended_person=agent.id)

    assert "一季度解决率全台第一" in shown and "客诉解决率、客户满意度" in shown and "解决率98%" in shown
    assert "牵头整改交付延迟" not in shown
    (record,) = agent.read(f"registers/{office.world.desk.code}/commendation", commended_person=agent.id)["records"]
    assert agent.proceeding(record["id"])["parent"] == meeting


@pytest.mark.clause("ESC-6.3.1a")
def test_a_published_reward_is_read_by_every_employee_and_its_amount_by_a_few(office):
    officer, member = office.api("reward_officer"), office.api("department_member", "logistics")
    key = officer.begins(
        "reward", rewarded_person=office.api("cs_agent").id, rewarded_department=None, reward_for="连续三个月零超时",
        reward_kind="bonus", reward_value="800.00",
    )["id"]  # fmt: skip
    reader = Staff(office.world, "department_member", "logistics")
    before = page(office, reader, "reward")
    self_approved = officer.step(key, "approve")
    office.api("senior_management").steps_on(key, "approve")
    officer.steps_on(key, "tell", notice_text="连续三个月零超时，予以通报表扬。")

    after, record = page(office, reader, "reward"), text_of(reader.get(f"/proceedings/{key}/"))

    assert "连续三个月零超时" not in before
    assert self_approved.status_code == 403
    assert "连续三个月零超时，予以通报表扬。" in after and "连续三个月零超时，予以通报表扬。" in record
    assert "800.00" not in after + record and "奖励金额" not in after + record
    assert "800.00" in page(office, Staff(office.world, "reward_officer"), "reward")
    fields = {v["field"] for v in member.read(f"registers/{office.world.desk.code}/reward")["records"][0]["values"]}
    assert "reward_value" not in fields and "notice_text" in fields


@pytest.mark.clause("ESC-7.1.3")
def test_a_month_without_a_result_is_shown_as_missed_and_a_failed_one_asks_for_a_measure(office, clock):
    quality, owner = office.api("quality_manager"), office.api("department_head", "production")
    key = quality.begins(
        "sampling_schedule", product="equipment", sampling_kind="stability", sampling_every="monthly",
        sampling_items="连续运行72小时", sampling_owner=owner.id,
    )["id"]  # fmt: skip
    staff = Staff(office.world, "quality_manager")
    assert "连续运行72小时" not in page(office, staff, "sampling_schedule", late="yes")

    clock.at("2026-04-03T09:00+08:00")
    office.work()
    staff = Staff(office.world, "quality_manager")

    assert "连续运行72小时" in page(office, staff, "sampling_schedule", late="yes")
    index = staff.get("/registers/").content.decode()
    assert re.search(r"sampling_schedule/\?late=yes\">1</a>", index)
    bare = owner.step(
        key, "report", sampling_verdict="failed", improvement_text=None, improvement_owner=None, improvement_due=None
    )
    assert {e["pointer"] for e in bare.json()["errors"]} >= {
        "/data/improvement_text",
        "/data/improvement_owner",
        "/data/improvement_due",
    }
    owner.steps_on(
        key, "report", sampling_verdict="failed", sampled_on="2026-04-03", sampling_findings="第60小时停机",
        improvement_text="更换散热组件", improvement_owner=owner.id, improvement_due="2026-04-30",
    )  # fmt: skip
    (measure,) = [one for one in owner.waiting() if one["kind"] == "improvement"]
    assert (measure["parent"], measure["subject"]) == (key, "更换散热组件")
    assert "连续运行72小时" not in page(office, staff, "sampling_schedule", late="yes")
    assert "不合格" in page(office, staff, "sampling_schedule", sampling_verdict="failed")


def test_a_register_asks_the_database_as_often_for_one_record_as_for_many(office):
    person, staff = office.api("cs_agent"), Staff(office.world, "quality_manager")
    commended(office, person, "第一件")
    staff.get(*register(office, "commendation"))
    with CaptureQueriesContext(connection) as one:
        staff.get(*register(office, "commendation"))
    for n in range(4):
        commended(office, office.api("department_head", "sales"), f"又一件{n}")
    with CaptureQueriesContext(connection) as many:
        staff.get(*register(office, "commendation"))
    assert len(many) == len(one)


def test_a_register_is_filtered_searched_paged_and_taken_away(office, monkeypatch):
    monkeypatch.setattr("amends.web.registers.views.PAGE_SIZE", 2)
    person, staff = office.api("cs_agent"), Staff(office.world, "quality_manager")
    for n in range(3):
        commended(office, person, f"第{n}件", grounds_values=f"依据{n}")

    first = staff.get(*register(office, "commendation"))
    more = re.search(r'hx-get="([^"]+)"', first.content.decode())
    rest = staff.get(
        register(office, "commendation")[0] + more[1].replace("&amp;", "&"), headers={"HX-Request": "true"}
    )
    subjects = re.findall(r'class="subject" href="[^"]+">([^<]+)<', first.content.decode() + rest.content.decode())
    assert sorted(subjects) == ["第0件", "第1件", "第2件"]
    assert "第1件" in page(office, staff, "commendation", text="依据1") and "第2件" not in page(
        office, staff, "commendation", text="依据1"
    )
    nothing = page(office, staff, "commendation", **{"from": "2027-01-01"})
    assert "没有符合条件的记录。" in nothing
    for query in ({"colour": "red"}, {"from": "yesterday"}, {"late": "perhaps"}, {"cursor": "x"}, {"like": "1"}):
        refused = staff.get(*register(office, "commendation", **query))
        assert refused.status_code == 422 and 'role="alert"' in refused.content.decode()

    sheet = staff.get(register(office, "commendation")[0] + "export/", {"text": "依据1"})
    rows = (
        CalamineWorkbook.from_filelike(io.BytesIO(b"".join(sheet.streaming_content))).get_sheet_by_index(0).to_python()
    )
    assert len(rows) == 2 and rows[0][:3] == ["编号", "日期", "受表彰人"] and "依据1" in rows[1]
    assert ("export", "count:1") in [
        (what, field) for _, what, field, _ in office.accesses_by(office.api("quality_manager"))
    ]
    assert Staff(office.world, "cs_agent").get(register(office, "commendation")[0] + "export/").status_code == 403
    assert staff.get("/registers/nowhere/commendation/").status_code == 404
