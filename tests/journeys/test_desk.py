"""The desk of somebody at work: workbench and queue by mouse and keyboard, by day and by night, on a telephone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from amends.apps.cases.models import Case
from amends.apps.cases.projection import place_in_queue
from amends.apps.ledger.models import Event
from tests.journeys.driving import Visitor
from tests.world import PASSWORD, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)
GRAVE = {"serious", "critical"}
EVERY_DAY = ("/?scope=all", "/", "/queue/?tab=all", "/exports/?tab=all&late=yes", "/intake/")
NOW_AND_THEN = (
    "/proceedings/", "/archive/", "/notices/", "/counts/", "/policies/", "/policies/express/process/", "/absences/", "/workload/",
)  # fmt: skip


@pytest.fixture
def visitor(live_server: Any, window: Page) -> Visitor:
    """The supervisor of a desk with a late, a new and an urgent case."""
    now = timezone.now()
    publish_shipped(("express",), now=now)
    world = open_world("express", now=now, password=PASSWORD)
    late, _, urgent = (world.register(subject=subject) for subject in ("外箱压瘪", "快件延误", "要求赔偿"))
    for case, columns in (
        (late, {"is_late": True, "due_at": now - timedelta(hours=3), "due_sort": now - timedelta(hours=3)}),
        (urgent, {"urgent": True}),
    ):
        for name, value in columns.items():
            setattr(case, name, value)
        place_in_queue(case, world.pack)
        case.save()
    found = Visitor(window, live_server.url, world)
    found.becomes(world.person("cs_supervisor"))
    return found


def grave(page: Page) -> list[str]:
    """What axe finds serious or critical on the page."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['target']}" for one in found if one["impact"] in GRAVE for node in one["nodes"]]


def test_a_number_of_the_workbench_leads_to_its_list_and_back_by_keys(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("link", name="全部可见").click()
    page.locator(".tile", has_text="已超时").click()
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page.locator("tr[data-row] .late")).to_contain_text("超时 3 小时")
    # The two keys belong together within a second, and this machine may take longer to press them.
    page.clock.set_fixed_time(timezone.now())
    page.keyboard.press("g")
    page.keyboard.press("w")
    page.wait_for_url(lambda address: "queue" not in address)
    expect(page.locator("h1")).to_contain_text(visitor.person.name if visitor.person else "")
    assert visitor.said == []


def test_the_queue_is_worked_by_keyboard_alone(visitor: Visitor) -> None:
    page = visitor.page
    page.goto(f"{visitor.base}/queue/?tab=all")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-ticked]")).to_have_text("2")
    page.keyboard.press("k")
    first = page.locator("tr[data-row] [data-row-link]").first
    expect(first).to_be_focused()
    address = first.get_attribute("href")
    page.keyboard.press("/")
    expect(page.locator("#q-text")).to_be_focused()
    page.keyboard.type("gw")
    expect(page.locator("#q-text")).to_have_value("gw")
    first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address}")
    assert visitor.said == []


def test_a_filter_a_view_and_a_note_for_several_cases(visitor: Visitor) -> None:
    page = visitor.page
    page.goto(f"{visitor.base}/queue/?tab=all")
    page.get_by_role("button", name="筛选").click()
    page.locator("#q-urgent").select_option("no")
    page.get_by_role("button", name="应用筛选").click()
    expect(page.locator("tr[data-row]")).to_have_count(2)
    page.locator("summary", has_text="视图").click()
    page.locator("#view-title").fill("不急的")
    page.locator(".view-form button").first.click()
    expect(page.locator(".flash")).to_contain_text("不急的")
    page.locator("[data-tick-all]").check()
    page.get_by_role("button", name="添加备注").click()
    page.locator("#f-note_text").fill("周五统一回访。")
    page.get_by_role("button", name="办理这 2 件").click()
    expect(page.get_by_text("办成 2 件，未办 0 件。")).to_be_visible()
    assert Event.objects.filter(kind="note").count() == 2
    assert visitor.said == []


def test_a_news_bar_tells_of_what_others_changed(visitor: Visitor) -> None:
    page = visitor.page
    page.clock.install(time=timezone.now())
    page.goto(f"{visitor.base}/queue/?tab=all")
    expect(page.locator("#news")).to_be_hidden()
    Case.objects.update(changed_at=timezone.now() + timedelta(seconds=30))
    page.clock.run_for(61_000)
    expect(page.locator("#news")).to_have_text("3 件有更新，刷新查看")


def test_time_goes_on_without_asking_the_server(visitor: Visitor) -> None:
    page = visitor.page
    page.clock.install(time=timezone.now())
    page.goto(f"{visitor.base}/queue/?tab=all&late=yes")
    page.clock.run_for(30 * 60 * 1000)
    expect(page.locator("tr[data-row] .late")).to_contain_text("超时 3 小时 3")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_is_shut_out_of_the_desk(visitor: Visitor, theme: str) -> None:
    page = visitor.page
    page.get_by_role("button", name={"light": "浅色", "dark": "深色"}[theme]).click()
    page.locator(f"html[data-appearance={theme}][data-bs-theme={theme}]").wait_for(state="attached")
    for address in (*EVERY_DAY, *NOW_AND_THEN):
        answer = page.goto(visitor.base + address)
        assert (answer.status if answer else 0, grave(page)) == (200, []), address
    page.goto(f"{visitor.base}/queue/?tab=all&late=yes")
    page.get_by_role("button", name="筛选").click()
    page.locator("#q-late").wait_for()
    assert grave(page) == []


def test_pages_of_the_desk_fit_a_telephone(visitor: Visitor) -> None:
    page = visitor.page
    page.set_viewport_size({"width": 390, "height": 800})
    for address in ("/?scope=all", "/queue/?tab=all&late=yes", "/exports/?tab=all"):
        page.goto(visitor.base + address)
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert beyond <= 0, address
    page.goto(f"{visitor.base}/queue/?tab=all")
    page.get_by_role("button", name="筛选").click()
    expect(page.locator("#q-late")).to_be_in_viewport()
    assert grave(page) == []
