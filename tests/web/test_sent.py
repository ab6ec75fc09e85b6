"""发送记录: by the time of each message, however late it was written down."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from amends.apps.messaging.models import OutboxMessage
from amends.web.sent.views import PAGE
from tests.web.staff import courier_desk, signed_in

pytestmark = pytest.mark.django_db


def test_messages_stand_by_their_time_and_every_page_goes_on_where_the_last_one_ended():
    desk, now = courier_desk(), timezone.now()
    shared = {"desk": desk.desk, "channel": "sms", "state": OutboxMessage.State.SENT, "message": "closed"}
    for n in range(PAGE + 2):
        at = now - timedelta(minutes=n // 2)
        OutboxMessage.objects.create(**shared, address=f"138001{n:05}", message_id=f"m{n}", created_at=at)
    page = signed_in(desk, "cs_supervisor")
    first = page.get(reverse("sent")).context
    second = page.get(reverse("sent"), {"before": first["next"]}).context
    shown = [line["message"] for context in (first, second) for line in context["lines"]]
    assert len({row.pk for row in shown}) == PAGE + 2
    assert [row.created_at for row in shown] == sorted((row.created_at for row in shown), reverse=True)
