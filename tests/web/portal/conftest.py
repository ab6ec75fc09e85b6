"""The cast of the portal: a courier desk that takes forms, and browsers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from amends.apps.policies.models import Desk
from tests.acceptance.conftest import undone_afterwards
from tests.world import DeskWorld, open_world, publish_shipped


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


@pytest.fixture(scope="module")
def made_world(django_db_setup: None, django_db_blocker: Any) -> Iterator[DeskWorld]:
    """Published and staffed once for a file; what each test does is undone after it."""
    with django_db_blocker.unblock(), undone_afterwards():
        yield _open_now(timezone.now())


@pytest.fixture
def world(made_world: DeskWorld, db: None, clock: Clock, ways_out: None) -> DeskWorld:
    desk = Desk.objects.get(pk=made_world.desk.pk)
    return replace(made_world, desk=desk, now=clock.now, wishes={}, callers=[])


@pytest.fixture
def lasting_world(transactional_db: None, clock: Clock, ways_out: None) -> DeskWorld:
    """The same for one test alone, committed: a server with connections of its own sees it."""
    return _open_now(clock.now)


@pytest.fixture
def ways_out(settings: Any, tmp_path: Path) -> None:
    """Texts and mails lie as files, and links lead to an address of the test."""
    settings.SMS_URL = f"file://{tmp_path}/sms"
    settings.MAIL_URL = f"file://{tmp_path}/mail"
    settings.BASE_URL = "https://complaints.example"


def _open_now(now: datetime) -> DeskWorld:
    publish_shipped(("express",), now=now)
    return open_world("express", now=now)


@pytest.fixture
def customer(world) -> Client:
    return Client()
