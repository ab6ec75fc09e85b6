"""A deduction in the browser: taken off by the quality manager, appealed against, the appeal granted, and the month as it was."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.doors import Clock, Office
from tests.journeys.driving import Visitor
from tests.world import PASSWORD, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visitor(live_server: Any, window: Page) -> Visitor:
    now = timezone.now()
    publish_shipped(("escalation",), now=now)
    return Visitor(window, live_server.url, open_world("escalation", now=now, password=PASSWORD))


def deducted(visitor: Visitor, month: str) -> str:
    """What the row of the only department says was taken off in a month."""
    page = visitor.page
    page.goto(f"{visitor.base}/scores/?month={month}")
    (row,) = page.locator("main table").first.locator("tbody tr").all()
    heads = page.locator("main table").first.locator("thead th").all_inner_texts()
    return str(row.locator("td, th").nth(heads.index("扣分")).inner_text())


def step(visitor: Visitor, record: str, verb: str, form: str, **wishes: Any) -> None:
    """Take a step of the deduction on the page of its form."""
    visitor.page.goto(f"{record}do/{verb}/")
    visitor.fills(visitor.world.pack.forms[form], wishes)
    visitor.page.locator(".form-foot .btn-primary").click()
    visitor.page.wait_for_url(record)
    visitor.page.locator(".proceeding-head").wait_for()


def test_an_appeal_is_granted_and_the_points_come_back(visitor: Visitor) -> None:
    world, page = visitor.world, visitor.page
    office = Office(world, Clock(now=timezone.now()))
    office.api("cs_agent").registered()
    today = timezone.localdate()
    month = f"{today:%Y-%m}"

    visitor.becomes(world.person("quality_manager"))
    assert deducted(visitor, month) == "0"
    row = page.locator("main table").first.locator("tbody tr").first
    unit = row.locator("td, th").nth(1).inner_text().strip()
    name = next(name for name, one in world.organisation.departments.items() if one.called.zh_hans == unit)
    page.get_by_role("link", name="提出扣分").click()
    page.locator("#form-body").wait_for()
    visitor.fills(
        world.pack.forms["score_deduction"],
        {
            "asked_department": world.organisation.departments[name].pk, "deducted_for": today.isoformat(),
            "deducted_points": 3, "deduction_reason": "隐瞒客诉",
        },
    )  # fmt: skip
    page.locator(".form-foot .btn-primary").click()
    page.locator(".proceeding-head").wait_for()
    record = page.url
    assert deducted(visitor, month).startswith("3")

    visitor.becomes(world.person("supporting_head", name))
    step(visitor, record, "object", "score_appeal", appeal_reason="已在例会上说明，并附了会议记录。")
    assert "申诉中" in page.locator(".proceeding-head").inner_text()
    visitor.becomes(world.person("quality_manager"))
    assert deducted(visitor, month) == "0"

    visitor.becomes(world.person("senior_management"))
    page.goto(f"{visitor.base}/proceedings/")
    page.locator(".proceedings a.subject", has_text="隐瞒客诉").click()
    step(visitor, record, "approve", "report_comments", reason="例会记录属实，撤销扣分。")
    assert "已撤销" in page.locator(".proceeding-head").inner_text()
    assert "例会记录属实，撤销扣分。" in page.locator("main").inner_text()
    visitor.becomes(world.person("quality_manager"))
    assert deducted(visitor, month) == "0"
    assert visitor.said == []


def test_an_appeal_that_comes_too_late_is_read_where_its_form_stood(visitor: Visitor) -> None:
    world, page = visitor.world, visitor.page
    manager = Office(world, Clock(now=timezone.now())).api("quality_manager")
    warehouse = world.organisation.departments["warehouse"].pk
    deduction = {"asked_department": warehouse, "deducted_for": f"{timezone.localdate()}", "deducted_points": 3}
    key = manager.begins("score_deduction", deduction_reason="迟报", **deduction)["id"]

    visitor.becomes(world.person("supporting_head", "warehouse"))
    page.goto(f"{visitor.base}/proceedings/{key}/")
    page.locator("#acts").get_by_role("link", name="申诉").click()
    form = page.locator("#drawer #step-form")
    form.locator("textarea").fill("当日已电话报告值班经理。")
    manager.steps_on(key, "withdraw")
    form.locator(".form-foot .btn-primary").click()

    closed = page.locator("#drawer .step-closed")
    expect(closed).to_contain_text("目前“已撤销”")
    expect(closed.locator(".left-typed")).to_contain_text("当日已电话报告值班经理。")
    expect(form).to_have_count(0)
    expect(closed.get_by_role("button", name="复制我的内容")).to_be_visible()
    page.reload()
    page.goto(f"{visitor.base}/proceedings/{key}/do/object/")
    expect(page.locator(".left-typed")).to_contain_text("当日已电话报告值班经理。")
