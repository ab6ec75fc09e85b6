"""A customer asks for a senior department at the portal; staff are offered the escalation with the reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from amends.apps.cases.models import Case
from tests.acceptance.test_escalation_proceedings import ONE_ITEM, TO_TOLD, complaint, escalates
from tests.doors import Office

PACKS = ("escalation",)
REASON = "谈了两次，仍没有说明货什么时候到。"


def customer_of(office: Office, number: str) -> Client:
    """A browser in which the customer has opened the case."""
    client, case = Client(), Case.objects.get(number=number)
    session = client.session
    until = (office.clock.now + timedelta(minutes=20)).isoformat()
    session["portal"] = {"opened": {number: {"case": str(case.pk), "until": until}}}
    session.save()
    return client


def asks(office: Office, number: str, **data: str) -> object:
    case = Case.objects.get(number=number)
    seen = f"{case.cycle}.{case.round}.{case.state}"
    address = f"/portal/case/{number}/escalate/"
    return customer_of(office, number).post(address, {"_token": data.pop("token", "a"), "_seen": seen, **data})


def portal_page(office: Office, number: str) -> str:
    return customer_of(office, number).get(f"/portal/case/{number}/").content.decode()


@pytest.mark.clause("ESC-4.1.2")
def test_the_customer_asks_and_the_handler_is_offered_the_escalation_with_their_words(office: Office) -> None:
    number = complaint(office)
    assert "请上级处理" in portal_page(office, number)

    sent = asks(office, number, escalation_wish=REASON)

    assert sent.status_code == 302
    assert "请上级处理" not in portal_page(office, number)
    handler = office.handler(number)
    offer = handler.possible(number)["escalation"]
    assert offer["offered"].startswith("客户要求由上级处理") and not offer["demanded"]
    assert (offer["quotes"]["field"], offer["quotes"]["value"]) == ("escalation_wish", REASON)
    assert "escalation_wanted" in [n["message"] for n in office.notices(number, to=handler)]
    browser = Client()
    browser.force_login(handler.person, backend="django.contrib.auth.backends.ModelBackend")
    assert REASON in browser.get(f"/cases/{number}/", {"tab": "proceedings"}).content.decode()


def test_they_say_why_and_ask_once_in_a_round_and_not_while_a_request_runs(office: Office) -> None:
    number = complaint(office)
    without = asks(office, number, escalation_wish=" ")
    assert without.status_code == 422
    asks(office, number, escalation_wish=REASON)
    assert "请上级处理" not in portal_page(office, number)
    assert asks(office, number, escalation_wish=REASON, token="b").status_code in (403, 409)

    office.walk(number, *TO_TOLD[3:], "refuse", **ONE_ITEM)
    assert "请上级处理" in portal_page(office, number)
    escalates(office, number)
    assert "请上级处理" not in portal_page(office, number)
