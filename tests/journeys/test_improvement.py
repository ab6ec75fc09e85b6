"""An improvement in the browser: the cause as a fishbone, a measure, its effect, and the board on which it moves on."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page

from tests.doors import Clock, Office
from tests.journeys.driving import Visitor
from tests.world import PASSWORD, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)

CAUSES = (("people", "夜班只有两人"), ("procedure", "交接不清点"), ("equipment", "笼车编号看不清"))


@pytest.fixture
def visitor(live_server: Any, window: Page) -> Visitor:
    now = timezone.now()
    publish_shipped(("express",), now=now)
    return Visitor(window, live_server.url, open_world("express", now=now, password=PASSWORD))


def step(visitor: Visitor, key: str, verb: str, form: str, **wishes: Any) -> None:
    """Take a step of a proceeding on the page of its form."""
    visitor.page.goto(f"{visitor.base}/proceedings/{key}/do/{verb}/")
    visitor.fills(visitor.world.pack.forms[form], wishes)
    visitor.page.locator(".form-foot .btn-primary").click()
    visitor.page.wait_for_url(f"**/proceedings/{key}/")


def test_a_finding_becomes_a_measure_that_helped(visitor: Visitor) -> None:
    world, page = visitor.world, visitor.page
    office = Office(world, Clock(now=timezone.now()))
    quality, owner = office.api("quality_manager"), office.api("department_head", "transport_operations")
    unit = office.department("transport_operations")
    finding = quality.begins(
        "finding", finding_text="中转环节丢件无人发现", finding_source="survey", asked_department=unit
    )
    visitor.becomes(world.person("quality_manager"))

    page.goto(f"{visitor.base}/proceedings/{finding['id']}/do/conclude/")
    visitor._pill("cause_method", "fishbone").click()
    for number, (branch, text) in enumerate(CAUSES):
        if page.locator(f'[id="f-causes-{number}-cause_text"]').count() == 0:
            page.get_by_role("button", name="添加一行").click()
        cell = page.locator(f'[id="f-causes-{number}-cause_text"]')
        cell.fill(text)
        choose(visitor, f"causes-{number}-cause_branch", branch)
    choose(visitor, "cause_kind", "procedure")
    page.locator('[id="f-root_cause"]').fill("交接没有清点的规定。")
    page.locator(".form-foot .btn-primary").click()
    page.locator(".fish svg").wait_for()
    page.wait_for_load_state()
    assert page.locator(".fish tspan").all_inner_texts()
    assert Axe().run(page).response["violations"] == []

    row = {
        "improvement_text": "每班清点中转笼车", "improvement_owner": owner.id, "improvement_due": "2099-03-09",
        "expected_effect": "丢失投诉减半",
    }  # fmt: skip
    quality.steps_on(finding["id"], "improve", measures_wanted=[row])
    (measure,) = [one for one in owner.waiting() if one["kind"] == "improvement"]
    page.goto(f"{visitor.base}/proceedings/board/")
    assert cards(page, "落实中") == ["每班清点中转笼车"]

    owner.steps_on(measure["id"], "complete_measure")
    step(visitor, measure["id"], "verify", "effect_check", effect_verdict="effective")
    page.goto(f"{visitor.base}/proceedings/board/")
    assert cards(page, "有效") == ["每班清点中转笼车"]
    assert Axe().run(page).response["violations"] == []
    assert visitor.said == []


def choose(visitor: Visitor, name: str, value: str) -> None:
    where = visitor.page.locator(f'[id="f-{name}"]')
    if where.evaluate("e => e.tagName") == "SELECT":
        where.select_option(value)
    else:
        visitor._pill(name, value).click()


def cards(page: Page, column: str) -> list[str]:
    place = page.locator(".board-column").filter(has=page.get_by_role("heading", name=column))
    return place.locator(".board-card .subject").all_inner_texts()
