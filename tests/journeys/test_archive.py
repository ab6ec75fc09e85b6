"""A complete file is archived, packed by the worker, downloaded, and found whole by the program that lies in it."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page

from amends.apps.ledger.checkpoints import make_checkpoints
from amends.jobs.rehearsal import one_step
from tests.journeys.driving import Visitor
from tests.world import PASSWORD, open_world, publish_shipped

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_file_is_archived_packed_and_checked(live_server: Any, window: Page, tmp_path: Path) -> None:
    now = timezone.now() - timedelta(days=2)
    publish_shipped(("express",), now=now)
    world = open_world("express", now=now, password=PASSWORD)
    case, done = world.register(), list[str]()
    while case.state != "closed":
        case, verb = one_step(world, case, done)
        done.append(verb)
    visitor, page = Visitor(window, live_server.url, world), window
    visitor.becomes(world.person("cs_supervisor"))

    visitor.opens(case.number)
    page.get_by_text("资料齐全").wait_for()
    visitor.does(case.number, "archive", world.pack.forms["archiving"])
    assert visitor.state() == "已归档"
    make_checkpoints(timezone.now())

    page.get_by_text("打包下载整个案卷（ZIP）").click()
    page.locator(f'form[action="/cases/{case.number}/package/"] button[type=submit]').click()
    page.get_by_text("正在打包").wait_for()
    call_command("worker", "--once", "--no-schedule", stdout=io.StringIO())
    with page.expect_download() as saved:
        page.get_by_role("link", name="下载").click()

    zipfile.ZipFile(saved.value.path()).extractall(tmp_path)
    checked = subprocess.run(
        [sys.executable, "-I", "核对/核对.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, "核对无误" in checked.stdout) == (0, True), checked.stdout + checked.stderr
    assert visitor.said == []
