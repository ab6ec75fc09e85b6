"""The system itself: what it is for, whose functions are whose, its tools and connections, and how it is kept."""

from __future__ import annotations

import contextlib
import io
import json
import re

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from amends import __version__
from amends.doors.papers.formats import day_in_print
from tests.acceptance.working import work
from tests.carriers import message_centre
from tests.doors import Staff
from tests.pages import in_words, text_of

PACKS = ("express",)
QUEUE_FULL = 0x14


@pytest.fixture
def administrator(office) -> Staff:
    """Somebody who administers the installation."""
    staff = Staff(office.world, "administrator")
    staff.person.is_administrator = True
    staff.person.save()
    return staff


def rows_of(response, title: str) -> list[str]:
    """The rows of tables whose words hold a title, in words."""
    rows = [in_words(row) for row in re.findall(r"<tr.*?</tr>", response.content.decode(), re.DOTALL)]
    return [row for row in rows if title in row]


def menu_of(staff: Client) -> set[str]:
    """The addresses of the menu, as the workbench shows it."""
    side = re.search(r'<header class="side".*?</header>', staff.get("/").content.decode(), re.DOTALL).group(0)
    return {a for a in re.findall(r'<a[^>]+href="([^"]+)"', side) if a not in ("/", "/account/")} | {"/"}


@pytest.mark.clause("EXP-10.1.1")
def test_everybody_reads_purpose_policies_in_force_and_version(office) -> None:
    shown = text_of(Staff(office.world, "department_staff").get(reverse("about")))

    head = office.world.pack.head
    assert "用于受理、登记、分类、派发、办理、跟踪、答复和归档客户的投诉" in shown
    assert (head.policy_label or head.title).zh_hans in shown
    assert f"第 {head.version} 版，{day_in_print(head.valid_from)}起生效" in shown
    assert f"amends {__version__}" in shown
    assert Client().get(reverse("about")).status_code == 302


ROLES = (
    "intake_officer",
    "cs_supervisor",
    "quality_manager",
    "social_media_officer",
    "department_staff",
    "administrator",
)


@pytest.mark.clause("EXP-10.1.2")
def test_a_menu_holds_the_functions_granted_and_others_are_refused(office, administrator) -> None:
    menus = {role: menu_of(Staff(office.world, role)) for role in ROLES}
    everything = set().union(*menus.values())

    assert len({frozenset(menu) for menu in menus.values()}) > 3
    wrong = []
    for role in ROLES:
        staff = Staff(office.world, role)
        shown = staff.get(reverse("about")).content.decode()
        for address in sorted(everything):
            answered, is_granted = staff.get(address).status_code, address in menus[role]
            is_listed = f'<li><a href="{address}">' in shown
            if (answered == 200, is_listed) != (is_granted, is_granted) or answered not in (200, 403, 404):
                wrong.append((role, address, answered, is_listed))
    assert wrong == []


@pytest.mark.clause("EXP-10.2.1")
def test_every_tool_shows_whether_it_is_enabled_and_when_it_worked_and_failed(office, administrator, clock) -> None:
    page = administrator.get(reverse("system_tools"))
    text_of(page)
    assert "未启用" in rows_of(page, "电话接入")[0]
    assert "已启用 最近一次成功使用 尚未使用 最近一次错误 无" in rows_of(page, "满意度调查")[0]

    office.api("intake_officer").registered(complainant_phone="13800138000")
    with message_centre() as centre, pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.SMS_URL", sms_address(centre))
        patch.setattr("django.conf.settings.OUTBOUND_PRIVATE", [f"127.0.0.1:{centre.port}"])
        centre.status = QUEUE_FULL
        work(clock)
        failed = administrator.get(reverse("system_tools"))
        assert "SMPP 0x14" in rows_of(failed, "短信网关")[0]
        assert "尚未使用" in rows_of(failed, "短信网关")[0]
        centre.status = 0
        clock.later(minutes=2)
        work(clock)
    worked = administrator.get(reverse("system_tools"))
    assert "2026年3月2日 09:02" in rows_of(worked, "短信网关")[0]
    assert "2026年3月2日 09:00" in rows_of(worked, "登记表单")[0]
    assert "管理员" in rows_of(worked, "电话接入")[0]
    assert "质量管理人员" in rows_of(worked, "满意度调查")[0]


def sms_address(centre) -> str:
    return f"smpp://system:password@127.0.0.1:{centre.port}?source=10690&sign=快递客服"


@pytest.mark.clause("EXP-10.3.3")
def test_what_a_failing_connector_does_not_take_is_kept_retried_and_listed_and_sent_once(
    office, administrator, clock
) -> None:
    with message_centre() as centre, pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.SMS_URL", sms_address(centre))
        patch.setattr("django.conf.settings.OUTBOUND_PRIVATE", [f"127.0.0.1:{centre.port}"])
        centre.status = QUEUE_FULL
        number = office.api("intake_officer").registered(complainant_phone="13800138000")
        work(clock)
        clock.later(minutes=2)
        work(clock)

        listed = administrator.get(reverse("integrations"))
        assert len(centre.refused) >= 2
        assert centre.taken == []
        assert re.search(r"等待重试 [23] .*SMPP 0x14", rows_of(listed, "138")[0])
        assert "有失败" not in rows_of(listed, "短信网关")[0]

        centre.status = 0
        clock.later(minutes=30)
        work(clock)
        work(clock)

    texts = [one for one in office.messages(number) if one == "acknowledgement"]
    assert len(centre.taken) == len(parts_of(centre))
    assert texts
    assert rows_of(administrator.get(reverse("integrations")), "138") == []


def parts_of(centre) -> set[bytes]:
    """The different parts that a centre took: none of them twice."""
    return {part["octets"] for part in centre.taken}


@pytest.mark.clause("EXP-10.3.1")
def test_a_backup_and_a_restore_test_are_in_the_record_and_health_names_database_queue_and_mail(
    office, administrator, clock, tmp_path
) -> None:
    office.api("intake_officer").registered()
    backup, said = str(tmp_path / "backup"), io.StringIO()
    call_command("backup", backup)
    clock.later(minutes=5)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The trial is a process of its own, during which the transaction of this test has nothing to do.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    call_command("restore_test", backup)

    record = administrator.get(reverse("maintenance"))
    assert re.search(r"2026年3月2日 09:05 恢复测试 成功 可以恢复：\d+ 行、\d+ 个文件，台账核对无误", text_of(record))
    assert re.search(r"2026年3月2日 09:00 备份 成功 \d+ 行、\d+ 个文件", text_of(record))

    (tmp_path / "backup" / "tables" / "cases_case.jsonl").write_bytes(b"")
    with pytest.raises(SystemExit):
        call_command("restore_test", backup)
    assert "恢复测试 失败 tables/cases_case.jsonl changed" in text_of(administrator.get(reverse("maintenance")))

    work(clock)
    with contextlib.suppress(SystemExit):
        call_command("doctor", "--json", stdout=said)
    state = json.loads(said.getvalue())["state"]
    assert {name: state[name]["ok"] for name in ("database", "queue", "mail")} == dict.fromkeys(
        ("database", "queue", "mail"), True
    )
    shown = text_of(administrator.get(reverse("system")))
    assert "数据库 正常" in shown
    assert "后台队列 正常" in shown
    assert re.search(r"邮件 正常 最近一封发出", shown)


@pytest.mark.clause("EXP-10.3.1")
def test_a_maintenance_window_is_announced_to_everybody_from_its_time_on(office, administrator, clock) -> None:
    sent = {
        "starts_at": "2026-03-05T22:00", "ends_at": "2026-03-05T23:30", "announced_from": "2026-03-03T08:00",
        "text": "升级数据库，期间不能登录", "text_en": "Database upgrade; nobody can sign in meanwhile",
    }  # fmt: skip
    wrong = administrator.post(reverse("maintenance"), {**sent, "ends_at": "2026-03-05T21:00"})
    assert wrong.status_code == 422
    assert "须晚于开始" in in_words(wrong.content.decode())
    assert 'value="升级数据库，期间不能登录"' in wrong.content.decode()
    assert administrator.post(reverse("maintenance"), sent).status_code == 302

    clerk = Staff(office.world, "intake_officer")
    assert "系统维护" not in text_of(clerk.get("/"))
    clock.at("2026-03-03T08:00:00+08:00")
    clerk.force_login(clerk.person)
    assert "系统维护：2026年3月5日 22:00 至 2026年3月5日 23:30 升级数据库，期间不能登录" in text_of(clerk.get("/"))
    assert "Database upgrade; nobody can sign in" in text_of(clerk.get("/", headers={"Accept-Language": "en"}))
    clock.at("2026-03-06T08:00:00+08:00")
    clerk.force_login(clerk.person)
    assert "系统维护" not in text_of(clerk.get("/"))


@pytest.mark.clause("EXP-10.2.2")
def test_result_feedback_offers_reply_template_and_survey_invitation_and_logs_their_use(office, clock) -> None:
    number = office.api("intake_officer").registered(complainant_name="顾云", complainant_phone="13800138000")
    office.walk(
        number, "accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "tell", "agree", "carry_out"
    )  # fmt: skip
    agent = Staff(office.world, "cs_agent")

    step = agent.get(f"/cases/{number}/")
    assert "用模板答复客户 填入“结果反馈”话术" in text_of(step)
    assert "邀请客户评价 按客户留下的方式发出评价链接，十四天内有效" in text_of(step)
    assert "补偿计算" not in text_of(step)
    contact, invite = f"/cases/{number}/do/contact/", f"/cases/{number}/do/invite/"
    assert f'href="{contact}"' in step.content.decode()
    assert f'href="{invite}"' in step.content.decode()
    form = agent.get(contact)
    assert f"您反映的事情（{number}）已按商定的办法落实" in text_of(form)

    page = form.content.decode()
    sent = {
        "contact_time": clock.now.strftime("%Y-%m-%dT%H:%M"), "contact_way": "telephone", "reached": "true",
        "contact_text": "已按商定的办法落实，客户确认收到。", "_phrase": "result_reply", "_read": "1",
        "_version": value_on(page, "_version"), "_token": value_on(page, "_token"),
    }  # fmt: skip
    posted = agent.post(contact, sent)
    assert posted.status_code == 302, in_words(posted.content.decode())
    page = agent.get(invite).content.decode()
    sent = {name: value_on(page, name) for name in ("_version", "_token")}
    assert agent.post(invite, sent).status_code == 302

    story = text_of(agent.get(f"/cases/{number}/?show=all"))
    assert "邀请了客户评价" in story
    assert "采用的话术" in text_of_records(agent, number)
    assert "survey_invitation" in office.messages(number)
    assert "邀请客户评价 按客户" not in text_of(agent.get(f"/cases/{number}/"))
    office.walk(number, "follow_up", "close")
    assert office.messages(number).count("survey_invitation") == 1


def value_on(page: str, name: str) -> str:
    """The value of a hidden field."""
    return re.search(rf'name="{name}" value="([^"]*)"', page).group(1)


def text_of_records(staff: Client, number: str) -> str:
    """The records of the steps of a case, which a page loads one by one."""
    page = staff.get(f"/cases/{number}/?show=all").content.decode()
    asked = sorted(set(re.findall(r"record=(\d+)", page)))
    return in_words("".join(staff.get(f"/cases/{number}/?record={seq}").content.decode() for seq in asked)) + in_words(
        page
    )


@pytest.mark.clause("EXP-8.3.3")
def test_a_suggestion_unanswered_after_the_configured_time_is_overdue_in_the_list(office, clock) -> None:
    clerk = office.api("intake_officer")
    number, answered = (clerk.registered(kind="suggestion") for _ in range(2))
    assert clerk.clocks(number)["suggestion"]["due_at"] == "2026-03-09T10:00:00Z"
    office.walk(answered, "answer")

    clock.at("2026-03-09T18:01:00+08:00")
    office.work()
    supervisor = Staff(office.world, "cs_supervisor")
    shown = text_of(supervisor.get("/queue/?tab=all&late=yes"))

    assert number in shown
    assert answered not in shown
    assert "建议答复 超时 1 分钟" in text_of(supervisor.get(f"/cases/{number}/"))
    assert clerk.clocks(answered)["suggestion"]["stopped_at"] == "2026-03-02T01:01:00Z"
    assert office.told(number, "clock_late")


def stage_row(page, title: str) -> list[str]:
    """The figures of a stage: complaints, others, satisfaction, answers, actions."""
    (row,) = rows_of(page, title)
    return re.sub(r"(投诉|其他|满意度|评价数|进行中的改进) ", "", row.removeprefix(title)).split()


@pytest.mark.clause("EXP-8.3.2")
def test_every_stage_of_the_journey_shows_complaints_satisfaction_and_actions_and_the_weakest_is_flagged(
    office, clock
) -> None:
    clerk = office.api("intake_officer")
    for category in ("service_quality/lost", "contract_dispute/terms", "service_quality/attitude"):
        office.walk(clerk.registered(), "accept", "confirm", "grade", grade={"category": category})
    clerk.registered(recorded_category="other")
    clerk.registered(kind="suggestion")
    late = clerk.registered()
    office.walk(
        late, "accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "tell", "agree",
        "carry_out", "follow_up", grade={"category": "service_quality/delayed"}, follow_up={"satisfaction_answer": "dissatisfied", "comment": "太慢"},
    )  # fmt: skip
    manager = Staff(office.world, "quality_manager")

    page = manager.get(reverse("journey"))
    assert "最弱的环节是“运输派送”，还没有正在落实的改进措施" in text_of(page)
    figures = {
        title: stage_row(page, title)
        for title in ("询价下单", "运输派送", "上门与客服接触", "签收之后", "其他和未分类")
    }
    complaints = {title: int(next(cell for cell in row if cell.isdecimal())) for title, row in figures.items()}
    assert complaints == {"询价下单": 1, "运输派送": 2, "上门与客服接触": 1, "签收之后": 0, "其他和未分类": 1}
    assert stage_row(page, "合计")[:2] == [str(sum(complaints.values())), "1"]
    assert "1.0 / 5" in rows_of(page, "运输派送")[0]
    assert "最弱，没有改进措施" in rows_of(page, "运输派送")[0]

    office.api("quality_manager").begins("improvement", category="service_quality/delayed")
    page = manager.get(reverse("journey"))
    assert "还没有正在落实的改进措施" not in text_of(page)
    assert rows_of(page, "运输派送")[0].endswith("进行中的改进 1")
    assert stage_row(page, "合计")[-1] == "1"


@pytest.mark.clause("EXP-8.1.4")
def test_a_notice_on_a_regional_disruption_is_seen_at_intake_of_that_region_and_customers_concerned_are_told(
    office, clock
) -> None:
    clerk = office.api("intake_officer")
    here = clerk.registered(region="east", recorded_category="timeliness", complainant_phone="13800138001")
    elsewhere = clerk.registered(region="north", recorded_category="timeliness", complainant_phone="13800138002")
    another = clerk.registered(region="east", recorded_category="item_damage", complainant_phone="13800138003")
    words = "华东中转场停电，派送顺延一天，请告知客户明日送达"
    supervisor = office.api("cs_supervisor")
    notice = supervisor.begins(
        "known_problem", problem_text=words, problem_region="east", problem_category="timeliness", problem_until="2026-03-04"
    )  # fmt: skip
    assert words in text_of(Staff(office.world, "cs_agent").get("/notices/"))

    def intake(**typed: str) -> str:
        form = {"_desk": "express", "_kind": "complaint", "_channel": "telephone", **typed}
        return in_words(Staff(office.world, "intake_officer").post("/intake/proposals/", form).content.decode())

    assert f"已知问题 {words}" in intake(region="east", recorded_category="timeliness")
    assert words not in intake(region="north", recorded_category="timeliness")
    assert words not in intake(region="east", recorded_category="item_damage")
    assert words not in intake()

    supervisor.steps_on(notice["id"], "tell")
    office.work()
    office.work()
    assert office.messages(here).count("known_problem") == 1
    assert "known_problem" not in office.messages(elsewhere)
    assert "known_problem" not in office.messages(another)

    clock.at("2026-03-05T09:00:00+08:00")
    assert words not in intake(region="east", recorded_category="timeliness")
    supervisor.steps_on(notice["id"], "close")
