"""Liveness, readiness and numbers."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_process_that_answers_is_alive() -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}


def test_a_server_whose_parts_work_is_ready() -> None:
    response = Client().get("/readyz")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "failed": []})


def test_numbers_are_for_this_machine_and_for_tokens() -> None:
    assert "amends_jobs" in Client().get("/metrics").content.decode()
    assert Client(REMOTE_ADDR="203.0.113.9").get("/metrics").status_code == 404
    assert Client(headers={"X-Forwarded-For": "203.0.113.9"}).get("/metrics").status_code == 404
