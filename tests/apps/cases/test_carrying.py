"""Notices reach people where they want them: bundled, in their hours, urgent ones at any time; a digest in the morning."""

import json
from datetime import datetime

import pytest
from django.urls import reverse

from amends.apps.cases.carrying import carry, department_ways_waiting, send_digest, tell_department, ways_waiting
from amends.apps.cases.models import Case
from amends.apps.messaging import robots
from amends.apps.messaging.actions import notify
from amends.apps.messaging.models import DepartmentWay, Notice, NoticeWay, OutboxMessage
from amends.apps.messaging.outbound import Answered
from tests.doors import Staff
from tests.pages import in_words

PACKS = ("escalation",)
WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx"
ROLE = "cs_supervisor"


@pytest.fixture
def said(monkeypatch):
    """What robots were told; `answer` is what they answer."""
    told = {"answer": Answered(200, b'{"errcode": 0}'), "texts": []}

    def post(url, body, headers, *, hosts):
        told["texts"].append((url, json.loads(body)))
        return told["answer"]

    monkeypatch.setattr(robots, "post", post)
    return told


@pytest.fixture
def staff(office):
    return Staff(office.world, ROLE)


def choose(staff, **values):
    chosen = {"kind": "wecom", "address": WECOM, "every_minutes": "15", "digest": "on", **values}
    return staff.post(reverse("notice_way"), chosen)


@pytest.fixture
def case(office):
    number = office.api("intake_officer").register().json()["number"]
    return Case.objects.get(number=number)


def note(office, staff, case, text="请尽快处理", *, key="k"):
    notify(
        [staff.person], pack=office.world.pack, message="m", values={}, case_key=str(case.pk), case_number=case.number,
        now=office.world.now, unique_key=key, usual={"zh-hans": text, "en": "please act"},
    )  # fmt: skip


def carried(office) -> int:
    return sum(carry(way, now=office.world.now) for way in ways_waiting(office.world.now))


def test_notices_are_bundled_and_come_no_more_often_than_wanted(office, staff, case, said, clock):
    Notice.objects.all().delete()
    assert choose(staff).status_code == 302
    note(office, staff, case, "第一件", key="a")
    note(office, staff, case, "第二件", key="b")

    assert carried(office) == 2
    [(url, body)] = said["texts"]
    assert url == WECOM and body["msgtype"] == "text"
    assert "2 条新通知" in body["text"]["content"] and f"/cases/{case.number}/" in body["text"]["content"]
    note(office, staff, case, "第三件", key="c")
    assert carried(office) == 0
    clock.later(minutes=15)
    assert carried(office) == 1


def test_outside_working_hours_only_what_is_urgent_comes(office, staff, case, said, clock):
    Notice.objects.all().delete()
    choose(staff)
    clock.at("2026-03-02T23:00:00+08:00")
    note(office, staff, case)
    Case.objects.filter(pk=case.pk).update(level="level_3")
    assert carried(office) == 0

    Case.objects.filter(pk=case.pk).update(level="level_1")
    assert carried(office) == 1
    assert len(said["texts"]) == 1


def test_a_robot_that_refuses_is_named_on_the_account_page_and_nothing_is_lost(office, staff, case, said, clock):
    from amends.apps.cases.tasks import carry_to_person

    Notice.objects.all().delete()
    choose(staff, kind="feishu", address="https://open.feishu.cn/open-apis/bot/v2/hook/x")
    note(office, staff, case)
    said["answer"] = Answered(200, b'{"code": 19001}')

    with pytest.raises(robots.RobotRefused):
        carry_to_person({"way": NoticeWay.objects.get().pk})
    assert "上一次没有发出去" in in_words(staff.get(reverse("account")).content.decode())
    said["answer"] = Answered(200, b'{"code": 0}')
    assert carried(office) == 1
    assert said["texts"][-1][1]["content"]["text"].startswith("客诉台")


def test_mail_goes_through_the_outbox(office, staff, case):
    Notice.objects.all().delete()
    choose(staff, kind="email", address="zhang@example.com")
    note(office, staff, case, "请看")

    assert carried(office) == 1
    mail = OutboxMessage.objects.get(message="staff_notices")
    assert (mail.address, mail.subject) == ("zhang@example.com", "客诉台：1 条新通知")


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("wecom", "https://evil.example/cgi-bin/webhook/send"),
        ("wecom", "http://qyapi.weixin.qq.com/x"),
        ("dingtalk", "https://qyapi.weixin.qq.com/x"),
        ("feishu", "https://open.feishu.cn:8443/x"),
        ("wecom", "https://a@qyapi.weixin.qq.com/x"),
        ("email", "nobody"),
        ("wecom", ""),
    ],
)
def test_only_addresses_of_the_kind_are_taken(office, staff, kind, address):
    response = choose(staff, kind=kind, address=address)

    assert (response.status_code, NoticeWay.objects.count()) == (422, 0)


def test_the_digest_names_what_is_due_today_once_on_working_days(office, staff, case, said, clock):
    choose(staff)
    Case.objects.filter(pk=case.pk).update(
        handler=staff.person, due_at=datetime.fromisoformat("2026-03-02T10:00:00+08:00"), subject="少了两箱"
    )
    way = NoticeWay.objects.get()
    clock.at("2026-03-03T08:30:00+08:00")

    assert send_digest(way, now=clock.now)
    told = said["texts"][0][1]["text"]["content"]
    assert "今天到期 0 件，已超时 1 件" in told and "已超时，应于 2026年3月2日 10:00 前办理" in told
    assert not send_digest(NoticeWay.objects.get(), now=clock.now)
    clock.at("2026-03-07T08:30:00+08:00")  # a Saturday
    assert not send_digest(NoticeWay.objects.get(), now=clock.now)


def test_the_digest_counts_all_and_names_the_most_urgent_ten(office, staff, case, said, clock):
    choose(staff)
    tonight = datetime.fromisoformat("2026-03-04T00:00:00+08:00")
    for _ in range(12):
        assert office.api("intake_officer").register().status_code == 201
    Case.objects.update(handler=staff.person, due_at=tonight)
    clock.at("2026-03-03T08:30:00+08:00")

    assert send_digest(NoticeWay.objects.get(), now=clock.now)
    told = said["texts"][0][1]["text"]["content"]
    assert "今天到期 13 件，已超时 0 件" in told and "另有 3 件" in told
    assert told.count("2026年3月3日 24:00 到期") == 10


@pytest.fixture
def common(office, staff):
    """The robot of the supervisor's department, chosen on its page by who manages people."""
    manager = Staff(office.world, "administrator")
    address = reverse("department_way", args=[staff.person.department_id])
    assert manager.post(address, {"kind": "wecom", "address": WECOM, "every_minutes": "15"}).status_code == 302
    assert WECOM not in manager.get(reverse("department", args=[staff.person.department_id])).content.decode()
    return address


def told_in_common(office) -> int:
    return sum(tell_department(way, now=office.world.now) for way in department_ways_waiting(office.world.now))


def test_a_department_hears_in_its_group_once_what_several_of_its_people_were_told(office, staff, common, case, said):
    Notice.objects.all().delete()
    colleague = Staff(office.world, "cs_agent").person
    assert colleague.department_id == staff.person.department_id
    notify(
        [staff.person, colleague], pack=office.world.pack, message="m", values={}, case_key=str(case.pk),
        case_number=case.number, now=office.world.now, unique_key="k", usual={"zh-hans": "请尽快处理"},
    )  # fmt: skip

    assert told_in_common(office) == 1
    [(url, body)] = said["texts"]
    assert (url, body["text"]["content"].count("请尽快处理")) == (WECOM, 1)
    assert told_in_common(office) == 0
    assert Notice.objects.filter(carried_at=None).count() == 2


def test_a_department_hears_outside_its_hours_only_what_is_urgent_and_never_what_is_closed_to_one_of_them(
    office, staff, common, case, said, clock
):
    Notice.objects.all().delete()
    clock.at("2026-03-02T23:00:00+08:00")
    note(office, staff, case)
    Case.objects.filter(pk=case.pk).update(level="level_3")
    assert told_in_common(office) == 0
    Case.objects.filter(pk=case.pk).update(level="level_1", accused_person=Staff(office.world, "cs_agent").person)
    assert told_in_common(office) == 0
    Case.objects.filter(pk=case.pk).update(accused_person=None)
    assert told_in_common(office) == 1


def test_only_robots_of_the_kind_are_taken_for_a_department(office, staff):
    manager = Staff(office.world, "administrator")
    wrong = {"kind": "dingtalk", "address": WECOM, "every_minutes": "15"}
    refused = manager.post(reverse("department_way", args=[staff.person.department_id]), wrong)

    assert refused.status_code == 422
    assert "主机为 oapi.dingtalk.com" in in_words(refused.content.decode())
    assert not DepartmentWay.objects.exists()
