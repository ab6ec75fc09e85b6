"""Staff write to the customer in their own words: it leaves once, by the rules, and the answer lands on the case."""

from __future__ import annotations

import email
import json
import re
from email import policy as mail_policy
from pathlib import Path

import pytest
from django.test import Client

from tests.acceptance.test_mail import hands_in, registers_mailbox
from tests.apps.mail.letters import CUSTOMER, a_letter
from tests.doors import Staff
from tests.pages import in_words, text_of

PACKS = ("express", "escalation", "market", "reporting", "service")
PHONE, MAIL = "13800138001", "wang@example.com"
WORDS = "配件周五发出，单号另行告知。"
WRITERS = {
    "express": "cs_agent",
    "escalation": "cs_agent",
    "market": "cs_agent",
    "reporting": "cs_agent",
    "service": "cs_specialist",
}


@pytest.fixture
def left(settings, tmp_path):
    """Text messages and mails that left, read from where the carriers put them."""
    settings.SMS_URL, settings.MAIL_URL = f"file://{tmp_path / 'sms'}", f"file://{tmp_path / 'mail'}"
    (tmp_path / "sms").mkdir()

    def read() -> tuple[list[dict], list[email.message.EmailMessage]]:
        lines = [x for file in sorted(Path(tmp_path / "sms").glob("*.jsonl")) for x in file.read_text().splitlines()]
        files = sorted((tmp_path / "mail").iterdir()) if (tmp_path / "mail").exists() else []
        mails = [email.message_from_bytes(file.read_bytes(), policy=mail_policy.default) for file in files]
        return [json.loads(line) for line in lines], mails

    return read


def registered(office, **contact) -> str:
    known = {"complainant_name": "王芳", **contact}
    if office.world.desk.code == "service":
        known |= {
            "kind": "enquiry",
            "channel": "hotline",
            "answered_at_once": False,
            "promised_reply_at": "2026-03-04T12:00:00+08:00",
        }
    return office.api(_intake(office)).registered(**known)


def _intake(office) -> str:
    return {"market": "cs_agent", "service": "cs_specialist"}.get(office.world.desk.code, "intake_officer")


def writer(office):
    return office.api(WRITERS[office.world.desk.code])


def written(office, number, *, by="sms", text=WORDS, **wishes):
    wishes |= {"written_subject": "配件的事"} if by == "email" and "written_subject" not in wishes else {}
    return writer(office).act(number, "write", written_by=by, written_text=text, **wishes)


def faults(response) -> dict[str, str]:
    assert response.status_code == 422, response.content.decode()
    return {error["pointer"].rsplit("/", 1)[1]: error["message"] for error in response.json()["errors"]}


def goes_out(office) -> None:
    """The worker works on for hours: one number gets at most a text a minute."""
    for _ in range(5):
        office.work()
        office.clock.later(minutes=70)
    office.work()


def own(left, number):
    """What staff wrote, among all that left."""
    texts, mails = left()
    return [t for t in texts if WORDS in t["text"]], [m for m in mails if WORDS in m.get_content()]


@pytest.mark.parametrize("pack_id", PACKS)
def test_in_every_policy_staff_write_by_text_and_by_mail_and_it_leaves(office_of, left, pack_id):
    office = office_of(pack_id)
    number = registered(office, complainant_phone=PHONE, complainant_email=MAIL)

    assert written(office, number).status_code == 200
    assert written(office, number, by="email").status_code == 200
    goes_out(office)

    texts, mails = own(left, number)
    assert [t["to"] for t in texts] == [PHONE] and [m["To"] for m in mails] == [MAIL]
    assert number in texts[0]["text"] and texts[0]["text"].startswith("【")
    assert mails[0]["Subject"] == f"配件的事（编号 {number}）" and "王芳" in mails[0].get_content()
    assert mails[0]["Auto-Submitted"] is None, "a person wrote it"
    assert mails[0]["From"].addresses[0].display_name == office.world.pack.head.company.zh_hans
    assert "write" in [event["verb"] for event in writer(office).events(number)]


def test_the_timeline_says_where_it_went_and_what_became_of_it(office, left):
    number = registered(office, complainant_phone=PHONE)
    written(office, number)
    page = Staff(office.world, "cs_agent").get(f"/cases/{number}/")
    assert "给客户发了消息" in text_of(page) and WORDS in text_of(page)
    assert re.search(r"短信 138\*+001 待发送|短信 138\*+8001 待发送", text_of(page)), text_of(page)

    goes_out(office)

    again = text_of(Staff(office.world, "cs_agent").get(f"/cases/{number}/"))
    assert "已发送" in again or "已送达" in again
    assert PHONE not in again


def test_the_answer_to_a_mail_lands_on_the_case(office, left, tmp_path):
    registers_mailbox(office)
    number = registered(office, complainant_email=CUSTOMER)
    written(office, number, by="email")
    office.work()
    _, (mail,) = own(left, number)

    answer = hands_in(
        tmp_path, a_letter("好的，谢谢。", to=mail["Reply-To"], subject="Re: 配件的事", In_Reply_To=mail["Message-ID"])
    )

    assert (answer["result"], answer["case"]) == ("appended", number)


@pytest.mark.parametrize("pack_id", PACKS)
def test_only_where_a_mailbox_reads_answers_is_anybody_asked_to_answer_the_mail(office_of, left, pack_id):
    office = office_of(pack_id)
    number = registered(office, complainant_email=MAIL)
    written(office, number, by="email")
    goes_out(office)
    (without,) = (mail.get_content() for mail in own(left, number)[1])
    assert "直接回复" not in without and "不接收回复" in without and "{{" not in without
    assert "/portal/" in without and "服务热线：" in without, "the ways that there are"

    registers_mailbox(office)
    written(office, number, by="email", text=WORDS + "（二）")
    goes_out(office)
    (answerable,) = (mail for mail in own(left, number)[1] if "（二）" in mail.get_content())
    assert "直接回复本邮件" in answerable.get_content() and "不接收回复" not in answerable.get_content()
    assert answerable["Reply-To"]


def test_every_fault_of_what_is_written_is_told_at_once(office, left):
    number = registered(office, complainant_phone="010-86922900")

    mail = faults(written(office, number, by="email", text="点 {{link}} 查看", written_subject=""))
    text = faults(written(office, number, complainant_phone="1380", text="字" * 490))
    staff, address = Staff(office.world, "cs_agent"), f"/cases/{number}/do/write/"
    version = re.search(r'name="_version" value="(\d+)"', staff.get(address).content.decode())[1]
    form = {"written_by": "", "written_text": "见 ${link}", "_version": version, "_token": "e" * 32}
    nothing = staff.post(address, form)

    assert set(mail) == {"written_subject", "complainant_email", "written_text"}
    assert set(text) == {"complainant_phone", "written_text"}
    assert nothing.status_code == 422 and nothing.content.decode().count('class="field-errors"') == 2


def test_what_cannot_leave_is_refused_at_its_field_and_leaves_no_trace(office, left):
    number = registered(office, complainant_phone="010-86922900")

    assert "没有留下手机号码" in faults(written(office, number))["complainant_phone"]
    assert "没有留下邮箱" in faults(written(office, number, by="email"))["complainant_email"]
    assert "收不到短信" in faults(written(office, number, complainant_phone="400-810-0001"))["complainant_phone"]
    assert "【】" in faults(written(office, number, complainant_phone=PHONE, text="【某某】" + WORDS))["written_text"]
    assert "最多" in faults(written(office, number, complainant_phone=PHONE, text="字" * 490))["written_text"]
    assert (
        "{{link}}" in faults(written(office, number, complainant_phone=PHONE, text="点 {{link}} 查看"))["written_text"]
    )
    assert "${" in faults(written(office, number, complainant_phone=PHONE, text="点 ${link 查看"))["written_text"]
    office.work()

    assert "write" not in [event["verb"] for event in writer(office).events(number)]
    assert own(left, number) == ([], [])


@pytest.mark.parametrize("extension", ["010-86922900转801", "400-810-0001,2", "0755 8692 2900 x 16", "13800138001转12"])
def test_no_text_goes_to_an_extension(office, left, extension):
    on_file = registered(office, complainant_phone=extension)
    typed = registered(office, complainant_phone=PHONE)

    assert "没有留下手机号码" in faults(written(office, on_file))["complainant_phone"]
    assert "收不到短信" in faults(written(office, typed, complainant_phone=extension))["complainant_phone"]


def test_an_address_given_in_the_form_is_used_and_kept(office, left):
    number = registered(office, complainant_email=MAIL)
    assert written(office, number, complainant_phone="138 0013 8009").status_code == 200
    office.clock.later(minutes=2)
    assert written(office, number, text=WORDS + "（二）").status_code == 200
    goes_out(office)

    texts, _ = own(left, number)
    assert [t["to"] for t in texts] == ["13800138009"] * 2


def test_who_opted_out_gets_no_text_but_may_get_a_mail(office, left, settings):
    number = registered(office, complainant_phone=PHONE, complainant_email=MAIL)
    settings.SMS_URL, settings.SMS_SECRET, kept = (
        "aliyun://k:s@dysmsapi.aliyuncs.com",
        "a-long-secret",
        settings.SMS_URL,
    )
    said = [{"phone_number": "86" + PHONE, "content": "TD", "send_time": "2026-03-02 10:00:00", "sequence_id": "1"}]
    assert (
        Client().post("/hooks/sms/a-long-secret/texts/", json.dumps(said), content_type="application/json").status_code
        == 200
    )
    settings.SMS_URL = kept

    assert "已经退订" in faults(written(office, number))["complainant_phone"]
    assert "已经退订" in faults(written(office, number, complainant_phone="+86 138 0013 8001"))["complainant_phone"]
    form = text_of(Staff(office.world, "cs_agent").get(f"/cases/{number}/do/write/"))
    assert "发到 w" in form or "@example.com" in form
    assert written(office, number, by="email").status_code == 200


def test_a_carrier_of_vetted_templates_gets_none_that_nobody_vetted(office, settings):
    number = registered(office, complainant_phone=PHONE, complainant_email=MAIL)
    settings.SMS_URL = "aliyun://k:s@dysmsapi.aliyuncs.com?sign=顺达"

    assert "还没有报备" in faults(written(office, number))["written_by"]
    assert written(office, number, by="email").status_code == 200


def test_quiet_hours_hold_a_text_back_and_the_form_says_so(office_of, left):
    office = office_of("service")
    office.clock.at("2026-03-02T22:30:00+08:00")
    number = registered(office, complainant_phone=PHONE)
    page = Staff(office.world, "cs_specialist").get(f"/cases/{number}/do/write/")
    assert "免打扰时段" in text_of(page) and "08:00" in text_of(page) and "提交后立即" not in text_of(page)

    assert written(office, number).status_code == 200
    office.work()
    assert own(left, number)[0] == []
    for place in (f"/cases/{number}/", "/queue/?tab=all"):
        before = text_of(Staff(office.world, "cs_specialist").get(place))
        assert re.search(r"将于 .{0,12}08:00 发出", before), "nobody has heard it yet"
    assert "最后发言：我方（免打扰时段，短信尚未发出）" in text_of(
        Staff(office.world, "cs_specialist").get(f"/cases/{number}/")
    )

    door = office.api("cs_specialist")
    assert door.case(number)["last_told_leaves_at"] == "2026-03-03T00:00:00Z"
    assert [case["last_told_leaves_at"] for case in door.read("cases")["cases"]] == ["2026-03-03T00:00:00Z"]

    office.clock.at("2026-03-03T08:01:00+08:00")
    goes_out(office)
    assert len(own(left, number)[0]) == 1
    assert door.case(number)["last_told_leaves_at"] is None
    for place in (f"/cases/{number}/", "/queue/?tab=all"):
        after = text_of(Staff(office.world, "cs_specialist").get(place))
        assert not re.search(r"将于 .{0,12}08:00 发出|短信尚未发出", after)


def test_a_draft_is_offered_only_where_something_was_typed(office):
    number = registered(office, complainant_phone=PHONE, complainant_email=MAIL)
    staff, address = Staff(office.world, "cs_agent"), f"/cases/{number}/do/write/"
    place = re.search(r'data-draft="([^"]+)"', staff.get(address).content.decode())[1]

    staff.post("/drafts/", {"_place": place, "written_by": "email", "written_text": ""})
    assert "没有提交的草稿" not in text_of(staff.get(address))

    staff.post("/drafts/", {"_place": place, "written_by": "email", "written_text": WORDS})
    assert "没有提交的草稿" in text_of(staff.get(address))


def test_a_form_that_is_sent_twice_leaves_one_message(office, left):
    number = registered(office, complainant_phone=PHONE)
    staff = Staff(office.world, "cs_agent")
    page = staff.get(f"/cases/{number}/do/write/").content.decode()
    version = re.search(r'name="_version" value="(\d+)"', page)[1]
    form = {"written_by": "sms", "written_text": WORDS, "_version": version, "_token": "f" * 32}

    first, second = (staff.post(f"/cases/{number}/do/write/", form) for _ in range(2))
    third = staff.post(f"/cases/{number}/do/write/", {**form, "_token": "e" * 32})
    goes_out(office)

    assert (first.status_code, second.status_code, third.status_code) == (302, 302, 409)
    assert len(own(left, number)[0]) == 1


def test_no_line_of_a_subject_becomes_a_header_and_markup_stays_text(office, left):
    number = registered(office, complainant_email=MAIL)
    sly = "您好\r\nBcc: other@example.com"
    refused = written(office, number, by="email", written_subject=sly)
    assert refused.status_code in (200, 422)
    written(office, number, by="email", text=WORDS + "<script>alert(1)</script>")
    office.work()

    _, mails = own(left, number)
    assert all(m["Bcc"] is None and m["To"] == MAIL and m.get_content_type() == "text/plain" for m in mails)
    assert "\n" not in str(mails[0]["Subject"])
    page = Staff(office.world, "cs_agent").get(f"/cases/{number}/").content.decode()
    assert "<script>alert" not in page


def test_only_those_whom_the_policy_names_write(office, office_of):
    number = registered(office, complainant_phone=PHONE)
    assert office.api("finance_officer").act(number, "write", written_by="sms", written_text=WORDS).status_code in (
        403,
        404,
    )
    other = office_of("market")
    assert other.api("cs_agent").send(number, "write", {"written_by": "sms", "written_text": WORDS}).status_code == 404


def test_to_record_a_contact_says_that_nothing_is_sent(office):
    number = registered(office, complainant_phone=PHONE)
    page = text_of(Staff(office.world, "cs_agent").get(f"/cases/{number}/do/contact/"))
    assert "只作记录，不会发送" in page


def test_a_prepared_text_with_a_gap_is_not_sent(office, left):
    number = registered(office, complainant_phone=PHONE)
    staff = Staff(office.world, "cs_agent")
    page = staff.get(f"/cases/{number}/do/write/").content.decode()
    version = re.search(r'name="_version" value="(\d+)"', page)[1]
    form = {"written_by": "sms", "written_text": "下次联系我定在[时间]。", "_version": version, "_token": "d" * 32}
    refused = staff.post(f"/cases/{number}/do/write/", {**form, "_phrase": "write_progress", "_read": "1"})
    assert refused.status_code == 422 and "还没有换成实际内容" in in_words(refused.content.decode())


def test_neither_writing_nor_erasing_is_done_from_another_site(office):
    number = registered(office, complainant_phone=PHONE)
    for role, address in (("cs_agent", f"/cases/{number}/do/write/"), ("administrator", "/personal-data/1/erase/")):
        staff = Staff(office.world, role, enforce_csrf_checks=True)
        sent = staff.post(address, {"written_by": "sms", "written_text": WORDS, "ground": "asked", "_version": "1"})
        assert sent.status_code == 403
    assert "write" not in [event["verb"] for event in writer(office).events(number)]
