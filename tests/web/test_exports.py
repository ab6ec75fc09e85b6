"""Lists as spreadsheets: with right and reason, masked, as text, their maker's alone, for a day."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook

from amends.apps.cases.models import Case
from amends.apps.ledger.models import Event
from amends.apps.lists.exports import remove_expired
from amends.apps.lists.models import Export
from amends.apps.people.models import AccessEntry, Membership
from amends.jobs.exporting import make_export
from amends.web.confirming import CONFIRMED
from amends.web.middleware.session_age import BEGAN, LAST_USED
from tests.web.staff import signed_in
from tests.world import open_world, publish_shipped

LIST = "/exports/?tab=all"
HOSTILE = [
    "=1+1",
    "+86 1",
    "-1",
    "@SUM(A1)",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    ' "=1',
    "\t=1",
    "http://evil.example",
    "{=1}",
]


@pytest.fixture
def supervisor(desk):
    return confirmed(desk, "cs_supervisor")


def confirmed(desk, role):
    """Somebody who has just typed their password."""
    client = signed_in(desk, role)
    session = client.session
    session[CONFIRMED] = timezone.now().isoformat()
    session.save()
    return client


def made(client, address=LIST, **fields):
    """The export of a list, as the worker makes it."""
    answer = client.post(address, {"reason": "周会汇报", **fields})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    export = Export.objects.latest("created_at")
    make_export(str(export.pk), now=timezone.now())
    return Export.objects.get(pk=export.pk)


def rows_in(client, export):
    """The rows of the file as a spreadsheet program reads them, by the head of their column."""
    answer = client.get(f"/exports/{export.pk}/")
    content = b"".join(answer.streaming_content)
    head, *rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_a_list_becomes_a_file_with_exactly_its_rows_masked_and_noted(desk, supervisor):
    numbers = sorted(desk.register(complainant_name="顾晓彤", complainant_phone="13800138000").number for _ in range(3))
    export = made(supervisor)
    rows = rows_in(supervisor, export)
    assert sorted(row["编号"] for row in rows) == numbers
    assert {(row["投诉人"], row["联系电话"]) for row in rows} == {("顾＊＊", "138****8000")}
    entry = AccessEntry.objects.get(action="export")
    assert (entry.field, entry.reason, entry.actor) == ("count:3", "周会汇报", desk.person("cs_supervisor").actor_id)
    assert Event.objects.filter(kind="list_exported").count() == 1
    assert AccessEntry.objects.filter(action="download", object=f"export:{export.pk}").count() == 1
    default_storage.delete(export.location)
    lost = supervisor.get(f"/exports/{export.pk}/")
    assert (lost.status_code, "请重新导出" in lost.content.decode()) == (410, True)
    assert Export.objects.get(pk=export.pk).state == Export.State.FAILED


def test_more_cases_than_a_sheet_holds_go_on_on_the_next_one(desk, supervisor, monkeypatch):
    numbers = [desk.register().number for _ in range(5)]
    monkeypatch.setattr("amends.doors.case_sheet.MOST_ROWS", 2)
    content = b"".join(supervisor.get(f"/exports/{made(supervisor).pk}/").streaming_content)
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    sheets = [name for name in book.sheet_names if name.startswith("个案")]
    assert sheets == ["个案", "个案 2", "个案 3"]
    rows = [book.get_sheet_by_name(name).to_python() for name in sheets]
    assert all(row[0] == rows[0][0] for row in rows)
    assert sorted(line[0] for row in rows for line in row[1:]) == numbers


def note_in(client, export):
    """The sheet of the file that says what it is."""
    content = b"".join(client.get(f"/exports/{export.pk}/").streaming_content)
    return dict(CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("说明").to_python())


def test_the_file_says_what_was_asked_for_in_the_words_of_the_list_and_when_by_the_clock_of_the_desk(desk, supervisor):
    export = made(supervisor, "/exports/?tab=all&late=yes&handler=none")
    note = note_in(supervisor, export)
    assert "全部可见<br>时限：已超时<br>处理人：尚未指定" in supervisor.get("/exports/").content.decode()
    assert note["筛选条件"] == "全部可见\n时限：已超时\n处理人：尚未指定"
    local = export.created_at.astimezone(ZoneInfo("Asia/Shanghai"))
    assert note["生成时间"].startswith(f"{local.year}年{local.month}月{local.day}日 {local:%H}:")


def test_a_list_that_was_searched_takes_what_the_search_found_and_never_its_words(desk, supervisor):
    done = desk.register(subject="烤箱门打不开")
    Case.objects.filter(pk=done.pk).update(state_category="done", closed_at=timezone.now())
    desk.register(subject="送货迟到")
    found = supervisor.post("/search/", {"text": "烤箱门", "tab": "all"})["Location"].partition("?")[2]
    export = made(supervisor, f"/exports/?{found}")
    assert [row["编号"] for row in rows_in(supervisor, export)] == [done.number]
    assert note_in(supervisor, export)["筛选条件"] == "全部可见\n按搜索词查找（内容不写入文件）\n办理状态：不限状态"


def test_only_a_second_right_gives_names_and_numbers(desk, supervisor):
    desk.register(complainant_name="顾晓彤", complainant_phone="13800138000")
    assert rows_in(supervisor, made(supervisor, full="yes"))[0]["投诉人"] == "顾晓彤"
    manager = confirmed(desk, "quality_manager")
    assert manager.post(LIST, {"reason": "复核", "full": "yes"}).status_code == 403
    assert rows_in(manager, made(manager))[0]["投诉人"] == "顾＊＊"


def test_no_cell_is_ever_a_formula_and_text_reads_back_equal(desk, supervisor):
    for text in HOSTILE:
        Case.objects.filter(pk=desk.register().pk).update(subject=text)
    export = made(supervisor)
    assert sorted(row["事项"] for row in rows_in(supervisor, export)) == sorted(HOSTILE)
    import zipfile

    with default_storage.open(export.location) as stored, zipfile.ZipFile(stored) as book:
        parts = [book.read(name) for name in book.namelist()]
    assert not any(b"<f>" in part or b"<hyperlink" in part for part in parts)


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_nothing_is_made(desk, supervisor, reason):
    answer = supervisor.post(LIST, {"reason": reason})
    assert answer.status_code == 422
    assert "请填写“导出理由”" in answer.content.decode()
    assert not Export.objects.exists()


def test_a_filter_that_no_list_can_have_is_refused_before_anything_is_made(desk, supervisor):
    answer = supervisor.post("/exports/?tab=all&late=perhaps", {"reason": "周会"})
    assert (answer.status_code, "的值“perhaps”无效" in answer.content.decode()) == (422, True)
    assert not Export.objects.exists()


def test_whoever_has_no_right_neither_sees_the_page_nor_its_button(desk):
    desk.register()
    agent = confirmed(desk, "cs_agent")
    assert agent.get(LIST).status_code == 403
    assert agent.post(LIST, {"reason": "好奇"}).status_code == 403
    assert "/exports/" not in agent.get("/queue/?tab=all").content.decode()


def test_the_password_is_asked_again_and_a_wrong_one_is_counted(desk):
    client = signed_in(desk, "cs_supervisor")
    session = client.session
    session[BEGAN], session[LAST_USED] = (
        (timezone.now() - timedelta(minutes=10)).isoformat(),
        timezone.now().isoformat(),
    )
    session.save()
    assert "请再次输入登录密码" in client.get(LIST).content.decode()
    answers = [client.post(LIST, {"reason": "周会", "password": "wrong"}).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]
    assert not Export.objects.exists()


def test_the_file_of_somebody_else_and_one_whose_day_is_over_are_not_there(desk, supervisor):
    desk.register()
    export = made(supervisor)
    assert confirmed(desk, "quality_manager").get(f"/exports/{export.pk}/").status_code == 404
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert supervisor.get(f"/exports/{export.pk}/").status_code == 404
    assert remove_expired(now=timezone.now()) == 1
    assert not default_storage.exists(export.location)


def test_a_right_that_was_lost_before_the_worker_came_gives_nothing(desk, supervisor):
    desk.register()
    supervisor.post(LIST, {"reason": "周会汇报"})
    Membership.objects.filter(person=desk.person("cs_supervisor")).delete()
    export = Export.objects.get()
    make_export(str(export.pk), now=timezone.now())
    assert Export.objects.get().count == 0


def test_a_case_that_hides_its_reporter_names_nobody(desk, supervisor):
    case = desk.register(complainant_name="顾晓彤")
    Case.objects.filter(pk=case.pk).update(hides_reporter=True)
    row = rows_in(supervisor, made(supervisor, full="yes"))[0]
    assert (row["投诉人"], row["联系电话"]) == ("＊＊＊", "＊＊＊")


def test_who_may_take_lists_of_one_desk_away_takes_no_figures_of_another(desk):
    now = timezone.now()
    publish_shipped(("service",), now=now)
    other = open_world("service", now=now)
    reader = other.person("cs_specialist")
    Membership.objects.create(person=reader, desk=desk.desk, role="platform_officer", starts_at=now)
    client = Client()
    client.force_login(reader, backend="django.contrib.auth.backends.ModelBackend")
    assert "导出" in client.get(f"/figures/?desk={other.desk.code}").content.decode()
    assert "导出" not in client.get(f"/figures/?desk={desk.desk.code}").content.decode()
    for path in ("/figures/", "/analysis/"):
        assert client.get(f"{path}export/?desk={other.desk.code}").status_code == 200
        assert client.get(f"{path}export/?desk={desk.desk.code}").status_code == 403


def test_a_sheet_says_when_a_text_leaves_that_quiet_hours_hold_back(desk, supervisor, monkeypatch):
    number = desk.register().number
    leaves = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr("amends.jobs.exporting.held_words", lambda cases, now: {str(c.id): leaves for c in cases})

    [row] = rows_in(supervisor, made(supervisor))

    assert row["编号"] == number
    assert re.fullmatch(r"将于 \d{4}年\d{1,2}月\d{1,2}日 \d\d:\d\d 发出", row["最近告知客户"])
