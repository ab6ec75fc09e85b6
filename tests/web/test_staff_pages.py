"""Queue, intake and case page as staff use them."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from amends.apps.cases.models import Case, EvidenceFile
from amends.apps.people.models import AccessEntry, Person
from tests.pages import sent_again
from tests.web.staff import contact, on_page, only_case, signed_in
from tests.world import PASSWORD, PICTURE

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(desk):
    return signed_in(desk, "intake_officer")


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        response = client.get(address)
    assert response.status_code == 200
    return len(seen)


# Sign-in


def test_a_stranger_is_led_to_the_sign_in_page():
    response = Client().get("/queue/?tab=all")
    assert (response.status_code, response["Location"]) == (302, "/sign-in/?next=%2Fqueue%2F%3Ftab%3Dall")


def test_signing_in_begins_a_new_session_and_goes_on_to_the_page_asked_for():
    Person.objects.create_person(username="lin", name="林晓燕", password=PASSWORD)
    client = Client()
    client.get("/sign-in/")
    before = client.session.session_key
    response = client.post("/sign-in/", {"username": "lin", "password": PASSWORD, "next": "/notices/"})
    assert (response.status_code, response["Location"]) == (302, "/notices/")
    assert client.session.session_key != before


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x"])
def test_after_signing_in_nobody_is_led_to_another_host(elsewhere):
    Person.objects.create_person(username="lin", name="林晓燕", password=PASSWORD)
    response = Client().post("/sign-in/", {"username": "lin", "password": PASSWORD, "next": elsewhere})
    assert response["Location"] == "/"


def test_unknown_wrong_and_former_people_get_the_same_answer():
    Person.objects.create_person(username="known", name="林", password=PASSWORD)
    Person.objects.create_person(username="former", name="王", password=PASSWORD, is_active=False)
    answers = []
    for name, password in (("known", "wrong-password"), ("unknown", "wrong-password"), ("former", PASSWORD)):
        response = Client().post("/sign-in/", {"username": name, "password": password})
        text = re.sub(r'csrf\w*" value="[^"]*"|X-CSRFToken": "[^"]*"', "", response.content.decode()).replace(name, "")
        answers.append((response.status_code, text))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 422


def test_after_five_failures_the_account_waits_and_the_page_says_so():
    Person.objects.create_person(username="lin", name="林晓燕", password=PASSWORD)
    client = Client()
    statuses = [client.post("/sign-in/", {"username": "lin", "password": "wrong"}).status_code for _ in range(5)]
    locked = client.post("/sign-in/", {"username": "lin", "password": PASSWORD})
    assert statuses[:4] == [422] * 4
    assert locked.status_code == 429
    assert "请稍后再试" in locked.content.decode()


def test_the_language_is_kept_with_the_person(desk, officer):
    response = officer.post("/language/", {"language": "zh-hant", "next": "/"})
    assert response["Location"] == "/"
    assert desk.person("intake_officer").pk in Person.objects.filter(language="zh-hant").values_list("pk", flat=True)
    assert "個案" in officer.get("/").content.decode()


# Queue


def test_the_queue_takes_the_same_number_of_queries_for_one_and_three_cases(desk):
    client = signed_in(desk, "cs_supervisor")
    desk.register()
    one = queries(client, "/queue/?tab=all")
    desk.register()
    desk.register()
    assert queries(client, "/queue/?tab=all") == one
    assert one <= 15


def test_the_case_page_takes_the_same_number_of_queries_for_few_and_many_events(desk):
    case = desk.do(desk.register(), "note", by="cs_supervisor")
    client = signed_in(desk, "cs_supervisor")
    few = queries(client, f"/cases/{case.number}/")
    for _ in range(3):
        case = desk.do(case, "note", by="cs_supervisor")
    assert queries(client, f"/cases/{case.number}/") == few
    assert few <= 20


def test_an_unknown_filter_is_refused_by_name(officer):
    response = officer.get("/queue/?tab=all&complainant__name=x")
    assert response.status_code == 422
    assert "没有“complainant__name”这个筛选条件" in response.content.decode()


def test_the_queue_is_paged_by_key_without_gap_or_repeat(desk, monkeypatch):
    monkeypatch.setattr("amends.web.queue.views.PAGE_SIZE", 2)
    numbers = {desk.register().number for _ in range(5)}
    client, address, seen = signed_in(desk, "cs_supervisor"), "/queue/?tab=all", []
    while address:
        page = client.get(address).content.decode()
        seen += re.findall(r'class="subject" href="/cases/([^/]+)/"', page)
        following = re.search(r'<a class="btn btn-quiet" href="(\?[^"]*cursor[^"]*)"', page)
        address = "/queue/" + following.group(1).replace("&amp;", "&") if following else None
    assert sorted(seen) == sorted(numbers)


def test_an_outsider_sees_neither_case_nor_that_it_exists(desk):
    case = desk.register()
    Person.objects.create_person(username="outsider", name="外人", password=PASSWORD)
    client = Client()
    client.force_login(Person.objects.get(username="outsider"), backend="django.contrib.auth.backends.ModelBackend")
    there, nowhere = client.get(f"/cases/{case.number}/"), client.get("/cases/KD000000-99999/")
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert _without_tokens(there) == _without_tokens(nowhere)


def _without_tokens(response):
    text = re.sub(r'(csrf\w*" value="|X-CSRFToken": ")[^"]*', "", response.content.decode())
    return re.sub(r"/cases/[^/\"]*/|%2Fcases%2F[^\"]*", "", text)


# Case page


def test_the_page_says_where_a_case_stands_and_what_can_be_done(desk):
    case = desk.register()
    page = signed_in(desk, "cs_supervisor").get(f"/cases/{case.number}/").content.decode()
    state = desk.pack.lifecycle.states[case.state].title.zh_hans
    assert state in page
    assert reverse("act", args=[case.number, "accept"]) in page
    assert "为什么？" in page


def test_a_verb_is_performed_from_its_form(desk):
    case = desk.register()
    client = signed_in(desk, "cs_supervisor")
    address = reverse("act", args=[case.number, "note"])
    field = next(f.id for f in desk.pack.forms["note"].fields if f.type == "long_text")
    version = on_page(client.get(address), "_version")
    response = client.post(address, {"_version": version, field: "客户请下午再来电。"})
    assert response["Location"] == f"/cases/{case.number}/"
    assert "客户请下午再来电。" in client.get(response["Location"]).content.decode()


def test_a_refusal_is_said_in_chinese_with_the_missing_step_and_keeps_the_text(desk):
    case = desk.register()
    client = signed_in(desk, "cs_supervisor")
    response = client.post(reverse("act", args=[case.number, "close"]), {"_version": case.version})
    assert response.status_code == 409
    assert "还不能结案" in response.content.decode()


def test_a_stale_form_shows_what_changed_beside_what_was_typed(desk):
    case = desk.register()
    client = signed_in(desk, "cs_supervisor")
    address = reverse("act", args=[case.number, "note"])
    field = next(f.id for f in desk.pack.forms["note"].fields if f.type == "long_text")
    seen = on_page(client.get(address), "_version")
    desk.do(case, "note", by="cs_agent", **{field: "同事先写了这一句。"})
    response = client.post(address, {"_version": seen, field: "我写的这一句不能丢。"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "同事先写了这一句。" in page and "我写的这一句不能丢。" in page
    assert "已被他人更新" in page
    again = client.post(address, {"_version": on_page(response, "_version"), field: "我写的这一句不能丢。"})
    assert again.status_code == 302


def test_who_acted_in_another_window_is_not_told_that_others_did(desk):
    case = desk.register()
    client = signed_in(desk, "cs_supervisor")
    address = reverse("act", args=[case.number, "note"])
    field = next(f.id for f in desk.pack.forms["note"].fields if f.type == "long_text")
    seen = on_page(client.get(address), "_version")
    assert client.post(address, {"_version": seen, field: "第一个窗口写的。"}).status_code == 302
    answer = client.post(address, {"_version": seen, field: "第二个窗口写的。"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "您自己在别的窗口或设备上" in page and "他人" not in page


def test_personal_data_are_masked_until_revealed_for_a_reason_that_is_noted(desk, officer):
    officer.post("/intake/", contact(desk))
    number = only_case().number
    address = f"/cases/{number}/"
    page = officer.get(address).content.decode()
    assert "13800138000" not in page and "顾晓彤" not in page
    assert "138****8000" in page
    without = officer.post(f"{address}reveal/", {"field": "complainant_phone", "reason": " "})
    assert without.status_code == 422 and "13800138000" not in without.content.decode()
    shown = officer.post(f"{address}reveal/", {"field": "complainant_phone", "reason": "回拨客户"})
    assert "13800138000" in shown.content.decode()
    entry = AccessEntry.objects.get(action="reveal")
    assert (entry.field, entry.reason) == ("complainant_phone", "回拨客户")


def test_evidence_leaves_only_as_a_download_and_is_noted(desk, officer):
    officer.post("/intake/", {**contact(desk), "_upload-evidence_files": SimpleUploadedFile("现场 照片.png", PICTURE)})
    file = EvidenceFile.objects.get()
    response = officer.get(f"/cases/{only_case().number}/evidence/{file.pk}/")
    assert b"".join(response.streaming_content) == PICTURE
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["Content-Security-Policy"].startswith("sandbox")
    assert AccessEntry.objects.filter(action="download").count() == 1


def test_an_upload_of_a_wrong_kind_is_refused_by_name_and_the_others_stay(desk, officer):
    files = [SimpleUploadedFile("说明.svg", b"<svg onload='x'/>"), SimpleUploadedFile("现场.png", PICTURE)]
    answer = officer.post("/uploads/", {"_desk": "express", "_upload-evidence_files": files})
    page = answer.content.decode()
    assert "不接收“svg”类型的文件" in page
    assert EvidenceFile.objects.get().name == "现场.png"


def test_a_record_form_is_printed_as_pdf(desk):
    case = desk.register()
    form = next(form.id for form in desk.pack.forms.values() if form.printed)
    response = signed_in(desk, "cs_supervisor").get(f"/cases/{case.number}/print/{form}.pdf")
    assert response.status_code == 200
    assert response.content.startswith(b"%PDF-")


def test_pages_of_policy_counts_and_gaps_open(desk):
    case = desk.register()
    client = signed_in(desk, "cs_supervisor")
    chart = client.get(f"/policies/express/process/?case={case.number}").content.decode()
    assert 'aria-current="step"' in chart and desk.pack.head.policy_label.zh_hans in chart
    assert client.get("/policies/").status_code == 200
    assert client.get("/policies/express/duties/").status_code == 200
    assert "共 1 件" in client.get("/counts/?by=state").content.decode()
    assert client.get("/counts/?by=secret").status_code == 422
    assert client.get("/gaps/").status_code == 200
    assert client.get("/notices/").status_code == 200


def test_what_was_sent_after_the_sign_in_ended_is_sent_again_after_signing_in(desk):
    client = Client(enforce_csrf_checks=True)
    officer = desk.person("intake_officer")
    client.force_login(officer, backend="django.contrib.auth.backends.ModelBackend")
    token = on_page(client.get("/intake/"), "csrfmiddlewaretoken")
    typed = {**contact(desk), "opinion": "这个字段没有人认识", "password": "geheim", "csrfmiddlewaretoken": token}
    del client.cookies["session"]
    late = client.post("/intake/", typed)
    page = late.content.decode()
    assert late.status_code == 401
    assert typed["subject"] in page and "这个字段没有人认识" in page and "geheim" not in page
    assert 'href="/sign-in/" target="_blank"' in page

    client.force_login(officer, backend="django.contrib.auth.backends.ModelBackend")
    sent_again(client, "/intake/", page.replace("opinion", "_left_out"))
    assert Case.objects.get().subject == typed["subject"]


def test_a_form_without_its_token_changes_nothing(desk):
    client = Client(enforce_csrf_checks=True)
    client.force_login(desk.person("intake_officer"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/intake/", contact(desk)).status_code == 403
    assert not Case.objects.exists()
