"""Answers by text message reach the case they belong to, once, and are never guessed."""

import json

import pytest
from django.test import Client

from amends.apps.cases.actions.by_text import TextSettled, assign_text, set_text_aside
from amends.apps.cases.models import Case
from amends.apps.cases.tasks import place_text_message
from amends.apps.messaging.models import InboundText, OptOut

PACKS = ("service",)
URL = "/hooks/sms/a-long-secret/texts/"


@pytest.fixture
def cases(office, settings):
    """Two callers: the first with one open case, the second with two."""
    settings.SMS_URL, settings.SMS_SECRET = "aliyun://k:s@dysmsapi.aliyuncs.com", "a-long-secret"
    door = office.api("cs_specialist")
    callers = ("13800138001", "13800138002", "13800138002")
    answers = {"answered_at_once": False, "promised_reply_at": "2026-03-03T12:00:00+08:00", "topic": "order_status"}
    answered = [
        door.register(kind="enquiry", channel="hotline", complainant_phone=number, **answers) for number in callers
    ]
    return [Case.objects.get(number=answer.json()["number"]) for answer in answered]


def push(sequence: str, number: str, text: str, *, url: str = URL):
    row = {"phone_number": number, "content": text, "send_time": "2026-03-02 10:00:00", "sequence_id": sequence}
    return Client().post(url, json.dumps([row]), content_type="application/json")


def placed() -> list[tuple[str, str]]:
    for row in InboundText.objects.all():
        place_text_message({"text": row.pk})
    return list(InboundText.objects.order_by("pk").values_list("state", "case_key"))


def added(office, case: Case) -> int:
    return len(office.api("cs_specialist").events(case.number, "add_information"))


def test_an_answer_is_put_on_the_one_open_case_of_its_sender_once(office, cases):
    assert push("1", "8613800138001", "配件还没到").json() == {"code": 0, "msg": "OK"}
    push("1", "8613800138001", "配件还没到")

    assert placed() == [("on_case", str(cases[0].pk))]
    assert placed() == [("on_case", str(cases[0].pk))]
    assert added(office, cases[0]) == 1


def test_a_sender_with_two_open_cases_or_none_waits_for_a_person(office, cases):
    push("1", "13800138002", "还没修好")
    push("2", "13800138009", "请问营业时间")

    assert placed() == [("to_assign", ""), ("to_assign", "")]
    assert [added(office, case) for case in cases] == [0, 0, 0]


def test_a_person_assigns_or_sets_aside_what_waits_once(office, cases):
    push("1", "13800138002", "还没修好")
    push("2", "13800138009", "打错了")
    placed()
    first, second = InboundText.objects.order_by("pk")
    caller, person = office.world.caller("cs_specialist"), office.world.person("cs_specialist")

    assign_text(first, cases[2], caller=caller, by=person, now=office.world.now)
    set_text_aside(second, by=person)

    assert added(office, cases[2]) == 1
    assert list(InboundText.objects.order_by("pk").values_list("state", "settled_by")) == [
        ("on_case", person.pk),
        ("set_aside", person.pk),
    ]
    with pytest.raises(TextSettled):
        assign_text(first, cases[1], caller=caller, by=person, now=office.world.now)


def test_a_word_that_opts_out_is_noted_and_put_nowhere(office, cases):
    push("1", "13800138001", "T")

    assert placed() == [("opted_out", "")]
    assert OptOut.objects.get().number == "13800138001"
    assert added(office, cases[0]) == 0


@pytest.mark.parametrize("body", ["", "[]x", '{"a": 1}', "[1]", "[" * 5000])
def test_what_can_not_be_read_is_refused(office, cases, body):
    assert Client().post(URL, body, content_type="application/json").status_code == 400
    assert InboundText.objects.count() == 0


def test_nobody_without_the_secret_finds_the_address(office, cases, settings):
    assert push("1", "13800138001", "您好", url=URL.replace("a-long", "another")).status_code == 404
    settings.SMS_SECRET = ""
    assert push("1", "13800138001", "您好", url="/hooks/sms/x/texts/").status_code == 404
