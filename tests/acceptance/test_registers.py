"""Registers: suppliers, inspections, rewards, processes, needs and supervision rules, and the list that all of them share."""

import io
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from amends.core.sampling import is_drawn
from tests.acceptance.test_escalation_proceedings import TO_TOLD, complaint
from tests.acceptance.test_express_handling import TO_INVESTIGATION, registered
from tests.doors import Staff, faults, value_of
from tests.pages import text_of

PACKS = ("escalation", "express", "reporting")


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
    assert "没有符合条件的记录" in nothing
    for query in ({"colour": "red"}, {"from": "yesterday"}, {"late": "perhaps"}, {"cursor": "x"}, {"like": "1"}):
        refused = staff.get(*register(office, "commendation", **query))
        assert refused.status_code == 422 and 'role="alert"' in refused.content.decode()

    sheet = staff.get(register(office, "commendation")[0] + "export/", {"text": "依据1"})
    rows = (
        CalamineWorkbook.from_filelike(io.BytesIO(b"".join(sheet.streaming_content))).get_sheet_by_index(0).to_python()
    )
    assert len(rows) == 2 and rows[0][:4] == ["编号", "日期", "表彰事由", "受表彰人"] and "依据1" in rows[1]
    assert ("export", "count:1") in [
        (what, field) for _, what, field, _ in office.accesses_by(office.api("quality_manager"))
    ]
    assert Staff(office.world, "cs_agent").get(register(office, "commendation")[0] + "export/").status_code == 403
    assert staff.get("/registers/nowhere/commendation/").status_code == 404


def blamed_on(office, supplier):
    """A complaint whose investigation attributes it to the material of a supplier."""
    number = complaint(office, *TO_TOLD[:4])
    office.handler(number).does(number, "conclude", supplier=supplier)
    return number


@pytest.mark.clause("ESC-7.1.1")
def test_a_supplier_with_too_many_complaints_is_proposed_for_elimination_and_once_eliminated_not_chosen_again(
    office, clock
):
    quality, purchaser = office.api("quality_manager"), office.api("purchaser")
    key = purchaser.begins("supplier", supplier_name="华东散热器厂", supplied_material="散热片")["id"]
    supplier = purchaser.proceeding(key)["number"]
    purchaser.steps_on(key, "note", acceptance_verdict="accepted", material_lot="L-17")
    purchaser.begins("purchase", purchase_supplier=supplier, purchase_material="散热片 L-17")
    blamed = [blamed_on(office, supplier) for _ in range(2)]
    quality.steps_on(key, "assess", evaluation_score=88)
    assert quality.proceeding(key)["state"] == "qualified"
    blamed.append(blamed_on(office, supplier))

    staff = Staff(office.world, "quality_manager")
    listed, record = page(office, staff, "supplier"), text_of(staff.get(f"/proceedings/{key}/"))
    assert "台账 / 供应商 华东散热器厂" in record
    say = "归因于其材料的客诉超过上限，建议评估并淘汰。"
    sheet = b"".join(staff.get(register(office, "supplier")[0] + "export/").streaming_content)
    head, row = CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(0).to_python()
    told = dict(zip(head, row, strict=True))
    (concerned,) = [value for title, value in told.items() if title.startswith("相关个案")]
    assert (told["供应商名称"], head.index("供应商名称")) == ("华东散热器厂", 2)
    assert (concerned, told["状态"], told["登记人"]) == (3, "合格", purchaser.person.name)
    assert say in listed and say in record and all(number in record for number in blamed)
    assert "登记供应商" in record and "受理了投诉" not in record
    clock.later(days=1)
    office.work()
    assert any(say in n.text for n in quality.person.notices.all())

    quality.steps_on(key, "assess", evaluation_score=41)
    assert quality.proceeding(key)["state"] == "to_eliminate"
    bare = office.api("senior_management").step(key, "approve", elimination_reason=None)
    office.api("senior_management").steps_on(key, "approve", elimination_reason="一年内三起散热不良客诉")
    refused = purchaser.begin("purchase", purchase_supplier=supplier, purchase_material="散热片 L-18")

    assert bare.status_code == 422
    (row,) = purchaser.read(f"registers/{office.world.desk.code}/supplier")["records"]
    values = {v["field"]: v["value"] for v in row["values"]}
    assert (row["state"], row["concerned"], values["elimination_reason"]) == ("eliminated", 3, "一年内三起散热不良客诉")
    assert faults(refused) == {"/data/purchase_supplier": "record_not_open"}
    assert "“华东散热器厂”目前为“已淘汰”" in refused.json()["errors"][0]["message"]
    form = Staff(office.world, "purchaser").get(f"/proceedings/new/{office.world.desk.code}/purchase/").content.decode()
    assert supplier not in form


@pytest.mark.clause("ESC-7.1.1")
def test_a_supplier_is_proposed_for_elimination_by_whoever_evaluates_it_without_a_single_complaint(office):
    quality = office.api("quality_manager")
    key = quality.begins("supplier", supplier_name="华东散热器厂")["id"]

    quality.steps_on(key, "assess", evaluation_conclusion="eliminate", evaluation_text="三批整批拒收。")

    assert quality.proceeding(key)["state"] == "to_eliminate"
    office.api("senior_management").steps_on(key, "disapprove")
    quality.steps_on(key, "assess", evaluation_conclusion="keep")
    assert quality.proceeding(key)["state"] == "qualified"


@pytest.mark.clause("ESC-7.1.2")
def test_a_rise_in_complaints_about_a_product_leads_to_a_new_version_that_links_them(office):
    quality, staff = office.api("quality_manager"), Staff(office.world, "quality_manager")
    key = quality.begins("inspection_plan", product="software", plan_version="第 1 版", inspections_a_month=2)["id"]
    say = "该产品的客诉上升，建议提高检测频次或增加检测项目。"
    clerk = office.api("intake_officer")
    numbers = [clerk.registered(channel="hotline", category="product_quality", product="software") for _ in range(3)]
    clerk.registered(channel="hotline", category="product_quality", product="equipment")
    assert say not in page(office, staff, "inspection_plan")
    numbers.append(clerk.registered(channel="hotline", category="product_quality", product="software"))
    assert say in page(office, staff, "inspection_plan")

    quality.steps_on(key, "improve", plan_version="第 2 版", inspections_a_month=4)

    record = staff.get(f"/proceedings/{key}/")
    shown = text_of(record)
    assert "第 2 版" in shown and "关联个案" in shown and say not in shown
    assert all(f'/cases/{number}/"' in record.content.decode() for number in numbers)
    (row,) = quality.read(f"registers/{office.world.desk.code}/inspection_plan")["records"]
    values = {v["field"]: v["value"] for v in row["values"]}
    assert (values["plan_version"], values["inspections_a_month"]) == ("第 2 版", 4)


@pytest.mark.clause("EXP-8.1.2")
def test_process_steps_are_ranked_by_complaints_and_overdue_reviews_are_marked(office_of, clock):
    office = office_of("express")
    quality = office.api("quality_manager")
    keys = {
        name: quality.begins("service_process", process_name=name, process_owner=office.api("cs_supervisor").id)
        for name in ("收寄", "中转", "派送")
    }
    for name, times in (("派送", 2), ("中转", 1)):
        for _ in range(times):
            number = registered(office)
            office.walk(number, *TO_INVESTIGATION)
            office.handler(number).does(number, "conclude", process_step=keys[name]["number"])
    clock.later(days=183)
    office.work()
    quality.steps_on(keys["收寄"]["id"], "review", process_gaps="面单手写易错", process_changes="改为电子面单")

    staff = Staff(office.world, "quality_manager")
    with CaptureQueriesContext(connection) as asked:
        html = staff.get(*register(office, "service_process")).content.decode()
    counting = [one["sql"] for one in asked.captured_queries if "cases_concernedvalue" in one["sql"]]
    rows = quality.read(f"registers/{office.world.desk.code}/service_process")["records"]

    assert re.findall(r'class="subject" href="[^"]+">([^<]+)<', html) == ["派送", "中转", "收寄"]
    assert [row["concerned"] for row in rows] == [2, 1, 0]
    assert [row["is_late"] for row in rows] == [True, True, False]
    assert html.count("已超时</span>") == 2 and "改为电子面单" in html
    assert len(counting) == 1 and "cases_registerline" not in counting[0], "counted once for all lines of the list"


@pytest.mark.clause("EXP-8.3.1")
def test_needs_are_merged_counted_and_decided(office_of):
    office = office_of("express")
    quality, agent = office.api("quality_manager"), office.api("cs_agent")
    kept = agent.begins("customer_need", need_text="希望夜间派送", need_group="private", need_source="feedback")
    others = [
        agent.begins("customer_need", need_text=f"晚上才在家{n}", need_group=group, need_source="survey")
        for n, group in enumerate(("online_shops", "elderly"))
    ]
    for other in others:
        quality.steps_on(other["id"], "link", merged_into=kept["number"])
    itself = quality.step(kept["id"], "link", merged_into=kept["number"])

    quality.steps_on(kept["id"], "rule", need_decision="tailored", need_answer="推出夜间派送时段")

    shown = text_of(Staff(office.world, "quality_manager").get(f"/proceedings/{kept['id']}/"))
    first = quality.read(f"registers/{office.world.desk.code}/customer_need")["records"][0]
    assert itself.status_code == 422
    assert (first["number"], first["concerned"], first["state"]) == (kept["number"], 2, "decided")
    assert "电商商家" in shown and "老年客户" in shown and "推出夜间派送时段" in shown


@pytest.mark.clause("EXP-8.3.4")
def test_a_practice_that_is_tried_has_a_measure_with_an_owner_and_gets_its_result(office_of, clock):
    office = office_of("express")
    quality, owner = office.api("quality_manager"), office.api("department_head", "transport_operations")
    key = quality.begins("practice_note", practice_title="智能外呼回访", practice_source="协会简报")["id"]
    bare = quality.step(key, "rule", practice_decision="try_it", improvement_owner=None)
    quality.steps_on(
        key, "rule", practice_decision="try_it", improvement_text="试点智能外呼", improvement_owner=owner.id,
        improvement_due="2026-03-31", asked_department=office.department("transport_operations"), expected_effect="回访率提高",
    )  # fmt: skip
    (measure,) = [one for one in owner.waiting(kind="improvement") if one["parent"] == key]
    clock.later(days=183)
    office.work()
    late = quality.proceeding(key)["is_late"]
    quality.steps_on(key, "review")
    quality.steps_on(key, "report", practice_outcome="adopt", practice_result="回访率由六成升到九成")

    assert faults(bare) == {"/data/improvement_owner": "required"}
    assert (measure["subject"], late) == ("试点智能外呼", True)
    (row,) = quality.read(f"registers/{office.world.desk.code}/practice_note", practice_decision="try_it")["records"]
    assert row["state"] == "adopted" and "回访率由六成升到九成" in [v["value"] for v in row["values"]]


@pytest.mark.clause("REP-6.3.1")
def test_a_violation_opens_a_rectification_and_stays_in_the_history_of_the_rule(office_of, clock):
    office = office_of("reporting")
    reviewer, owner = office.api("quality_reviewer"), office.api("team_lead")
    key = office.api("management").begins(
        "supervision_rule",
        rule_title="报价须经双人复核",
        rule_version="1.0",
        rule_owner=owner.id,
        check_every="monthly",
    )["id"]
    clock.later(days=32)
    office.work()
    assert reviewer.proceeding(key)["is_late"]
    reviewer.steps_on(key, "assess", check_verdict="compliant")
    due = str(clock.later(days=30).date())
    bare = reviewer.step(key, "assess", check_verdict="violated", violations=None)
    reviewer.steps_on(
        key, "assess", check_verdict="violated",
        violations=[{"violation_text": "三份报价单无复核签字", "rectification_owner": owner.id, "rectification_due": due}],
    )  # fmt: skip

    (item,) = owner.waiting(kind="rectification")
    staff = Staff(office.world, "quality_reviewer")
    shown = text_of(staff.get(f"/proceedings/{key}/"))
    assert bare.status_code == 422
    assert (item["subject"], item["parent"], item["due_at"] is not None) == ("三份报价单无复核签字", key, True)
    assert "三份报价单无复核签字" in shown and shown.count("发现违规") >= 1 and "符合规定" in shown
    owner.steps_on(item["id"], "reply", rectification_response="已补签")
    reviewer.steps_on(item["id"], "verify")
    assert reviewer.proceeding(item["id"])["state"] == "verified"


@pytest.mark.clause("ESC-7.2.3")
def test_five_percent_are_drawn_by_a_stored_seed_and_each_shortcoming_becomes_a_rectification(office):
    quality, clerk = office.api("quality_manager"), office.api("intake_officer")
    numbers = sorted(clerk.registered(channel="hotline") for _ in range(30))
    key = quality.begins("quality_check", quality_check_title="2026年3月服务质量检查")["id"]

    (begun,) = quality.read(f"proceedings/{key}/events")["events"]
    seed, drawn = value_of(begun, "sample_by"), value_of(begun, "sample_drawn") or []
    assert value_of(begun, "sample_of") == 30
    assert drawn == [number for number in numbers if is_drawn(f"{seed}:{number}", 5)]

    row = {
        "asked_department": office.department("sales"),
        "rectification_requirement": "更新话术",
        "rectification_due": "2026-03-20",
    }
    scores = {"score_manner": 20, "score_timeliness": 25, "score_record": 40}
    quality.steps_on(
        key, "assess", scored_cases=[{"scored_case": numbers[0], **scores}],
        service_shortcomings=[{**row, "rectification_problem": "未复述诉求"}, {**row, "rectification_problem": "回电超时"}],
    )  # fmt: skip
    items = [one for one in quality.read("proceedings", kind="rectification")["proceedings"] if one["parent"] == key]
    assert sorted(one["subject"] for one in items) == ["回电超时", "未复述诉求"]
    head = office.api("supporting_head", "sales")
    for one in items:
        head.steps_on(one["id"], "reply")
        assert quality.steps_on(one["id"], "verify")["state"] == "verified"


@pytest.mark.clause("ESC-7.2.1")
def test_a_new_version_of_a_procedure_is_confirmed_by_everybody_and_linked_at_its_step(office):
    quality, agent = office.api("quality_manager"), office.api("cs_agent")
    key = quality.begins(
        "service_procedure", procedure_title="首问负责规范", procedure_steps=["registered"], procedure_version="第 1 版"
    )["id"]
    assert key in [one["id"] for one in agent.waiting()]
    agent.steps_on(key, "acknowledge")
    assert key not in [one["id"] for one in agent.waiting()]
    twice = agent.step(key, "acknowledge")

    quality.steps_on(key, "improve", procedure_version="第 2 版", work_standard="两分钟内应答")

    staff, number = Staff(office.world, "cs_agent"), office.api("intake_officer").registered(channel="hotline")
    record = text_of(staff.get(f"/proceedings/{key}/"))
    listed = text_of(Staff(office.world, "quality_manager").get("/registers/escalation/service_procedure/"))
    case = staff.get(f"/cases/{number}/").content.decode()
    assert agent.person.name in listed.split("尚未确认阅读")[1]
    assert twice.status_code in (403, 409)
    assert key in [one["id"] for one in agent.waiting()] and agent.id in office.told_in(key, "procedure_published")
    assert "尚未确认阅读" in record and agent.person.name in record.split("尚未确认阅读")[1].split("目前内容")[0]
    assert f'/proceedings/{key}/">首问负责规范' in case and "第 2 版" in record
    office.walk(number, "grade")
    assert "首问负责规范" not in staff.get(f"/cases/{number}/").content.decode()


def test_a_second_supplier_of_the_same_name_is_named_first_and_registered_when_it_is_sent_again(office):
    purchaser = office.api("purchaser")
    first = purchaser.proceeding(
        purchaser.begins("supplier", supplier_name="华东散热器厂", supplied_material="散热片")["id"]
    )
    staff, address = Staff(office.world, "purchaser"), f"/proceedings/new/{office.world.desk.code}/supplier/"
    typed = {
        "supplier_name": "华东散热器厂",
        "supplied_material": "铜管",
        "selection_criteria": "三证齐全，现场审核通过。",
        "_token": "1" * 32,
    }
    asked = staff.post(address, typed)
    page = asked.content.decode()
    say = f"已有同名的“华东散热器厂”（{first['number']}，合格）。确实不是同一个的，请再次提交。"
    assert asked.status_code == 422 and say in page and "三证齐全，现场审核通过。" in page
    assert staff.post(address, {**typed, "_doubt": say}).status_code == 302
    assert len(purchaser.read("proceedings", kind="supplier")["proceedings"]) == 2
    other = staff.post(address, {**typed, "supplier_name": "华南散热器厂", "_token": "2" * 32})
    assert other.status_code == 302
