"""The list of mails, read by page."""

from __future__ import annotations

import pytest
from django.db import connection

from amends.apps.mail.models import IncomingMail


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the plan is read as SQLite writes it")
def test_the_latest_mails_are_read_in_their_order_and_not_sorted(db: None) -> None:
    plan = IncomingMail.objects.order_by("-arrived_at", "-pk")[:50].explain()

    assert "mails_newest" in plan and "TEMP B-TREE" not in plan
