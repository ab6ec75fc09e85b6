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


def test_an_address_is_looked_for_without_standing_in_one_and_what_staff_wrote_is_called_so():
    desk, now = courier_desk(), timezone.now()
    shared = {"desk": desk.desk, "channel": "sms", "state": OutboxMessage.State.SENT, "created_at": now}
    OutboxMessage.objects.create(**shared, message="written", address="13800100001", message_id="m1")
    OutboxMessage.objects.create(**shared, message="closed", address="13800100002", message_id="m2")
    page = signed_in(desk, "cs_supervisor")

    found = page.post(reverse("sent"), {"address": "13800100001", "channel": "sms"}, follow=True)

    ((address, _),) = found.redirect_chain
    assert "13800100001" not in address and "channel=sms" in address
    (line,) = found.context["lines"]
    assert (line["message"].message, line["title"]) == ("written", "给客户发消息")
    assert found.context["asked"] == {"state": "", "channel": "sms", "address": "13800100001"}
