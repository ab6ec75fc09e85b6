"""The cast of the portal: a courier desk that takes forms, and browsers."""

from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from amends.apps.policies import actions as policies
from tests.world import open_world, publish_shipped

check_once = lru_cache(maxsize=None)(policies.check_folder)


class Clock:
    """The moment that doors read; moved on by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def later(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    found = Clock(timezone.now())
    monkeypatch.setattr("django.utils.timezone.now", lambda: found.now)
    return found


@pytest.fixture
def packs_checked_once(monkeypatch) -> None:
    """The pack is checked for the first test only: that takes seconds, and other tests are about it."""

    def check(folder: Path, **options):
        return check_once(folder, **options)

    monkeypatch.setattr(policies, "check_folder", check)
    monkeypatch.setattr(policies, "problems", lambda pack: [])


@pytest.fixture
def world(db, clock, settings, tmp_path, packs_checked_once):
    settings.SMS_URL = f"file://{tmp_path}/sms"
    settings.MAIL_URL = f"file://{tmp_path}/mail"
    settings.BASE_URL = "https://complaints.example"
    publish_shipped(("express",), now=clock.now)
    return open_world("express", now=clock.now)


@pytest.fixture
def customer(world) -> Client:
    return Client()
