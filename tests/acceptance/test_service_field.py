"""Technical service on site: from the request over plan, internal request, visit, log and problems to the ledger."""

import io
import re
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.doors import PICTURE, Staff, faults, said, value_of
from tests.pages import text_of

PACKS = ("service",)

CHECKED = {"check_task": True, "check_plan": True, "check_tools": True, "check_persons": True}
PROBLEM = {
    "problem_title": "基层返潮", "site_environment": "地下室，湿度 92%，无通风。", "site_situation": "涂层起鼓 12 处。",
    "own_suggestion": "先抽湿三天，再做渗透底漆。",
}  # fmt: skip
REPORTED = {
    "service_customer": "鼎和物业", "service_type": "problem_on_site", "site_address": "云锦花园 3 号楼",
    "service_began_on": "2026-03-03", "service_ended_on": "2026-03-06", "service_task_text": "查明起泡原因",
    "service_work_done": "铲除 40 平方米，重做底漆。", "service_result": "solved", "open_issues": "无",
    "customer_signer": "梁少卿",
}  # fmt: skip


def clerk(office):
    return office.api("commerce_clerk")


def engineer(office):
    return office.api("technical_service_engineer")


def supervisor(office):
    return office.api("technical_service_supervisor")


def leader(office):
    return office.api("commerce_leader")


def asked(office, *, kind="problem_on_site", number=None, **wishes):
    """The id of a service request as it came in."""
    wishes = {"service_type": kind, "service_source": "customer", "site_address": "云锦花园 3 号楼", **wishes}
    return clerk(office).begins("service_request", number, **wishes)["id"]


def tasks(office):
    holders = {"technical_service": engineer(office), "logistics": office.api("department_member", "logistics")}
    return [
        {"service_task_what": f"准备 {name}", "service_task_department": office.department(name),
         "service_task_holder_person": holder.id, "service_task_due": "2026-03-05"}
        for name, holder in holders.items()
    ]  # fmt: skip


def planned(office, **wishes):
    key = asked(office, **wishes)
    clerk(office).steps_on(key, "confirm", service_wanted_by="2026-03-20")
    clerk(office).steps_on(key, "propose", plan_tasks=tasks(office))
    return key


def under(door, key, kind):
    """The ids of what lies under a proceeding, of one kind."""
    found = door.read("proceedings", kind=kind, desk="service")["proceedings"]
    return [one["id"] for one in found if one["parent"] == key]


def sent(office, key):
    rows = [{"site_engineer": engineer(office).id, "leaves_on": "2026-03-03"}]
    return clerk(office).step(key, "dispatch", dispatched=rows)


def dispatched(office):
    """The ids of a request with its resources approved and of the visit that it led to."""
    key = planned(office)
    clerk(office).steps_on(key, "apply", requested_cost="2400", request_reason="起泡面积大，须现场取样。")
    leader(office).steps_on(key, "approve", request_comment="同意。")
    office.api("general_manager").steps_on(key, "approve", request_comment="同意，尽快。")
    assert sent(office, key).status_code == 200
    (visit,) = under(clerk(office), key, "site_visit")
    return key, visit


def on_site(office, clock):
    key, visit = dispatched(office)
    engineer(office).steps_on(visit, "depart", **CHECKED)
    clock.later(hours=4)
    engineer(office).steps_on(visit, "arrive", arrival_contact="梁经理", visit_purpose="查明起泡原因")
    return key, visit


def left(office, clock):
    key, visit = on_site(office, clock)
    clock.later(hours=6)
    engineer(office).steps_on(visit, "leave", leaving_contact="梁经理", visit_result="已重做，观察三天。")
    return key, visit


def notices_of(office, door, message):
    """How often somebody was told so, as their own page of notices shows it."""
    page = Staff(office.world, door)
    return page.get("/notices/").content.decode().count(message)


@pytest.mark.clause("SVC-2.0")
def test_a_service_request_has_one_of_four_types_and_can_belong_to_a_complaint(office):
    case = office.api("commerce_clerk").registered(kind="complaint", channel="hotline", solved_on_call=False)

    shape = clerk(office).possible(case)["service_request"]["schema"]["properties"]["service_type"]
    assert shape["enum"] == ["consultation", "installation_guidance", "problem_on_site", "training"]
    wrong = [clerk(office).begin("service_request", service_type=value) for value in (None, "repair")]
    assert [faults(r)["/data/service_type"] for r in wrong] == ["required", "unknown_choice"]

    begun = clerk(office).begins("service_request", case, service_type="problem_on_site", service_source="customer")

    assert (begun["case"], begun["number"][:2]) == (case, "JS")
    assert asked(office, kind="training")


@pytest.mark.clause("SVC-2.1a")
def test_planning_waits_for_the_confirmed_scope_and_the_relaying_department_is_recorded(office):
    person = office.api("channel_member").id
    refused = clerk(office).begin("service_request", service_type="training", service_source="relayed", relaying_person=person,
                                  relaying_department=None)  # fmt: skip
    assert faults(refused) == {"/data/relaying_department": "required"}
    key = asked(
        office, service_source="relayed", relaying_department=office.department("channel"), relaying_person=person
    )

    early = clerk(office).step(key, "propose", plan_tasks=tasks(office))

    assert (early.status_code, early.json()["code"]) == (409, "wrong_state")
    assert "与客户确认要求" in said(early)
    first = clerk(office).read(f"proceedings/{key}/events")["events"][0]
    assert [value_of(first, name) for name in ("relaying_department", "relaying_person")] == [
        "渠道部",
        office.api("channel_member").person.name,
    ]
    assert clerk(office).steps_on(key, "confirm", confirmed_with="梁少卿")["state"] == "confirmed"


@pytest.mark.clause("SVC-2.1b")
def test_a_late_task_shows_in_plan_and_request_and_the_commerce_department_is_told(office, clock):
    key = planned(office)
    assert len(under(clerk(office), key, "service_task")) == 2
    clock.at("2026-03-05T16:00+08:00")
    done, late = under(clerk(office), key, "service_task")
    doing = next(door for door in (engineer(office), office.api("department_member", "logistics")) if door.steps(done))
    doing.steps_on(done, "complete_measure", service_task_done_on="2026-03-05")

    clock.at("2026-03-06T09:00+08:00")
    office.work()

    assert [clerk(office).proceeding(one)["is_late"] for one in (done, late)] == [False, True]
    page = Staff(office.world, "commerce_clerk").get(f"/proceedings/{key}/").content.decode()
    plan = page[page.index("服务方案：任务和时间表") : page.index("内部请示单</h2>")]
    assert ("已办结 1 / 2" in plan, plan.count("已超时")) == (True, 1)
    assert notices_of(office, "commerce_leader", "服务任务逾期") == 1
    assert [one["id"] for one in clerk(office).read("proceedings", kind="service_task", late="yes")["proceedings"]] == [
        late
    ]


@pytest.mark.clause("SVC-2.1c")
def test_no_engineer_is_dispatched_without_an_approved_internal_request(office):
    key = planned(office)

    refused = sent(office, key)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert "《内部请示单》" in said(refused)
    clerk(office).steps_on(
        key, "apply", requested_people="工程师一名", requested_travel="高铁往返", requested_tools="含水率仪",
        requested_cost="2400", request_reason="起泡面积大，须现场取样。",
    )  # fmt: skip
    leader(office).steps_on(key, "approve", request_comment="同意。")
    assert sent(office, key).status_code == 409
    office.api("general_manager").steps_on(key, "approve", request_comment="同意，尽快。")

    assert sent(office, key).status_code == 200
    events = clerk(office).read(f"proceedings/{key}/events")["events"]
    sheet = next(event for event in events if event["verb"] == "apply")
    given = [
        value_of(sheet, name) for name in ("requested_people", "requested_travel", "requested_tools", "request_reason")
    ]
    assert given == ["工程师一名", "高铁往返", "含水率仪", "起泡面积大，须现场取样。"]
    decided = [(event["actor"], value_of(event, "request_comment")) for event in events if event["verb"] == "approve"]
    assert [comment for _, comment in decided] == ["同意。", "同意，尽快。"]
    assert len({actor for actor, _ in decided} - {sheet["actor"]}) == 2


@pytest.mark.clause("SVC-2.2.1")
def test_nobody_departs_with_an_unticked_item(office):
    _, visit = dispatched(office)

    refused = engineer(office).step(visit, "depart", **{**CHECKED, "check_tools": False})
    open_ = engineer(office).step(visit, "depart", **{**CHECKED, "check_plan": None})

    assert (refused.status_code, "工具和资料齐全" in said(refused)) == (409, True)
    assert open_.status_code in (409, 422)
    engineer(office).steps_on(visit, "depart", **CHECKED)
    kept = engineer(office).read(f"proceedings/{visit}/events")["events"][-1]
    assert [value_of(kept, name) for name in CHECKED] == [True] * 4
    assert kept["at"].startswith("2026-03-02T01:00")


@pytest.mark.clause("SVC-2.2.2a")
def test_arrival_and_leaving_name_the_person_contacted(office, clock):
    _, visit = on_site(office, clock)

    refused = engineer(office).step(visit, "leave", leaving_contact=None, visit_result=None)

    assert faults(refused) == {"/data/leaving_contact": "required", "/data/visit_result": "required"}
    engineer(office).steps_on(
        visit, "leave", leaving_contact="梁经理", visit_result="已重做。", left_at="2026-03-02T13:00+08:00"
    )
    events = {event["verb"]: event for event in engineer(office).read(f"proceedings/{visit}/events")["events"]}
    assert value_of(events["arrive"], "visit_purpose") == "查明起泡原因"
    assert value_of(events["leave"], "left_at") == "2026-03-02T05:00:00Z"
    assert value_of(events["leave"], "visit_result") == "已重做。"


@pytest.mark.clause("SVC-2.2.2b")
def test_a_return_without_consent_is_kept_and_marked_and_waits_for_the_leader(office, clock):
    _, visit = left(office, clock)

    gone = engineer(office).steps_on(visit, "go_back", return_departed_at=clock.now.isoformat())

    assert gone["state"] == "returned_unasked"
    assert notices_of(office, "commerce_leader", "未经同意返回公司") == 1
    early = supervisor(office).step(visit, "close")
    assert (early.status_code, "领导批示" in said(early)) == (409, True)
    leader(office).steps_on(visit, "review", leader_comment="下不为例，写明原因。")
    assert supervisor(office).steps_on(visit, "close")["state"] == "closed"


@pytest.mark.clause("SVC-2.2.2b")
def test_with_consent_before_departure_there_is_no_mark_and_the_engineer_gives_none(office, clock):
    _, visit = left(office, clock)
    engineer(office).steps_on(visit, "ask_return", return_reason="处理完毕。")

    own = engineer(office).step(visit, "approve")
    assert (own.status_code, own.json()["code"]) == (403, "not_permitted")
    leader(office).steps_on(visit, "approve", return_consented_at=clock.now.isoformat())
    clock.later(minutes=30)

    gone = engineer(office).steps_on(visit, "go_back", return_departed_at=clock.now.isoformat())

    assert gone["state"] == "returned"
    events = {event["verb"]: event for event in leader(office).read(f"proceedings/{visit}/events")["events"]}
    assert value_of(events["go_back"], "consent_lead") == 30
    assert value_of(events["ask_return"], "return_reason") == "处理完毕。"


def test_consent_that_came_after_the_departure_does_not_count(office, clock):
    _, visit = left(office, clock)
    engineer(office).steps_on(visit, "ask_return")
    departed = clock.now.isoformat()
    clock.later(minutes=30)
    leader(office).steps_on(visit, "approve", return_consented_at=clock.now.isoformat())

    assert engineer(office).steps_on(visit, "go_back", return_departed_at=departed)["state"] == "returned_unasked"


@pytest.mark.clause("SVC-2.2.3a")
def test_a_problem_is_late_after_24_clock_hours_and_weekends_count(office, clock):
    _, visit = on_site(office, clock)
    clock.at("2026-03-08T11:00+08:00")

    key = problem(office, visit, discovered_at="2026-03-07T10:00+08:00").json()["id"]

    (limit,) = [c for c in clerk(office).read(f"proceedings/{key}/clocks")["clocks"] if c["clock"] == "problem_report"]
    assert (limit["status"], limit["left_seconds"]) == ("broken", -3600)
    assert (limit["started_at"], limit["stopped_at"]) == ("2026-03-07T02:00:00Z", "2026-03-08T03:00:00Z")
    page = Staff(office.world, "commerce_clerk").get(f"/proceedings/{key}/").content.decode()
    assert "超时 1 小时" in page


def problem(office, visit, *, door=None, **wishes):
    wishes = {
        **PROBLEM,
        "problem_route": "email",
        "site_engineer": engineer(office).id,
        "problem_vouched": True,
        **wishes,
    }
    return (door or engineer(office)).begin("field_problem", under=visit, **wishes)


@pytest.mark.clause("SVC-2.2.3b", "SVC-2.2.6")
def test_a_problem_report_holds_the_suggestion_and_reaches_the_commerce_department(office, clock):
    _, visit = on_site(office, clock)
    now = clock.now.isoformat()

    lacking = problem(office, visit, own_suggestion=None, discovered_at=now)
    unsure = problem(office, visit, problem_vouched=False, discovered_at=now)
    assert faults(lacking) == {"/data/own_suggestion": "required"}
    assert (unsure.status_code, "真实、全面、具体、细致" in said(unsure)) == (409, True)

    key = problem(office, visit, discovered_at=now).json()["id"]
    assert key in [one["id"] for one in clerk(office).waiting(kind="field_problem")]
    clock.later(minutes=20)
    clerk(office).steps_on(key, "acknowledge", problem_received_at=clock.now.isoformat())

    events = {event["verb"]: event for event in clerk(office).read(f"proceedings/{key}/events")["events"]}
    assert value_of(events["report"], "problem_route") == ["电子邮件"]
    assert value_of(events["report"], "problem_vouched") is True
    assert value_of(events["acknowledge"], "problem_received_at") == "2026-03-02T05:20:00Z"


@pytest.mark.clause("SVC-2.2.3c")
def test_a_dictated_report_names_both_and_counts_from_the_call(office, clock):
    _, visit = on_site(office, clock)
    call = {"problem_route": "telephone", "problem_vouched": None, "discovered_at": "2026-03-07T10:00+08:00"}
    clock.at("2026-03-08T12:00+08:00")

    lacking = problem(
        office, visit, door=clerk(office), own_suggestion=None, called_at="2026-03-08T09:40+08:00", **call
    )
    assert faults(lacking) == {"/data/own_suggestion": "required"}
    begun = problem(office, visit, door=clerk(office), called_at="2026-03-08T09:40+08:00", **call).json()

    assert (begun["state"], begun["begun_by"]) == ("dictated", clerk(office).username)
    key = begun["id"]
    assert key in [one["id"] for one in engineer(office).waiting(kind="field_problem")]
    clock.later(days=1)
    engineer(office).steps_on(key, "vouch", problem_vouched=True)
    events = clerk(office).read(f"proceedings/{key}/events")["events"]
    assert value_of(events[0], "site_engineer") == engineer(office).person.name
    (limit,) = [c for c in clerk(office).read(f"proceedings/{key}/clocks")["clocks"] if c["clock"] == "problem_report"]
    assert (limit["status"], limit["left_seconds"]) == ("kept", 1200)


@pytest.mark.clause("SVC-2.2.3c")
def test_what_was_dictated_is_confirmed_also_when_the_answer_came_first(office, clock):
    _, visit = on_site(office, clock)
    call = {"problem_route": "telephone", "problem_vouched": None, "discovered_at": clock.now.isoformat()}
    key = problem(office, visit, door=clerk(office), called_at=clock.now.isoformat(), **call).json()["id"]
    supervisor(office).steps_on(key, "propose")

    unconfirmed = engineer(office).step(key, "complete_measure")
    engineer(office).steps_on(key, "vouch", problem_vouched=True)
    twice = engineer(office).step(key, "vouch", problem_vouched=True)

    assert (unconfirmed.status_code, "本人确认" in said(unconfirmed)) == (409, True)
    assert twice.status_code == 409
    assert engineer(office).steps_on(key, "complete_measure")["state"] == "settled"


@pytest.mark.clause("SVC-2.2.4")
def test_an_extra_demand_is_carried_out_only_after_the_company_approved(office, clock):
    _, visit = on_site(office, clock)
    key = engineer(office).begins("extra_demand", under=visit, demand_text="把地下车库一起做了")["id"]
    supervisor(office).steps_on(key, "propose", demand_plan_text="分两期做，第一期 200 平方米。", demand_cost="8000")

    early = engineer(office).step(key, "carry_out")
    assert (early.status_code, "公司批准" in said(early)) == (409, True)
    leader(office).steps_on(key, "approve")
    office.api("general_manager").steps_on(key, "approve")

    assert engineer(office).steps_on(key, "carry_out")["state"] == "carried_out"


@pytest.mark.clause("SVC-2.2.5")
def test_a_week_with_four_of_five_days_shows_the_missing_one_and_wants_an_explanation(office, clock):
    _, visit = on_site(office, clock)
    for day in (2, 3, 4, 6):
        clock.at(f"2026-03-0{day}T18:00+08:00")
        engineer(office).steps_on(
            visit, "keep_log", log_date=f"2026-03-0{day}", log_work=f"第 {day} 日：铲除起泡区域。"
        )
    week = {"week_first_day": "2026-03-02", "week_last_day": "2026-03-06"}

    refused = engineer(office).step(visit, "report", **week, week_explanation=None)
    assert faults(refused) == {"/data/week_explanation": "required"}
    redrawn = Staff(office.world, "technical_service_engineer").post(
        f"/proceedings/{visit}/do/report/", {**week, "_redraw": "1"}, headers={"HX-Request": "true"}
    )
    assert ">2026年3月5日</output>" in redrawn.content.decode()

    clock.at("2026-03-09T09:00+08:00")
    office.work()
    assert notices_of(office, "technical_service_supervisor", "周报没有按时提交") == 0
    clock.at("2026-03-10T09:00+08:00")
    office.work()
    assert notices_of(office, "technical_service_supervisor", "周报没有按时提交") == 1
    engineer(office).steps_on(visit, "report", **week, week_explanation="5 日停电，没有施工。")

    told = supervisor(office).read(f"proceedings/{visit}/events")["events"][-1]
    assert value_of(told, "week_missing") == "2026-03-05"
    assert [row["entry_day"] for row in rows_of(told, "week_entries")] == [f"2026-03-0{d}" for d in (2, 3, 4, 6)]
    assert rows_of(told, "week_entries")[1]["entry_work"] == "第 3 日：铲除起泡区域。"
    assert "缺日志的日期 2026年3月5日" in text_of(
        Staff(office.world, "technical_service_engineer").get(f"/proceedings/{visit}/")
    )


def rows_of(event, name):
    return [{cell["field"]: cell["value"] for cell in row} for row in value_of(event, name)]


def test_a_further_log_and_a_further_week_begin_without_the_days_of_the_last(office, clock):
    _, visit = on_site(office, clock)
    clock.at("2026-03-06T18:00+08:00")
    engineer(office).steps_on(visit, "keep_log", log_date="2026-03-06", log_work="铲除起泡区域。")
    week = {"week_first_day": "2026-03-06", "week_last_day": "2026-03-06"}
    engineer(office).steps_on(visit, "report", **week)

    site = Staff(office.world, "technical_service_engineer")
    for verb in ("keep_log", "report"):
        assert 'value="2026-03-06"' not in site.get(f"/proceedings/{visit}/do/{verb}/").content.decode()


def test_the_button_of_a_form_says_what_it_does_and_not_the_name_of_the_paper(office, clock):
    key, _ = on_site(office, clock)
    page = Staff(office.world, "technical_service_engineer").get(f"/proceedings/{key}/begin/completion_report/")
    assert "<h1>现场服务完成情况汇报</h1>" in page.content.decode()
    assert '<button class="btn btn-primary" type="submit">提交完成情况汇报</button>' in page.content.decode()


def test_a_log_for_next_week_is_refused(office, clock):
    _, visit = on_site(office, clock)

    assert faults(engineer(office).step(visit, "keep_log", log_date="2026-03-09")) == {"/data/log_date": "in_future"}


@pytest.mark.clause("SVC-2.2.7")
def test_a_request_stays_open_without_an_accepted_completion_report(office, clock):
    key, visit = on_site(office, clock)
    early = completion(office, key)
    assert (early.status_code, "已完成的现场服务" in said(early)) == (409, True)
    clock.at("2026-03-06T17:00+08:00")
    engineer(office).steps_on(visit, "leave")
    empty = completion(office, key, service_work_done=None, customer_signature=None)
    assert faults(empty) == {"/data/service_work_done": "required", "/data/customer_signature": "required"}
    report = completion(office, key).json()["id"]
    engineer(office).steps_on(visit, "go_back")
    leader(office).steps_on(visit, "review")
    supervisor(office).steps_on(visit, "close")
    for task in under(clerk(office), key, "service_task"):
        clerk(office).steps_on(task, "complete_measure")

    refused = clerk(office).step(key, "close")
    assert (refused.status_code, "已验收的《现场服务完成情况汇报》" in said(refused)) == (409, True)
    supervisor(office).steps_on(report, "accept")

    assert clerk(office).steps_on(key, "close")["state"] == "closed"


def completion(office, key, **wishes):
    wishes = {**REPORTED, "report_engineer": engineer(office).id, **wishes}
    return engineer(office).begin("completion_report", under=key, **wishes)


@pytest.mark.parametrize(
    "content",
    [PICTURE[:-30], b"%PDF-1.7 no signature", PICTURE[:16] + bytes.fromhex("0000ffff0000ffff") + PICTURE[24:]],
    ids=["cut_off", "no_picture", "as_large_as_a_house"],
)
def test_a_signature_that_can_not_be_drawn_is_refused_at_its_field(office, clock, content):
    key, _ = left(office, clock)
    clock.at("2026-03-06T17:00+08:00")
    name = "签名.pdf" if content.startswith(b"%PDF") else "签名.png"
    file = office.world.upload(engineer(office).person.actor_id, content, name)

    refused = completion(office, key, customer_signature=[file])

    assert faults(refused) == {"/data/customer_signature": "bad_signature"}
    assert completion(office, key).status_code == 201


def test_a_completion_report_lies_under_a_request_or_is_refused(office):
    alone = engineer(office).begin("completion_report", **REPORTED, report_engineer=engineer(office).id)

    assert faults(alone) == {"/data/under": "not_under"}


def test_an_offline_form_sent_twice_is_answered_as_one(office, clock):
    _, visit = on_site(office, clock)
    page = Staff(office.world, "technical_service_engineer")
    version = engineer(office).proceeding(visit)["version"]
    sheet = {"_token": "made-up-on-the-phone", "_version": version, "log_date": "2026-03-02", "log_work": "取样六处。"}

    answers = [page.post(f"/proceedings/{visit}/do/keep_log/", sheet, headers={"HX-Request": "true"}) for _ in range(2)]

    assert [(a.status_code, a.headers["HX-Redirect"]) for a in answers] == [(204, f"/proceedings/{visit}/")] * 2
    verbs = [event["verb"] for event in engineer(office).read(f"proceedings/{visit}/events")["events"]]
    assert verbs.count("keep_log") == 1


def test_a_signature_is_kept_as_a_picture_and_shown_where_it_was_asked_for(office, clock):
    key, visit = on_site(office, clock)
    engineer(office).steps_on(visit, "leave")
    page = Staff(office.world, "technical_service_engineer")
    drawn = page.get(f"/proceedings/{key}/begin/completion_report/").content.decode()
    assert ("data-sign-pad" in drawn, f"/proceedings/{key}/begin/completion_report/" in drawn) == (True, True)
    kept = page.post(
        "/uploads/", {"_upload-customer_signature": SimpleUploadedFile("签名.png", PICTURE), "_desk": "service"}
    )
    assert kept.status_code == 200

    clock.at("2026-03-06T17:00+08:00")
    report = completion(office, key).json()["id"]

    shown = Staff(office.world, "technical_service_supervisor").get(f"/proceedings/{report}/").content.decode()
    assert 'class="signed" src="data:image/png;base64,' in shown
    two = [*signed(office), *signed(office)]
    assert faults(completion(office, key, customer_signature=two)) == {"/data/customer_signature": "one_signature"}


def signed(office):
    return [office.world.upload(engineer(office).person.actor_id)]


@pytest.mark.clause("SVC-2.2.6")
def test_an_inaccurate_report_stands_among_the_figures_of_the_engineer(office, clock):
    _, visit = on_site(office, clock)
    now = clock.now.isoformat()
    keys = [problem(office, visit, discovered_at=now, problem_title=f"问题 {n}").json()["id"] for n in (1, 2)]
    for key, found in zip(keys, ("accurate", "inaccurate"), strict=True):
        clerk(office).steps_on(key, "acknowledge")
        supervisor(office).steps_on(key, "verify", report_accuracy=found, accuracy_note="湿度读数与留样不符。")

    assert register_of(
        supervisor(office), "field_problem", report_accuracy="inaccurate", site_engineer=engineer(office).id
    ) == [keys[1]]
    assert register_of(
        supervisor(office), "field_problem", report_accuracy="accurate", site_engineer=engineer(office).id
    ) == [keys[0]]


@pytest.mark.clause("SVC-2.2.8a")
def test_an_accepted_report_is_one_line_of_the_ledger_once_it_is_tallied(office, clock):
    key, visit = on_site(office, clock)
    clock.at("2026-03-06T17:00+08:00")
    engineer(office).steps_on(visit, "leave")
    report = completion(office, key).json()["id"]
    supervisor(office).steps_on(report, "accept")
    assert report in [one["id"] for one in supervisor(office).waiting(kind="completion_report")]
    assert register_of(supervisor(office), "completion_report") == []

    supervisor(office).steps_on(report, "tally")

    assert register_of(supervisor(office), "completion_report", service_type="problem_on_site") == [report]
    assert register_of(supervisor(office), "completion_report", service_type="training") == []
    assert supervisor(office).waiting(kind="completion_report") == []


@pytest.mark.clause("SVC-2.2.8a")
def test_the_ledger_names_the_customer_to_its_keeper_and_to_nobody_else_of_the_desk(office, clock):
    key, _ = left(office, clock)
    report = tallied(office, clock, key, "2026-03-06")

    def ledger_of(role):
        return text_of(Staff(office.world, role).get("/registers/service/completion_report/"))

    assert "鼎和物业" in ledger_of("technical_service_supervisor")
    assert "鼎和物业" not in (read := ledger_of("commerce_leader")) and "鼎＊＊" in read and "查明起泡原因" in read
    assert "鼎和物业" not in text_of(Staff(office.world, "commerce_leader").get(f"/proceedings/{report}/"))
    assert register_of(supervisor(office), "completion_report", text="鼎和") == [report]
    assert register_of(leader(office), "completion_report", text="鼎和") == []


def register_of(door, kind, **filters):
    """The ids of the records of a register."""
    return [one["id"] for one in door.read(f"registers/service/{kind}", **filters)["records"]]


def tallied(office, clock, key, day, **reported):
    """A service on site that ended on that day, accepted and entered in the ledger."""
    clock.at(f"{day}T17:00+08:00")
    report = completion(office, key, service_began_on=day, service_ended_on=day, **reported).json()["id"]
    supervisor(office).steps_on(report, "accept")
    supervisor(office).steps_on(report, "tally")
    return report


@pytest.mark.clause("SVC-2.2.8b")
def test_the_monthly_statistics_equal_the_ledger_and_hold_the_words_of_the_supervisor(office, clock, tmp_path):
    keys = [left(office, clock)[0] for _ in range(3)]
    first = tallied(office, clock, keys[0], "2026-03-03", open_issues="待甲方补漏。")
    one_day = supervisor(office).read(f"proceedings/{first}/events")["events"][0]
    ledger_page = text_of(
        Staff(office.world, "technical_service_supervisor").get("/registers/service/completion_report/")
    )
    assert value_of(one_day, "service_days") == 1 and "技术服务台账" in ledger_page
    paper = Staff(office.world, "technical_service_supervisor").get("/registers/service/completion_report/print.pdf")
    assert b"".join(paper).startswith(b"%PDF")
    listed = Staff(office.world, "technical_service_supervisor").get("/registers/service/completion_report/print.docx")
    with zipfile.ZipFile(io.BytesIO(b"".join(listed))) as file:
        said = file.read("word/document.xml").decode()
    assert "期间：2026年3月3日至2026年3月3日" in said and "2026-03-03" not in said
    second = tallied(
        office,
        clock,
        keys[1],
        "2026-03-31",
        service_type="training",
        service_customer="安和建材",
        service_result="partly",
    )
    tallied(office, clock, keys[2], "2026-04-01")
    ledger = {"from": "2026-03-01", "to": "2026-03-31"}
    assert set(register_of(supervisor(office), "completion_report", **ledger)) == {first, second}

    office.work()
    (line,) = supervisor(office).read("reports", document="monthly_statistics")["reports"]
    supervisor(office).steps_on(line["id"], "write_up", statistics_words="三月培训少，四月补上。")
    report = supervisor(office).read(f"reports/{line['id']}")
    overview, listed, analysis = report["chapters"]

    assert (line["title"], line["from"], line["to"]) == ("《商务部部(3月份)统计报表》", "2026-03-01", "2026-03-31")
    assert "共 2 次" in overview["blocks"][0]["text"]
    tables = {block["title"]: block["rows"] for block in overview["blocks"][1:]}
    assert {row[0] for row in tables["按服务类型"]} == {"现场问题处理", "技术培训"}
    assert [sum(int(row[1]) for row in rows) for rows in tables.values()] == [2] * 4
    assert {row[0] for row in tables["按客户"]} == {"鼎和物业", "安和建材"}
    assert "待甲方补漏。" in str(listed["blocks"]) and len(listed["blocks"][0]["rows"]) == 2
    assert "三月培训少，四月补上。" in str(analysis["blocks"])
    shown = Staff(office.world, "technical_service_supervisor").get(f"/documents/{line['id']}/").content.decode()
    assert '<td class="tabular nowrap">2026年3月3日</td>' in shown and '<th scope="col">遗留问题</th>' in shown
    assert b"".join(
        Staff(office.world, "technical_service_supervisor").get(f"/documents/{line['id']}/file.pdf")
    ).startswith(b"%PDF")

    office.change_policy(tmp_path, ("pack.yaml", "《商务部部({month}月份)统计报表》", "工程服务部{month}月统计表"))
    clock.at("2026-05-01T09:00+08:00")
    office.work()
    titles = [one["title"] for one in supervisor(office).read("reports", document="monthly_statistics")["reports"]]
    assert titles == ["工程服务部4月统计表", "《商务部部(3月份)统计报表》"]


def test_whoever_travels_reads_where_to_and_to_whom_in_clear_and_others_of_the_desk_do_not(office):
    _, visit = dispatched(office)
    address = "云锦花园 3 号楼"

    def read_by(role):
        return text_of(Staff(office.world, role).get(f"/proceedings/{visit}/"))

    engineer_reads, supervisor_reads = read_by("technical_service_engineer"), read_by("technical_service_supervisor")
    assert address in engineer_reads
    assert address not in supervisor_reads
    assert re.search(r"联系电话 1\d{10}", engineer_reads[: engineer_reads.index("出发前准备")])
    assert not re.search(r"1\d{10}", supervisor_reads)


def shown_in(page, name):
    """The text or day that stands in a field of a form."""
    found = re.search(
        rf'<(?:input|textarea)[^>]*name="{name}"[^>]*?(?:value="([^"]*)"[^>]*>|>([^<]*)</textarea>)', page
    )
    assert found, name
    return found.group(1) or found.group(2) or ""


def test_the_completion_form_takes_over_customer_site_engineer_and_days_from_the_visit(office, clock):
    key, visit = left(office, clock)
    address = f"/proceedings/{key}/begin/completion_report/"
    ordered = Staff(office.world, "technical_service_engineer").get(f"/proceedings/{visit}/")

    page = Staff(office.world, "technical_service_engineer").get(address).content.decode()

    assert shown_in(page, "site_address") == "云锦花园 3 号楼"
    assert shown_in(page, "service_customer") in text_of(ordered) and "*" not in shown_in(page, "service_customer")
    assert (shown_in(page, "service_began_on"), shown_in(page, "service_ended_on")) == ("2026-03-02", "2026-03-02")
    assert re.search(rf'<option value="{engineer(office).id}"[^>]* selected', page)


def test_a_report_that_was_sent_back_is_corrected_from_what_it_said(office, clock):
    key, _ = left(office, clock)
    clock.at("2026-03-06T17:00+08:00")
    report = completion(office, key).json()["id"]
    supervisor(office).steps_on(report, "send_back")
    address = f"/proceedings/{report}/do/correct/"

    page = Staff(office.world, "technical_service_engineer").get(address).content.decode()

    for name in ("service_customer", "site_address", "service_task_text", "service_work_done", "customer_signer"):
        assert shown_in(page, name) == REPORTED[name], name
    clerks = Staff(office.world, "technical_service_engineer")
    clerks.force_login(office.hires("technical_service_engineer", "沈立").person)
    assert "云锦花园" not in (of_another := clerks.get(address).content.decode())
    assert shown_in(of_another, "service_work_done") == REPORTED["service_work_done"]


def test_another_engineer_does_not_read_the_address_of_a_visit_out_of_the_form(office, clock):
    key, _ = left(office, clock)
    other = Staff(office.world, "technical_service_engineer")
    other.force_login(office.hires("technical_service_engineer", "沈立").person)

    page = other.get(f"/proceedings/{key}/begin/completion_report/").content.decode()

    assert "云锦花园" not in page


def test_the_author_reads_what_was_written_down_on_site_in_clear_and_others_do_not(office, clock):
    key, visit = left(office, clock)
    clock.at("2026-03-06T17:00+08:00")
    report = completion(office, key).json()["id"]
    author, other = (
        Staff(office.world, role) for role in ("technical_service_engineer", "technical_service_supervisor")
    )

    assert "梁经理" in text_of(author.get(f"/proceedings/{visit}/"))
    assert "梁经理" not in text_of(other.get(f"/proceedings/{visit}/"))
    for name in ("云锦花园 3 号楼", "梁少卿"):
        assert name in text_of(author.get(f"/proceedings/{report}/"))
        assert name not in text_of(other.get(f"/proceedings/{report}/"))
