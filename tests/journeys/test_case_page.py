"""The page of a case by keyboard and by two people at once, its evidence large, and nothing that a screen reader trips over."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page

from amends.apps.cases.evidence import attach
from amends.apps.cases.models import Case, EvidenceFile
from amends.apps.cases.previews import make_preview
from amends.apps.ledger.models import Event
from tests.journeys.conftest import patient
from tests.journeys.driving import Visitor, saves_nothing_by_the_clock
from tests.journeys.lost import Held, LostAnswer
from tests.world import PASSWORD, PICTURE, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)
FOCUS = "document.activeElement && document.activeElement.closest('#drawer') !== null"
PASTED = """picture => {
  const carried = new DataTransfer();
  carried.items.add(new File([Uint8Array.from(atob(picture), c => c.charCodeAt(0))], "粘贴的截图.png", {type: "image/png"}));
  document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData: carried, bubbles: true, cancelable: true}));
}"""


@pytest.fixture
def visitor(live_server: Any, window: Page) -> Visitor:
    now = timezone.now()
    publish_shipped(("express",), now=now)
    world = open_world("express", now=now, password=PASSWORD)
    found = Visitor(window, live_server.url, world)
    found.becomes(world.person("cs_supervisor"))
    return found


def with_files(visitor: Visitor, case: Case, *names: str) -> None:
    owner = visitor.world.person("cs_supervisor").actor_id
    for name in names:
        attach([visitor.world.upload(owner, name=name)], case=case, owner=owner, now=timezone.now())
        EvidenceFile.objects.filter(name=name).update(uploaded_at=timezone.now())
        make_preview(EvidenceFile.objects.get(name=name), now=timezone.now())


def test_a_case_is_worked_by_keyboard(visitor: Visitor) -> None:
    """A digit opens the form, Tab stays in it, Escape closes it and leads back to the button."""
    case, page = visitor.world.register(), visitor.page
    page.goto(f"{visitor.base}/cases/{case.number}/")
    page.keyboard.press("1")
    page.locator("#drawer[open] form[data-doing]").wait_for()
    verb = page.locator("#drawer form").get_attribute("data-doing")
    for _ in range(25):
        page.keyboard.press("Tab")
        assert page.evaluate(f"{FOCUS} || document.activeElement === document.body")
    page.keyboard.press("Escape")
    page.locator("#drawer:not([open])").wait_for(state="attached")
    assert page.evaluate("document.activeElement.getAttribute('href')") == f"/cases/{case.number}/do/{verb}/"
    page.keyboard.press("Enter")
    page.locator("#drawer[open] form[data-doing]").wait_for()
    page.keyboard.press("1")
    assert page.locator("#drawer[open]").count() == 1
    assert visitor.said == []


def test_two_people_on_a_case_see_each_other(visitor: Visitor, browser: Browser) -> None:
    case = visitor.world.register()
    other = Visitor(patient(browser).new_page(), visitor.base, visitor.world)
    other.becomes(visitor.world.person("cs_agent"))
    other.page.goto(f"{visitor.base}/cases/{case.number}/")
    other.page.locator("#acts summary").first.click()
    other.page.locator('#acts .menu a[href$="/do/note/"]').click()
    other.page.locator("#drawer[open] form[data-doing]").wait_for()
    with other.page.expect_response(lambda r: r.url.endswith("/presence/")):
        other.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    visitor.page.goto(f"{visitor.base}/cases/{case.number}/")
    sentence = f"{visitor.world.person('cs_agent').name} 正在填写“添加备注”"
    visitor.page.locator("#presence").get_by_text(sentence).wait_for()
    with other.page.expect_response(lambda r: r.url.endswith("/presence/")):
        other.page.keyboard.press("Escape")
    visitor.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    visitor.page.locator("#presence").get_by_text(sentence).wait_for(state="detached")
    assert (visitor.said, other.said) == ([], [])


def test_evidence_is_pasted_sent_and_looked_at_with_the_arrow_keys(visitor: Visitor) -> None:
    case, page = visitor.world.register(), visitor.page
    with_files(visitor, case, "外箱.png", "运单.png")
    page.goto(f"{visitor.base}/cases/{case.number}/?tab=evidence")
    page.evaluate(PASTED, base64.b64encode(PICTURE).decode())
    page.locator("#drawer[open] .file-row").get_by_text("粘贴的截图.png").wait_for()
    page.locator("#drawer .file-row input[type=hidden]").first.wait_for(state="attached")
    assert EvidenceFile.objects.filter(name="粘贴的截图.png", case=None).count() == 1
    page.keyboard.press("Escape")
    page.locator(".gallery-picture").first.click()
    page.locator("#look[open] .look-head").get_by_text("外箱.png").wait_for()
    page.keyboard.press("ArrowRight")
    page.locator("#look .look-head").get_by_text("运单.png").wait_for()
    page.keyboard.press("+")
    assert page.locator("#look img").get_attribute("data-zoom-level") == "1"
    page.keyboard.press("Escape")
    page.locator("#look:not([open])").wait_for(state="attached")
    assert visitor.said == []


ARROW_AT_ONCE = """
document.body.addEventListener("htmx:afterSwap", () => {
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
}, { once: true });
"""
"""An arrow key pressed in the moment in which a picture is drawn."""


def test_an_arrow_pressed_before_the_next_link_is_ready_does_not_leave_the_case(visitor: Visitor) -> None:
    case, page = visitor.world.register(), visitor.page
    with_files(visitor, case, "外箱.png", "运单.png")
    page.goto(f"{visitor.base}/cases/{case.number}/?tab=evidence")
    page.evaluate(ARROW_AT_ONCE)
    page.locator(".gallery-picture").first.click()
    page.locator("#look[open] .look-head").get_by_text("运单.png").wait_for()
    assert page.url.endswith("?tab=evidence")
    assert visitor.said == []


@pytest.mark.parametrize(("appearance", "widths"), [("light", (1440, 390)), ("dark", (1440,))])
def test_nothing_on_the_page_trips_a_screen_reader(visitor: Visitor, appearance: Any, widths: tuple[int, ...]) -> None:
    case, page, axe = visitor.world.register(), visitor.page, Axe()
    for verb in ("accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose"):
        case = visitor.world.do(case, verb)
    with_files(visitor, case, "外箱.png")
    page.emulate_media(color_scheme=appearance)
    found = {}
    for width in widths:
        page.set_viewport_size({"width": width, "height": 844})
        for address in ("", "?tab=evidence", "?tab=conformity", "?show=clock", "clocks/"):
            page.goto(f"{visitor.base}/cases/{case.number}/{address}")
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (
                address
            )
            found[width, address] = axe.run(page).response["violations"]
    page.goto(f"{visitor.base}/cases/{case.number}/?tab=evidence")
    page.locator(".gallery-picture").first.click()
    page.locator("#look[open] .look-head").wait_for()
    found["look"] = axe.run(page).response["violations"]
    told = {
        where: [(v["id"], v["nodes"][0]["html"][:160]) for v in faults] for where, faults in found.items() if faults
    }
    assert told == {}


def open_form(visitor: Visitor, case: Case, verb: str) -> Page:
    page = visitor.page
    page.goto(f"{visitor.base}/cases/{case.number}/")
    page.locator("#acts summary").first.click()
    page.locator(f'#acts .menu a[href$="/do/{verb}/"]').click()
    page.locator("#drawer[open] #step-form").wait_for()
    return page


def note_on(visitor: Visitor, case: Case, text: str) -> Page:
    """The form of a note open in the drawer, with a text typed and nothing sent yet."""
    page = open_form(visitor, case, "note")
    page.locator("#drawer #step-form textarea").first.fill(text)
    return page


def test_a_step_whose_answer_is_lost_says_so_in_the_drawer_and_is_done_once(visitor: Visitor) -> None:
    case = visitor.world.register()
    page = note_on(visitor, case, "客户说明天上午在家。")
    notes = Event.objects.filter(kind="note").count()
    network = LostAnswer(page, "**/do/note/")
    page.keyboard.press("Control+Enter")
    page.locator("#drawer [data-send-state]").get_by_text("不会重复提交").wait_for()
    network.comes_back()
    page.locator("#drawer:not([open])").wait_for(state="attached")
    assert (network.lost, Event.objects.filter(kind="note").count()) == (1, notes + 1)


def test_a_drawer_that_is_closed_keeps_what_was_typed_a_moment_ago(visitor: Visitor) -> None:
    saves_nothing_by_the_clock(visitor.page)
    page = note_on(visitor, visitor.world.register(), "客户说明天上午在家。")
    with page.expect_response(lambda answer: answer.request.method == "POST" and "draft" in answer.url):
        page.keyboard.press("Escape")
    page.locator('#acts .menu a[href$="/do/note/"]').evaluate("link => link.click()")
    page.locator("#drawer[open] .draft-offer").get_by_text("已带出您没有提交的草稿").wait_for()
    assert page.locator("#step-form textarea").first.input_value() == "客户说明天上午在家。"


def test_a_file_that_fails_while_the_form_waits_for_it_is_not_left_behind(visitor: Visitor) -> None:
    page = open_form(visitor, visitor.world.register(), "add_evidence")
    uploads = Held(page, "**/uploads/")
    page.locator("#drawer [data-upload-box] input[type=file]").first.set_input_files(
        {"name": "外箱.png", "mimeType": "image/png", "buffer": PICTURE}
    )
    page.locator("#drawer .file-row.is-uploading").wait_for()
    page.locator("#drawer .form-foot .btn-primary").click()
    page.locator("#drawer [data-send-state]").get_by_text("还有 1 个文件正在上传").wait_for()
    uploads.lose()
    page.locator("#drawer [data-send-state]").get_by_text("有文件没有传上去").wait_for()
    assert page.locator("#drawer[open] #step-form").count() == 1
