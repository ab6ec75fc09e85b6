"""A ten-day report in the browser: handed in on a phone, and the prices in it as a chart on the desk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from amends.core.periods import period_around
from tests.doors import Office
from tests.journeys.driving import Visitor
from tests.web.portal.conftest import Clock, clock  # noqa: F401
from tests.world import PASSWORD, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)

PHONE = {"width": 390, "height": 844}
PRICE = {
    "competitor": "金石建材", "competitor_product": "瓷砖胶 C2", "competitor_price": "28.50", "promotion": "买十送一",
    "price_region": "宁波", "price_source": "经销商报价单",
}  # fmt: skip


@pytest.fixture
def visitor(live_server: Any, window: Page, clock: Clock) -> Visitor:  # noqa: F811
    """A browser at a desk whose ten days do not end in the middle of a test: the clock of its doors stands."""
    publish_shipped(("service",), now=clock.now)
    return Visitor(window, live_server.url, open_world("service", now=clock.now, password=PASSWORD))


def fits(page: Page) -> bool:
    """Whether nothing of the page stands beyond the right edge of the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_report_from_a_phone_ends_in_the_chart_of_a_competitor(visitor: Visitor, clock: Clock) -> None:  # noqa: F811
    page, world = visitor.page, visitor.world
    day = clock.now.astimezone(visitor._zone).date()
    earlier = Office(world, clock).api("salesperson")
    before = period_around(period_around(day, "ten_days").first - timedelta(days=1), "ten_days")
    row = {**PRICE, "competitor_price": "31.00", "seen_on": before.first.isoformat()}
    earlier.begins("ten_day_report", report_period=before.first.isoformat(), competitor_prices=[row])

    page.set_viewport_size(PHONE)
    visitor.becomes(world.person("salesperson"))
    page.goto(f"{visitor.base}/proceedings/expected/service/ten_day_report/")
    assert fits(page)
    page.get_by_role("link", name="填写").click()
    page.locator('[id="f-work_done"]').fill("走访六家经销商。")
    for name, text in {**PRICE, "seen_on": day.isoformat()}.items():
        page.locator(f'[id="f-competitor_prices-0-{name}"]').fill(text)
    assert fits(page)
    assert Axe().run(page).response["violations"] == []
    page.locator(".form-foot .btn-primary").click()
    page.locator(".proceeding-head").wait_for()

    page.set_viewport_size({"width": 1440, "height": 900})
    visitor.becomes(world.person("cs_specialist"))
    page.goto(f"{visitor.base}/proceedings/expected/service/ten_day_report/")
    assert page.get_by_text("已全部提交").count() == 1
    page.goto(f"{visitor.base}/registers/service/competitor_entry/")
    page.get_by_role("link", name="走势").first.click()
    expect(page.locator(".register-course svg.chart-wide .chart-dot")).to_have_count(2)
    page.wait_for_load_state()
    figures = page.locator(".register-figures tbody tr").all_inner_texts()
    assert [line.split("\t")[1] for line in figures] == ["28.50", "31"]
    assert visitor.said == []
