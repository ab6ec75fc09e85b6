"""A partner on a phone: opens the private link of a mail, answers with a file, objects to the decision, reads the ruling."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page

from amends.apps.messaging.models import OutboxMessage
from tests.doors import Office
from tests.journeys.conftest import patient
from tests.journeys.driving import presses_twice
from tests.journeys.test_portal import PHONE, SHOTS, pick
from tests.journeys.test_portal import look as look_at
from tests.web.portal.conftest import clock, lasting_world, ways_out  # noqa: F401
from tests.world import PICTURE


def look(page: Page, name: str) -> None:
    """As on the pages of customers; with pictures also in the dark."""
    look_at(page, name)
    if SHOTS:
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=f"{SHOTS}/{name}-dark.png", full_page=True)
        page.emulate_media(color_scheme="light")


def told(message: str) -> str:
    return json.loads(OutboxMessage.objects.filter(message=message).latest("pk").sealed)["body"]


def link_of(message: str) -> str:
    return re.search(r"http\S+/portal/partner/[A-Za-z0-9_-]{22}/", told(message)).group(0)


@pytest.mark.django_db(transaction=True)
def test_a_partner_answers_objects_and_reads_the_ruling_by_link(
    browser,
    live_server,
    transactional_db,
    lasting_world,  # noqa: F811
    clock,  # noqa: F811
    settings,
    tmp_path,
):
    settings.BASE_URL = live_server.url
    sheet = Path(tmp_path) / "交接单.png"
    sheet.write_bytes(PICTURE)
    office = Office(lasting_world, clock)
    carrier = office.partner("顺联运输有限公司", kind="transport")
    number = office.api("intake_officer").registered(
        concerns_parcel=True, tracking_number="SF1234567890123", description="外箱压坏。", demands=[{"text": "赔偿"}]
    )
    office.walk(number, "accept", "confirm", "grade", "dispatch")
    desk, quality = office.api("cs_agent"), office.api("quality_manager")
    rows = [{"partner_type": "transport", "partner": carrier}]
    key = desk.begins("responsibility", number, judged_as="external", partners_concerned=rows)["id"]
    (talks,) = desk.proceedings(number, "partner_clarification")
    desk.steps_on(
        talks["id"], "ask", partner_ground="transport_damage", partner_email="zhang@shunlian.example",
        partner_question="3 月 1 日夜班干线车到站时外箱压坏，同笼另有重货。\n请说明装车顺序、加固情况和交接时的检查结果。",
    )  # fmt: skip

    page = patient(browser, viewport=PHONE, has_touch=True).new_page()
    noise: list[str] = []
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.goto(link_of("partner_asked"))
    look(page, "partner-code")
    page.get_by_role("button", name="发送验证码").click()
    page.get_by_label("验证码").wait_for()
    page.get_by_label("验证码").fill(re.search(r"\d{6}", told("partner_code")).group(0))
    look(page, "partner-code-sent")
    page.get_by_role("button", name="打开").click()
    page.get_by_role("heading", name="请贵方答复").wait_for()
    assert page.get_by_text("SF1234567890123").is_visible()
    look(page, "partner-asked")
    page.get_by_role("link", name="答复").click()
    page.get_by_label("情况说明").fill("装车时重货压在上层，我方有疏忽；外箱到站前已有旧伤。")
    page.get_by_role("button", name="提交答复").click()
    page.locator("#faults").wait_for()
    look(page, "partner-answer-errors")
    pick(page, "partner_position", "accepts_partly")
    page.get_by_label("愿意承担的比例").fill("60")
    page.locator("[name='_upload-partner_answer_files']").set_input_files(sheet)
    page.get_by_text("交接单.png").wait_for()
    look(page, "partner-answer")
    presses_twice(page.get_by_role("button", name="提交答复"))
    page.get_by_text("已收到贵方的答复").wait_for()
    look(page, "partner-answered")

    desk.steps_on(talks["id"], "conclude", settlement="not_agreed", agreement_terms="运输协议第八条")
    rest = {"party": "customer_side", "party_share": 20}
    desk.steps_on(
        key, "attribute", parties=[{"party": "partner", "party_partner": carrier, "party_share": 80}, rest],
        decision_grounds="装车未加固，重货压轻货。", joint_solution="双方共同修订装车规范，每月抽查一次。",
    )  # fmt: skip
    page.goto(link_of("partner_decided"))
    page.get_by_role("heading", name="请贵方查看").wait_for()
    look(page, "partner-decided")
    page.get_by_role("link", name="提出异议").click()
    page.get_by_label("您不同意的是什么").fill("外箱交接时已有旧伤，80% 过高。")
    page.get_by_role("button", name="提交异议").click()
    page.get_by_text("已收到异议").wait_for()
    quality.steps_on(
        key, "mediate", parties=[{"party": "partner", "party_partner": carrier, "party_share": 60}, {**rest, "party_share": 40}],
        ruling_text="旧伤属实，按双方最初意见认定。",
    )  # fmt: skip
    page.goto(link_of("partner_ruled"))
    assert page.get_by_text("旧伤属实，按双方最初意见认定。").is_visible()
    look(page, "partner-ruled")

    clock.later(days=20)
    page.reload()
    page.get_by_role("heading", name="这个链接打不开了").wait_for()
    look(page, "partner-gone")
    assert noise == []
