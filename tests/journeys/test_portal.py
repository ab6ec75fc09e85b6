"""A customer on a phone: complains with a file, follows, refuses with a reason, accepts the second answer, rates."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page

from amends.apps.cases.models import Case
from tests.journeys.conftest import patient
from tests.journeys.driving import presses_twice
from tests.web.portal import code_in, run_jobs, texts_sent
from tests.web.portal.conftest import clock, lasting_world, ways_out  # noqa: F401
from tests.world import PICTURE

PHONE = {"width": 390, "height": 844}
FIRST_WAY = ("accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "tell")
SHOTS = os.environ.get("AMENDS_TEST_SHOTS", "")


def look(page: Page, name: str) -> None:
    """Nothing may be wider than the phone; with AMENDS_TEST_SHOTS the page is kept as a picture, narrow and wide."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    small = page.evaluate(
        "[...document.querySelectorAll('a.btn, button.btn, input.form-control, select, .pill')]"
        ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 43).map(e => e.outerHTML)"
    )
    assert small == [], name
    if SHOTS:
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 844})
            page.wait_for_timeout(150)
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
        page.set_viewport_size(PHONE)


def pick(page: Page, name: str, value: str) -> None:
    """Press one of the choices that stand side by side."""
    page.locator(f'label:has(> input[name="{name}"][value="{value}"])').click()


def pick_and_redraw(page: Page, name: str, value: str) -> None:
    """Press a choice after which the server draws the form again, and wait until it stands."""
    with page.expect_response(lambda answer: "_redraw" in (answer.request.post_data or "")):
        pick(page, name, value)
    page.locator("#form-body .htmx-request").wait_for(state="detached")


def go_on(page: Page) -> None:
    page.get_by_role("button", name="下一步").last.click()


def follow_the_code(page: Page, link: str, clock) -> None:  # noqa: F811
    """Open the case by its link with the code that the file provider was given."""
    page.goto(link)
    look(page, "link")
    page.get_by_role("button", name="发送验证码").click()
    page.get_by_label("验证码").wait_for()
    run_jobs("send_portal_code")
    for _ in range(3):
        clock.later(minutes=1, seconds=1)
        run_jobs("send_message")
    code = code_in([text["text"] for text in texts_sent() if "验证码" in text["text"]][-1])
    look(page, "code")
    page.get_by_label("验证码").fill(code)
    page.get_by_role("button", name="确认").click()
    page.get_by_role("heading", name="往来").wait_for()


@pytest.mark.django_db(transaction=True)
def test_a_customer_complains_refuses_accepts_and_rates_on_a_phone(
    browser,
    live_server,
    transactional_db,
    lasting_world,  # noqa: F811
    clock,  # noqa: F811
    settings,
    tmp_path,
):
    settings.BASE_URL = live_server.url
    photo = Path(tmp_path) / "破损照片.png"
    photo.write_bytes(PICTURE)
    context = patient(browser, viewport=PHONE, has_touch=True)
    page = context.new_page()
    noise: list[str] = []
    page.on("pageerror", lambda error: noise.append(str(error)))

    page.goto(f"{live_server.url}/portal/")
    look(page, "front")
    page.locator(".p-desk", has_text="寄快递").get_by_role("link", name="我要投诉").click()
    page.wait_for_url("**/portal/complain/**")
    pick(page, "recorded_category", "item_damage")
    pick_and_redraw(page, "concerns_parcel", "no")
    go_on(page)
    page.locator("#f-subject-error").wait_for()
    look(page, "matter-errors")
    page.get_by_label("用一句话说说").fill("收到的花瓶碎了")
    go_on(page)
    page.wait_for_url("**page=story")
    page.get_by_label("事情的经过").fill("外箱完好，里面的花瓶碎成三块。")
    page.locator("[name='demands-0-text']").fill("按价赔偿 480 元")
    page.locator("[name='_upload-evidence_files']").set_input_files(photo)
    page.get_by_text("破损照片.png").wait_for()
    look(page, "story")
    page.get_by_role("button", name="上一步").click()
    page.wait_for_url("**page=matter")
    assert page.get_by_label("用一句话说说").input_value() == "收到的花瓶碎了"
    page.close()

    page = context.new_page()
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.goto(f"{live_server.url}/portal/complain/express/complaint/?page=story")
    assert page.get_by_label("事情的经过").input_value() == "外箱完好，里面的花瓶碎成三块。"
    assert page.get_by_text("破损照片.png").is_visible()
    go_on(page)
    page.wait_for_url("**page=contact")
    page.get_by_label("怎么称呼您").fill("欧阳测试")
    page.get_by_label("手机号码").fill("13800138000")
    look(page, "contact")
    presses_twice(page.get_by_role("button", name="提交", exact=True).last)
    page.get_by_role("heading", name="我们收到了").wait_for()
    look(page, "receipt")
    link = page.locator("#link").get_attribute("href")

    case = Case.objects.get()
    assert case.evidence.get().name == "破损照片.png"
    assert page.locator("#number").get_attribute("data-number") == case.number
    assert page.locator("#number").inner_text() == case.number
    run_jobs()
    for verb in FIRST_WAY:
        wishes = {"answer_text": "我们赔付 200 元。"} if verb == "tell" else {}
        case = lasting_world.do(case, verb, **wishes)
    clock.now = max(clock.now, lasting_world.now) + timedelta(minutes=2)
    run_jobs()
    assert any("/portal/s/" in text["text"] for text in texts_sent()[1:])

    other = patient(browser, viewport=PHONE, has_touch=True).new_page()
    follow_the_code(other, link, clock)
    look(other, "told")
    assert other.get_by_text("我们赔付 200 元。").first.is_visible()
    other.get_by_role("link", name="不接受，说明理由").click()
    other.get_by_role("button", name="提交理由").click()
    other.locator("#f-reason-error").wait_for()
    look(other, "refuse")
    other.get_by_label("哪里不能接受").fill("发票上是 480 元，只赔 200 元不合理。")
    other.get_by_role("button", name="提交理由").click()
    other.get_by_text("已记下您的理由").wait_for()
    look(other, "refused")

    case.refresh_from_db()
    assert case.round == 2
    lasting_world.now = clock.now
    for verb in ("propose", "tell"):
        case = lasting_world.do(case, verb, **({"answer_text": "按发票赔付 480 元。"} if verb == "tell" else {}))
    clock.now = lasting_world.now + timedelta(minutes=1)
    other.reload()
    look(other, "told-again")
    other.get_by_role("link", name="接受处理结果").click()
    look(other, "agree")
    other.get_by_role("button", name="确认接受").click()
    other.get_by_text("您接受处理结果。谢谢您").wait_for()
    case.refresh_from_db()
    assert case.state == "agreed"

    lasting_world.now = clock.now
    case = lasting_world.do(case, "carry_out")
    clock.now = lasting_world.now + timedelta(minutes=1)
    other.reload()
    other.get_by_role("link", name="评价这次处理").click()
    other.locator("label.pill").first.click()
    look(other, "rate")
    other.get_by_role("button", name="提交评价").click()
    other.get_by_text("谢谢您的评价").wait_for()
    look(other, "rated")
    case.refresh_from_db()
    assert "rate" in case.facts
    assert noise == []
