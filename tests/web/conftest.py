"""The courier's desk of most pages: published and staffed once for a file, while what each test does is undone after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from tests.acceptance.conftest import undone_afterwards
from tests.web.staff import courier_desk
from tests.world import DeskWorld


@pytest.fixture(scope="module")
def made_desk(django_db_setup: None, django_db_blocker: Any) -> Iterator[DeskWorld]:
    with django_db_blocker.unblock(), undone_afterwards():
        yield courier_desk()


@pytest.fixture
def desk(made_desk: DeskWorld, db: None) -> DeskWorld:
    return replace(made_desk, now=timezone.now(), callers=[])
