"""The portal of another desk, from poster to rating; without scripts; and its form in a frame on a foreign website."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Page, expect

from amends.apps.cases.facts import facts_of
from amends.apps.cases.models import Case
from amends.apps.policies.embedding import set_embed_hosts
from amends.web.portal.entrances import Entrance
from tests.journeys.conftest import patient
from tests.journeys.test_portal import PHONE, go_on, look
from tests.web.portal.conftest import clock  # noqa: F401
from tests.world import PICTURE, open_world, publish_shipped

WAY = ("grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "complete_measure", "carry_out", "tell")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def desk(transactional_db, live_server, clock, settings, tmp_path):  # noqa: F811
    settings.SMS_URL, settings.MAIL_URL = f"file://{tmp_path}/sms", f"file://{tmp_path}/mail"
    settings.BASE_URL = live_server.url
    publish_shipped(("escalation",), now=clock.now)
    return open_world("escalation", now=clock.now)


@pytest.fixture
def website(tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    """A website of somebody else, on this machine: `/` holds whatever is written into its folder."""
    folder = tmp_path / "website"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.folder = folder  # type: ignore[attr-defined]
    yield server
    server.shutdown()
    server.server_close()


def is_accessible(page: Page, name: str) -> None:
    """No finding of axe, in light and in dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(page).response["violations"]
        assert found == [], (name, scheme, [(v["id"], v["nodes"][0]["html"]) for v in found])
    page.emulate_media(color_scheme="light")


def fill_three_pages(page: Page) -> None:
    page.get_by_label("用一句话说说").fill("主机通电后不启动")
    go_on(page)
    page.get_by_label("事情的经过").fill("昨天装好，今天早上就开不了机。")
    go_on(page)
    page.get_by_label("怎么称呼您").fill("欧阳测试")
    page.get_by_label("手机号码").fill("13800138000")
    page.get_by_role("button", name="提交", exact=True).last.click()
    page.locator("#number").wait_for()


@pytest.mark.django_db(transaction=True)
def test_another_desk_is_entered_by_its_poster_and_followed_to_the_rating(browser, live_server, desk, clock):  # noqa: F811
    page = patient(browser, viewport=PHONE, has_touch=True).new_page()
    page.goto(Entrance("escalation", "online").address)
    is_accessible(page, "front")
    page.get_by_role("link", name="我要投诉").click()
    is_accessible(page, "matter")
    fill_three_pages(page)
    look(page, "other-receipt")
    is_accessible(page, "receipt")
    link = page.locator("#link").get_attribute("href")
    case = Case.objects.get()
    page.get_by_role("link", name="查看和补充").click()
    is_accessible(page, "case")

    stranger = patient(browser, viewport=PHONE).new_page()
    stranger.goto(link)
    is_accessible(stranger, "link")
    assert "主机通电后不启动" not in stranger.content()

    case = work(desk, case, clock, WAY)
    until = {"case": str(case.pk), "until": (clock.now.replace(year=clock.now.year + 1)).isoformat()}
    keep_open(page, case.number, until)
    page.goto(f"{live_server.url}/portal/case/{case.number}/")
    is_accessible(page, "told")
    page.get_by_role("link", name="不接受，说明理由").click()
    page.get_by_label("哪里不能接受").fill("还是开不了机。")
    is_accessible(page, "refuse")
    page.get_by_role("button", name="提交理由").click()
    page.get_by_text("已记下您的理由").wait_for()
    case.refresh_from_db()
    assert (case.state, case.round) == ("planning", 2)

    case = work(desk, case, clock, WAY[-4:])
    page.reload()
    page.get_by_role("link", name="接受处理结果").click()
    page.get_by_role("button", name="确认接受").click()
    page.get_by_role("link", name="评价这次处理").click()
    page.get_by_role("button", name="提交评价").wait_for()
    for pills in page.locator(".pills").all():
        pills.locator("label").first.click()
    page.get_by_role("button", name="提交评价").click()
    page.get_by_text("谢谢您的评价").wait_for()
    look(page, "other-rated")
    case.refresh_from_db()
    assert case.state == "agreed" and "rate" in case.facts


def work(desk, case: Case, clock, verbs: tuple[str, ...]) -> Case:  # noqa: F811
    """The desk does its part; the clock of the doors goes on with it."""
    desk.now = clock.now
    for verb in verbs:
        measure = {"item": facts_of(case).open_items("measures")[0]["no"]} if verb == "complete_measure" else {}
        case = desk.do(case, verb, **measure)
    clock.now = desk.now
    return case


def keep_open(page: Page, number: str, opened: dict[str, str]) -> None:
    """The browser that made the case keeps it open while the desk works."""
    key = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "session")
    session = SessionStore(key)
    session["portal"] = {**session["portal"], "opened": {number: opened}}
    session.save()


@pytest.mark.django_db(transaction=True)
def test_files_that_are_too_large_or_too_many_are_named_and_the_others_kept(browser, live_server, desk, tmp_path):
    page = patient(browser, viewport=PHONE).new_page()
    page.goto(f"{live_server.url}/portal/complain/escalation/complaint/?page=story")
    page.get_by_label("事情的经过").fill("写好的经过")
    large = tmp_path / "长视频.mp4"
    with large.open("wb") as file:
        file.truncate(2 * 1024**3)
    photos = []
    for n in range(11):
        photo = tmp_path / f"照片{n}.png"
        photo.write_bytes(PICTURE)
        photos.append(photo)

    page.locator("[name='_upload-evidence_files']").set_input_files([large, *photos])

    page.get_by_text("文件“长视频.mp4”超过 20 MB").wait_for()
    page.get_by_text("“照片10.png”没有上传").wait_for()
    expect(page.locator(".file-row:not(.file-refused)")).to_have_count(10)
    assert page.get_by_label("事情的经过").input_value() == "写好的经过"


@pytest.mark.django_db(transaction=True)
def test_without_scripts_the_same_three_pages_lead_to_the_receipt(browser, live_server, desk):
    page = patient(browser, viewport=PHONE, java_script_enabled=False).new_page()
    page.goto(f"{live_server.url}/portal/complain/escalation/complaint/")

    fill_three_pages(page)

    assert Case.objects.get().subject == "主机通电后不启动"
    assert page.get_by_role("button", name="打印").count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_listed_website_shows_the_form_without_cookies_and_another_shows_nothing(
    browser,
    live_server,
    desk,
    website,
):
    home = f"http://127.0.0.1:{website.server_port}"
    frame = f'<iframe src="{live_server.url}/portal/embed/escalation/" width="100%" height="1600"></iframe>'
    (website.folder / "index.html").write_text(f"<!doctype html><meta charset=utf-8>{frame}", encoding="utf-8")
    set_embed_hosts(desk.desk, [home], now=desk.now, actor="system")
    context = patient(browser, viewport=PHONE, has_touch=True)
    page = context.new_page()

    page.goto(home)
    fill_three_pages(page.frame_locator("iframe"))

    assert Case.objects.get().subject == "主机通电后不启动"
    assert context.cookies() == []
    page.goto(f"http://localhost:{website.server_port}")
    # The page has loaded when its frame has, whatever came of that.
    assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"]
    assert page.frame_locator("iframe").locator("form").count() == 0
