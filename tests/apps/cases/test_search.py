"""What a case is found by follows from the ledger, and from whether the case hides who reported it."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amends.apps.cases import search
from amends.apps.cases.models import Case, SearchEntry
from amends.apps.cases.search import SEPARATOR, matching
from tests.acceptance.conftest import clock, made_worlds, office, office_of  # noqa: F401 - fixtures
from tests.doors import Office

pytestmark = pytest.mark.django_db
PACKS = ("express",)
REPORTER = {"complainant_name": "赵铁柱", "complainant_phone": "18655550123"}
LEAKED = {"recorded_category": "personal_data_leak", "reason": "核实后属于信息泄露"}


def numbers(words: str) -> list[str]:
    return list(matching(Case.objects.all(), words).values_list("number", flat=True))


@pytest.fixture
def hiding(office: Office, tmp_path: Path) -> Office:  # noqa: F811
    """A desk whose policy hides who reported a leak of personal data."""
    shown = "    notifies: [security_contact]\n"
    office.change_policy(tmp_path, ("roles.yaml", shown, f"{shown}    hides_reporter: true\n"))
    return office


def test_a_case_that_falls_under_a_restriction_is_no_longer_found_by_its_reporter(hiding: Office):
    officer = hiding.api("cs_supervisor")
    number = officer.registered(**REPORTER, subject="单号外泄")
    assert numbers("赵铁柱") == numbers("18655550123") == [number]

    officer.does(number, "correct", **LEAKED)

    assert Case.objects.get(number=number).hides_reporter
    assert numbers("赵铁柱") == numbers("18655550123") == []
    assert numbers("单号外泄") == numbers("核实后") == numbers(number) == [number]


def test_a_case_that_leaves_the_restriction_is_found_by_its_reporter_again(hiding: Office):
    officer = hiding.api("cs_supervisor")
    number = officer.registered(**REPORTER, recorded_category="personal_data_leak")
    assert numbers("赵铁柱") == []

    officer.does(
        number, "correct", recorded_category="item_damage", category="service_quality/damaged", reason="误分类"
    )

    assert numbers("赵铁柱") == [number]


def words_kept() -> dict[str, list[str]]:
    """The words of each case without their order."""
    rows = SearchEntry.objects.values_list("case__number", "words")
    return {number: sorted(words.split(f" {SEPARATOR}")) for number, words in rows}


def test_the_words_are_rebuilt_as_they_were(office: Office, monkeypatch: Any):  # noqa: F811
    officer = office.api("intake_officer")
    for n in range(3):
        number = officer.registered(subject=f"外箱破损 {n}", **REPORTER)
        officer.does(number, "note", note_text="客户来电催促")
    officer.registered(
        kind="internal_complaint", accused_department=office.department("delivery_operations"), **REPORTER
    )
    before = words_kept()
    SearchEntry.objects.filter(case__number=number).delete()
    SearchEntry.objects.exclude(case__number=number).update(words="旧的 词语")
    monkeypatch.setattr(search, "REBUILT_AT_ONCE", 2)

    said = StringIO()
    call_command("rebuild_search", "--json", stdout=said)

    assert json.loads(said.getvalue()) == {"cases": 4}
    assert words_kept() == before
    assert sorted(numbers("客户来电")) == sorted(before)[:3]


def test_rebuilding_costs_the_same_for_one_case_and_for_many(office: Office):  # noqa: F811
    officer = office.api("intake_officer")

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            search.rebuild_words(list(Case.objects.values_list("pk", flat=True)))
        return len(found)

    officer.registered()
    one = queries()
    for _ in range(3):
        officer.registered()

    assert queries() == one


def test_every_term_of_a_search_has_to_occur_in_the_case(office: Office):  # noqa: F811
    officer = office.api("cs_supervisor")
    both = officer.registered(**REPORTER, subject="快件迟到，外包装破损")
    officer.registered(**REPORTER, subject="快件迟到")

    assert numbers("迟到 破损") == numbers("破 快件迟到") == [both]
    assert numbers("迟到 遗失") == []


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has an index that cannot be left out")
def test_the_words_are_compared_once_for_each_case_however_little_the_database_knows_of_its_size():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_hashjoin = off")
        cursor.execute("SET LOCAL enable_mergejoin = off")

    plan = matching(Case.objects.all(), "退休年龄政策 女员工").explain()

    assert "InitPlan" in plan
    assert "SubPlan" not in plan
    assert plan.count("cases_searchentry") == 1
