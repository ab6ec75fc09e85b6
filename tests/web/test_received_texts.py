"""Text messages that came in: found by their number, and on a case only by whoever sees it."""
# ruff: noqa: F811 - fixtures are imported, and asked for by name

from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from amends.apps.cases.models import Case
from amends.apps.messaging.models import InboundText
from tests.acceptance.conftest import clock, made_worlds, office, office_of  # noqa: F401 - fixtures
from tests.acceptance.test_service_texts import manager, posted, said_on, specialist, texts  # noqa: F401 - fixtures
from tests.acceptance.working import work
from tests.doors import Staff

pytestmark = pytest.mark.django_db
PACKS = ("service",)


def came_in(settings, clock, *texts: tuple[str, str]) -> None:
    settings.SMS_URL, settings.SMS_SECRET = "aliyun://k:s@dysmsapi.aliyuncs.com", "a-long-secret"
    rows = [{"phone_number": number, "content": text, "sequence_id": text} for number, text in texts]
    said = Client().post("/hooks/sms/a-long-secret/texts/", json.dumps(rows), content_type="application/json")
    assert said.status_code == 200
    work(clock)


def hidden_from(staff: Staff, number: str) -> None:
    """They are complained about, in a case that hides itself from whoever is."""
    Case.objects.filter(number=number).update(accused_person=staff.person, hides_from_accused=True)
    assert staff.get(reverse("case", args=[number])).status_code == 404


def test_a_text_is_found_by_its_number_wherever_it_was_put_but_not_on_a_case_that_is_hidden(
    office, specialist, manager, texts, clock, settings
):
    told = {"complainant_phone": "13800138005", "subject": "到货短少"}
    number = office.api("salesperson").registered(kind="complaint", channel="email", **told)
    came_in(
        settings,
        clock,
        ("8613800138005", "短少的是渠道经理拿走的"),
        ("13800138009", "请问营业时间"),
        ("13800138009", "TD"),
    )
    hidden_from(specialist, number)
    pk = InboundText.objects.get(text="请问营业时间").pk
    assert posted(specialist, "settle_text", pk, aside="1").status_code == 302

    found = said_on(specialist.post(reverse("received_texts"), {"address": "+86 138 0013 8009"}, follow=True))
    assert "请问营业时间" in found and "无需处理" in found and "已退订" in found
    assert "请问营业时间" not in said_on(specialist.get(reverse("received_texts")))
    hidden = said_on(specialist.post(reverse("received_texts"), {"address": "13800138005"}, follow=True))
    assert "渠道经理拿走的" not in hidden and number not in hidden
    assert InboundText.objects.get(number="13800138005").state == "on_case"


def test_a_text_about_a_hidden_case_that_is_closed_is_not_for_everybody(office, specialist, texts, clock, settings):
    told = {"complainant_phone": "13800138005", "subject": "到货短少"}
    number = office.api("salesperson").registered(kind="complaint", channel="email", **told)
    hidden_from(specialist, number)
    Case.objects.filter(number=number).update(state_category="done")
    came_in(settings, clock, ("13800138005", "短少的是渠道经理拿走的"))

    assert InboundText.objects.get().state == "to_assign"
    assert "渠道经理拿走的" not in said_on(specialist.get(reverse("received_texts")))
    assert "渠道经理拿走的" not in said_on(
        specialist.post(reverse("received_texts"), {"address": "13800138005"}, follow=True)
    )
    assert posted(specialist, "settle_text", InboundText.objects.get().pk, aside="1").status_code == 404


def test_no_text_that_waits_is_beyond_the_list(specialist, texts, clock, settings):
    came_in(settings, clock, *[(f"139001390{n:02}", f"第{n:02}条") for n in range(55)])

    first = specialist.get(reverse("received_texts"))
    following = re.search(r'class="pager".*?href="([^"]+)"', first.content.decode()).group(1).replace("&amp;", "&")
    pages = said_on(first) + said_on(specialist.get(reverse("received_texts") + following))
    assert [n for n in range(55) if pages.count(f"第{n:02}条") != 1] == []
