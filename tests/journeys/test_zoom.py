"""Pages at 200 % zoom: a window of 1280 pixels then has 640 to draw on, one of 640 has 320. Nothing scrolls sideways, nothing is cut."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from tests.journeys.driving import Visitor
from tests.world import PASSWORD, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)

WIDTHS = (640, 320)
BEYOND = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (element) => {
    for (let e = element; e; e = e.parentElement) if (/auto|scroll/.test(getComputedStyle(e).overflowX)) return true;
    return false;
  };
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest(".visually-hidden, .skip, [aria-hidden=true]");
  const says = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const found = document.documentElement.scrollWidth > width ? ["the page scrolls sideways"] : [];
  for (const element of document.querySelectorAll("body *")) {
    if (!isShown(element) || !(says(element) || element.matches("input, select, textarea, button, img"))) continue;
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const hides = /hidden|clip/.test(style.overflowX) && style.textOverflow !== "ellipsis" && style.webkitLineClamp === "none";
    const name = element.tagName + "." + element.className + ": " + (element.textContent || "").trim().slice(0, 30);
    if ((box.right > width + 1 || box.left < -1) && !scrolls(element)) found.push("beyond the edge: " + name);
    else if (hides && element.scrollWidth > element.clientWidth + 1) found.push("cut: " + name);
  }
  return found;
}"""


def beyond(page: Page, addresses: list[str], base: str) -> dict[str, list[str]]:
    """What does not fit, by address and width."""
    found = {}
    for address in addresses:
        page.goto(base + address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 512})
            if problems := page.evaluate(BEYOND):
                found[f"{address} {width}"] = problems
    return found


def test_pages_fit_at_twice_their_size(live_server: Any, window: Page) -> None:
    now = timezone.now()
    publish_shipped(("express",), now=now)
    world = open_world("express", now=now, password=PASSWORD)
    case = world.do(world.do(world.do(world.register(), "accept"), "confirm"), "grade")
    visitor = Visitor(window, live_server.url, world)
    kind = next(name for name, rule in world.pack.channels.kinds.items() if rule.portal)
    outside = ["/sign-in/", "/portal/", "/portal/follow/", f"/portal/complain/express/{kind}/", "/portal/nowhere/"]
    assert beyond(window, outside, live_server.url) == {}

    window.set_viewport_size({"width": 1440, "height": 900})
    visitor.becomes(world.person("cs_supervisor"))
    inside = [
        "/", "/queue/?tab=all", f"/cases/{case.number}/", f"/cases/{case.number}/do/note/", "/notices/", "/account/",
        "/account/second-factor/", "/account/tokens/",
    ]  # fmt: skip
    assert beyond(window, inside, live_server.url) == {}

    window.goto(f"{live_server.url}/cases/{case.number}/")
    window.locator(".people summary").first.click()
    reason = window.locator(".people [name=reason]").first.bounding_box()
    assert reason is not None and reason["width"] > 0.75 * WIDTHS[-1], "the reason is asked for across the panel"
    assert window.evaluate(BEYOND) == []
    window.goto(f"{live_server.url}/analysis/")
    ends = "selects => selects.map((select) => getComputedStyle(select).textOverflow)"
    assert set(window.locator("select").evaluate_all(ends)) == {"ellipsis"}, "a choice too long for its field says so"
