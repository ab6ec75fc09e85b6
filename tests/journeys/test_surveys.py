"""A phone in one hand: an agent makes a follow-up call from the call list, and the customer answers by the link of a text message."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from amends.apps.messaging.models import OutboxMessage
from amends.apps.surveys.models import Answer
from tests.journeys.driving import Visitor
from tests.world import PASSWORD, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)
TO_CARRIED_OUT = (
    "accept", "confirm", "grade", "dispatch", "sign_in", "investigate", "conclude", "propose", "tell", "agree", "carry_out",
)  # fmt: skip
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def visitor(live_server: Any, window: Page) -> Visitor:
    """A phone at a desk of the express policy, whose people worked until an hour ago."""
    before = timezone.now() - timedelta(hours=4)
    publish_shipped(("express",), now=before)
    window.set_viewport_size(PHONE)
    return Visitor(window, live_server.url, open_world("express", now=before, password=PASSWORD))


def test_a_follow_up_call_and_a_survey_by_text_message_on_a_phone(visitor: Visitor, settings: Any) -> None:
    settings.BASE_URL = visitor.base
    world, page = visitor.world, visitor.page
    case = world.register(
        kind="complaint", subject="快件外包装破损", complainant_phone="13800138000", complainant_email=None
    )
    for verb in TO_CARRIED_OUT:
        case = world.do(case, verb)

    supervisor = world.person("cs_supervisor")
    visitor.becomes(supervisor)
    page.goto(f"{visitor.base}/calls/?when=all")
    fits(page)
    page.get_by_role("link", name="快件外包装破损").click()
    expect(page.locator(".call-script")).to_contain_text("是满意、一般，还是不满意")
    page.locator(".call-phone").click()
    expect(page.locator("a.call-phone")).to_have_attribute("href", "tel:13800138000")
    fits(page)
    reached = page.get_by_role("link", name="接通了，记录回访")
    box = reached.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= PHONE["height"]
    assert box["height"] >= 44
    reached.click()
    form = world.pack.forms["follow_up"]
    visitor.fills(form, {"satisfaction_answer": "satisfied", "satisfaction_source": "call", "comment": "这次挺快"})
    page.locator(".form-foot .btn-primary").click()
    page.wait_for_url("**/calls/")
    expect(page.locator(".empty")).to_be_visible()

    case.refresh_from_db()
    world.do(case, "close")
    text = OutboxMessage.objects.get(message="survey_invitation", channel="sms")
    link = re.search(r"http\S+/portal/survey/\S+/", json.loads(text.sealed)["body"])
    assert link is not None
    page.context.clear_cookies()
    page.goto(link.group(0))
    fits(page)
    choose(page, "process", "4")
    page.get_by_role("button", name="提交评价").click()
    expect(page.locator("#q-result .field-error")).to_be_visible()
    expect(page.locator('#q-process input[value="4"]')).to_be_checked()
    choose(page, "result", "5")
    page.locator("#q-words textarea").fill("快递员态度很好。")
    page.get_by_role("button", name="提交评价").click()
    expect(page.get_by_role("heading", name="已收到您的评价")).to_be_visible()

    page.goto(link.group(0))
    expect(page.locator("main")).to_contain_text("只能回答一次")
    answer = Answer.objects.get(case=case)
    assert {score.question: score.value for score in answer.scores.all()} == {"process": 4, "result": 5}
    assert [line for line in visitor.said if "422" not in line and "410" not in line] == []


def choose(page: Page, question: str, score: str) -> None:
    page.locator(f'#q-{question} label:has(input[value="{score}"])').click()


def fits(page: Page) -> None:
    """Nothing is wider than the phone."""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
