"""A policy as a manager reads it: in sentences, with nothing of how it is stored, and what two versions say differently."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from amends.apps.policies.queries import read_version, versions_of
from amends.core.policy.clock_rules import HoursRule
from amends.web.policies.reader import parts_of
from amends.web.policies.reading.names import Names
from amends.web.policies.reading.pieces import by_clause, differences, sayings_of
from amends.web.policies.reading.settings import COUNTED, _counted
from amends.web.policies.reading.tables import clock_table, grouped
from amends.web.policies.reading.times import _of_hours
from tests.doors import Office
from tests.pages import text_of
from tests.versions import publish_next
from tests.web.manage import browser
from tests.world import SHIPPED

PACKS = ("express", *(name for name in SHIPPED if name != "express"))
pytestmark = pytest.mark.django_db
QUOTED = re.compile("“[^”]*”")
"""Words that are better not said to customers stay as they would be said."""
AN_ID = re.compile(r"(?<![{\w./])[a-z]+_[a-z_]+")
A_NAMED_ID = re.compile(r"{{|“[a-z]+”|为[a-z]+")
PARTS = (
    "settings", "intake", "levels", "process", "clocks", "roles", "routing", "forms", "messages", "contact", "calendar", "archive",
)  # fmt: skip


def pack_called(name: str) -> Any:
    return read_version(versions_of(name)[0].pk)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_policy_is_said_in_words_and_not_in_ids(office: Office, name: str) -> None:
    said = {f"{s.title}: {' '.join(s.sentences)}" for s in sayings_of(pack_called(name)) if s.part != "messages"}
    assert [text for text in said if AN_ID.search(text)] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_facts_values_and_blanks_have_words_of_their_own(office: Office, name: str) -> None:
    said = {s.text for s in sayings_of(pack_called(name)) if s.part != "messages"}
    assert [text for text in said if A_NAMED_ID.search(text)] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_a_message_is_called_by_its_text_with_dots_for_what_changes(office: Office, name: str) -> None:
    names = Names(pack_called(name))
    titles = [names.message(message) for message in pack_called(name).messages.texts]
    assert [title for title in titles if re.search("（）|：[，。]|^，|期限 。", title)] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_a_policy_is_said_in_english_too(office: Office, name: str) -> None:
    with translation.override("en"):
        said = [f"{s.title}: {' '.join(s.sentences)}" for s in sayings_of(pack_called(name)) if s.part != "messages"]
    assert [text for text in said if re.search(r"[\u4e00-\u9fff]", QUOTED.sub("", text))] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_every_rule_that_names_a_clause_is_shown_with_it(office: Office, name: str) -> None:
    pack = pack_called(name)
    named = {c for path, clauses in pack.ruled_pieces() for c in clauses if not path.startswith("examples")}
    assert named - set(by_clause(sayings_of(pack))) == set()


def test_a_clause_says_what_the_system_does_about_it(office: Office) -> None:
    page = text_of(browser(office.world.person("employee")).get("/policies/express/read/"))
    assert "EXP-4.1.2.1" in page
    assert "一般投诉：3 个工作日，次日起算，到期日下班时。" in page
    assert "进入“待初步审核”或“重新受理”时开始计时，进入“已结案”时停止。" in page
    assert "在“待评估”，受理人员、客服主管、人力资源人员、信息安全联络人可以“定级”，进入“待传递”。" in page


def test_a_limit_beside_a_faster_one_says_whose_it_is(office: Office) -> None:
    first = {row.title: row.limits for row in clock_table(pack_called("escalation"))}["初步定级"]
    assert [(line.whom, line.limit) for line in first] == [("“紧急投诉”的", "30 分钟"), ("其他", "2 个工作小时")]


def test_large_numbers_are_written_in_groups_of_three(office: Office) -> None:
    said = " ".join(s.text for s in sayings_of(pack_called("escalation")) if s.part in {"levels", "settings"})
    assert "不少于 100,000" in said
    assert "100,000 人" in said


def test_one_and_many_are_told_apart_in_english() -> None:
    with translation.override("en"):
        said = [
            _counted(COUNTED[unit], n) for unit, n in (("cases", 1), ("cases", 2), ("people", 100_000), ("points", 3))
        ]
    assert said == ["1 case", "2 cases", "100,000 people", "3 points"]


def test_a_closing_of_the_company_is_said_with_its_day_in_words() -> None:
    days = [
        {"date": "2026-12-31", "closed": True, "title": {"zh-Hans": "年终盘点"}},
        {"date": "2027-01-04", "hours": ["10:00-12:00"]},
    ]
    hours = HoursRule.model_validate({"week": {"mon-fri": ["09:00-18:00"]}, "days": days})
    said = list(_of_hours(hours, is_default=False))
    assert said[-2:] == ["2026年12月31日 周四 年终盘点：休息。", "2027年1月4日 周一：10:00–12:00。"]


def test_the_order_of_the_queue_says_which_cases_come_first(office: Office) -> None:
    said = [" ".join(s.sentences) for s in sayings_of(pack_called("reporting")) if s.key.startswith("priority:")]
    assert "“是”的排在前" in said[0]
    assert any("依次为" in sentence for sentence in said)
    assert not any("是、否" in sentence for sentence in said)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_a_page_that_costs_few_queries(office: Office, part: str) -> None:
    client = browser(office.world.person("employee"))
    client.get(f"/policies/express/read/{part}/")
    with CaptureQueriesContext(connection) as seen:
        assert client.get(f"/policies/express/read/{part}/").status_code == 200
    assert len(seen) <= 12


@pytest.mark.parametrize("name", SHIPPED)
def test_no_panel_of_a_part_is_without_a_title_and_chapters_stand_with_their_report(office: Office, name: str) -> None:
    pack = pack_called(name)
    for part, title, _ in parts_of(pack):
        groups = grouped([s for s in sayings_of(pack) if s.part == part], pack, title)
        assert all(group.title for group in groups)
        if part == "reports":
            assert len(groups) == len(pack.reports.documents)
            assert all("各章：" in " ".join(group.sayings[0].sentences) for group in groups)


def test_a_proceeding_begins_and_is_not_said_to_be_a_case(office: Office) -> None:
    said = [s.text for s in sayings_of(pack_called("express")) if s.part == "proceedings"]
    assert any("，从“" in text for text in said) and not any("，个案从“" in text for text in said)


def test_an_indicator_without_words_of_its_own_says_how_it_is_counted(office: Office) -> None:
    pack = pack_called_version(1)
    silent = [one for one in pack.kpis.indicators if one.says is None]
    said = {s.key: s.sentences[0] for s in sayings_of(pack) if s.part == "kpis"}
    assert silent and all(said[one.id].startswith("按") and "的日期计入，" in said[one.id] for one in silent)


def test_messages_are_shown_as_they_arrive(office: Office) -> None:
    page = text_of(browser(office.world.person("employee")).get("/policies/express/read/messages/"))
    assert "尊敬的顾女士" in page
    assert "{{" not in page


def test_what_is_searched_for_is_found_in_every_part(office: Office) -> None:
    client = browser(office.world.person("employee"))
    page = text_of(client.get("/policies/express/read/", {"q": "投诉调查报告"}))
    assert "提交调查结论" in page
    assert "没有找到" in text_of(client.get("/policies/express/read/", {"q": "租赁合同公证"}))


def test_two_versions_are_compared_piece_by_piece(office: Office) -> None:
    def change(content: dict[str, Any]) -> None:
        content["head"]["settings"]["general_days"]["value"] = 2
        content["lifecycle"]["states"]["accepted"]["title"] = {"zh-Hans": "待核对内容", "en": "to be checked"}

    new = publish_next("express", change, now=office.world.now)
    found = {d.title: d for d in differences(pack_called_version(1), read_version(new.pk))}
    assert found["一般投诉处理时限"].before == ("定为：3 个工作日。须由公司决定。",)
    assert found["一般投诉处理时限"].after == ("定为：2 个工作日。须由公司决定。",)
    assert found["待核对内容"].after == ("名称：待核对内容",)
    page = text_of(browser(office.world.person("employee")).get("/policies/express/history/"))
    assert "第 1 版与第 2 版的差异" in page
    assert "− 定为：3 个工作日。须由公司决定。 + 定为：2 个工作日。须由公司决定。" in page
    assert "改用新版" not in page


def test_what_may_be_done_in_other_states_is_a_change_and_neither_new_nor_gone(office: Office) -> None:
    def change(content: dict[str, Any]) -> None:
        transfer = next(t for t in content["lifecycle"]["transitions"] if len(t["from"]) == 2)
        transfer["from"] = transfer["from"][:1]

    new = publish_next("express", change, now=office.world.now)
    (found,) = differences(pack_called_version(1), read_version(new.pk))
    assert (found.part, found.kind) == ("process", "changed")
    assert len(found.before) == len(found.after) == 1
    assert found.before[0].startswith("在“") and "”、“" in found.before[0].partition("，")[0]
    assert "”、“" not in found.after[0].partition("，")[0]


def pack_called_version(number: int) -> Any:
    return read_version(next(v.pk for v in versions_of("express") if v.version == number))


def test_an_old_version_is_read_in_its_own_words(office: Office) -> None:
    def change(content: dict[str, Any]) -> None:
        content["head"]["settings"]["general_days"]["value"] = 2

    publish_next("express", change, now=office.world.now)
    client = browser(office.world.person("employee"))
    assert "一般投诉： 2 个工作日" in spaced(text_of(client.get("/policies/express/read/clocks/?version=2")))
    assert "不是现行版本" in text_of(client.get("/policies/express/read/clocks/?version=2"))
    assert client.get("/policies/express/read/clocks/?version=9").status_code == 404
    assert client.get("/policies/express/read/nothing/").status_code == 404
    assert client.get("/policies/nowhere/read/").status_code == 404


def spaced(text: str) -> str:
    return text.replace("一般投诉 ", "一般投诉： ")


def test_a_setting_says_since_which_version_it_has_its_value(office: Office) -> None:
    def change(content: dict[str, Any]) -> None:
        content["head"]["settings"]["general_days"]["value"] = 2

    publish_next("express", change, now=office.world.now)
    page = text_of(browser(office.world.person("employee")).get("/policies/express/read/settings/?version=2"))
    assert re.search(r"一般投诉处理时限 须由公司决定 EXP-4.1.2.1 2 个工作日 第 2 版", page)
    assert re.search(r"重大投诉处理时限 须由公司决定 EXP-4.1.2.2 5 个工作日 第 1 版", page)


def test_on_a_narrow_screen_the_process_is_a_list(office: Office) -> None:
    page = text_of(browser(office.world.person("employee")).get("/policies/express/process/"))
    assert "主线以外的 5 个环节" in page
    assert "另外 5 个去向" in page
