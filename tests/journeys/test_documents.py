"""A document on a phone: what a line of a wide table is about stays in view while the table goes sideways."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from tests.doors import Clock, Office
from tests.journeys.driving import Visitor
from tests.world import PASSWORD, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_first_column_of_a_wide_table_stays_on_a_phone(live_server: Any, window: Page) -> None:
    now = timezone.now()
    publish_shipped(("escalation",), now=now)
    world = open_world("escalation", now=now, password=PASSWORD)
    office = Office(world, Clock(now=now))
    office.api("cs_agent").registered()
    today = timezone.localdate()
    days = {"period_from": str(today - timedelta(days=2)), "period_to": str(today)}
    begun = office.api("quality_manager").begins("management_review", **days)
    visitor = Visitor(window, live_server.url, world)
    visitor.becomes(world.person("quality_manager"))
    window.set_viewport_size({"width": 390, "height": 844})
    window.goto(f"{live_server.url}/documents/{begun['id']}/")
    table = window.locator(".scroll-x:has(.document-table)").first
    first, second = (table.locator("tbody tr").first.locator("td").nth(n) for n in (0, 1))
    before = first.bounding_box(), second.bounding_box()
    table.evaluate("place => { place.scrollLeft = 90; }")
    after = first.bounding_box(), second.bounding_box()
    assert before[0] and before[1] and after[0] and after[1]
    assert after[0]["x"] == before[0]["x"]
    assert after[1]["x"] == pytest.approx(before[1]["x"] - 90, abs=1)
