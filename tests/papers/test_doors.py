"""Papers through the pages and the API: who may, what is masked, what is noted."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from amends.apps.people.models import AccessEntry
from tests.doors import Api
from tests.papers.reading import text_of_docx, text_of_pdf

pytestmark = pytest.mark.django_db


@pytest.fixture
def courier(archive, monkeypatch):
    """The courier's desk at the moment of its last event, and its archived case."""
    found = archive["express"]
    monkeypatch.setattr("django.utils.timezone.now", lambda: found.world.now)
    return replace(found, world=replace(found.world, callers=[], wishes={}))


def staff(archived, role):
    client = Client()
    client.force_login(archived.world.person(role), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_paper_is_masked_and_printing_it_is_noted(courier):
    supervisor, number = staff(courier, "cs_supervisor"), courier.case.number

    pdf = supervisor.get(f"/cases/{number}/print/complaint_record.pdf")
    word = supervisor.get(f"/cases/{number}/print/complaint_record.docx")

    assert "attachment" in pdf["Content-Disposition"] and pdf.content.startswith(b"%PDF-")
    for text in (text_of_pdf(pdf.content), text_of_docx(word.content)):
        assert "欧＊＊" in text and "欧阳雪梅" not in text and "13912345678" not in text
    noted = AccessEntry.objects.filter(action="print").values_list("object", "field", "reason")
    assert list(noted) == [(f"case:{courier.case.pk}", "complaint_record", "")] * 2


def test_in_full_only_with_a_reason_by_somebody_who_may_reveal(courier):
    address = f"/cases/{courier.case.number}/print/complaint_record.pdf"

    without = staff(courier, "cs_supervisor").post(address, {"reason": " "})
    not_entitled = staff(courier, "quality_manager").post(address, {"reason": "存档"})
    made = staff(courier, "cs_supervisor").post(address, {"reason": "随卷寄送监管部门"})

    assert (without.status_code, not_entitled.status_code) == (422, 403)
    assert "欧阳雪梅" in text_of_pdf(made.content) and "含个人信息" in text_of_pdf(made.content)
    assert AccessEntry.objects.get(action="print").reason == "随卷寄送监管部门"


def test_a_paper_that_is_not_offered_is_not_there(courier):
    supervisor, number = staff(courier, "cs_supervisor"), courier.case.number

    for name in ("closing.pdf", "nothing.pdf", "complaint_record.odt"):
        assert supervisor.get(f"/cases/{number}/print/{name}").status_code == 404


def test_blank_forms_are_printed_from_the_policy(courier):
    supervisor = staff(courier, "cs_supervisor")

    listed = supervisor.get("/policies/express/papers/").content.decode()
    blank = text_of_pdf(supervisor.get("/policies/express/papers/handling_plan.pdf").content)

    assert "投诉处理方案" in listed and "/policies/express/papers/handling_plan.docx" in listed
    assert "投诉处理方案" in blank and courier.case.number not in blank
    assert supervisor.get("/policies/nowhere/papers/").status_code == 404


def test_the_api_lists_and_prints_papers_and_keeps_to_the_right(courier):
    api, number = Api(courier.world, "cs_supervisor"), courier.case.number

    listed = {paper["name"]: paper for paper in api.read(f"cases/{number}/papers")["papers"]}
    pdf = api.get(listed["handling_plan"]["pdf"].removeprefix("/api/v1/"))
    cover = api.get(f"cases/{number}/papers/archive-cover.docx")
    blank = api.get("desks/express/papers/handling_plan.docx")

    assert listed["archive-cover"]["title"] == "客户投诉档案"
    assert "投诉处理方案" in text_of_pdf(pdf.content) and "卷内目录" in text_of_docx(cover.content)
    assert number not in text_of_docx(blank.content)
    assert api.get(f"cases/{number}/papers/nothing.pdf").status_code == 404
    assert api.get(f"cases/{number}/papers/handling_plan").status_code == 404
    assert api.get("cases/KD000000-00000/papers").status_code == 404


def test_printing_takes_the_same_number_of_queries_for_few_and_many_events(courier):
    supervisor, address = staff(courier, "cs_supervisor"), f"/cases/{courier.case.number}/print/archive-cover.pdf"
    supervisor.get(address)
    for kind in ("few", "many"):
        with CaptureQueriesContext(connection) as seen:
            assert supervisor.get(address).status_code == 200
        if kind == "few":
            few = len(seen)
            courier.world.do(courier.case, "reopen")
    assert len(seen) == few
    assert few <= 25
