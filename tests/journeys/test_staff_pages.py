"""What only a browser can show: a double click, a draft kept while typing, and pages that fit a telephone."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from amends.apps.cases.models import Case, Draft
from tests.journeys.driving import Visitor, presses_twice
from tests.world import PASSWORD, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visitor(live_server: Any, window: Page) -> Visitor:
    now = timezone.now()
    publish_shipped(("express",), now=now)
    world = open_world("express", now=now, password=PASSWORD)
    found = Visitor(window, live_server.url, world)
    found.becomes(world.person("cs_agent"))
    return found


def test_a_double_click_registers_one_case(visitor: Visitor) -> None:
    visitor.page.get_by_role("link", name="登记新个案").click()
    visitor.fills(visitor.world.pack.forms["complaint_record"], {})
    presses_twice(visitor.page.locator("#intake-form .form-foot .btn-primary"))
    visitor.page.wait_for_url("**/intake/done/*/")
    assert Case.objects.count() == 1
    assert visitor.said == []


def test_what_is_typed_is_kept_as_a_draft_and_comes_back(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("link", name="登记新个案").click()
    page.wait_for_url("**/intake/**")
    page.locator("#f-subject").fill("包裹外箱压瘪")
    page.locator("[data-draft-mark]").get_by_text("草稿已保存").wait_for()
    assert Draft.objects.count() == 1
    page.reload()
    assert page.locator("#f-subject").input_value() == "包裹外箱压瘪"
    page.goto(f"{visitor.base}/")
    page.get_by_role("link", name="登记新个案").click()
    page.get_by_role("link", name="包裹外箱压瘪").click()
    page.wait_for_url("**/intake/?draft=*")
    assert page.locator("#f-subject").input_value() == "包裹外箱压瘪"


def test_the_menu_shows_the_place_where_one_is(visitor: Visitor) -> None:
    page = visitor.page
    page.set_viewport_size({"width": 1280, "height": 560})
    page.goto(f"{visitor.base}/about/")
    page.wait_for_function("""() => {
        const [menu, here] = [".side-nav", ".side-nav [aria-current]"].map((name) => document.querySelector(name).getBoundingClientRect());
        return here.top >= menu.top - 1 && here.bottom <= menu.bottom + 1;
    }""")


def test_pages_fit_the_width_of_a_telephone(visitor: Visitor) -> None:
    case = visitor.world.register()
    page = visitor.page
    page.set_viewport_size({"width": 390, "height": 800})
    addresses = [
        "/queue/?tab=all",
        "/intake/",
        f"/cases/{case.number}/",
        f"/cases/{case.number}/do/note/",
        "/counts/",
        "/gaps/",
    ]
    for address in [*addresses, "/policies/", "/policies/express/process/", "/policies/express/duties/", "/notices/"]:
        page.goto(visitor.base + address)
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert beyond <= 0, address
    assert visitor.said == []


def test_words_are_searched_and_filtered_without_standing_in_the_address(visitor: Visitor) -> None:
    found, other = (visitor.world.register(subject=text) for text in ("回电 18655550123", "外箱破损"))
    page = visitor.page
    page.goto(f"{visitor.base}/queue/?tab=all")
    page.locator("#q-text").fill("18655550123")
    page.locator("#q-text").press("Enter")
    page.locator(f'#queue a[href="/cases/{other.number}/"]').wait_for(state="detached")
    page.locator("select[name=sort]").select_option("oldest")
    page.wait_for_url("**sort=oldest**")
    assert "1865555" not in page.url
    page.reload()
    assert page.locator("#q-text").input_value() == "18655550123"
    assert page.locator(f'#queue a[href="/cases/{found.number}/"]').count() == 1
    assert visitor.said == []
