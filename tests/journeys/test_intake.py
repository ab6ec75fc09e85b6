"""A clerk at the telephone: a usual complaint by keyboard alone, and nothing typed lost when something goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page

from amends.apps.cases.models import Case, Draft, EvidenceFile
from tests.journeys.driving import Visitor, saves_nothing_by_the_clock
from tests.journeys.lost import Held, LostAnswer
from tests.world import PASSWORD, PICTURE, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)
MOST_INTERACTIONS = 12
MINUTE_IN_SECONDS = 60
KEY_SECONDS, CHARACTER_SECONDS, THOUGHT_SECONDS = 0.28, 0.75, 1.35
"""Of somebody practised: a key, a Chinese character by its sounds, and the thought before whatever is no text. A machine types in no
time and waits as long as it is busy: neither is the clerk's minute. How long a page takes is measured by the bench."""


@dataclass(slots=True)
class Clerk:
    """Types, and counts everything else that has to be done: keys that are no text, chords, clicks; and the seconds a person needs."""

    page: Page
    interactions: int = 0
    seconds: float = 0.0

    def does(self, *steps: str) -> None:
        """A step in angle brackets is a key or a chord, after an at sign stands a date to choose, anything else is text."""
        for step in steps:
            if step.startswith("<"):
                self.page.keyboard.press(step.strip("<>"))
                self._interacts()
                self.page.locator("#form-body .htmx-request").wait_for(state="detached")
            elif step.startswith("@"):
                # In which order a date is typed depends on the language of the browser.
                self.page.locator("#form-body :focus").fill(step.strip("@"))
                self._interacts()
            else:
                self.page.keyboard.type(step)
                self.seconds += sum(KEY_SECONDS if sign.isascii() else CHARACTER_SECONDS for sign in step)

    def _interacts(self) -> None:
        self.interactions += 1
        self.seconds += THOUGHT_SECONDS + KEY_SECONDS


def at_the_page(live_server: Any, window: Page, pack_id: str, role: str) -> Visitor:
    now = timezone.now()
    publish_shipped((pack_id,), now=now)
    world = open_world(pack_id, now=now, password=PASSWORD)
    visitor = Visitor(window, live_server.url, world)
    visitor.becomes(world.person(role))
    visitor.page.get_by_role("link", name="登记新个案").click()
    # The page puts the cursor into its first field; whoever types before loses letters, on any page.
    visitor.page.locator("#form-body :focus").wait_for()
    return visitor


TOMORROW = f"@{timezone.now() + timedelta(days=1):%Y-%m-%dT12:00}"
NEXT, NEXT_FROM_TEXT, SEND = "<Enter>", "<Alt+Enter>", "<Control+Enter>"
USUAL: dict[str, tuple[str, tuple[str, ...]]] = {
    "express": (
        "cs_agent",
        (
            "顾晓彤", NEXT, "13800138000", NEXT, "<3>", NEXT, "收到时外箱破损", NEXT, "昨天下午收到时外箱压瘪，杯子碎了两只。",
            NEXT_FROM_TEXT, "赔偿两只杯子", NEXT_FROM_TEXT, "<1>", NEXT, "SF1234567890123", SEND,
        ),
    ),
    "escalation": (
        "cs_agent",
        (
            "顾晓彤", NEXT, "13800138000", NEXT, "热水器漏电", NEXT, "昨晚洗澡时感到麻手，已经停用。", NEXT_FROM_TEXT, "<1>", SEND,
        ),
    ),
    "reporting": (
        "cs_agent",
        (
            "顾晓彤", NEXT, "13800138000", NEXT, "噪音大", NEXT, NEXT, "空调噪音大", NEXT, "装好以后噪音一直很大，晚上没法睡。", SEND,
        ),
    ),
    "market": (
        "cs_agent",
        ("安装师傅约好上午来，到下午也没来，打电话没人接。", NEXT_FROM_TEXT, "安装师傅没来", NEXT, "顾晓彤", NEXT, "13800138000", NEXT, TOMORROW, SEND),
    ),
    "service": (
        "commerce_clerk",
        (
            "晨光装饰公司", NEXT, "13800138000", NEXT, "面板到货破损六块", NEXT, "昨天到货，六块面板边角碰坏，工地在等货。", NEXT_FROM_TEXT,
            "破损", NEXT, NEXT, "<2>", NEXT, "<1>", SEND,
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("pack_id", USUAL)
def test_a_usual_complaint_takes_a_minute_and_twelve_interactions(live_server: Any, window: Page, pack_id: str) -> None:
    role, steps = USUAL[pack_id]
    visitor = at_the_page(live_server, window, pack_id, role)
    clerk = Clerk(visitor.page)

    clerk.does(*steps)
    visitor.page.wait_for_url("**/intake/done/*/")
    assert Case.objects.count() == 1
    assert visitor.page.locator(".done-say").inner_text().startswith("您的编号是")
    assert clerk.interactions <= MOST_INTERACTIONS
    assert clerk.seconds < MINUTE_IN_SECONDS
    assert visitor.said == []


@pytest.fixture
def visitor(live_server: Any, window: Page) -> Visitor:
    return at_the_page(live_server, window, "express", "cs_agent")


def fill_in(visitor: Visitor) -> None:
    visitor.fills(visitor.world.pack.forms["complaint_record"], {"description": "外箱压瘪，杯子碎了。"})


def send(visitor: Visitor) -> None:
    visitor.page.keyboard.press("Control+Enter")


def test_an_answer_that_is_lost_is_asked_for_again_and_makes_one_case(visitor: Visitor) -> None:
    """The server registers, the connection breaks before the answer: the page says so and sends again with its key."""
    fill_in(visitor)
    visitor.page.locator("#f-subject").focus()
    visitor.page.locator("#form-body .htmx-request, #form-body.htmx-request").wait_for(state="detached")
    network = LostAnswer(visitor.page, "**/intake/")
    send(visitor)
    said = visitor.page.locator("[data-send-state]")
    said.get_by_text("内容都在本页").wait_for()
    assert visitor.page.locator("#f-description").input_value() == "外箱压瘪，杯子碎了。"
    network.comes_back()
    visitor.page.wait_for_url("**/intake/done/*/")
    assert (network.lost, Case.objects.count(), Draft.objects.count()) == (1, 1, 0)


def test_whose_sign_in_ends_in_the_middle_signs_in_on_the_page_and_goes_on(visitor: Visitor) -> None:
    fill_in(visitor)
    Session.objects.all().delete()
    # They type on: what was typed before may have been saved already, and then nothing would be asked for.
    visitor.page.locator("#f-description").dispatch_event("input")
    box = visitor.page.locator("#again[open]")
    box.get_by_label("密码").fill("not-the-password")
    box.get_by_role("button", name="登录并继续").click()
    box.get_by_text("用户名或密码不对").wait_for()
    box.get_by_label("密码").fill(PASSWORD)
    box.get_by_role("button", name="登录并继续").click()
    visitor.page.locator("#again:not([open])").wait_for(state="attached")
    visitor.page.locator("#f-subject").focus()
    send(visitor)
    visitor.page.wait_for_url("**/intake/done/*/")
    assert Case.objects.get().registered_by == visitor.person


def test_a_page_older_than_the_last_sign_in_sends_all_the_same(visitor: Visitor) -> None:
    saves_nothing_by_the_clock(visitor.page)
    visitor.page.reload()
    fill_in(visitor)
    other = visitor.page.context.new_page()
    other.goto(visitor.base)
    other.get_by_role("button", name="退出").click()
    assert visitor.person is not None
    other.locator("#id_username").fill(visitor.person.username)
    other.locator("#id_password").fill(PASSWORD)
    other.get_by_role("button", name="登录").click()
    other.locator("#side").wait_for()
    visitor.page.locator("#f-subject").focus()
    send(visitor)
    visitor.page.wait_for_url("**/intake/done/*/")
    assert Case.objects.count() == 1


def test_two_windows_on_one_draft_keep_both_texts(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("#f-subject").fill("左边窗口")
    page.locator("[data-draft-mark]").get_by_text("草稿已保存").wait_for()
    other = page.context.new_page()
    other.goto(page.url)
    assert other.locator("#f-subject").input_value() == "左边窗口"
    other.locator("#f-subject").fill("右边窗口")
    other.locator("[data-draft-mark]").get_by_text("草稿已保存").wait_for()
    saves = Held(page, "**/drafts/", passing=1)
    page.locator("#f-description").fill("左边接着写")
    page.locator("[data-draft-mark]").get_by_text("另一个窗口").wait_for()
    saves.let_go()
    page.wait_for_url("**/intake/?draft=*")
    page.locator("[data-draft-mark]").get_by_text("草稿已保存").wait_for()
    assert Draft.objects.count() == 2


def test_files_are_taken_or_refused_one_by_one_and_a_huge_one_is_never_sent(visitor: Visitor, tmp_path: Path) -> None:
    huge, empty, drawing = tmp_path / "监控录像.mp4", tmp_path / "空.txt", tmp_path / "图纸.svg"
    with huge.open("wb") as file:
        file.truncate(2 * 1024**3)
    empty.touch()
    drawing.write_text("<svg/>")
    photographs = [tmp_path / f"现场{n}.png" for n in range(12)]
    for photograph in photographs:
        photograph.write_bytes(PICTURE)
    page = visitor.page
    page.locator("#f-description").fill("外箱压瘪，杯子碎了。")
    page.locator("#f-evidence_files input[type=file]").set_input_files([huge, empty, drawing, *photographs])
    page.locator(".file-refused").get_by_text("一次最多 10 个文件：另外 2 个没有上传").wait_for()
    refused = page.locator(".file-refused").all_inner_texts()
    assert "文件“监控录像.mp4”有 2.0 GB，超过 20 MB" in refused[0]
    assert "文件“空.txt”是空的" in refused[1]
    assert "文件“图纸.svg”是“svg”类型" in refused[2]
    page.locator(".file-row [name=evidence_files]").nth(9).wait_for(state="attached")
    assert EvidenceFile.objects.count() == 10
    assert page.locator("#f-description").input_value() == "外箱压瘪，杯子碎了。"
    page.evaluate(PASTE_A_SCREENSHOT)
    page.locator(".file-refused").get_by_text("截图-").wait_for()
    page.get_by_role("button", name="不提交 现场0.png").click()
    page.evaluate(PASTE_A_SCREENSHOT)
    page.locator(".file-name").get_by_text("截图-").wait_for()


PASTE_A_SCREENSHOT = """async () => {
  const canvas = new OffscreenCanvas(4, 4);
  canvas.getContext("2d").fillRect(0, 0, 4, 4);
  const picture = new File([await canvas.convertToBlob({ type: "image/png" })], "image.png", { type: "image/png" });
  const data = new DataTransfer();
  data.items.add(picture);
  document.querySelector("#f-description").focus();
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
}"""


def test_a_telephone_system_fills_in_the_number_and_the_caller_is_recognised(visitor: Visitor) -> None:
    earlier = visitor.world.register(complainant_phone="13800138000", complainant_name="顾晓彤")
    page = visitor.page
    page.goto(f"{visitor.base}/intake/#phone=13800138000")
    page.locator("#earlier").get_by_text(earlier.number).wait_for()
    assert page.url == f"{visitor.base}/intake/"
    assert page.locator("#f-complainant_phone").input_value() == "13800138000"
    page.get_by_role("button", name="是本人，填入").click()
    page.locator("#f-complainant_name[value=顾晓彤]").wait_for()
    page.locator("#f-description").fill("快递员又打电话骂人")
    page.locator("#suggested-recorded_category").get_by_text("服务问题").wait_for()
    page.get_by_role("button", name="补充到此案").click()
    page.wait_for_url(f"**/cases/{earlier.number}/")
    assert page.get_by_text("快递员又打电话骂人").count() >= 1
    assert Case.objects.count() == 1
