"""Somebody who manages people secures their account with a telephone, signs in with it, and gives a program a token."""

from __future__ import annotations

import base64
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.test import Client
from playwright.sync_api import Page

from tests.journeys.driving import Visitor
from tests.web.portal.conftest import Clock, clock  # noqa: F401
from tests.world import PASSWORD, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)


def telephone(secret: str, *, now: datetime) -> str:
    """What an authenticator app shows for a secret that was typed into it."""
    key = base64.b32decode(secret.replace(" ", ""))
    return TOTP(key, 6, SHA1(), 30).generate(int(now.timestamp())).decode()


def test_a_second_factor_from_set_up_to_recovery_and_a_token(
    live_server: Any,
    window: Page,
    settings: Any,
    clock: Clock,  # noqa: F811
) -> None:
    """The doors read a clock that stands: a code counts for a minute, and this machine may take longer to type it."""
    settings.ADMIN_SECOND_FACTOR = "required"
    publish_shipped(("express",), now=clock.now)
    world = open_world("express", now=clock.now, password=PASSWORD)
    number = world.register().number
    visitor, page = Visitor(window, live_server.url, world), window
    manager = world.person("administrator")

    # The password alone leads to the page that sets it up, and nowhere else.
    page.goto(f"{live_server.url}/organisation/")
    type_password(page, manager.username)
    page.get_by_text("请先设置两步验证").wait_for()
    secret = page.locator("#secret").inner_text()
    page.locator("#code").fill(telephone(secret, now=clock.now))
    page.get_by_role("button", name="开启两步验证").click()
    page.locator("#codes li").nth(9).wait_for()
    codes = page.locator("#codes li").all_inner_texts()
    with page.expect_download() as kept:
        page.get_by_role("link", name="下载为文本").click()
    assert Path(kept.value.path()).read_text(encoding="utf-8").split() == codes
    page.get_by_role("link", name="已保存，继续").click()
    page.get_by_text("恢复码还剩 10 个").wait_for()

    # With the telephone, and to where they wanted to go.
    signs_out(page)
    page.goto(f"{live_server.url}/organisation/people/")
    type_password(page, manager.username)
    page.locator("#code").fill(telephone(secret, now=clock.later(seconds=30)))
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/organisation/people/")

    # Without the telephone.
    signs_out(page)
    type_password(page, manager.username)
    page.locator("#code").fill(codes[0])
    page.get_by_role("button", name="登录").click()
    page.locator("#side").wait_for()
    page.locator(".who-me").click()
    page.get_by_text("恢复码还剩 9 个").wait_for()

    # A token for a program.
    page.get_by_role("link", name="管理令牌").click()
    page.get_by_label("用途").fill("话务系统")
    page.get_by_role("button", name="新建令牌").click()
    token = page.locator("#token").input_value()
    machine = Client(headers={"Authorization": f"Bearer {token}"})
    assert machine.get("/api/v1/desks").status_code == 200
    assert machine.post(f"/api/v1/cases/{number}/actions/accept", {}, content_type="application/json").status_code in (
        403,
        404,
    )
    page.get_by_role("link", name="已保存，返回").click()
    page.get_by_role("button", name="撤销").click()
    page.get_by_text("令牌“话务系统”已撤销").wait_for()
    assert machine.get("/api/v1/desks").status_code == 401
    assert visitor.said == []


def type_password(page: Page, username: str) -> None:
    page.locator("#id_username").fill(username)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


def signs_out(page: Page) -> None:
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/sign-in/**")
