"""Conformity beyond one case: the page over a period, its lists and files, and the command, all saying what the cases themselves say."""

from __future__ import annotations

import json
import re
from collections import Counter
from io import BytesIO, StringIO
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command

from tests.acceptance.test_escalation_proceedings import complaint
from tests.doors import Staff
from tests.pages import text_of
from tests.papers.reading import text_of_docx

PACKS = ("escalation",)


@pytest.fixture
def looked(office):
    """Three complaints, one of them with a broken limit, and the page that looks at March."""
    numbers = [complaint(office) for _ in range(2)]
    office.clock.later(days=20)
    numbers.append(complaint(office))
    return numbers


def told_of(office, *options):
    said = StringIO()
    call_command("conformity", "--desk", office.world.desk.code, "--json", *options, stdout=said)
    return json.loads(said.getvalue())


def asks(office, role="cs_supervisor", **wishes):
    staff = Staff(office.world, role)
    days = {"from": "2026-03-01", "to": "2026-03-31"}
    return staff, staff.post("/conformity/", {"desk": office.world.desk.code, **days, **wishes})


def test_the_counts_of_a_period_are_those_of_its_cases_on_page_and_command(office, looked):
    api = office.api("cs_supervisor")
    of_cases: Counter[tuple[str, str]] = Counter()
    for number in looked:
        of_cases.update((line["id"], line["verdict"]) for line in api.read(f"cases/{number}/conformity")["clauses"])

    answer = told_of(office, "--from", "2026-03-01", "--to", "2026-03-31")
    told = {
        (line["id"], verdict): line[verdict] for line in answer["clauses"] for verdict in ("kept", "running", "broken")
    }
    assert answer["cases"] == 3
    assert +Counter(told) == of_cases
    assert {line["id"] for line in answer["clauses"]} >= {clause.id for clause in office.world.pack.clauses}

    staff, made = asks(office)
    page = staff.get(made["location"])
    broken = [clause for clause, verdict in of_cases if verdict == "broken"]
    assert broken
    for clause in broken:
        listed = text_of(staff.get(f"{made['location']}cases/", {"clause": clause, "verdict": "broken"}))
        assert sum(number in listed for number in looked) == of_cases[clause, "broken"]
        assert "超时" in listed
    assert f"核对个案 {len(looked)}" in text_of(page)
    assert "ISO 10002:2018" in text_of(page)
    by_standard = text_of(staff.get(made["location"], {"by": "standard"}))
    assert "7.6 调查" in by_standard
    assert "8.5 审核" in by_standard


def test_the_report_leaves_as_spreadsheet_and_paper_and_is_noted(office, looked):
    staff, made = asks(office, case=looked[0])
    sheet = b"".join(staff.get(f"{made['location']}conformity.xlsx").streaming_content)
    with ZipFile(BytesIO(sheet)) as book:
        words = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    assert looked[0] in words
    assert "ESC-1.3.3" in words
    assert staff.get(f"{made['location']}conformity.pdf").content.startswith(b"%PDF")
    told = text_of_docx(staff.get(f"{made['location']}conformity.docx").content)
    assert "ESC-1.3.3" in told and "编制：" in told and "8.5" in told
    assert Staff(office.world, "cs_agent").get(made["location"]).status_code == 404


def test_of_many_cases_the_spreadsheet_says_the_result_first_and_what_shows_it_where_a_clause_was_not_kept(
    office, looked
):
    staff, made = asks(office)
    with ZipFile(BytesIO(b"".join(staff.get(f"{made['location']}conformity.xlsx").streaming_content))) as book:
        names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
        sheets = [book.read(f"xl/worksheets/sheet{n}.xml").decode() for n, _ in enumerate(names, start=1)]
    assert names == ["概要", "条款", "标准对照", "个案", "依据"]
    result, _, _, cases, proofs = (re.findall(r"<t[^>]*>([^<]*)</t>", sheet) for sheet in sheets)
    assert "2026年3月1日至2026年3月31日" in result and "个案 3 件" in result
    assert [cases.count(number) for number in looked] == [1, 1, 1]
    assert "不符合" in proofs and "符合" not in proofs and "进行中" not in proofs
    assert all('orientation="landscape"' in sheet for sheet in sheets[1:]) and all(
        "fitToPage" in sheet for sheet in sheets
    )


def test_many_cases_are_left_to_the_worker_and_the_page_says_how_far_it_is(office, looked, monkeypatch):
    monkeypatch.setattr("amends.apps.studies.asking.AT_ONCE", 1)
    monkeypatch.setattr("amends.apps.studies.conformity.AT_ONCE", 2)
    staff, made = asks(office)
    assert "正在核对，已完成 0 / 3 件" in text_of(staff.get(made["location"]))
    office.work()
    assert "核对个案 3" in text_of(staff.get(made["location"]))


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"from": "2026-03-02", "to": "2026-03-01"}, "结束日期早于开始日期，请重新选择时间段。"),
        ({"department": "999999"}, "没有这个部门，或者您看不到它的个案，请另选部门。"),
        ({"case": "NO-SUCH"}, "没有编号为“NO-SUCH”的个案。"),
    ],
)
def test_what_can_not_be_looked_at_is_refused_with_a_sentence(office, wishes, sentence):
    _, answer = asks(office, **wishes)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_an_empty_period_says_so_and_a_department_of_others_is_not_shown(office, looked):
    staff, made = asks(office, **{"from": "2025-01-01", "to": "2025-01-01"})
    assert "这个范围内没有您可以查看的个案" in text_of(staff.get(made["location"]))
    foreign = str(office.department("customer_service"))
    _, answer = asks(office, "department_member", department=foreign)
    assert answer.status_code == 422
    with pytest.raises(CommandError, match="There is no case"):
        call_command("conformity", "--case", "NO-SUCH")


def test_the_mapping_to_the_standard_names_only_what_exists():
    said = StringIO()
    call_command("conformity", "--check-mapping", stdout=said)
    assert "names only what exists" in said.getvalue()
