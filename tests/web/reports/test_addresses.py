"""What the pages of figures do with an address that asks for what is not there: they refuse, and answer nothing else instead."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from tests.acceptance.conftest import undone_afterwards
from tests.pages import in_words
from tests.web.staff import signed_in
from tests.world import open_world, publish_shipped

pytestmark = pytest.mark.django_db

OF_A_DESK = (
    "/figures/", "/figures/export/", "/figures/cases/?indicator=_received", "/overview/", "/overview/export/",
    "/overview/picture/?chart=course", "/analysis/", "/analysis/export/", "/scores/", "/scores/export/", "/counts/",
    "/workload/", "/experience/", "/conformity/", "/documents/",
)  # fmt: skip
WITH_DAYS = ("/figures/", "/overview/", "/analysis/", "/counts/", "/experience/")


@pytest.fixture(scope="module")
def desks(django_db_setup, django_db_blocker):
    """Opened once for the file: every test reads, and what a sign-in writes is undone after it."""
    now = timezone.now()
    with django_db_blocker.unblock(), undone_afterwards():
        publish_shipped(("escalation", "express"), now=now)
        yield open_world("escalation", now=now), open_world("express", now=now)


@pytest.fixture
def manager(desks, db):
    return signed_in(desks[0], "quality_manager")


@pytest.mark.parametrize("address", OF_A_DESK)
def test_a_desk_that_is_not_open_to_the_reader_is_refused_and_not_answered_with_another(manager, address):
    join = "&" if "?" in address else "?"
    assert manager.get(f"{address}{join}desk=escalation").status_code == 200
    for other in ("express", "nowhere"):
        assert manager.get(f"{address}{join}desk={other}").status_code == 404


@pytest.mark.parametrize("address", WITH_DAYS)
def test_an_end_before_the_start_and_days_of_no_calendar_are_refused(manager, address):
    for query, says in (
        ({"from": "2026-03-10", "to": "2026-03-01"}, "结束日期早于开始日期"),
        ({"from": "2026-02-30"}, "“起始日期”不是有效的日期"),
        ({"from": "0001-01-01", "to": "0001-01-02"}, "“起始日期”不是有效的日期"),
        ({"from": "2026-03-01", "to": "9999-12-31"}, "“截止日期”不是有效的日期"),
    ):
        refused = manager.get(address, query)
        assert refused.status_code == 422
        assert says in in_words(refused.content.decode())


def test_a_refused_analysis_keeps_what_was_chosen_beside_the_days(manager):
    refused = manager.get("/analysis/?by=department&from=2026-03-10&to=2026-03-01").content.decode()
    assert '<option value="department" selected>' in refused


@pytest.mark.parametrize("address", [*WITH_DAYS, "/policies/escalation/steps/", "/figures/cases/?indicator=_received"])
def test_a_time_that_has_not_begun_is_refused_in_words(manager, address):
    today = timezone.localdate()
    query = {"from": (today + timedelta(days=2)).isoformat(), "to": (today + timedelta(days=9)).isoformat()}
    join = "&" if "?" in address else "?"
    refused = manager.get(f"{address}{join}{urlencode(query)}")
    assert refused.status_code == 422
    assert "这段时间还没有开始，没有可以统计的内容。" in in_words(refused.content.decode())


@pytest.mark.parametrize("name", ["department", "team", "handler", "partner"])
def test_the_cases_of_which_a_dimension_is_not_known_yet_are_opened_by_filter_and_by_group(manager, name):
    for asked in (f"{name}=-", f"by={name}&group=-"):
        page = manager.get(f"/figures/cases/?indicator=_received&{asked}")
        assert (page.status_code, "未定" in page.content.decode()) == (200, True)


@pytest.mark.parametrize("address", ["/figures/cases/?indicator=_received&cursor=", "/documents/?cursor="])
def test_a_page_number_in_other_digits_is_refused(manager, address):
    assert manager.get(f"{address}²").status_code == 422


def test_a_department_that_is_no_number_or_not_of_the_desk_is_refused_in_words(desks, manager):
    theirs = desks[1].organisation.departments["delivery_operations"]
    for address in ("/overview/", "/figures/"):
        assert "“责任部门”的格式不对" in in_words(manager.get(address, {"department": "abc"}).content.decode())
    for department in (theirs.pk, 999_999):
        refused = manager.get("/overview/", {"department": str(department)})
        assert refused.status_code == 422
        assert "没有这个部门" in in_words(refused.content.decode())
    assert "可用的有：责任部门、投诉类别、渠道" in in_words(
        manager.get("/overview/", {"kind": "complaint"}).content.decode()
    )


@pytest.mark.parametrize("address", ["/overview/", "/figures/", "/conformity/"])
def test_the_departments_to_choose_are_those_of_the_desk(desks, manager, address):
    shown = manager.get(address).content.decode()
    assert f'<option value="{desks[0].organisation.departments["after_sales"].pk}"' in shown
    assert f'<option value="{desks[1].organisation.departments["delivery_operations"].pk}"' not in shown


def test_the_list_of_what_is_open_says_until_when_and_not_since_ten_years(manager):
    shown = in_words(manager.get("/overview/").content.decode())
    address = re.search(
        r'href="(/figures/cases/[^"]*indicator=_open[^"]*)"', manager.get("/overview/").content.decode()
    )
    assert address is not None, shown
    told = in_words(manager.get(unescape(address[1])).content.decode())
    assert re.search(r"截至 \d{4}年\d+月\d+日 ", told)
    received = in_words(manager.get("/figures/cases/?indicator=_received").content.decode())
    assert "截至" not in received
