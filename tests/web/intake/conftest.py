"""One courier desk for the tests of the intake page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.acceptance.conftest import undone_afterwards
from tests.web.staff import courier_desk, signed_in
from tests.world import DeskWorld


@pytest.fixture(scope="module")
def made_desk(django_db_setup: None, django_db_blocker: Any) -> Iterator[DeskWorld]:
    """Published and staffed once; what each test does is undone after it."""
    with django_db_blocker.unblock(), undone_afterwards():
        yield courier_desk()


@pytest.fixture
def desk(made_desk: DeskWorld, db: None) -> DeskWorld:
    return replace(made_desk, now=timezone.now(), callers=[])


@pytest.fixture
def officer(desk: DeskWorld) -> Client:
    return signed_in(desk, "intake_officer")
