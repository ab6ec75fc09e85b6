"""A visit on site, on a phone: the network goes in the middle of it, and nothing that was typed is lost or sent twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect

from amends.apps.cases.models import EvidenceFile
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.signatures import signature_picture
from amends.apps.ledger.queries import events_of
from tests.doors import Clock, Office
from tests.journeys.driving import Visitor
from tests.world import PASSWORD, PICTURE, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 390, "height": 844}
PHOTO = {"name": "起鼓部位.png", "mimeType": "image/png", "buffer": PICTURE}


@pytest.fixture
def office(live_server: Any) -> Office:
    now = timezone.now()
    publish_shipped(("service",), now=now)
    return Office(open_world("service", now=now, password=PASSWORD), Clock(now=now))


@pytest.fixture
def visitor(live_server: Any, window: Page, office: Office) -> Visitor:
    window.set_viewport_size(PHONE)
    return Visitor(window, live_server.url, office.world)


def sent_out(office: Office) -> tuple[str, str]:
    """The ids of a request for service with its resources approved, and of the visit that it led to."""
    day = office.clock.now.date()
    clerk, leader = office.api("commerce_clerk"), office.api("commerce_leader")
    engineer = office.api("technical_service_engineer")
    soon = (day + timedelta(days=3)).isoformat()
    key = clerk.begins(
        "service_request", service_type="problem_on_site", service_source="customer", site_address="云锦花园 3 号楼"
    )["id"]
    clerk.steps_on(key, "confirm", service_wanted_by=(day + timedelta(days=9)).isoformat())
    task = {
        "service_task_what": "准备抽湿机", "service_task_department": office.department("technical_service"),
        "service_task_holder_person": engineer.id, "service_task_due": soon,
    }  # fmt: skip
    clerk.steps_on(key, "propose", plan_tasks=[task])
    clerk.steps_on(key, "apply", requested_cost="2400", request_reason="起鼓面积大，须现场取样。")
    leader.steps_on(key, "approve", request_comment="同意。")
    office.api("general_manager").steps_on(key, "approve", request_comment="同意，尽快。")
    assert (
        clerk.step(key, "dispatch", dispatched=[{"site_engineer": engineer.id, "leaves_on": soon}]).status_code == 200
    )
    found = clerk.read("proceedings", kind="site_visit", desk="service")["proceedings"]
    return key, next(one["id"] for one in found if one["parent"] == key)


def fits(page: Page) -> bool:
    """Whether nothing of the page stands beyond the right edge of the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def fill(page: Page, **texts: str) -> None:
    for name, text in texts.items():
        page.locator(f'[id="f-{name}"]').fill(text)


def press_now(page: Page, name: str) -> None:
    page.locator(f'[data-now="f-{name}"]').click()


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f'label:has(> input[name="{name}"][value="{value}"])').click()


def send(page: Page) -> None:
    page.locator(".form-foot .btn-primary").click()


def sign(page: Page) -> None:
    """Draw on the pad of the signature as a finger does."""
    pad = page.locator("[data-sign-pad] canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    for step in range(1, 13):
        page.mouse.move(box["x"] + 40 + step * 16, box["y"] + 60 + (step % 3) * 14)
    page.mouse.up()


def state_of(page: Page, title: str) -> Locator:
    """The chip that says where a form stands on the list of this phone."""
    return page.locator("#waiting-list > li").filter(has_text=title).locator("[data-state]")


def open_kept(page: Page, address: str) -> None:
    """Open a form out of the list of those that are kept."""
    page.locator(f'#kept-forms a[href="{address}"]').click()
    page.locator("form[data-offline]").wait_for()


def verbs_of(proceeding: str) -> list[str]:
    """What happened to a proceeding, oldest first."""
    return [event.kind for event in events_of(Proceeding.objects.get(pk=proceeding).chain)]


def keeps_forms(page: Page) -> None:
    """Wait until the forms of the page that is open lie on the phone."""
    page.locator("[data-keep-forms][data-kept]").wait_for(state="attached")


def is_of_the_network(said: str) -> bool:
    """Whether the console only says that there was no network."""
    return said.startswith("htmx:sendError") or "ERR_INTERNET_DISCONNECTED" in said or "Failed to load resource" in said


def loses_the_answer(page: Page, address: str) -> list[int]:
    """The server takes what is sent there the first time, and its answer is lost on the way; returns what it answered."""
    answered: list[int] = []

    def cut(route: Route) -> None:
        answered.append(route.fetch(timeout=0).status)
        route.abort()

    page.route(address, cut, times=1)
    return answered


def test_a_visit_goes_on_where_there_is_no_network(visitor: Visitor, office: Office) -> None:
    page, base = visitor.page, visitor.base
    request, visit = sent_out(office)
    engineer = office.world.person("technical_service_engineer")
    visitor.becomes(engineer)
    page.goto(f"{base}/proceedings/{visit}/")
    keeps_forms(page)
    page.locator('#acts a[href$="/do/depart/"]').click()
    for name in ("check_task", "check_plan", "check_tools", "check_persons"):
        choose(page, name, "yes")
    send(page)
    page.locator('#acts a[href$="/do/arrive/"]').wait_for()
    keeps_forms(page)

    # The network goes: arrival, a log with a photograph, a problem, and a page that is loaded again in the middle of it.
    page.context.set_offline(True)
    page.goto(f"{base}/proceedings/{visit}/")
    expect(page.locator("h1")).to_have_text("本机表单")
    open_kept(page, f"/proceedings/{visit}/do/arrive/")
    send(page)
    expect(page.locator(".faults li").first).to_contain_text("请填写")
    press_now(page, "arrived_at")
    fill(page, arrival_contact="梁经理", visit_purpose="查明起泡原因")
    send(page)
    expect(state_of(page, "登记到场")).to_have_text("未发送")

    open_kept(page, f"/proceedings/{visit}/do/keep_log/")
    press_now(page, "log_date")
    fill(page, log_work="抽湿三天，铲除 12 处起鼓。")
    page.locator('[id="f-log_photos"] input[type=file]').set_input_files(PHOTO)
    page.locator(".file-row.is-held").wait_for()
    assert fits(page)
    page.reload()
    expect(page.locator('[id="f-log_work"]')).to_have_value("抽湿三天，铲除 12 处起鼓。")
    expect(page.locator(".file-row.is-held .file-name")).to_have_text("起鼓部位.png")
    send(page)
    expect(state_of(page, "写当日日志")).to_have_text("未发送")

    open_kept(page, f"/proceedings/{visit}/begin/field_problem/")
    press_now(page, "discovered_at")
    choose(page, "problem_route", "system")
    assert page.locator('[id="f-called_at"]').is_visible()
    page.locator('[id="f-site_engineer"]').select_option(str(engineer.pk))
    fill(
        page,
        problem_title="基层返潮",
        site_environment="地下室，湿度 92%。",
        site_situation="起鼓 12 处。",
        own_suggestion="先抽湿三天。",
    )
    choose(page, "problem_vouched", "yes")
    send(page)
    expect(state_of(page, "现场问题反馈")).to_have_text("未发送")
    assert fits(page)
    assert Axe().run(page).response["violations"] == []
    assert Proceeding.objects.get(pk=visit).state == "departed"

    # Back: the session is over by then, and the first answer is lost. Each form is taken once.
    Session.objects.all().delete()
    lost = loses_the_answer(page, f"**/proceedings/{visit}/do/arrive/")
    page.context.set_offline(False)
    expect(page.locator("#waiting")).to_contain_text("登录已过期，3 份表单登录后自动发送。")
    page.locator("#waiting [data-sign-in]").click()
    page.locator("#id_username").fill(engineer.username)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    for title in ("登记到场", "写当日日志", "现场问题反馈"):
        expect(state_of(page, title)).to_have_text("已收到")
    assert lost == [204]
    assert verbs_of(visit) == ["schedule", "depart", "arrive", "keep_log"]
    assert EvidenceFile.objects.filter(proceeding=visit, name="起鼓部位.png").count() == 1
    assert Proceeding.objects.filter(kind="field_problem", parent=visit).count() == 1

    # Leaving; and the customer signs where the network is gone again.
    page.goto(f"{base}/proceedings/{visit}/")
    page.locator('#acts a[href$="/do/leave/"]').click()
    page.locator("#drawer[open] #form-body").wait_for()
    press_now(page, "left_at")
    fill(page, leaving_contact="梁经理", visit_result="已重做底漆，观察三天。")
    send(page)
    page.locator('#acts a[href$="/do/ask_return/"]').wait_for()
    keeps_forms(page)
    page.context.set_offline(True)
    page.goto(f"{base}/proceedings/{request}/begin/completion_report/")
    day = timezone.now().astimezone(visitor._zone).date()
    fill(page, service_customer="鼎和物业", site_address="云锦花园 3 号楼", service_task_text="查明起泡原因",
         service_work_done="铲除 40 平方米，重做底漆。", open_issues="无", customer_signer="梁少卿",
         service_began_on=day.isoformat(), service_ended_on=day.isoformat())  # fmt: skip
    choose(page, "service_type", "problem_on_site")
    choose(page, "service_result", "solved")
    choose(page, "customer_confirmation", "satisfied")
    page.locator('[id="f-report_engineer"]').select_option(str(engineer.pk))
    page.locator('[id="f-completion_photos"] input[type=file]').set_input_files(PHOTO)
    page.locator(".file-row.is-held").wait_for()
    sign(page)
    assert fits(page)
    send(page)
    expect(state_of(page, "现场服务完成情况汇报")).to_have_text("未发送")
    page.context.set_offline(False)
    expect(state_of(page, "现场服务完成情况汇报")).to_have_text("已收到")

    # The office accepts it, and the service stands in the ledger with one row.
    report = Proceeding.objects.get(kind="completion_report", parent=request)
    signed = EvidenceFile.objects.get(proceeding=report, name="签名.png")
    assert signature_picture(str(signed.pk)) is not None
    supervisor = office.api("technical_service_supervisor")
    supervisor.steps_on(str(report.pk), "accept")
    supervisor.steps_on(str(report.pk), "tally")
    page.set_viewport_size({"width": 1440, "height": 900})
    visitor.becomes(office.world.person("technical_service_supervisor"))
    page.goto(f"{base}/registers/service/completion_report/")
    rows = page.locator(".register-lines tbody tr, table.list tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("鼎和物业")
    assert [said for said in visitor.said if not is_of_the_network(said)] == []


def test_whoever_signs_out_leaves_no_page_behind(visitor: Visitor, office: Office) -> None:
    page = visitor.page
    _, visit = sent_out(office)
    visitor.becomes(office.world.person("technical_service_engineer"))
    page.goto(f"{visitor.base}/proceedings/{visit}/")
    keeps_forms(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="退出").click()
    page.locator("#id_username").wait_for()

    assert page.evaluate("caches.has('amends-forms')") is False
    assert page.evaluate("caches.has('amends-parts')") is True


def on_site(office: Office, visit: str) -> None:
    """The engineer of the visit has arrived."""
    engineer = office.api("technical_service_engineer")
    engineer.steps_on(
        visit, "depart", **dict.fromkeys(("check_task", "check_plan", "check_tools", "check_persons"), True)
    )
    engineer.steps_on(visit, "arrive", arrival_contact="梁经理", visit_purpose="查明起泡原因")


def closes(office: Office, visit: str) -> None:
    """The visit ends while the phone of the engineer has no network."""
    engineer = office.api("technical_service_engineer")
    engineer.steps_on(visit, "leave", leaving_contact="梁经理", visit_result="已重做。")
    engineer.steps_on(visit, "ask_return")
    office.api("commerce_leader").steps_on(visit, "approve")
    engineer.steps_on(visit, "go_back")
    closed = office.api("technical_service_supervisor").steps_on(visit, "close")
    assert closed["state"] == "closed"


def line_of(page: Page, title: str) -> Locator:
    """What the list of this phone says of a form."""
    return page.locator("#waiting-list > li").filter(has_text=title)


def test_what_was_typed_for_a_visit_that_was_closed_meanwhile_is_refused_in_words_and_still_there(
    visitor: Visitor, office: Office
) -> None:
    page = visitor.page
    _, visit = sent_out(office)
    on_site(office, visit)
    visitor.becomes(office.world.person("technical_service_engineer"))
    page.goto(f"{visitor.base}/proceedings/{visit}/")
    keeps_forms(page)
    page.context.set_offline(True)
    page.goto(f"{visitor.base}/proceedings/{visit}/do/keep_log/")
    press_now(page, "log_date")
    fill(page, log_work="抽湿三天，铲除 12 处起鼓。")
    send(page)
    expect(state_of(page, "写当日日志")).to_have_text("未发送")
    open_kept(page, f"/proceedings/{visit}/begin/extra_demand/")
    press_now(page, "demanded_on")
    fill(page, demand_text="顺带看看北立面", demanded_by="梁经理")
    send(page)
    expect(state_of(page, "客户额外要求")).to_have_text("未发送")

    closes(office, visit)
    page.context.set_offline(False)

    expect(state_of(page, "写当日日志")).to_have_text("需要修改")
    expect(state_of(page, "客户额外要求")).to_have_text("需要修改")
    expect(line_of(page, "写当日日志").locator("[data-why]")).to_contain_text("已办结")
    expect(line_of(page, "客户额外要求").locator("[data-why]")).to_contain_text("事项可能已经办结")
    line_of(page, "客户额外要求").locator("summary").click()
    expect(line_of(page, "客户额外要求").locator("dd")).to_contain_text(["顺带看看北立面", "梁经理"])
    expect(line_of(page, "客户额外要求").locator("[data-change]")).to_be_hidden()
    assert fits(page)
    page.reload()
    line_of(page, "写当日日志").locator("summary").click()
    expect(line_of(page, "写当日日志").locator("dl")).to_contain_text("抽湿三天，铲除 12 处起鼓。")
    assert "keep_log" not in verbs_of(visit)


def test_a_form_that_waits_in_two_windows_is_sent_once(visitor: Visitor, office: Office) -> None:
    page = visitor.page
    _, visit = sent_out(office)
    on_site(office, visit)
    visitor.becomes(office.world.person("technical_service_engineer"))
    page.goto(f"{visitor.base}/proceedings/{visit}/")
    keeps_forms(page)
    other = page.context.new_page()
    other.goto(f"{visitor.base}/offline/")
    page.context.set_offline(True)
    page.goto(f"{visitor.base}/proceedings/{visit}/do/keep_log/")
    press_now(page, "log_date")
    fill(page, log_work="抽湿三天。")
    send(page)
    expect(state_of(page, "写当日日志")).to_have_text("未发送")
    other.reload()
    expect(state_of(other, "写当日日志")).to_have_text("未发送")

    page.context.set_offline(False)

    for window in (page, other):
        expect(state_of(window, "写当日日志")).to_have_text("已收到")
    assert verbs_of(visit).count("keep_log") == 1
