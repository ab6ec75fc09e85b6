"""A round of training: a session is planned and held, a learner takes the test and prints the certificate, the effect is read."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.doors import Api
from tests.journeys.driving import Visitor
from tests.world import PASSWORD, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visitor(live_server: Any, window: Page) -> Visitor:
    """A browser at a desk of the express policy, whose people worked until an hour ago."""
    before = timezone.now() - timedelta(hours=4)
    publish_shipped(("express",), now=before)
    return Visitor(window, live_server.url, open_world("express", now=before, password=PASSWORD))


def test_from_the_assignment_to_the_effect_of_a_training(visitor: Visitor, tmp_path: Path) -> None:
    world, page = visitor.world, visitor.page
    agent, trainer = world.person("cs_agent"), world.person("quality_manager")
    visitor.becomes(trainer)
    page.goto(f"{visitor.base}/training/overview/")
    page.locator("#give-module").select_option("principles")
    page.locator("#give-person").select_option(str(agent.pk))
    page.locator("#give-reason").fill("新员工")
    page.get_by_role("button", name="安排学习").click()
    expect(page.locator(".flash")).to_contain_text("已安排 1 人学习")
    key = held(Api(world, person=trainer), agent.pk)

    visitor.becomes(agent)
    page.goto(f"{visitor.base}/training/")
    card = page.locator(".training-card", has_text="投诉处理原则与态度")
    expect(card).to_contain_text("未培训")
    card.click()
    page.get_by_role("button", name="开始测试").click()
    page.wait_for_url("**/training/tests/**")
    page.get_by_role("button", name="交卷").click()
    expect(page.locator(".alert-danger")).to_contain_text("还有 6 题没有作答")
    answer(visitor)
    page.get_by_role("button", name="交卷").click()
    expect(page.locator(".training-score")).to_contain_text("100")
    with page.expect_download() as saved:
        page.get_by_role("link", name="打印证书").click()
    saved.value.save_as(tmp_path / "certificate.pdf")
    assert (tmp_path / "certificate.pdf").read_bytes()[:4] == b"%PDF"

    visitor.becomes(trainer)
    page.goto(f"{visitor.base}/training/sessions/{key}/")
    expect(page.locator("#effect-title")).to_be_visible()
    expect(page.locator("main")).to_contain_text("到场 1 / 1")
    expect(page.locator("main")).to_contain_text("按到场员工办理的个案计算")


def held(api: Api, person: int) -> str:
    """A session that somebody came to, today."""
    today = timezone.localtime(timezone.now()).date().isoformat()
    key = api.begins(
        "training_session", session_title="投诉处理培训", session_modules=["principles"], session_on=today,
        session_people=[{"session_person": person}], session_trainer=api.id,
    )["id"]  # fmt: skip
    came = {"attendee": person, "attended": True, "session_score": 92, "involvement": 5}
    api.steps_on(key, "carry_out", attendance=[came])
    return str(key)


def answer(visitor: Visitor) -> None:
    """Tick what is right at every question of the page."""
    bank = {question.id: question for question in visitor.world.pack.training.banks["principles"].questions}
    visitor.page.wait_for_load_state()
    for name in dict.fromkeys(re.findall(r'name="(p\d)"', visitor.page.content())):
        for option in bank[name].right:
            visitor.page.locator(f'input[name="{name}"][value="{option}"]').check()
