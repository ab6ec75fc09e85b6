"""One courier desk for the tests of the intake page."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.web.staff import signed_in
from tests.world import DeskWorld


@pytest.fixture
def officer(desk: DeskWorld) -> Client:
    return signed_in(desk, "intake_officer")
