"""Beside the form: the caller and the parcel are recognised, and what they tell goes to the case that is open already."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from amends.apps.cases.calls import WAITS, announce_call
from amends.apps.cases.models import Case, Draft, IncomingCall
from amends.apps.cases.tasks import remove_leftovers
from amends.apps.people.actions import create_token
from amends.apps.people.models import AccessEntry
from tests.pages import in_words, text_of
from tests.web.staff import contact, on_page, only_case, signed_in

pytestmark = pytest.mark.django_db
TOKEN = "0123456789abcdef0123456789abcdef"
PARCEL = {"concerns_parcel": "yes", "tracking_number": "SF1234567890123"}


def asked(officer, **typed):
    return officer.post("/intake/earlier/", {"_desk": "express", **typed})


def test_earlier_cases_of_the_caller_are_shown_under_any_spelling_of_the_number(desk, officer):
    officer.post("/intake/", contact(desk))
    shown = text_of(asked(officer, complainant_phone="+86 138-0013-8000"))
    assert only_case().number in shown
    assert "以往 1 件，未结 1 件" in shown
    assert AccessEntry.objects.filter(action="search", object__startswith="complainant:").exists()


def test_a_number_that_is_not_typed_to_the_end_finds_nobody(desk, officer):
    officer.post("/intake/", contact(desk))
    for part in ("138", "1380013", "138001380"):
        assert only_case().number not in text_of(asked(officer, complainant_phone=part))


def test_a_parcel_leads_to_the_cases_that_mention_it(desk, officer):
    officer.post("/intake/", contact(desk, **PARCEL))
    shown = text_of(asked(officer, complainant_phone="13900139000", tracking_number="sf1234567890123"))
    assert "提到同一单号的个案" in shown and only_case().number in shown


def test_somebody_who_may_not_see_the_case_does_not_find_the_caller(desk, officer):
    officer.post("/intake/", contact(desk))
    shown = text_of(asked(signed_in(desk, "employee"), complainant_phone="13800138000"))
    assert only_case().number not in shown and "顾" not in shown


def test_a_known_caller_is_named_masked_and_filled_in_by_those_who_may_see_who_it_is(desk, officer):
    officer.post("/intake/", contact(desk, complainant_email="gu@example.com"))
    shown = asked(officer, complainant_phone="13800138000")
    assert "顾＊＊" in text_of(shown) and "顾晓彤" not in shown.content.decode()
    form = officer.post(
        "/intake/",
        {"_desk": "express", "_redraw": "1", "_caller": only_case().number, "complainant_phone": "13800138000"},
    )
    assert on_page(form, "complainant_name") == "顾晓彤"
    assert on_page(form, "complainant_email") == "gu@example.com"
    noted = AccessEntry.objects.filter(action="reveal", reason="来电核对身份").values_list("field", flat=True)
    assert set(noted) == {"complainant_name", "complainant_email"}


def test_the_same_number_of_queries_for_one_and_many_earlier_cases(desk, officer):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            assert asked(officer, complainant_phone="13800138000", tracking_number="SF1234567890123").status_code == 200
        return len(seen)

    officer.post("/intake/", contact(desk, **PARCEL))
    queries()
    one = queries()
    for n in range(4):
        officer.post("/intake/", contact(desk, **PARCEL, subject=f"又一件 {n}"))
    assert queries() == one
    assert one <= 30


def test_the_page_and_its_proposals_take_a_fixed_number_of_queries(desk, officer):
    def queries(do):
        do()
        with CaptureQueriesContext(connection) as seen:
            assert do().status_code == 200
        return len(seen)

    typed = contact(desk, **PARCEL)
    officer.post("/intake/", typed)
    page = lambda: officer.get("/intake/")  # noqa: E731
    redrawn = lambda: officer.post("/intake/", {**typed, "_redraw": "1"})  # noqa: E731
    proposed = lambda: officer.post("/intake/proposals/", typed)  # noqa: E731
    before = [queries(do) for do in (page, redrawn, proposed)]
    for n in range(3):
        officer.post("/drafts/", {**typed, "_place": f"intake:{n}"})
        officer.post("/intake/", contact(desk, **PARCEL, subject=f"又一件 {n}"))
    assert [queries(do) for do in (page, redrawn, proposed)] == before
    assert max(before) <= 25


# What a caller tells goes to the case that is open already


def test_what_was_typed_is_added_to_the_open_case_and_no_other_is_made(desk, officer):
    officer.post("/intake/", contact(desk))
    case = only_case()
    typed = contact(
        desk,
        subject="还有一件事",
        description="快递员态度也很差",
        _token=TOKEN,
        _case=case.number,
        _verb="add_information",
    )
    officer.post("/drafts/", {**typed, "_place": f"intake:{TOKEN}"})
    for _ in range(2):
        response = officer.post("/intake/append/", typed)
        assert response["Location"] == f"/cases/{case.number}/"
    assert Case.objects.count() == 1
    assert not Draft.objects.exists()
    page = text_of(officer.get(response["Location"]))
    assert "快递员态度也很差" in page and "没有另立新案" in page
    case.refresh_from_db()
    assert case.version == 2


def test_where_the_form_wants_more_it_opens_with_everything_typed(desk, officer):
    officer.post("/intake/", contact(desk))
    case = only_case()
    typed = contact(desk, description="长" * 4500, _token=TOKEN, _case=case.number, _verb="add_information")
    response = officer.post("/intake/append/", typed)
    assert response["Location"] == f"/cases/{case.number}/do/add_information/"
    assert "长" * 4500 in officer.get(response["Location"]).content.decode()
    case.refresh_from_db()
    assert case.version == 1


@pytest.mark.parametrize("verb", ["close", "no_such_verb", ""])
def test_only_what_a_caller_wants_is_done_from_here(desk, officer, verb):
    number = desk.register().number
    assert officer.post("/intake/append/", contact(desk, _case=number, _verb=verb)).status_code == 404


def test_a_case_outside_what_one_sees_can_not_be_added_to(desk, officer):
    number = desk.register(by="intake_officer").number
    outsider = signed_in(desk, "employee")
    body = contact(desk, _case=number, _verb="add_information")
    assert outsider.post("/intake/append/", body).status_code == 404
    assert outsider.post("/intake/append/", {**body, "_case": "KD-000"}).status_code == 404


# Proposals


def test_a_category_is_proposed_with_its_words_and_never_set(desk, officer):
    typed = contact(desk, description="快件进水了，外箱压瘪", subject="破损", recorded_category="")
    proposed = html.unescape(officer.post("/intake/proposals/", typed).content.decode())
    assert 'data-choose="recorded_category" data-value="item_damage"' in proposed
    assert "因为提到“破损”“进水”“压瘪”" in in_words(proposed)
    refused = officer.post("/intake/", typed)
    assert "请选择“投诉类型”" in html.unescape(refused.content.decode())
    chosen = officer.post("/intake/proposals/", {**typed, "recorded_category": "item_damage"})
    assert "data-choose" not in chosen.content.decode()


def test_level_and_department_are_foreseen_by_the_rules_of_the_pack(desk, officer):
    ordinary = text_of(officer.post("/intake/proposals/", contact(desk, recorded_category="item_damage")))
    special = text_of(officer.post("/intake/proposals/", contact(desk, recorded_category="personal_data_leak")))
    assert "投诉类别 一般投诉" in ordinary
    assert "将转交 信息安全部门 信息安全投诉由信息安全部门办理" in special and "将转交" not in ordinary


# Calls


def announced(desk, *, line="客服热线", at=None):
    return announce_call(desk=desk.desk, phone="13800138000", line=line, by="machine", now=at or timezone.now())


def test_a_call_opens_the_page_and_is_taken_once(desk, officer):
    secret = announced(desk)
    for _ in range(2):
        opened = officer.get(f"/intake/?call={secret}")
        assert "13800138000" not in opened.content.decode()
    taken = officer.post("/intake/", {"_desk": "express", "_redraw": "1", "_call": secret})
    assert on_page(taken, "complainant_phone") == "13800138000"
    assert "来电号码已填入（线路：客服热线）" in text_of(taken)
    again = signed_in(desk, "cs_supervisor").post("/intake/", {"_desk": "express", "_redraw": "1", "_call": secret})
    assert on_page(again, "complainant_phone") == ""
    assert "已由他人接起" in text_of(again)


def test_a_call_waits_five_minutes_and_is_forgotten(desk, officer):
    secret = announced(desk, at=timezone.now() - WAITS - timedelta(seconds=1))
    late = officer.post("/intake/", {"_desk": "express", "_redraw": "1", "_call": secret})
    assert on_page(late, "complainant_phone") == ""
    remove_leftovers({})
    assert not IncomingCall.objects.exists()


@pytest.mark.parametrize("secret", ["", "x", "../../etc", "a" * 22, "\x00" * 22, "号" * 22])
def test_a_malformed_or_unknown_call_opens_an_empty_form(desk, officer, secret):
    assert officer.get("/intake/", {"call": secret}).status_code == 200
    taken = officer.post("/intake/", {"_desk": "express", "_redraw": "1", "_call": secret})
    assert (taken.status_code, on_page(taken, "complainant_phone")) == (200, "")


def by_api(world, client, body):
    token, secret = create_token(
        person=world.person("intake_officer"), name="tel", scopes=["register"], desks=[world.desk], now=timezone.now()
    )
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "call-1"}
    return client.post("/api/v1/calls", json.dumps(body), content_type="application/json", headers=headers)


def test_a_telephone_system_gets_an_address_without_the_number(desk, officer, client):
    body = {"phone": "138 0013 8000", "desk": "express", "line": "400-820-0110"}
    answered = by_api(desk, client, body)
    assert answered.status_code == 201
    url = answered.json()["url"]
    assert "138" not in url.partition("call=")[0] and "13800138000" not in url
    secret = url.rpartition("call=")[2]
    assert not IncomingCall.objects.filter(key_hash=secret).exists()
    taken = officer.post("/intake/", {"_desk": "express", "_redraw": "1", "_call": secret})
    assert on_page(taken, "complainant_phone") == "13800138000"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"phone": "12", "desk": "express"}, "/phone"),
        ({"phone": "13800138000", "desk": "nowhere"}, "/desk"),
        ({"phone": "13800138000", "desk": "express", "line": "x" * 81}, "/line"),
        ({"phone": "13800138000", "desk": "express", "queue": "1"}, "/queue"),
        ({"desk": "express"}, "/phone"),
    ],
)
def test_a_wrong_call_is_refused_at_its_field(desk, client, body, pointer):
    refused = by_api(desk, client, body)
    assert (refused.status_code, [error["pointer"] for error in refused.json()["errors"]]) == (422, [pointer])
    assert not IncomingCall.objects.exists()


def test_opening_the_address_of_a_telephone_system_writes_nothing_and_the_page_takes_the_call_once(desk, officer):
    led = officer.get("/intake/", {"phone": "138 0013 8000", "desk": "express", "line": "0571"})
    assert (
        led.status_code == 302 and "138" not in led["Location"].partition("call=")[0] and "8000" not in led["Location"]
    )
    opened_page = officer.get(led["Location"])
    assert opened_page.status_code == 200 and not IncomingCall.objects.exists()

    secret = re.search(r'"_call":"([^"]+)"', opened_page.content.decode())[1]
    taken = officer.post("/intake/", {"_desk": "express", "_redraw": "1", "_call": secret})
    again = officer.post("/intake/", {"_desk": "express", "_redraw": "1", "_call": secret})

    assert "来电号码已填入" in text_of(taken) and "13800138000" in taken.content.decode()
    assert "已由他人接起" in text_of(again)
    assert IncomingCall.objects.count() == 1
