"""The system pages and the monitor ask tables that only grow by an index, or for the row that was written last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from amends.api.health import NOT_LEFT
from amends.apps.deferred.models import Job
from amends.apps.messaging.models import OutboxMessage
from amends.apps.upkeep.health import health
from amends.apps.upkeep.tools import catalogue, sent_by

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
GROWING = (
    "messaging_outboxmessage", "mail_incomingmail", "people_accessentry", "cases_case", "cases_portalkey", "cases_incomingcall",
    "surveys_answer", "cases_guidanceuse", "deferred_job",
)  # fmt: skip


def written(n: int, *, channel: str = "email", state: str = "sent", error: str = "", ago: int = 0) -> OutboxMessage:
    at = NOW - timedelta(minutes=ago)
    return OutboxMessage.objects.create(
        case_key="", message="closed", channel=channel, address="a@example.com", language="zh-hans", body="", state=state,
        message_id=str(n), created_at=at, sent_at=at if state == "sent" else None, attempted_at=at, error=error,
    )  # fmt: skip


def reads_it_all(sql: str, plan: list[str]) -> bool:
    """Whether SQLite goes through a growing table from one end to the other: the newest row by its number alone is one step.

    It calls a maximum a search, with an index and without.
    """
    ways = {f"{way} {table}" for way in ("SCAN", "SEARCH") for table in GROWING}
    goes_through = any(step in ways for step in plan)
    return goes_through and ("WHERE" in sql or "LIMIT 1" not in sql)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the plan is read as SQLite writes it")
def test_nothing_on_the_system_pages_goes_through_a_table_that_only_grows() -> None:
    with CaptureQueriesContext(connection) as asked:
        health(NOW)
        catalogue([])
        Client().get("/metrics")

    found = []
    for sql in [one["sql"] for one in asked.captured_queries if one["sql"].startswith("SELECT")]:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = [row[3] for row in cursor.fetchall()]
        if reads_it_all(sql, plan):
            found.append((sql, plan))
    assert not found


def test_the_last_message_and_the_last_error_of_a_channel_are_told() -> None:
    written(1, ago=30)
    written(2, ago=20, error="timeout")
    written(3, ago=10, state="withheld", error="part of a demo")
    written(4, ago=5, channel="sms")

    mail, texts = sent_by("email"), sent_by("sms")

    assert (mail.last_use, mail.last_error, mail.failed_at) == (
        NOW - timedelta(minutes=20), "timeout", NOW - timedelta(minutes=20),
    )  # fmt: skip
    assert (texts.last_use, texts.last_error) == (NOW - timedelta(minutes=5), "")


def test_the_monitor_counts_what_is_open_and_says_zero_of_the_rest() -> None:
    written(1)
    written(2, state="failed")
    Job.objects.create(kind="look_ahead", state="parked", created_at=NOW)
    Job.objects.create(kind="look_ahead", state="done", created_at=NOW, finished_at=NOW)

    lines = Client().get("/metrics").content.decode().splitlines()

    counted = {line for line in lines if line.startswith(("amends_outbox{", "amends_jobs{"))}
    assert counted == {
        *(f'amends_outbox{{state="{state}"}} {float(state == "failed")}' for state in NOT_LEFT),
        'amends_jobs{state="waiting"} 0.0', 'amends_jobs{state="running"} 0.0', 'amends_jobs{state="parked"} 1.0',
    }  # fmt: skip
