"""The stories of the packs' demos: legal under their policy, played through the same doors as any case."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.test import Client

from amends.apps.cases.evidence import open_evidence
from amends.apps.cases.facts import facts_of, facts_text, rebuilt_facts
from amends.apps.cases.models import Case, Draft, EvidenceFile, FoundPost, SearchEntry
from amends.apps.cases.proceeding_models import Proceeding, RegisterLine
from amends.apps.circulars.models import BookEntry, BookGroup, Circular
from amends.apps.deferred.models import Job
from amends.apps.ledger.models import Detail, Event
from amends.apps.ledger.verification import State, verify
from amends.apps.mail.models import IncomingMail, Mailbox
from amends.apps.messaging.models import Notice, OutboxMessage
from amends.apps.outlook.models import Analysis, LeadingFigure
from amends.apps.people.models import Complainant, ContactPoint, Partner, Person
from amends.apps.policies.check import check_folder
from amends.apps.policies.models import Desk
from amends.apps.training.models import Attempt
from amends.core.working_time import WorkingCalendar
from amends.jobs import demo
from amends.jobs.demo_removal import remove_demo
from amends.jobs.organisation import build_organisation
from amends.jobs.stories import playing_all
from amends.jobs.stories.around import fill_around, told_around
from amends.jobs.stories.checking import with_stories, working_calendar
from amends.jobs.stories.composing import compose, texts_of
from amends.jobs.stories.knowing import look_at_the_cases
from amends.jobs.stories.moments import BadSpan, first_moment, next_moment
from amends.jobs.stories.paper import SOME_DAYS, faults_of
from amends.jobs.stories.playing import DeskStage, play, stage_of
from amends.jobs.stories.programme import everything_of, stories_of
from amends.jobs.stories.recording import keep_record
from amends.jobs.stories.script import Story, read_records, read_stories
from tests.world import ROOT, SHIPPED, publish_shipped

PACKS, CALENDARS = ROOT / "packs", ROOT / "calendars"
NOW = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def calendar() -> WorkingCalendar:
    pack = check_folder(PACKS / "express", calendars=CALENDARS).pack
    assert pack is not None
    return working_calendar(pack, CALENDARS)


@pytest.mark.parametrize(
    ("text", "now", "begins"),
    [
        ("1wd 09:12", "2026-11-27T10:00+08:00", "2026-11-26T09:12+08:00"),
        ("1wd 09:12", "2026-11-30T08:00+08:00", "2026-11-27T09:12+08:00"),
        ("1wd 16:00", "2026-10-04T12:00+08:00", "2026-09-30T16:00+08:00"),
        ("2d 21:40", "2027-01-02T07:50+08:00", "2026-12-31T21:40+08:00"),
        ("25m", "2026-11-27T10:00+08:00", "2026-11-27T09:35+08:00"),
    ],
)
def test_a_story_begins_so_long_before_today(text: str, now: str, begins: str, calendar: WorkingCalendar) -> None:
    assert first_moment(text, now=datetime.fromisoformat(now), calendar=calendar) == datetime.fromisoformat(begins)


@pytest.mark.parametrize(
    ("text", "follows"),
    [
        ("25m", "2026-11-27T17:05+08:00"),
        ("2wh", "2026-11-30T09:40+08:00"),
        ("1wd 10:30", "2026-11-30T10:30+08:00"),
        ("0wd 17:50", "2026-11-27T17:50+08:00"),
        ("1d 21:15", "2026-11-28T21:15+08:00"),
    ],
)
def test_a_step_follows_the_one_before(text: str, follows: str, calendar: WorkingCalendar) -> None:
    before = datetime.fromisoformat("2026-11-27T16:40+08:00")
    assert next_moment(text, before=before, calendar=calendar) == datetime.fromisoformat(follows)


@pytest.mark.parametrize("text", ["", "soon", "1wd", "0wd 09:00", "-1d 10:00", "25m 10:00", "1d 25:00"])
def test_a_time_that_can_not_be_is_refused(text: str, calendar: WorkingCalendar) -> None:
    with pytest.raises(BadSpan):
        next_moment(text, before=datetime.fromisoformat("2026-11-27T16:40+08:00"), calendar=calendar)


def stage_for(pack_id: str, stories: list[Story]) -> DeskStage:
    publish_shipped((pack_id,), now=NOW)
    desk = demo.open_desk(code=pack_id, title=pack_id, pack_id=pack_id, now=NOW, is_demo=True)
    pack = demo.pack_in_force(desk, NOW)
    build_organisation(desk, pack, now=NOW, is_demo=True)
    return stage_of(desk, now=NOW, subjects={story.id: story.subject for story in stories})


@pytest.mark.django_db
@pytest.mark.parametrize("pack_id", SHIPPED)
def test_every_story_ends_as_it_says(pack_id: str) -> None:
    stories = read_stories(PACKS / pack_id).stories
    stage = stage_for(pack_id, stories)
    for story in sorted(stories, key=lambda s: first_moment(s.steps[0].when, now=NOW, calendar=stage.calendar)):
        case = play(story, stage, now=NOW)
        facts = facts_of(case)
        assert {name: facts.value(name) for name in story.ends} == dict(story.ends), story.id
        assert facts_text(rebuilt_facts(case)) == case.facts
        assert case.changed_at <= NOW
        assert case.sweep_at > NOW
    assert not Job.objects.exclude(kind="make_preview").exists()
    assert set(OutboxMessage.objects.values_list("state", "sealed", "error")) <= {("withheld", "", "part of a demo")}
    assert not Notice.objects.filter(created_at__gt=NOW).exists()


@pytest.mark.django_db
def test_reminders_come_when_they_were_due_and_what_is_over_was_seen() -> None:
    stories = {story.id: story for story in read_stories(PACKS / "escalation").stories}
    stage = stage_for("escalation", list(stories.values()))
    late = play(stories["drilled_pipe"], stage, now=NOW)
    assert late.is_late
    overdue = Notice.objects.filter(case_key=str(late.pk), message="overdue")
    assert overdue.filter(created_at__lt=NOW - timedelta(days=1)).exists()
    over = play(stories["burning_smell"], stage, now=NOW)
    assert not Notice.objects.filter(case_key=str(over.pk), acknowledged_at=None).exists()


@pytest.mark.django_db
def test_partners_are_asked_object_and_hear_how_it_was_ruled() -> None:
    stories = {story.id: story for story in read_stories(PACKS / "express").stories}
    stage = stage_for("express", list(stories.values()))
    played = [
        play(stories[name], stage, now=NOW) for name in ("pickup_code_mixup", "pallet_in_the_rain", "lens_crushed")
    ]

    found = [case.proceedings.get(kind="responsibility") for case in played]

    assert [one.state for one in found] == ["clarifying", "disputed", "confirmed"]
    assert [one.partner_keys.exists() for one in found] == [True, True, True]
    objected = Event.objects.filter(chain=found[1].chain, kind="object").get()
    assert objected.actor == f"partner:{Partner.objects.get(kind='warehousing').pk}"


def copy_of(pack_id: str, folder: Path) -> Path:
    return Path(shutil.copytree(PACKS / pack_id, folder / pack_id))


def test_a_policy_that_changes_names_the_stories_that_can_not_go_on(tmp_path: Path) -> None:
    folder = copy_of("escalation", tmp_path)
    roles = folder / "lifecycle.yaml"
    text = roles.read_text(encoding="utf-8")
    changed = text.replace(
        "by: [senior_management]\n    title: {zh-Hans: 确认收悉", "by: [cs_supervisor]\n    title: {zh-Hans: 确认收悉"
    )
    assert changed != text
    roles.write_text(changed, encoding="utf-8")
    check = with_stories(check_folder(folder, calendars=CALENDARS), calendars=CALENDARS)
    stories = (folder / "demo" / "stories_1.yaml").read_text(encoding="utf-8").splitlines()
    found = [line for line in check.lines if line.problem.key == "burning_smell"]
    assert [line.problem.message for line in found] == ["“acknowledge”这一步走不通：您没有“确认收悉”的权限。"]
    assert found[0].place.file.name == "stories_1.yaml"
    assert stories[found[0].place.line - 1].strip() == "- do: acknowledge"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("      by: cs_agent\n      at: 88wd", "      by: nobody\n      at: 88wd", "没有“nobody”。"),
        ("item: 1, measure_note: 购机款", "item: 9, measure_note: 购机款", "没有第 9 项，或者它已经完成。"),
        (
            "{state: archived, level: level_1, outcome",
            "{state: closed, level: level_1, outcome",
            "结尾应为 state：closed",
        ),
        ('      loss_amount: "486"', '      loss: "486"', "没有“loss”这一项"),
        ("{do: grade, by: intake_officer, after: 9m,", "{do: grade, by: intake_officer, after: soon,", "没有“soon”。"),
    ],
)
def test_a_story_that_is_written_wrong_is_named_with_its_line(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    folder = copy_of("escalation", tmp_path)
    file = folder / "demo" / "stories_1.yaml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    check = with_stories(check_folder(folder, calendars=CALENDARS), calendars=CALENDARS)
    assert [said in line.problem.message for line in check.lines if line.problem.key == "burning_smell"] == [True]


def demo_played() -> list[str]:
    return list(Event.objects.filter(kind="demo_played").values_list("chain__key", flat=True))


@pytest.mark.django_db
def test_the_worker_plays_in_batches_and_then_says_so_on_each_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing_all, "SECONDS_A_BATCH", 0)
    stage = stage_for("market", [])
    playing_all.begin_to_play(now=NOW)
    last = playing_all.programme(NOW)[-6:]
    monkeypatch.setattr(playing_all, "programme", lambda now: last)
    for first in range(6):
        assert playing_all.play_some(now=NOW, first=first) == 1
    # The desk is finished in a piece of work of its own: whoever waits for the database does not wait for both.
    assert not demo_played()
    assert playing_all.play_some(now=NOW, first=6) == 1
    assert demo_played() == ["desk:market"]
    assert Job.objects.filter(kind=playing_all.KIND).count() == 7
    assert Case.objects.filter(desk=stage.desk).count() >= 6
    numbers = list(Case.objects.order_by("received_at").values_list("number", flat=True))
    assert numbers == sorted(numbers)
    assert not (demo.settings.VAR_DIR / playing_all.PROGRESS_FILE).exists()


@pytest.mark.django_db
def test_removing_leaves_nothing_that_was_written_and_every_chain_whole(settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    stories = read_stories(PACKS / "express").stories
    stage = stage_for("express", stories)
    case = play(stories[0], stage, now=NOW)
    canaries = ["许清扬", "13900000501", "助听", "东门"]
    locations = [file.location for file in case.evidence.all()]
    assert locations
    open_evidence(case.evidence.all()[0]).close()
    Draft.objects.create(owner="person:1", place=f"case:{case.number}:note", content="助听器", saved_at=NOW)
    words = [row.words for row in SearchEntry.objects.all()]
    assert any("助听" in entry for entry in words)
    assert Partner.objects.filter(desk__is_demo=True, retired_at=None).count() == 3
    removed = remove_demo(now=NOW)
    assert (removed.desks, removed.cases, removed.files) == (1, 1, len(locations))
    for model in (Detail, SearchEntry, Draft, OutboxMessage, Notice, Complainant, ContactPoint, Case, EvidenceFile):
        kept = json.dumps([list(map(str, row)) for row in model.objects.values_list()], ensure_ascii=False)
        assert not [word for word in canaries if word in kept], model.__name__
    assert verify(trusted_keys=set()).state is not State.BROKEN
    assert not Person.objects.filter(is_demo=True, is_active=True).exists()
    assert not Partner.objects.filter(retired_at=None).exists()
    assert Desk.objects.get().closed_at == NOW
    assert not [location for location in locations if default_storage.exists(location)]


@pytest.mark.django_db
def test_mail_posts_and_an_address_book_lie_around_the_cases_and_go_with_them(settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    desks = [stage_for(pack_id, []).desk for pack_id in ("escalation", "express", "service")]
    for desk in desks:
        fill_around(desk, now=NOW)
    states = Counter(IncomingMail.objects.values_list("state", flat=True))
    assert states == {"case": 3, "ignored": 1, "quarantined": 1}
    assert IncomingMail.objects.filter(arrived_at__lt=NOW - timedelta(hours=20)).count() == 2
    assert Counter(FoundPost.objects.values_list("state", flat=True)) == {"ignored": 2, "new": 2}
    assert Counter(BookEntry.objects.values_list("state", flat=True)) == {"entered": 8, "approved": 1, "applied": 1}
    assert sorted(Circular.objects.values_list("state", flat=True)) == ["draft", "sent"]
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {"withheld"}
    remove_demo(now=NOW)
    for model in (IncomingMail, FoundPost, BookEntry, BookGroup, OutboxMessage, Detail, Case, EvidenceFile):
        kept = json.dumps([list(map(str, row)) for row in model.objects.values_list()], ensure_ascii=False)
        assert not [word for word in ("秦晓岚", "山里有风", "费志强", "1390000095") if word in kept], model.__name__
    assert not Mailbox.objects.filter(closed_at=None).exists()


@pytest.mark.django_db
def test_records_of_no_case_and_what_a_desk_made_of_its_cases_are_kept_and_go_with_them(
    settings, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    records = read_records(PACKS / "escalation").stories
    stage = stage_for("escalation", records)
    made = {story.id: keep_record(story, stage, now=NOW) for story in records}
    assert made["supplier_seals"].subject == "东岭橡塑制品有限公司"
    assert {name: made[name].state for name in ("supplier_motors", "purchase_motors", "reward_half_year")} == {
        "supplier_motors": "qualified", "purchase_motors": "recorded", "reward_half_year": "published",
    }  # fmt: skip
    assert RegisterLine.objects.filter(desk=stage.desk).count() == len(records)
    look_at_the_cases(stage.desk, told_around("escalation"), now=NOW)
    report = Proceeding.objects.get(desk=stage.desk, kind="monthly_assessment")
    assert (report.state, Analysis.objects.get(desk=stage.desk).last.isoformat()) == ("released", "2026-10-31")
    remove_demo(now=NOW)
    for model in (Detail, Proceeding, Analysis, OutboxMessage):
        kept = json.dumps([list(map(str, row)) for row in model.objects.values_list()], ensure_ascii=False)
        assert not [word for word in ("东岭橡塑", "门封条", "流动红旗") if word in kept], model.__name__
    assert verify(trusted_keys=set()).state is not State.BROKEN


@pytest.mark.django_db
def test_people_of_the_demo_took_their_tests_and_outlets_sent_their_figures() -> None:
    desk = stage_for("express", []).desk
    look_at_the_cases(desk, told_around("express"), now=NOW)
    passed = Counter(Attempt.objects.values_list("module", "passed"))
    assert passed[("principles", True)] >= 3
    assert passed[("process", False)] >= 1
    assert LeadingFigure.objects.filter(desk=desk).count() == 6


def test_demo_people_sign_in_on_this_machine_only(db: None) -> None:
    Person.objects.create_person(username="demo", name="演示", password="printed-on-a-screen", is_demo=True)
    form = {"username": "demo", "password": "printed-on-a-screen"}
    refused = [
        Client(REMOTE_ADDR="10.1.2.3").post("/sign-in/", form, headers={"host": "127.0.0.1:8000"}),
        Client().post("/sign-in/", form, headers={"host": "desk.example.com"}),
        Client().post("/sign-in/", form, headers={"host": "127.0.0.1", "x-forwarded-for": "10.1.2.3"}),
    ]
    assert [response.status_code for response in refused] == [422, 422, 422]
    assert "演示账号只能在安装本系统的这台机器上登录" in refused[0].content.decode()
    assert Client().post("/sign-in/", form, headers={"host": "127.0.0.1:8000"}).status_code == 302


@pytest.mark.django_db
def test_the_pages_say_how_far_the_demo_has_come(settings, tmp_path: Path) -> None:
    settings.DEMO, settings.VAR_DIR = True, tmp_path
    person = Person.objects.create_person(username="admin", name="管理员", password="x", is_administrator=True)
    client = Client()
    client.force_login(person)
    assert "演示数据正在生成" not in client.get("/").content.decode()
    (tmp_path / "demo_progress.json").write_text('{"done": 40, "of": 300}')
    assert "演示数据正在生成（40/300）" in client.get("/").content.decode()


@pytest.mark.django_db
def test_the_command_removes_what_is_there(capsys: pytest.CaptureFixture[str], settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    call_command("demo", "--remove")
    assert "0 个个案" in capsys.readouterr().out


def chinese(text: str) -> bool:
    return len(text) >= 20 and any("一" <= character <= "鿿" for character in text)


@pytest.mark.parametrize("pack_id", SHIPPED)
def test_there_is_much_to_see_and_no_two_texts_are_the_same(pack_id: str) -> None:
    stories = stories_of(PACKS / pack_id).stories
    assert len(stories) >= 60
    assert len(read_stories(PACKS / pack_id).stories) >= 12
    first = [(story.subject, story.steps[0].data["description"]) for story in stories]
    assert len(set(first)) == len(first)
    assert len({story.subject for story in stories}) == len(stories)
    texts = [text for text in texts_of(stories) if chinese(text)]
    again = Counter(texts)
    assert max(again.values()) <= 4
    assert sum(count - 1 for count in again.values()) <= len(texts) * 0.1


@pytest.mark.parametrize("pack_id", SHIPPED)
def test_nobody_and_nothing_real_is_named(pack_id: str) -> None:
    for story in stories_of(PACKS / pack_id).stories:
        data = story.steps[0].data
        assert str(data.get("complainant_phone", "13900000000")).startswith("13900000"), story.id
        assert str(data.get("complainant_email", "x@example.com")).endswith(("@example.com", "@example.cn")), story.id


@pytest.mark.parametrize("pack_id", SHIPPED)
def test_composing_gives_the_same_every_time(pack_id: str) -> None:
    once, again = (list(texts_of(compose(PACKS / pack_id).stories)) for _ in range(2))
    assert once == again
    assert once


@pytest.mark.parametrize("pack_id", SHIPPED)
def test_every_story_is_legal_on_a_weekday_in_a_holiday_and_after_new_year(pack_id: str) -> None:
    check = check_folder(PACKS / pack_id, calendars=CALENDARS)
    assert check.pack is not None
    stories = everything_of(PACKS / pack_id)
    assert stories.faults == []
    assert len({now.date().year for now in SOME_DAYS}) > 1
    assert faults_of(stories.stories, check.pack, working_calendar(check.pack, CALENDARS)) == []


@pytest.mark.django_db
def test_a_job_on_site_and_a_ten_day_report_are_told_with_what_lies_beneath_them(settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    records = read_records(PACKS / "service").stories
    stage = stage_for("service", records)
    for story in sorted(records, key=lambda s: first_moment(s.steps[0].when, now=NOW, calendar=stage.calendar)):
        keep_record(story, stage, now=NOW)

    visits = Proceeding.objects.filter(kind="site_visit").order_by("begun_at")
    assert [visit.state for visit in visits] == ["closed", "closed", "returned", "on_site", "on_site", "departed"]
    assert {visit.parent.kind for visit in visits} == {"service_request"}
    assert Proceeding.objects.filter(kind="completion_report", state="tallied").count() == 3
    assert Proceeding.objects.get(kind="field_problem").parent.kind == "site_visit"
    assert Proceeding.objects.filter(kind="competitor_entry").count() == 33
    assert Counter(Proceeding.objects.filter(kind="report_item").values_list("state", flat=True)) == {
        "answered": 3, "assigned": 1, "open": 1,
    }  # fmt: skip
    look_at_the_cases(stage.desk, told_around("service"), now=NOW)
    remove_demo(now=NOW)
    for model in (Detail, Proceeding, OutboxMessage):
        kept = json.dumps([list(map(str, row)) for row in model.objects.values_list()], ensure_ascii=False)
        assert not [word for word in ("施红梅", "岚山涂料", "辛德明") if word in kept], model.__name__
