"""What somebody tries who means no good, or mistook a key: field service, ten-day reports and prices of competitors."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.acceptance.test_service_field import completion, engineer, left, on_site
from tests.acceptance.test_ten_day_reports import PRICE, QUESTION, SALES, children, reported
from tests.acceptance.test_training import questions_on, right_answers
from tests.doors import PICTURE, Staff, faults, said
from tests.pages import text_of

PACKS = ("service", "express")
FORMULA = '=cmd|"/c calc"!A1'


def signed_in(office, door):
    """The pages as somebody who was taken on later sees them."""
    page = Staff(office.world, "employee")
    page.force_login(door.person)
    return page


@pytest.mark.parametrize(
    ("verb", "wishes", "field"),
    [
        ("keep_log", {"log_date": "2026-03-01"}, "log_date"),
        ("report", {"week_first_day": "2026-03-02", "week_last_day": "2026-03-01"}, "week_last_day"),
        ("leave", {"left_at": "2026-03-02T08:00:00+08:00"}, "left_at"),
    ],
    ids=["a_log_before_the_arrival", "a_week_that_ends_before_it_begins", "leaving_before_arriving"],
)
def test_on_site_nothing_ends_before_it_begins(office, clock, verb, wishes, field):
    _, visit = on_site(office, clock)

    assert faults(engineer(office).step(visit, verb, **wishes)) == {f"/data/{field}": "before_other"}


def test_a_service_does_not_end_before_it_begins(office, clock):
    key, _ = left(office, clock)
    clock.at("2026-03-06T17:00+08:00")

    refused = completion(office, key, service_began_on="2026-03-05", service_ended_on="2026-03-03")

    assert faults(refused) == {"/data/service_ended_on": "before_other"}
    assert "“完成日期”不能早于“开始日期”" in said(refused) or "before_other" in refused.content.decode()


def test_a_completion_report_needs_a_visit(office):
    request = office.api("commerce_clerk").begins("service_request", service_type="problem_on_site")

    refused = completion(office, request["id"])

    assert (refused.status_code, "已完成的现场服务" in said(refused)) == (409, True)


def test_a_signature_of_20_megabytes_never_gets_as_far_as_the_form(office, clock):
    left(office, clock)
    page = Staff(office.world, "technical_service_engineer")
    huge = SimpleUploadedFile("签名.png", PICTURE + b"\0" * (20 * 1024 * 1024), content_type="image/png")

    answer = page.post("/uploads/", {"_upload-customer_signature": huge, "_desk": "service"})

    assert 'type="hidden"' not in answer.content.decode()


def test_a_form_that_waits_on_a_phone_is_not_sent_by_somebody_else(office, clock):
    _, visit = on_site(office, clock)
    other = signed_in(office, office.hires("technical_service_engineer", "鲁大海"))
    sheet = {
        "_token": "typed-by-the-first",
        "_version": engineer(office).proceeding(visit)["version"],
        "log_date": "2026-03-02",
        "log_work": "取样六处。",
    }

    answer = other.post(f"/proceedings/{visit}/do/keep_log/", sheet, headers={"HX-Request": "true"})

    assert answer.status_code in (403, 404) and "HX-Redirect" not in answer.headers
    verbs = [event["verb"] for event in engineer(office).read(f"proceedings/{visit}/events")["events"]]
    assert "keep_log" not in verbs


@pytest.fixture
def sellers(office, clock):
    clock.at("2026-03-19T15:00:00+08:00")
    return office.api("salesperson"), office.hires("salesperson", "钱多多")


def test_what_a_salesperson_reports_is_not_for_another_one(office, sellers):
    first, second = sellers
    report = reported(first, report_questions=[QUESTION], sales_situation=[SALES], competitor_prices=[PRICE])
    lead = office.api("cs_specialist")
    below = [
        one["id"]
        for kind in ("report_item", "sales_information", "competitor_entry")
        for one in children(lead, report["id"], kind)
    ]
    page = signed_in(office, second)

    assert len(below) == 3
    for key in (report["id"], *below):
        assert page.get(f"/proceedings/{key}/").status_code == 404
        assert second.get(f"proceedings/{key}").status_code == 404
    assert second.read("proceedings", status="all")["proceedings"] == []
    for kind in ("ten_day_report", "report_item", "sales_information"):
        shown = page.get(f"/registers/service/{kind}/")
        assert shown.status_code in (403, 404) or "两家工地" not in text_of(shown) and "C2 胶冬季" not in text_of(shown)


def test_prices_of_competitors_are_not_for_a_stranger_to_the_desk(office, office_of, sellers):
    reported(sellers[0], competitor_prices=[PRICE])
    stranger = office_of("express").api("cs_agent")

    assert Staff(office_of("express").world, "cs_agent").get("/registers/service/competitor_entry/").status_code == 404
    assert stranger.get("registers/service/competitor_entry").status_code == 404
    assert "金石建材" in text_of(Staff(office.world, "cs_specialist").get("/registers/service/competitor_entry/"))


def test_no_cell_of_a_register_is_a_formula(office, sellers):
    reported(
        sellers[0], competitor_prices=[{**PRICE, "competitor": FORMULA, "promotion": "@SUM(1+1)", "price_source": "+1"}]
    )
    lead = Staff(office.world, "cs_specialist")

    answer = lead.get("/registers/service/competitor_entry/export/")
    content = b"".join(answer.streaming_content)

    with zipfile.ZipFile(io.BytesIO(content)) as book:
        parts = b"".join(book.read(name) for name in book.namelist())
    assert b"<f>" not in parts and b"cmd|" in parts


def test_a_test_begun_in_two_windows_is_one_and_counts_once(office_of):
    express = office_of("express")
    agent = Staff(express.world, "cs_agent")
    first, second = (agent.post("/training/learn/express/principles/test/").url for _ in range(2))
    names = questions_on(agent.get(first))

    answers = right_answers(express, "principles", names)
    once, again = agent.post(first, answers), agent.post(second, answers)

    assert first == second
    assert (once.status_code, again.status_code) == (302, 409)
    assert Staff(express.world, "intake_officer").get(f"{first}certificate.pdf").status_code == 404
    assert agent.get(f"{first}certificate.pdf").status_code == 200
