"""The case library and the templates of handling of the express policy."""

import re

import pytest

from tests.acceptance.test_market_guidance import on_page
from tests.doors import Staff, faults, said, value_of
from tests.pages import text_of

PACKS = ("express",)

STORY = "我叫顾晓彤，家住宁波市中山路12号3栋501室，等了五天快递员才送到，请打13800138000。"
TO_PLAN = ("accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude")
TO_END = (*TO_PLAN, "propose", "tell", "agree", "carry_out", "follow_up", "close")
DELAYED, RUDE = {"category": "service_quality/delayed"}, {"category": "service_quality/attitude"}
WRITTEN = {"study_analysis": "中转站积压，没有告知客户。", "study_lesson": "积压当天就要告诉客户。"}


def parcel(office, verbs=(), grade=DELAYED, **answers):
    number = office.api("cs_agent").registered(
        channel="telephone", complainant_name="顾晓彤", complainant_phone="13800138000", subject="快件延误五天",
        description=STORY, recorded_category="timeliness", **answers,
    )  # fmt: skip
    office.walk(number, *verbs, grade=grade)
    return number


def field_of(page, name):
    """What stands in a text field of a form."""
    found = re.search(
        rf'<(?:textarea|input)[^>]*name="{name}"[^>]*?(?:value="([^"]*)"[^>]*>|>([^<]*)</textarea>)', page
    )
    assert found, name
    return found.group(1) or found.group(2) or ""


def sent(staff, address, values):
    page = staff.get(address)
    return staff.post(address, {**values, "_version": on_page(page, "_version"), "_token": on_page(page, "_token")})


@pytest.mark.clause("EXP-7.1")
def test_a_study_begins_without_personal_data_and_is_published_after_review_by_somebody_else(office):
    number = parcel(office, TO_END)
    author, reviewer = Staff(office.world, "cs_supervisor"), Staff(office.world, "quality_manager")
    address = f"/cases/{number}/begin/case_study/"

    form = author.get(address).content.decode()
    begun = {name: field_of(form, name) for name in ("study_title", "study_background", "study_course")}
    assert begun["study_title"] == "快件延误五天"
    assert "等了五天快递员才送到" in begun["study_background"]
    for personal in ("顾晓彤", "13800138000", "12号", "501"):
        assert personal not in "".join(begun.values())
    assert begun["study_course"].startswith("1. 第1天：") and "\n2. " in begun["study_course"]
    assert "天：客户接受了结果" in begun["study_course"] and "客户（投诉人）" not in begun["study_course"]

    assert sent(author, address, {**begun, **WRITTEN}).status_code == 302
    (study,) = office.api("cs_supervisor").proceedings(number, "case_study")
    own = office.api("cs_supervisor").step(study["id"], "approve")
    before = text_of(reviewer.get("/library/express/"))
    office.api("quality_manager").steps_on(study["id"], "approve")

    assert (own.status_code, own.json()["code"]) == (403, "not_permitted")
    assert "快件延误五天" not in before
    reader = Staff(office.world, "department_staff", "delivery_operations")
    found = text_of(reader.get("/library/express/", {"category": "service_quality/delayed"}))
    assert "快件延误五天" in found
    assert "快件延误五天" not in text_of(reader.get("/library/express/", {"category": "price"}))
    assert "快件延误五天" in text_of(reader.get("/library/express/", {"q": "中转站积压"}))
    shown = text_of(reader.get(f"/library/express/{study['id']}/"))
    assert "积压当天就要告诉客户。" in shown and "顾晓彤" not in shown and number not in shown

    other = parcel(office, TO_PLAN)
    planner = Staff(office.world, "cs_agent")
    planner.force_login(office.handler(other).person)
    assert "同类案例 快件延误五天" in text_of(planner.get(f"/cases/{other}/do/propose/"))
    beside = planner.get(f"/cases/{other}/")
    assert "同类案例 案例库 快件延误五天" in text_of(beside)
    assert f'href="/library/express/{study["id"]}/"' in beside.content.decode()
    assert "同类案例" not in text_of(planner.get(f"/cases/{parcel(office, TO_PLAN, grade=RUDE)}/"))


def test_the_library_stands_in_the_navigation_of_whoever_works_on_a_desk_that_has_one(office):
    reader = Staff(office.world, "department_staff", "delivery_operations")

    assert '<a href="/library/express/"' in reader.get("/").content.decode()
    assert '<a href="/library/express/" aria-current="page"' in reader.get("/library/express/").content.decode()


@pytest.mark.clause("EXP-7.1")
def test_a_study_that_still_holds_a_phone_number_or_a_name_is_refused_with_the_places(office):
    number = parcel(office, TO_END)
    author = office.api("cs_supervisor")
    kept = {**WRITTEN, "study_title": "延误", "study_background": "客户等了五天。", "study_course": "1. 登记"}

    phone = author.begin("case_study", number, **{**kept, "study_background": "客户１３８ 0013 8000来电。"})
    name = author.begin("case_study", number, **{**kept, "study_lesson": "顾晓彤女士需要早点告知。"})
    open_case = author.begin("case_study", parcel(office), **kept)

    assert (phone.status_code, faults(phone)) == (422, {"/data/study_background": "personal_data_left"})
    assert "１３８ 0013 8000" in phone.json()["errors"][0]["message"]
    assert faults(name) == {"/data/study_lesson": "personal_data_left"}
    assert open_case.json()["missing"] == ["个案已结案"]
    assert author.proceedings(number, "case_study") == []


def applied(office, number, template):
    """The tasks of a template by their titles, after somebody applied it on the page of the case."""
    agent = Staff(office.world, "cs_agent")
    offered = agent.get(f"/cases/{number}/?tab=proceedings").content.decode()
    assert f"/cases/{number}/apply/{template}/" in offered
    assert ">当天<" in offered and ">0 天内<" not in offered
    assert agent.post(f"/cases/{number}/apply/{template}/").status_code == 302
    return {one["subject"]: one["id"] for one in office.api("cs_agent").proceedings(number, "handling_task")}


def test_a_study_is_revised_from_what_it_says_and_what_is_personal_is_named_at_its_field(office):
    number = parcel(office, TO_END)
    kept = {**WRITTEN, "study_title": "延误", "study_background": "客户等了五天。", "study_course": "1. 登记"}
    study = office.api("cs_supervisor").begin("case_study", number, **kept).json()["id"]
    author, address = Staff(office.world, "cs_supervisor"), f"/proceedings/{study}/do/correct/"

    form = author.get(address).content.decode()
    assert {name: field_of(form, name) for name in kept} == kept
    changed = {
        "study_analysis": "身份证 110105199003074512，电话一三八 零零一三 八零零一。",
        "study_lesson": "住云山路 18 号 3 单元 502 室，微信 gao_hj88，邮箱 gao at qq dot com。",
    }
    refused = sent(author, address, {**kept, **changed})

    assert refused.status_code == 422
    for place in (
        "110105199003074512",
        "一三八 零零一三 八零零一",
        "云山路 18 号 3 单元 502 室",
        "gao_hj88",
        "gao at qq dot com",
    ):
        assert place in refused.content.decode(), place
    assert {name: field_of(refused.content.decode(), name) for name in changed} == changed


@pytest.mark.clause("EXP-7.1.1")
def test_the_steps_for_a_delayed_delivery_become_tasks_and_priority_delivery_records_its_fulfilment(office, clock):
    number = parcel(office, TO_PLAN)

    tasks = applied(office, number, "delayed_delivery")

    assert list(tasks) == [
        "联系客户，了解延误经过和客户需要", "向派送员核实情况", "确认延误原因，并把进展告知客户",
        "把客户的快件排到派送次序最前面", "向客户致歉并给予补偿",
    ]  # fmt: skip
    key = tasks["把客户的快件排到派送次序最前面"]
    member = office.api("task_department", "delivery_operations")
    assert key in {one["id"] for one in member.waiting()}
    refused = member.step(key, "complete_measure", task_result="已派送", redelivered_at=None)
    assert faults(refused) == {"/data/redelivered_at": "required"}
    clock.later(hours=2)
    member.steps_on(key, "complete_measure", task_result="第一个派送", redelivered_at="2026-03-02T10:00:00+08:00")
    events = office.api("cs_agent").read(f"proceedings/{key}/events")["events"]
    assert value_of(events[-1], "redelivered_at").startswith("2026-03-02T")
    assert Staff(office.world, "cs_agent").post(f"/cases/{number}/apply/delayed_delivery/").status_code == 404


@pytest.mark.clause("EXP-7.1.2")
def test_a_case_about_attitude_does_not_complete_while_a_step_is_open_unless_it_is_waived_with_a_reason(office):
    number = parcel(office, TO_PLAN, grade=RUDE)
    tasks = applied(office, number, "courier_attitude")
    agent, lead = office.api("cs_agent"), office.api("cs_supervisor")
    assert list(tasks) == [
        "立即联系客户", "严肃处理，对快递员批评教育", "快递员向客户道歉", "加强培训，防止再次发生", "给予补偿，表示诚意",
    ]  # fmt: skip

    for title in list(tasks)[:4]:
        agent.steps_on(tasks[title], "complete_measure")
    office.walk(number, "propose", "tell", "agree", "carry_out", "follow_up")
    refused = agent.act(number, "close")
    silent = lead.step(tasks["给予补偿，表示诚意"], "record_exception", waiver_reason=None)
    assert refused.json()["missing"] == ["处理任务全部完成或写明理由免除"]
    assert faults(silent) == {"/data/waiver_reason": "required"}
    lead.steps_on(tasks["给予补偿，表示诚意"], "record_exception", waiver_reason="客户谢绝补偿")

    assert agent.does(number, "close")["state"] == "closed"
    assert said(refused)
