"""The cast of the portal: a courier desk that takes forms, and browsers."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.world import open_world, publish_shipped


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
def world(db, clock, settings, tmp_path):
    settings.SMS_URL = f"file://{tmp_path}/sms"
    settings.MAIL_URL = f"file://{tmp_path}/mail"
    settings.BASE_URL = "https://complaints.example"
    publish_shipped(("express",), now=clock.now)
    return open_world("express", now=clock.now)


@pytest.fixture
def customer(world) -> Client:
    return Client()
