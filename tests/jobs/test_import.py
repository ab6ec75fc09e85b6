"""`import_cases`: what comes in, what is listed, and that it continues where it was broken off."""

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command

from amends.apps.cases.actions import Wish, perform
from amends.apps.cases.clocks import clocks_of
from amends.apps.cases.conformity import conformity_of
from amends.apps.cases.facts import facts_text, pack_of, rebuilt_facts
from amends.apps.cases.models import Case, ClockRow, ImportJob, OldRecord
from amends.apps.cases.search import matching
from amends.apps.ledger.models import Chain, Event
from amends.apps.ledger.queries import details_of, events_of
from amends.apps.messaging.models import Notice, OutboxMessage
from amends.apps.people.models import Complainant
from amends.core.refusals import Refusal
from amends.jobs.imports import running
from amends.jobs.imports.encodings import ImportRefused
from amends.jobs.imports.mapping import Mapping
from amends.jobs.imports.running import Order, run_import
from tests.acceptance.conftest import made_worlds
from tests.world import DeskWorld

__all__ = ["made_worlds"]
pytestmark = pytest.mark.django_db
PACKS = ("express",)
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HEADER = ["编号", "姓名", "电话", "收到", "结案", "事由", "经过", "类别"]
MAPPING = {
    "source": "old_system",
    "desk": "express",
    "by": "express.administrator",
    "zone": "Asia/Shanghai",
    "kind": "complaint",
    "channel": "telephone",
    "state": "archived",
    "number": "编号",
    "opened_at": "收到",
    "closed_at": "结案",
    "fields": {
        "complainant_name": "姓名",
        "complainant_phone": "电话",
        "subject": "事由",
        "description": "经过",
        "category": {
            "column": "类别",
            "values": {"延误": "service_quality/delayed", "破损": "service_quality/damaged"},
        },
    },
}
GOOD = ["A-1", "张伟", "13912345678", "2024-05-06 09:30", "2024-05-09 17:00", "快件迟到", "晚了三天才到。", "延误"]


@pytest.fixture(autouse=True)
def desk(made_worlds, db, settings, tmp_path) -> DeskWorld:
    """The desk that was opened at NOW, as no test has touched it."""
    settings.VAR_DIR = tmp_path / "var"
    return replace(made_worlds["express"], now=NOW, wishes={}, callers=[])


def row(number, **changes):
    return [changes.get(name, value) for name, value in zip(HEADER, [number, *GOOD[1:]], strict=True)]


def table(tmp_path, rows, name="old.csv", encoding="utf-8"):
    path = tmp_path / name
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def imported(path, *, mapping=None, **options):
    return run_import(
        Order(file=path, mapping=Mapping.model_validate({**MAPPING, **(mapping or {})}), now=NOW, **options)
    )


def listed(summary):
    with Path(summary.report).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# What comes in


def test_an_old_case_has_one_event_with_source_and_original_times(tmp_path):
    summary = imported(table(tmp_path, [GOOD]))

    case = Case.objects.get()
    (event,) = events_of(case.chain)
    assert (summary.rows, summary.taken_over, summary.already_there, summary.refused) == (1, 1, 0, 0)
    assert (event.kind, event.at, event.data["to"]) == ("take_over", NOW, "archived")
    assert event.data["source"] == {"system": "old_system", "number": "A-1", "whole_days": False}
    assert event.data["set"]["received_at"] == "2024-05-06T01:30:00Z"
    assert event.data["set"]["source_closed_at"] == "2024-05-09T09:00:00Z"
    assert (case.state, case.taken_over, case.category) == ("archived", True, "service_quality/delayed")
    assert (case.received_at, case.closed_at) == (
        datetime(2024, 5, 6, 1, 30, tzinfo=UTC),
        datetime(2024, 5, 9, 9, 0, tzinfo=UTC),
    )
    assert (str(case.received_on), case.registered_at, case.archived_at) == ("2024-05-06", NOW, NOW)
    assert case.number == "KD202405-00001"


def test_its_texts_lie_beside_the_event_and_it_is_found_by_them(tmp_path):
    imported(table(tmp_path, [GOOD]))

    case = Case.objects.get()
    events = events_of(case.chain)
    texts = {name: detail.text for name, detail in details_of(events)[case.chain_id, 1].items()}
    assert texts["description"] == "晚了三天才到。"
    assert "晚了三天" not in events[0].payload
    for word in ("三天才到", "A-1", "KD202405-00001", "張偉"):
        assert list(matching(Case.objects.all(), word)) == [case]


def test_the_row_is_what_its_event_gives(tmp_path):
    imported(table(tmp_path, [GOOD]))

    case = Case.objects.get()
    assert case.facts == facts_text(rebuilt_facts(case))
    assert case.chain.head_seq == case.version == 1


def test_clocks_and_conformity_do_not_judge_it(tmp_path):
    imported(table(tmp_path, [GOOD]))

    case = Case.objects.get()
    assert (clocks_of(case, pack_of(case), NOW), ClockRow.objects.count(), case.due_at) == ([], 0, None)
    assert conformity_of(case, pack_of(case), NOW)["note"] == "taken_over_not_judged"


def test_nobody_is_told(tmp_path):
    imported(table(tmp_path, [GOOD]))

    assert (OutboxMessage.objects.count(), Notice.objects.count()) == (0, 0)


def test_what_a_policy_asks_of_new_cases_is_not_asked_of_old_ones(tmp_path):
    bare = row("A-2", 姓名="", 电话="", 结案="", 事由="", 经过="字" * 5000, 类别="")

    assert imported(table(tmp_path, [bare])).refused == 0
    case = Case.objects.get()
    assert (case.complainant, case.closed_at, case.category, case.subject) == (None, None, "", "")


def test_one_complainant_is_known_again_by_name_and_number(tmp_path):
    other = row("A-3", 姓名="李娜")
    imported(table(tmp_path, [GOOD, row("A-2", 电话="+86 139 1234 5678"), other, row("A-4", 电话="")]))

    people = {record.number: record.case.complainant_id for record in OldRecord.objects.select_related("case")}
    assert people["A-1"] == people["A-2"]
    assert len({people["A-1"], people["A-3"], people["A-4"]}) == 3 == Complainant.objects.count()


def test_numbers_follow_the_file(tmp_path):
    rows = [row("A-1"), row("A-2", 收到="2024-06-01", 结案=""), row("A-3")]
    imported(table(tmp_path, rows))

    numbers = OldRecord.objects.order_by("number").values_list("case__number", flat=True)
    assert list(numbers) == ["KD202405-00001", "KD202406-00001", "KD202405-00002"]


def test_a_reopened_old_case_is_judged_from_then_on(tmp_path, desk):
    imported(table(tmp_path, [GOOD]))

    case = desk.do(Case.objects.get(), "reopen")

    assert (case.cycle, case.closed_at, case.is_open) == (2, None, True)
    assert ClockRow.objects.filter(case=case).exists()
    assert conformity_of(case, pack_of(case), NOW)["note"] is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_of_the_file_makes_no_difference(tmp_path, encoding):
    summary = imported(table(tmp_path, [GOOD], encoding=encoding))

    assert (summary.encoding, summary.taken_over) == (encoding, 1)
    assert Case.objects.get().subject == "快件迟到"


def test_a_workbook_is_imported_like_a_csv(tmp_path):
    path = tmp_path / "old.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for place, cells in enumerate([HEADER, GOOD]):
            sheet.write_row(place, 0, cells)

    assert imported(path).taken_over == 1
    assert Case.objects.get().received_at == datetime(2024, 5, 6, 1, 30, tzinfo=UTC)


def test_an_old_case_that_hides_its_reporter_is_not_found_by_them(tmp_path):
    imported(table(tmp_path, [GOOD]), mapping={"kind": "internal_complaint"})

    assert Case.objects.get().hides_reporter
    assert [matching(Case.objects.all(), words).count() for words in ("张伟", "13912345678", "快件迟到")] == [0, 0, 1]


# What is listed


def test_bad_rows_are_listed_with_line_field_reason_and_the_row(tmp_path):
    bad = {
        "A-2": row("A-2", 电话="12345678901"),
        "A-3": row("A-3", 类别="丢失"),
        "A-4": row("A-4", 收到="1991-04-14 02:30"),
        "A-5": row("A-5", 结案="2024-05-01"),
        "A-6": row("A-6", 收到="2026-05-01", 结案=""),
        "A-7": row("A-7", 经过="响铃\x07"),
        "A-8": row("A-8", 收到="上周", 类别="?"),
    }
    summary = imported(table(tmp_path, [GOOD, *bad.values()]))

    assert (summary.taken_over, summary.refused) == (1, 7)
    report = {line["编号"]: line for line in listed(summary)}
    assert {number: line["field"] for number, line in report.items()} == {
        "A-2": "complainant_phone",
        "A-3": "category",
        "A-4": "opened_at",
        "A-5": "closed_at",
        "A-6": "opened_at",
        "A-7": "description",
        "A-8": "opened_at; category",
    }
    assert report["A-5"]["reason"] == "结案时间早于收到时间。"
    assert report["A-4"]["reason"] == "“1991-04-14 02:30”在当地不存在或出现两次（夏令时切换）。"
    assert [line["line"] for line in report.values()] == ["3", "4", "5", "6", "7", "8", "9"]
    assert [list(line.values())[3:] for line in report.values()] == list(bad.values())


def test_the_report_can_be_corrected_and_imported(tmp_path):
    summary = imported(table(tmp_path, [GOOD, row("A-2", 类别="丢失")]))
    text = Path(summary.report).read_text(encoding="utf-8-sig").replace("丢失", "破损")
    corrected = tmp_path / "corrected.csv"
    corrected.write_text(text, encoding="utf-8")

    again = imported(corrected, mapping={"ignore": ["line", "field", "reason"]})

    assert (again.taken_over, again.refused) == (1, 0)
    assert OldRecord.objects.get(number="A-2").case.category == "service_quality/damaged"


def test_no_cell_of_the_report_is_a_formula_and_a_corrected_one_is_imported_as_it_was_typed(tmp_path):
    typed = {"经过": '=HYPERLINK("http://evil.example")', "电话": "+86 138 0013 8000", "姓名": "'@王"}
    summary = imported(table(tmp_path, [row("A-2", 类别="丢失", **typed), row("A-3", 类别="丢失")]))

    (line, _) = listed(summary)
    assert {name: line[name] for name in typed} == {name: f"'{cell}" for name, cell in typed.items()}
    assert all(cell[:1] not in "=+-@\t\r\n" or not cell for cell in line.values())

    text = Path(summary.report).read_text(encoding="utf-8-sig").replace(",丢失\n", ",破损\n", 1)
    corrected = tmp_path / "corrected.csv"
    corrected.write_text(text, encoding="utf-8")
    again = imported(corrected, mapping={"ignore": ["line", "field", "reason"]})

    assert (again.taken_over, again.refused) == (1, 1)
    texts = details_of(events_of(OldRecord.objects.get(number="A-2").case.chain))
    kept = {detail.text for fields in texts.values() for detail in fields.values()}
    assert {'=HYPERLINK("http://evil.example")', "+8613800138000", "'@王"} <= kept
    # What is still refused is listed under the same columns, not under them twice.
    assert list(listed(again)[0]) == list(listed(summary)[0])


def test_a_number_with_other_content_is_listed_and_changes_nothing(tmp_path):
    path = table(tmp_path, [GOOD, GOOD, row("A-1", 事由="另一件事")])
    summary = imported(path)

    assert (summary.taken_over, summary.already_there, summary.refused) == (1, 1, 1)
    assert [line["line"] for line in listed(summary)] == ["4"]
    assert Case.objects.get().subject == "快件迟到"


# The same again, and the rest


def everything():
    cases = list(Case.objects.order_by("number").values("number", "facts", "subject", "complainant__name", "closed_at"))
    return cases, Chain.objects.count(), Event.objects.count(), Complainant.objects.count(), OldRecord.objects.count()


def test_the_same_file_again_changes_nothing(tmp_path):
    path = table(tmp_path, [row(f"A-{number}") for number in range(7)] + [row("A-9", 类别="丢失")])
    first = imported(path)
    before, job = everything(), ImportJob.objects.values().get()
    second = imported(path)
    other_job = imported(path, job="another")

    assert everything() == before
    assert ImportJob.objects.filter(key=job["key"]).values().get() == job
    for summary in (second, other_job):
        assert (summary.taken_over, summary.already_there, summary.refused) == (0, 7, 1)
        assert listed(summary) == listed(first)


class PulledPlug(Exception):
    pass


@pytest.mark.parametrize("batch", [0, 1, 2, 3, 4])
def test_a_broken_off_import_continues_to_the_same_result(tmp_path, monkeypatch, batch):
    monkeypatch.setattr(running, "MOST_AT_ONCE", 2)
    rows = [row(f"A-{number}", 类别="延误" if number % 3 else "丢失") for number in range(10)]
    path = table(tmp_path, rows)
    stored = running.store_old_cases
    calls = []

    def breaks(judged, *, context):
        fates = stored(judged, context=context)
        calls.append(1)
        if len(calls) == batch + 1:
            raise PulledPlug
        return fates

    monkeypatch.setattr(running, "store_old_cases", breaks)
    with pytest.raises(PulledPlug):
        imported(path)
    assert OldRecord.objects.count() <= 2 * batch
    summary = imported(path)

    assert (summary.rows, summary.taken_over, summary.already_there, summary.refused) == (10, 6, 0, 4)
    assert summary.continued_at == 2 * batch
    assert [line["编号"] for line in listed(summary)] == ["A-0", "A-3", "A-6", "A-9"]
    numbers = OldRecord.objects.order_by("number").values_list("case__number", flat=True)
    assert list(numbers) == [f"KD202405-{n:05}" for n in range(1, 7)]


def test_a_lost_report_is_written_anew(tmp_path, monkeypatch):
    path = table(tmp_path, [row("A-0", 类别="丢失"), GOOD])
    first = imported(path)
    Path(first.report).unlink()

    assert [line["编号"] for line in listed(imported(path))] == ["A-0"]


def test_two_processes_do_not_run_one_job(tmp_path, monkeypatch):
    path = table(tmp_path, [GOOD])
    stored = running.store_old_cases

    def meanwhile(judged, *, context):
        ImportJob.objects.update(rows_done=1)
        return stored(judged, context=context)

    monkeypatch.setattr(running, "store_old_cases", meanwhile)
    with pytest.raises(ImportRefused, match="另一个进程"):
        imported(path)
    assert Case.objects.count() == 0


def test_a_job_stays_with_its_file(tmp_path):
    imported(table(tmp_path, [GOOD]), job="spring")

    with pytest.raises(ImportRefused, match="spring"):
        imported(table(tmp_path, [row("A-2")], name="other.csv"), job="spring")


def test_a_dry_run_says_what_would_happen_and_stores_nothing(tmp_path):
    rows = [GOOD, GOOD, row("A-1", 事由="另一件事"), row("A-2", 类别="丢失")]
    summary = imported(table(tmp_path, rows), dry_run=True)

    assert (summary.taken_over, summary.already_there, summary.refused) == (1, 1, 2)
    assert [line["line"] for line in listed(summary)] == ["4", "5"]
    assert (Case.objects.count(), ImportJob.objects.count(), Complainant.objects.count()) == (0, 0, 0)


# Who may, and what fits


@pytest.mark.parametrize("by", ["express.employee", "nobody"])
def test_taking_over_needs_the_right(tmp_path, by):
    with pytest.raises(ImportRefused):
        imported(table(tmp_path, [GOOD]), by=by)
    assert Case.objects.count() == 0


def test_without_a_name_it_says_who_may(tmp_path):
    with pytest.raises(ImportRefused, match=r"express\.administrator"):
        imported(table(tmp_path, [GOOD]), mapping={"by": ""})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"desk": "nowhere"}, "nowhere"),
        ({"state": "received"}, "archived"),
        ({"channel": "pigeon"}, "telephone"),
        ({"kind": {"column": "类别", "values": {"延误": "praise"}}, "fields": {}}, "praise"),
        ({"fields": {**MAPPING["fields"], "mood": {"constant": "bad"}}}, "mood"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_before_the_first_row(tmp_path, changes, said):
    ignored = {"ignore": HEADER} if changes.get("fields") == {} else {}
    with pytest.raises(ImportRefused, match=said):
        imported(table(tmp_path, [GOOD]), mapping={**changes, **ignored})


# The command


@pytest.fixture
def mapping_file(tmp_path):
    path = tmp_path / "mapping.json.yaml"
    path.write_text(json.dumps(MAPPING, ensure_ascii=False), encoding="utf-8")
    return path


def test_the_command_prints_a_summary(tmp_path, mapping_file, capsys):
    path = table(tmp_path, [GOOD, row("A-2", 类别="丢失")])
    call_command("import_cases", str(path), "--mapping", str(mapping_file), "--json")
    summary = json.loads(capsys.readouterr().out)
    call_command("import_cases", str(path), "--mapping", str(mapping_file))
    text = capsys.readouterr().out

    assert (summary["rows"], summary["taken_over"], summary["refused"]) == (2, 1, 1)
    assert "2 rows read as utf-8: 0 taken over, 1 already there, 1 not taken." in text
    assert summary["report"] in text


def test_the_command_refuses_with_a_sentence(tmp_path, mapping_file):
    with pytest.raises(CommandError, match="没有找到文件"):
        call_command("import_cases", str(tmp_path / "absent.csv"), "--mapping", str(mapping_file))


def test_a_taken_over_case_still_refuses_what_its_state_does_not_allow(tmp_path, desk):
    imported(table(tmp_path, [GOOD]))
    case = Case.objects.get()

    with pytest.raises(Refusal):
        perform(case, Wish(verb="investigate", data={}, caller=desk.caller("department_head"), now=NOW))
