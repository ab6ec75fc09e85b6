"""The SMS platform of the service policy: the address book, messages to groups, answers, and what was sent."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.acceptance.working import work
from tests.doors import Staff
from tests.pages import in_words

PACKS = ("service",)
DEALER = {"company": "顺安建材经营部", "name": "陈经理", "phone": "13800138001", "note": ""}
CSV = "公司名称,联系人,手机号码,批准人,批准日期,分组\n"


@pytest.fixture
def texts(settings, tmp_path):
    """What left, read from the files of the gateway that is replaced."""
    settings.SMS_URL = f"file://{tmp_path}"

    def left() -> list[dict]:
        return [json.loads(x) for file in sorted(Path(tmp_path).glob("*.jsonl")) for x in file.read_text().splitlines()]

    return left


@pytest.fixture
def specialist(office):
    return Staff(office.world, "cs_specialist")


@pytest.fixture
def manager(office):
    return Staff(office.world, "channel_general_manager")


def said_on(response) -> str:
    """The words of a page, also of one that refuses."""
    return in_words(response.content.decode())


def again(staff: Staff) -> None:
    """They sign in again: hours have passed."""
    staff.logout()
    staff.force_login(staff.person)


def posted(staff: Client, address: str, *args, **data):
    return staff.post(reverse(address, args=args), data)


def applied(specialist, **values) -> int:
    response = posted(specialist, "apply_for_entry", **{**DEALER, **values})
    assert response.status_code == 302, said_on(response)
    return int(re.search(r"/book/(\d+)/", response["Location"]).group(1))


def entered(specialist, manager, **values) -> int:
    pk = applied(specialist, **values)
    assert posted(manager, "approve_entry", pk).status_code == 302
    assert posted(specialist, "enter_entry", pk).status_code == 302
    return pk


def brought_in(specialist, *lines: str):
    file = SimpleUploadedFile("名单.csv", (CSV + "\n".join(lines)).encode("gb18030"))
    return specialist.post(reverse("import_book"), {"file": file})


def three_in_a_group(specialist) -> int:
    response = brought_in(specialist, *(f"公司{n},王{n},1380013800{n},渠道总经理,2026-03-02,华东" for n in (1, 2, 3)))
    assert response.status_code == 200, said_on(response)
    page = specialist.get(reverse("write_circular")).content.decode()
    return int(re.search(r'name="groups" value="(\d+)"', page).group(1))


def written(specialist, group: int, **values) -> int:
    data = {"wording": "notice", "groups": group, "content": "三月二日下午停电，暂停发货。", "planned_at": "", **values}
    response = posted(specialist, "write_circular", **data)
    assert response.status_code == 302, said_on(response)
    return int(re.search(r"/texts/(\d+)/", response["Location"]).group(1))


def seen(staff, pk: int) -> str:
    return re.search(r'name="seen" value="(\w+)"', staff.get(reverse("circular", args=[pk])).content.decode()).group(1)


def sent_off(specialist, pk: int):
    return posted(specialist, "send_circular", pk, seen=seen(specialist, pk))


@pytest.mark.clause("SVC-5.1a")
def test_nothing_is_entered_without_approval_and_an_entry_after_the_day_is_flagged(specialist, manager, clock):
    pk = applied(specialist)
    refused = posted(specialist, "enter_entry", pk)
    assert (refused.status_code, "申请尚未批准" in said_on(refused)) == (409, True)
    assert posted(specialist, "approve_entry", pk).status_code == 403

    clock.at("2026-03-02T16:00:00+08:00")
    again(manager)
    again(specialist)
    assert posted(manager, "approve_entry", pk).status_code == 302
    assert "逾期" not in said_on(specialist.get(reverse("book_entry", args=[pk])))
    clock.at("2026-03-03T00:05:00+08:00")
    again(specialist)
    assert "逾期未录入" in said_on(specialist.get(reverse("book"), {"show": "late"}))
    posted(specialist, "enter_entry", pk)
    page = said_on(specialist.get(reverse("book_entry", args=[pk])))
    assert "逾期录入" in page
    assert re.search(rf"批准 \S+ ?16:00 {manager.person.name} 录入 \S+ ?00:05", page)


@pytest.mark.clause("SVC-5.1b")
def test_the_next_message_goes_to_the_new_number_and_the_old_one_stays_in_the_history(
    specialist, manager, texts, clock
):
    pk = entered(specialist, manager)
    posted(specialist, "wrong_number", pk)
    assert "号码有误" in said_on(specialist.get(reverse("book"), {"show": "wrong"}))

    assert posted(specialist, "book_entry", pk, **{**DEALER, "phone": "139 0013 9000", "version": 1}).status_code == 302

    page = said_on(specialist.get(reverse("book_entry", args=[pk])))
    assert "138****8001" in page and "139****9000" in page and "13800138001" not in page
    assert posted(specialist, "book_entry", pk, **{**DEALER, "version": 1}).status_code == 409
    response = posted(specialist, "write_circular", wording="notice", entry=pk, content="价格表已更新。", planned_at="")
    circular = int(re.search(r"/texts/(\d+)/", response["Location"]).group(1))
    sent_off(specialist, circular)
    work(clock)
    assert [text["to"] for text in texts()] == ["13900139000"]


@pytest.mark.clause("SVC-5.1c")
def test_the_book_is_closed_to_others_masked_and_each_look_is_noted(office, specialist, manager):
    pk = entered(specialist, manager)
    outsider = Staff(office.world, "technical_service_engineer")
    for name, args in (("book", []), ("book_entry", [pk]), ("circulars", [])):
        assert outsider.get(reverse(name, args=args)).status_code == 403

    assert "13800138001" not in said_on(specialist.get(reverse("book")))
    assert posted(specialist, "reveal_entry", pk, reason="").status_code == 422
    assert "13800138001" in said_on(posted(specialist, "reveal_entry", pk, reason="核对号码"))
    assert posted(manager, "export_book", reason="备份").status_code == 403
    exported = posted(specialist, "export_book", reason="月度核对")
    assert exported["Content-Disposition"].endswith('.xlsx"')

    log = said_on(Staff(office.world, "administrator").get(reverse("access")))
    assert "核对号码" in log and "月度核对（1 条）" in log and specialist.person.name in log


@pytest.mark.clause("SVC-5.2a")
def test_a_message_to_a_group_of_three_leaves_and_an_answer_shows_on_the_sender(specialist, texts, clock, settings):
    circular = written(specialist, three_in_a_group(specialist))
    assert sent_off(specialist, circular).status_code == 302
    work(clock)

    page = said_on(specialist.get(reverse("circular", args=[circular])))
    assert page.count("已发送") == 3 and "发出 3/3" in page
    assert [text["to"] for text in texts()] == ["13800138001", "13800138002", "13800138003"]
    assert texts()[0]["text"].startswith("【固徽建材有限公司】") and "王1您好：三月二日下午停电" in texts()[0]["text"]
    assert said_on(specialist.get(reverse("sent"))).count("138****") == 3

    settings.SMS_URL, settings.SMS_SECRET = "aliyun://k:s@dysmsapi.aliyuncs.com", "a-long-secret"
    for sequence, text in (("7", "收到，谢谢"), ("8", "退订")):
        row = {
            "phone_number": "13800138002",
            "content": text,
            "send_time": "2026-03-02 10:00:00",
            "sequence_id": sequence,
        }
        Client().post("/hooks/sms/a-long-secret/texts/", json.dumps([row]), content_type="application/json")
    work(clock)
    book = specialist.get(reverse("book"), {"text": "公司2"}).content.decode()
    entry = said_on(specialist.get(re.search(r"/book/\d+/(?=\")", book).group(0)))
    assert "收到，谢谢" in entry and "停电" in entry and "已退订" in entry
    assert "收到，谢谢" in said_on(specialist.get(reverse("received_texts")))


@pytest.mark.clause("SVC-5.2b")
def test_recipients_and_words_are_looked_at_before_and_what_left_late_names_who_answers_for_it(
    specialist, manager, texts, clock
):
    group = three_in_a_group(specialist)
    refused = posted(specialist, "write_circular", wording="notice", groups=group, content="", planned_at="")
    assert (refused.status_code, "请填写这一项" in said_on(refused)) == (422, True)
    refused = posted(
        specialist, "write_circular", wording="notice", groups=group, content="{{date}}停电", planned_at=""
    )
    assert (refused.status_code, "没有替换的占位符" in said_on(refused)) == (422, True)
    refused = posted(
        specialist, "write_circular", wording="notice", groups=group, content="停电", planned_at="2026-03-02T22:00"
    )
    assert (refused.status_code, "免打扰时段" in said_on(refused)) == (422, True)

    circular = written(specialist, group, planned_at="2026-03-02T14:00")
    page = said_on(specialist.get(reverse("circular", args=[circular])))
    assert "将发给 3 人" in page and "王2您好：三月二日下午停电，暂停发货。" in page
    looked_at = seen(specialist, circular)
    posted(specialist, "wrong_number", _first_entry(specialist))
    assert posted(specialist, "send_circular", circular, seen=looked_at).status_code == 409
    assert "号码有误" in said_on(specialist.get(reverse("circular", args=[circular])))
    assert sent_off(specialist, circular).status_code == 302
    assert texts() == []

    clock.at("2026-03-02T14:16:00+08:00")
    again(specialist)
    late = said_on(specialist.get(reverse("circulars"), {"show": "late"}))
    assert "晚 16 分钟" in late and specialist.person.name in late
    work(clock)
    assert len(texts()) == 2
    late = said_on(specialist.get(reverse("circulars"), {"show": "late"}))
    assert "发出 2/2" in late and specialist.person.name in late


@pytest.mark.clause("SVC-5.2b")
def test_many_recipients_need_a_second_person_who_can_give_it_back(specialist, manager, texts, clock):
    lines = [f"公司{n},王{n},138001390{n:02},渠道总经理,2026-03-02,全部" for n in range(20)]
    assert brought_in(specialist, *lines).status_code == 200
    group = int(re.search(r'name="groups" value="(\d+)"', specialist.get("/texts/new/").content.decode()).group(1))
    circular = written(specialist, group)
    sent_off(specialist, circular)
    page = said_on(specialist.get(reverse("circular", args=[circular])))
    assert "待复核" in page and "另一人复核通过后才会发出" in page
    assert "短信通 1" in said_on(manager.get("/")) and "短信通 1" not in said_on(specialist.get("/"))
    own = posted(specialist, "release_circular", circular, seen="x")
    assert own.status_code == 403

    posted(manager, "send_back_circular", circular, reason="请写明恢复时间")
    assert "请写明恢复时间" in said_on(specialist.get(reverse("circular", args=[circular])))
    sent_off(specialist, circular)
    work(clock)
    assert texts() == []
    assert posted(manager, "release_circular", circular, seen=seen(manager, circular)).status_code == 302
    work(clock)
    assert len(texts()) == 20


@pytest.mark.clause("SVC-5.2b")
def test_a_message_that_failed_is_reported_and_sent_again_by_a_person(specialist, manager, texts, clock, settings):
    pk = entered(specialist, manager)
    response = posted(specialist, "write_circular", wording="notice", entry=pk, content="价格表已更新。", planned_at="")
    circular = int(re.search(r"/texts/(\d+)/", response["Location"]).group(1))
    working, settings.SMS_URL = settings.SMS_URL, "aliyun://k:s@127.0.0.1:1"
    sent_off(specialist, circular)
    work(clock)

    page = specialist.get(reverse("sent"), {"state": "failed"}).content.decode()
    assert "短信模板没有报备" in page
    assert "失败 1" in said_on(specialist.get(reverse("circulars")))
    assert "失败 短信模板没有报备" in said_on(specialist.get(reverse("circular", args=[circular])))
    settings.SMS_URL = working
    again = re.search(r'action="(/sent/\d+/again/)"', page).group(1)
    assert specialist.post(again).status_code == 302
    clock.later(minutes=2)
    work(clock)
    assert [text["to"] for text in texts()] == ["13800138001"]


@pytest.mark.clause("SVC-5.1b")
def test_a_number_that_a_text_did_not_reach_is_to_be_checked_until_it_is_corrected(
    specialist, manager, texts, clock, settings
):
    pk = entered(specialist, manager)
    response = posted(specialist, "write_circular", wording="notice", entry=pk, content="价格表已更新。", planned_at="")
    sent_off(specialist, int(re.search(r"/texts/(\d+)/", response["Location"]).group(1)))
    work(clock)
    [text] = texts()
    settings.SMS_URL, settings.SMS_SECRET = "tencent://k:s@sms.tencentcloudapi.com?app=1", "a-long-secret"
    receipt = {"mobile": DEALER["phone"], "ext": text["id"], "report_status": "FAIL", "errmsg": "空号"}
    for told in (receipt, receipt, {**receipt, "report_status": "SUCCESS"}):
        said = Client().post("/hooks/sms/a-long-secret/receipts/", json.dumps([told]), content_type="application/json")
        assert said.status_code == 200

    assert "短信未送达" in said_on(specialist.get(reverse("book"), {"show": "wrong"}))
    assert "失败 1" in said_on(specialist.get(reverse("circulars")))
    assert posted(specialist, "book_entry", pk, **{**DEALER, "phone": "13900139000", "version": 1}).status_code == 302
    assert DEALER["company"] not in said_on(specialist.get(reverse("book"), {"show": "wrong"}))
    assert "短信未送达" not in said_on(specialist.get(reverse("book")))


@pytest.mark.clause("SVC-5.1a")
def test_rows_of_a_file_that_are_wrong_are_named_and_the_others_are_entered(specialist):
    response = brought_in(
        specialist, "公司1,王1,13800138001,渠道总经理,2026-03-02,华东", "公司2,王2,12,渠道总经理,2026-03-02,", "公司3,王3,13800138003,,2026-03-02,",
        "公司4,王4,13800138004,渠道总经理,2026-03-09,", "公司5,王5,13800138001,渠道总经理,2026-02-27,",
        "公司6,王6,13800138006,渠道总经理,2026-02-27,华东",
    )  # fmt: skip
    page = said_on(response)

    assert response.status_code == 422
    assert "已录入 2 条" in page and "4 行有误" in page
    for said in (
        "“手机号码”不是能接收短信的手机号码",
        "请填写“批准人”",
        "“批准日期”不能晚于现在",
        "“手机号码”已有“138****8001”",
    ):
        assert said in page
    assert "公司6" in said_on(specialist.get(reverse("book"), {"show": "late"}))


def test_a_row_names_all_its_faults_and_leaves_no_group_behind(specialist):
    assert brought_in(specialist, "公司1,王1,13800138001,渠道总经理,2026-03-02,华东").status_code == 200

    page = said_on(brought_in(specialist, ",,13800138001,,上周,华南", f"公司2,王2,12,{'李' * 61},2026-03-09,华北"))

    assert "已录入 0 条" in page and "2 行有误" in page
    for said in (
        "请填写“公司名称”", "请填写“联系人”", "请填写“批准人”", "“批准日期”", "“手机号码”已有“138****8001”",
        "“手机号码”不是能接收短信的手机号码", "“批准人”", "“批准日期”不能晚于现在",
    ):  # fmt: skip
        assert said in page
    groups = said_on(specialist.get(reverse("write_circular")))
    assert "华东" in groups and "华南" not in groups and "华北" not in groups


@pytest.mark.clause("SVC-5.2b")
def test_what_is_sent_at_once_in_quiet_hours_says_beforehand_that_it_leaves_when_they_end(
    specialist, manager, texts, clock
):
    group = three_in_a_group(specialist)
    assert "不填则立即发送。免打扰时段（21:00至08:00）提交的，时段结束后发出" in said_on(
        specialist.get(reverse("write_circular"))
    )

    clock.at("2026-03-02T23:10:00+08:00")
    again(specialist)
    assert "现在是免打扰时段（21:00至08:00）：不填则于 明天 08:00 发出" in said_on(specialist.get("/texts/new/"))
    circular = written(specialist, group)
    page = said_on(specialist.get(reverse("circular", args=[circular])))
    assert "现在是免打扰时段，将于 明天 08:00 发出" in page and "立即发送" not in page
    told = specialist.post(reverse("send_circular", args=[circular]), {"seen": seen(specialist, circular)}, follow=True)
    assert "已提交，将于 明天 08:00 发出" in said_on(told)
    work(clock)
    assert texts() == []

    clock.at("2026-03-03T08:01:00+08:00")
    again(specialist)
    work(clock)
    assert len(texts()) == 3
    listed = said_on(specialist.get(reverse("circulars")))
    assert "发出 3/3" in listed and "晚 " not in listed and "三月二日下午停电" in listed


@pytest.mark.clause("SVC-5.2a")
@pytest.mark.parametrize("name", ["book", "circulars", "sent"])
def test_a_longer_list_asks_the_database_no_more_often(specialist, texts, clock, name):
    def queries() -> int:
        """Beside those by which now and then something kept in memory is read again."""
        return min(queries_of_one_look() for _ in range(3))

    def queries_of_one_look() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert specialist.get(reverse(name)).status_code == 200
        return len(captured)

    sent_off(specialist, written(specialist, three_in_a_group(specialist)))
    work(clock)
    specialist.get(reverse(name))
    before = queries()
    assert (
        brought_in(specialist, *(f"甲{n},李{n},1370013700{n},渠道总经理,2026-03-02,华东" for n in range(6))).status_code
        == 200
    )
    group = int(re.search(r'name="groups" value="(\d+)"', specialist.get("/texts/new/").content.decode()).group(1))
    sent_off(specialist, written(specialist, group, content="另一条"))
    work(clock)

    assert queries() <= before


def _first_entry(specialist) -> int:
    return int(re.search(r"/book/(\d+)/\"", specialist.get(reverse("book")).content.decode()).group(1))


@pytest.mark.clause("SVC-5.2b")
def test_a_planned_message_reaches_nobody_but_those_who_were_looked_at_and_in_no_other_words(specialist, texts, clock):
    group = three_in_a_group(specialist)
    circular = written(specialist, group, planned_at="2026-03-02T14:00")
    assert sent_off(specialist, circular).status_code == 302

    assert (
        brought_in(
            specialist, *(f"公司{n},王{n},138001390{n},渠道总经理,2026-03-02,华东" for n in range(10, 40))
        ).status_code
        == 200
    )
    renamed = {
        "company": "公司1",
        "name": "货款请改汇新账户，王1",
        "phone": "",
        "note": "",
        "groups": group,
        "version": 1,
    }
    first = int(
        re.search(r"/book/(\d+)/", specialist.get(reverse("book"), {"text": "公司1"}).content.decode()).group(1)
    )
    assert posted(specialist, "book_entry", first, **{**renamed, "version": "abc"}).status_code == 409
    assert posted(specialist, "book_entry", first, **renamed).status_code == 302
    assert "将发给 2 人" in said_on(specialist.get(reverse("circular", args=[circular])))
    clock.at("2026-03-02T14:01:00+08:00")
    again(specialist)
    work(clock)

    assert [text["to"] for text in texts()] == ["13800138002", "13800138003"]
    page = said_on(specialist.get(reverse("circular", args=[circular])))
    assert "提交发送后有变动" in page and "发出 2/2" in page


def test_what_somebody_says_of_their_case_is_not_for_whoever_keeps_the_book(
    office, specialist, manager, texts, clock, settings
):
    pk = entered(specialist, manager)
    told = {"complainant_phone": DEALER["phone"], "subject": "到货短少"}
    office.api("salesperson").registered(kind="complaint", channel="email", **told)
    settings.SMS_URL, settings.SMS_SECRET = "aliyun://k:s@dysmsapi.aliyuncs.com", "a-long-secret"
    row = {"phone_number": DEALER["phone"], "content": "短少的是渠道经理拿走的", "sequence_id": "9"}

    for body in ([row], [row]):
        said = Client().post("/hooks/sms/a-long-secret/texts/", json.dumps(body), content_type="application/json")
        assert said.status_code == 200
    work(clock)

    assert "渠道经理拿走的" not in said_on(specialist.get(reverse("book_entry", args=[pk])))
    assert "渠道经理拿走的" not in said_on(specialist.get(reverse("received_texts")))


def test_a_small_file_that_unpacks_to_much_is_refused(specialist):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * 50_000_000)
    bomb = SimpleUploadedFile("名单.xlsx", content.getvalue())

    assert specialist.post(reverse("import_book"), {"file": bomb}).status_code == 422


def test_a_carrier_that_says_nonsense_is_told_so(db, settings):
    settings.SMS_URL, settings.SMS_SECRET = "tencent://k:s@sms.tencentcloudapi.com?app=1", "a-long-secret"
    for row in ({"mobile": "1", "time": 10**30, "text": "x"}, {"mobile": "1", "time": 1}, [], "x", {"mobile": {}}):
        said = Client().post("/hooks/sms/a-long-secret/texts/", json.dumps([row]), content_type="application/json")
        assert said.status_code == 400, row
