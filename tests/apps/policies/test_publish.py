"""Publishing: a version is stored once, never changes, and running code reads it from the database."""

import json
import re
import shutil
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction

from amends.apps.ledger.models import Event
from amends.apps.policies.actions import (
    PackRefused,
    load_calendar_folder,
    load_calendar_year,
    open_desk,
    publish_changed_folders,
    publish_folder,
    publish_pack,
    switch_step,
)
from amends.apps.policies.files import read_calendar_files, read_folder
from amends.apps.policies.models import CalendarYear, PackVersion, PublishedIsFixed
from amends.apps.policies.queries import (
    NoPackInForce,
    calendar_for,
    forget_what_is_kept_in_memory,
    pack_in_force,
    read_published,
    version_in_force,
)
from amends.core.canonical import ordered_json
from amends.core.policy.pack import FORMAT

ROOT = Path(__file__).resolve().parents[3]
MINIMAL = ROOT / "tests" / "packs" / "minimal"
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=ZONE)
LATER = datetime(2026, 5, 6, 9, 0, tzinfo=ZONE)

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MINIMAL, tmp_path / "minimal"))


def change(folder: Path, *, days: int) -> None:
    text = (MINIMAL / "pack.yaml").read_text(encoding="utf-8").replace("value: 3", f"value: {days}")
    (folder / "pack.yaml").write_text(text, encoding="utf-8")
    # The examples speak of three days.
    (folder / "examples.yaml").unlink(missing_ok=True)


def test_a_published_pack_is_canonical_text_with_its_hash_and_recorded() -> None:
    version = publish_folder(MINIMAL, now=NOW, actor="person:7")
    assert (version.pack_id, version.version, version.format) == ("minimal", 1, FORMAT)
    assert (version.valid_from, version.valid_until) == (date(2026, 1, 1), None)
    assert json.loads(version.content) == json.loads(json.dumps(read_folder(MINIMAL).raw))
    event = Event.objects.get(kind="publish_pack")
    assert event.actor == "person:7"
    assert event.data["hash"] == version.hash
    assert event.chain.key == "installation"


def test_publishing_is_recorded_on_the_chain_of_each_desk_under_the_pack() -> None:
    open_desk(code="corner", title="街角店", pack_id="minimal", now=NOW)
    publish_folder(MINIMAL, now=NOW)
    chains = Event.objects.filter(kind="publish_pack").values_list("chain__key", flat=True)
    assert list(chains) == ["desk:corner"]


def test_a_pack_with_a_problem_is_refused_with_its_lines(folder: Path) -> None:
    (folder / "clauses.yaml").write_text("[]", encoding="utf-8")
    with pytest.raises(PackRefused) as refused:
        publish_folder(folder, now=NOW)
    assert refused.value.code == "pack_refused"
    assert refused.value.lines[0].endswith("MIN-3.1: a rule names this clause, which clauses.yaml does not have.")
    assert not PackVersion.objects.exists()


def test_a_published_version_is_not_published_again() -> None:
    publish_folder(MINIMAL, now=NOW)
    with pytest.raises(PackRefused) as refused:
        publish_folder(MINIMAL, now=LATER)
    assert [problem.code for problem in refused.value.problems] == ["version_published"]


def test_overlapping_validity_is_refused() -> None:
    raw = read_folder(MINIMAL).raw
    publish_pack(raw, now=NOW)
    with pytest.raises(PackRefused) as refused:
        publish_pack({**raw, "head": {**raw["head"], "version": 2, "valid_from": "2026-06-01"}}, now=NOW)
    assert [problem.sentence() for problem in refused.value.problems] == [
        "minimal: its validity overlaps that of version 1 (2026-01-01 onwards)."
    ]


def test_a_published_version_can_not_be_changed_or_deleted() -> None:
    version = publish_folder(MINIMAL, now=NOW)
    version.content = "{}"
    with pytest.raises(PublishedIsFixed):
        version.save()
    with pytest.raises(PublishedIsFixed):
        version.delete()
    with pytest.raises(PublishedIsFixed):
        PackVersion.objects.all().delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        PackVersion.objects.filter(pk=version.pk).update(content="{}")


def test_a_step_switched_off_in_a_version_of_an_older_format_leaves_the_reasons_it_told() -> None:
    raw = read_folder(ROOT / "packs" / "reporting").raw
    for form in raw["forms"].values():
        for f in form["fields"]:
            f.pop("reason", None)
    PackVersion.objects.create(
        pack_id="reporting", version=1, format=1, valid_from=date(2026, 1, 1), content=ordered_json(raw), hash="old",
        published_at=NOW,
    )  # fmt: skip
    desk = open_desk(code="service", title="客服部", pack_id="reporting", now=NOW)
    switched = switch_step(desk, "dispatched", is_on=False, now=LATER, actor="person:7")
    pack = read_published("reporting", switched.version)
    assert (switched.format, pack.lifecycle.states["dispatched"].skipped) == (FORMAT, True)
    assert pack.forms["reason"].reason_in({"reason": "重复登记"}, ["cs_agent"]) == "重复登记"


def test_a_changed_folder_becomes_the_next_version_from_today(folder: Path) -> None:
    publish_changed_folders([folder], now=NOW)
    assert publish_changed_folders([folder], now=LATER) == []
    change(folder, days=5)
    publish_changed_folders([folder], now=LATER)
    rows = PackVersion.objects.values_list("version", "valid_from", "valid_until")
    assert list(rows) == [(1, date(2026, 1, 1), date(2026, 5, 5)), (2, date(2026, 5, 6), None)]


def test_a_folder_changed_twice_in_a_day_leaves_the_first_change_in_force_for_nobody(folder: Path) -> None:
    desk = open_desk(code="corner", title="街角店", pack_id="minimal", now=NOW)
    for days in (3, 5, 7):
        change(folder, days=days)
        publish_changed_folders([folder], now=LATER)
    assert version_in_force(desk, LATER).version == 3
    assert PackVersion.objects.count() == 3


def test_an_unchanged_folder_is_not_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_changed_folders([folder], now=NOW)
    monkeypatch.setattr("amends.apps.policies.actions.check_folder", lambda *args, **kwargs: pytest.fail("was read"))
    assert publish_changed_folders([folder], now=LATER) == []


def test_a_folder_with_another_comment_is_the_same_policy(folder: Path) -> None:
    publish_changed_folders([folder], now=NOW)
    with (folder / "roles.yaml").open("a", encoding="utf-8") as file:
        file.write("# reviewed\n")
    assert publish_changed_folders([folder], now=LATER) == []
    assert PackVersion.objects.count() == 1


def test_a_folder_changed_back_is_a_new_version_again(folder: Path) -> None:
    for days, now in ((3, NOW), (5, LATER), (3, LATER)):
        change(folder, days=days)
        publish_changed_folders([folder], now=now)
    assert PackVersion.objects.count() == 3


def test_the_version_in_force_follows_the_local_day_of_the_policy(folder: Path) -> None:
    desk = open_desk(code="corner", title="街角店", pack_id="minimal", now=NOW)
    publish_changed_folders([folder], now=NOW)
    change(folder, days=5)
    publish_changed_folders([folder], now=LATER)
    last_moment = datetime(2026, 5, 5, 23, 59, tzinfo=ZONE)
    assert version_in_force(desk, last_moment).version == 1
    assert version_in_force(desk, datetime(2026, 5, 6, 0, 0, tzinfo=ZONE)).version == 2
    assert pack_in_force(desk, LATER).clocks[0].limit.table["general"].working_days == 5
    assert read_published("minimal", 1).clocks[0].limit.table["general"].working_days == 3


def test_a_contact_from_before_the_policy_is_handled_under_the_first_one() -> None:
    desk = open_desk(code="corner", title="街角店", pack_id="minimal", now=NOW)
    publish_folder(MINIMAL, now=NOW)
    assert version_in_force(desk, datetime(2025, 12, 1, 9, 0, tzinfo=ZONE)).version == 1


def test_a_desk_without_a_published_policy_is_refused() -> None:
    desk = open_desk(code="corner", title="街角店", pack_id="minimal", now=NOW)
    with pytest.raises(NoPackInForce):
        pack_in_force(desk, NOW)


def test_packs_are_read_without_a_query_once_known(django_assert_num_queries: object) -> None:
    desk = open_desk(code="corner", title="街角店", pack_id="minimal", now=NOW)
    publish_folder(MINIMAL, now=NOW)
    pack = pack_in_force(desk, NOW)
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert pack_in_force(desk, NOW) is pack
        calendar_for(pack, "default")


def test_a_loaded_year_changes_what_the_calendar_says() -> None:
    publish_folder(MINIMAL, now=NOW)
    pack = read_published("minimal", 1)
    before = calendar_for(pack, "office")
    load_calendar_folder(ROOT / "calendars", now=NOW)
    after = calendar_for(pack, "office")
    make_up_day = date(2026, 2, 14)
    assert (before.is_working(make_up_day), after.is_working(make_up_day)) == (False, True)
    assert before.version != after.version
    forget_what_is_kept_in_memory()
    assert calendar_for(pack, "office").version == after.version


def test_a_year_is_loaded_once_and_a_corrected_one_is_its_next_version() -> None:
    content = next(c for c in read_calendar_files(ROOT / "calendars") if c["year"] == 2026)
    assert load_calendar_year(content, now=NOW).is_new
    assert not load_calendar_year(content, now=LATER).is_new
    corrected = {**content, "days": content["days"][1:]}
    assert load_calendar_year(corrected, now=LATER, actor="person:7").is_new
    assert list(CalendarYear.objects.values_list("year", "version")) == [(2026, 1), (2026, 2)]
    assert [event.data["version"] for event in Event.objects.filter(kind="load_calendar_year").order_by("seq")] == [
        1,
        2,
    ]


YEAR = """region: CN
year: 2027
holidays: {new_year: {zh-Hans: 元旦}}
days:
  - {date: 2027-01-01, closed: new_year}
"""


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "holds no calendars: they are called <region>/<year>.yaml"),
        ({"2027": "days: ["}, "2027.yaml: this is not valid YAML"),
        ({"2027": YEAR.replace("2027-01-01", "2027-13-45")}, "2027.yaml: days.0.date: Input should be a valid date"),
        ({"2027": YEAR.replace("closed: new", "closed: old")}, "holiday 'old_year' has no name"),
        ({"2028": YEAR}, "2028.yaml: it holds CN 2027"),
        (
            {"2026": YEAR.replace("2027", "2026", 1), "2027": YEAR.replace("closed", "open")},
            "CN: the years 2026 and 2027 disagree about 2027-01-01",
        ),
    ],
    ids=["no files", "no YAML", "no such day", "no such holiday", "another year", "disagreeing years"],
)
def test_a_calendar_that_is_wrong_is_refused_by_its_file_and_leaves_all_as_it_was(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    (tmp_path / "CN").mkdir()
    for name, text in files.items():
        (tmp_path / "CN" / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=re.escape(said)):
        call_command("load_calendar", str(tmp_path))
    assert not CalendarYear.objects.exists()


def test_the_command_publishes_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("pack", "publish", str(MINIMAL))
    assert capsys.readouterr().out == "minimal version 1 is published, valid from 2026-01-01.\n"
    with pytest.raises(SystemExit) as left:
        call_command("pack", "publish", str(MINIMAL))
    assert left.value.code == 1
    assert "version 1 exists already" in capsys.readouterr().out


def test_the_command_prints_problems_and_leaves_with_1(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "roles.yaml").write_text("roles: {}\n", encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        call_command("pack", "check", str(folder), "--json")
    assert left.value.code == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer[0]["ok"] is False
    assert {problem["code"] for problem in answer[0]["problems"]} >= {"unknown_role", "waits_for_ever"}


def test_the_command_names_overlapping_validity_of_folders_and_published_versions(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish_folder(MINIMAL, now=NOW)
    call_command("pack", "check", str(MINIMAL), "--published")
    text = (MINIMAL / "pack.yaml").read_text(encoding="utf-8").replace("version: 1", "version: 2")
    (folder / "pack.yaml").write_text(text, encoding="utf-8")
    for others in ([str(MINIMAL)], ["--published"]):
        capsys.readouterr()
        with pytest.raises(SystemExit):
            call_command("pack", "check", str(folder), *others)
        overlap = "minimal: its validity overlaps that of version 1 (2026-01-01 onwards)."
        assert capsys.readouterr().out.splitlines()[0] == f"{folder / 'pack.yaml'}:3  {overlap}"


def test_the_command_prints_a_schema_for_editors(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("pack", "schema")
    schema = json.loads(capsys.readouterr().out)
    assert {"head", "lifecycle", "clocks", "forms"} <= set(schema["properties"])
