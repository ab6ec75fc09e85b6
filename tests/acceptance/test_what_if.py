"""A draft policy over past cases: the command and the page say what would have been different, and nothing is changed."""

from __future__ import annotations

import json
import re
import shutil
from io import BytesIO, StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command

from tests.acceptance.test_escalation_proceedings import TO_TOLD, complaint
from tests.doors import Staff
from tests.pages import text_of

PACKS = ("escalation",)
SHIPPED = Path(__file__).parents[2] / "packs"


@pytest.fixture
def draft(tmp_path):
    """Copies the shipped policy and changes lines of it; the worked examples stay those of the policy as it is."""

    def write(*changes):
        folder = tmp_path / "draft"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(SHIPPED / "escalation", folder)
        for file, old, new in changes:
            text = (folder / file).read_text(encoding="utf-8")
            assert old in text, old
            (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return folder

    return write


SHORTER = ("pack.yaml", "三级客诉处理时限, en: handling limit at level 3}\n    value: 5", "三级客诉处理时限, en: handling limit at level 3}\n    value: 1")  # fmt: skip
ELSEWHERE = ("routing.yaml", "within: delivery_delay}, to: logistics, owner: team_member", "within: delivery_delay}, to: sales, owner: team_member")  # fmt: skip


def simulated(office, folder, *options):
    said = StringIO()
    call_command("pack", "simulate", str(folder), "--since", "2026-03-01", "--desk", office.world.desk.code, "--json", *options, stdout=said)  # fmt: skip
    return json.loads(said.getvalue())


def test_a_policy_that_is_the_same_changes_nothing(office, draft):
    complaint(office, *TO_TOLD)
    answer = simulated(office, draft())
    assert (answer["cases"], answer["differing"]) == (1, 0)
    assert answer["not_replayed"]["verbs"] == []
    assert all(one["before"] == one["after"] for one in answer["indicators"])


def test_a_shorter_limit_and_another_route_are_told_before_and_after_in_sum_and_by_case(office, draft, tmp_path):
    slow = complaint(office)
    office.clock.later(days=2)
    office.walk(slow, *TO_TOLD[3:], complete_measure={"item": 1})
    due = office.api("cs_supervisor").case(slow)["due_at"]
    output = tmp_path / "what.json"
    answer = simulated(office, draft(SHORTER, ELSEWHERE), "--output", str(output))

    clocks = {one["clock"]: one for one in answer["clocks"]}
    assert (clocks["handling"]["broken_before"], clocks["handling"]["broken_after"], clocks["handling"]["moved"]) == (
        0,
        1,
        1,
    )
    routes = {one["name"]: (one["before"], one["after"]) for one in answer["routes"]}
    assert routes == {"logistics": (1, 0), "sales": (0, 1)}
    timeliness = next(one for one in answer["indicators"] if one["indicator"] == "timeliness")
    assert (timeliness["before"]["value"], timeliness["after"]["value"]) == ("100.0", "0.0")
    (line,) = json.loads(output.read_text(encoding="utf-8"))["by_case"]
    assert (line["number"], line["route"]) == (slow, ["logistics", "sales"])
    assert office.api("cs_supervisor").case(slow)["due_at"] == due


def test_a_level_follows_the_draft_where_people_had_followed_their_policy(office, draft):
    number = complaint(office)
    before = office.api("cs_supervisor").case(number)["level"]
    answer = simulated(
        office, draft(("levels.yaml", "otherwise: {setting: level_without_criterion}", "otherwise: level_2"))
    )
    levels = {one["name"]: (one["before"], one["after"]) for one in answer["levels"]}
    assert (before, levels) == ("level_3", {"level_3": (1, 0), "level_2": (0, 1)})


def test_steps_that_the_draft_does_not_know_are_counted(office, draft):
    complaint(office, *TO_TOLD)
    answer = simulated(office, draft(("lifecycle.yaml", "  - verb: complete_measure\n", "  - verb: verify\n")))
    assert answer["not_replayed"]["verbs"] == [{"verb": "complete_measure", "cases": 1, "events": 1}]


def test_the_page_takes_a_zip_and_shows_the_cases_that_differ(office, draft, monkeypatch):
    number, later = complaint(office), complaint(office)
    packed = packed_folder(draft(SHORTER))
    admin = Staff(office.world, "administrator")
    made = admin.post("/policies/escalation/what-if/", {"since": "2026-03-01", "file": packed})
    page = text_of(admin.get(made["location"]))
    assert "试算个案 2" in page
    assert "有变化的个案 2" in page
    assert number in page and later in page and "逐件列出" not in page
    assert "处理时限 2026年3月" in page
    assert "草案：客诉升级管理办法 第 1 版" in page
    (record,) = re.findall(r"试算记录 .*?已完成", text_of(admin.get("/policies/escalation/what-if/")))
    day = f"{office.clock.now:%Y}年{office.clock.now.month}月{office.clock.now.day}日"
    for words in ("客诉升级管理办法 第 1 版", "draft.zip", f"2026年3月1日至{day}", admin.person.name):
        assert words in record and words in page
    assert re.search(r"级别 \d+ 项都没有变化", page)
    sheet = b"".join(admin.get(f"{made['location']}what-if.xlsx").streaming_content)
    with ZipFile(BytesIO(sheet)) as book:
        told = book.read("xl/worksheets/sheet1.xml").decode()
    for words in ("收到日期从 2026年3月1日", f"试算：{admin.person.name}", "批准：", "三级客诉", "<v>2</v>"):
        assert words in told
    assert Staff(office.world, "cs_agent").get(made["location"]).status_code == 403

    for module in ("apps.studies", "doors"):
        monkeypatch.setattr(f"amends.{module}.what_if.MOST_LISTED", 1)
    packed.seek(0)
    made = admin.post("/policies/escalation/what-if/", {"since": "2026-03-01", "file": packed})
    page = text_of(admin.get(made["location"]))
    assert number in page and later not in page
    assert "有变化的个案共 2 件，只逐件列出最早收到的 1 件；合计包括全部个案。" in page


def packed_folder(folder):
    packed = BytesIO()
    with ZipFile(packed, "w") as book:
        for file in sorted(folder.rglob("*")):
            book.write(file, f"draft/{file.relative_to(folder)}")
    packed.seek(0)
    packed.name = "draft.zip"
    return packed


def zipped(**files):
    packed = BytesIO()
    with ZipFile(packed, "w") as book:
        for name, text in files.items():
            book.writestr(f"{name}.txt", text)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "请上传制度包的 ZIP 压缩文件"),
        (b"no archive at all", "上传的文件打不开，不是 ZIP 压缩文件"),
        (zipped(note="nothing of a policy"), "压缩文件里没有 pack.yaml，不是制度包"),
    ],
)
def test_what_is_no_draft_is_refused_with_what_is_wrong_with_it(office, content, said):
    file = BytesIO(content or b"")
    file.name = "draft.zip"
    sent = {"since": "2026-03-01"} | ({} if content is None else {"file": file})
    answer = Staff(office.world, "administrator").post("/policies/escalation/what-if/", sent)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_file_that_can_not_be_read_is_said_before_what_follows_from_it(office, draft):
    broken = draft(("pack.yaml", "zone:", "extra: [\nzone:"))
    with pytest.raises(CommandError) as refused:
        simulated(office, broken)
    _, first, second, *_ = str(refused.value).splitlines()
    assert "pack.yaml" in first and "不是有效的 YAML" in first
    assert "pack.yaml" not in second


def test_a_draft_with_faults_is_refused_with_each(office, draft, tmp_path):
    broken = draft(("lifecycle.yaml", "to: dispatched\n", "to: nowhere\n"))
    with pytest.raises(CommandError, match="nowhere"):
        simulated(office, broken)


OTHER_ID = ("pack.yaml", "id: escalation", "id: complaints")


@pytest.mark.parametrize("is_renamed", [True, False])
def test_a_draft_of_another_policy_is_refused_with_both_their_names(office, draft, is_renamed):
    complaint(office)
    other, title, name = (
        (draft(OTHER_ID), "客诉升级管理办法", "complaints")
        if is_renamed
        else (SHIPPED / "express", "快递客户投诉", "express")
    )
    sent = {"since": "2026-03-01", "file": packed_folder(other)}
    answer = Staff(office.world, "administrator").post("/policies/escalation/what-if/", sent)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert (
        f"这份草案属于“{title}”（pack.yaml 的 id 为 {name}），本受理台执行的是“客诉升级管理办法”（escalation）。"
        in page
    )
    assert "还没有试算过。" in page
    with pytest.raises(CommandError, match=rf"\(id {name} in pack.yaml\); this desk works by .* \(escalation\)"):
        simulated(office, other)
