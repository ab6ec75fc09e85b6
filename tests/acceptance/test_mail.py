"""Mail as a way in: from a real mailbox and from files, read by the worker, seen on the pages of staff."""

from __future__ import annotations

import io
import json
import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from tests.apps.mail.letters import CUSTOMER, PICTURE, a_letter
from tests.doors import Staff
from tests.imap_server import PASSWORD, imap_server
from tests.pages import text_of

PACKS = ("escalation", "reporting", "express", "service")
ADDRESS = "service@amends.test"


def registers_mailbox(office, address=ADDRESS, **where):
    """Somebody who manages the desk registers a mailbox of it and is told whether it opens."""
    manager = Staff(office.world, "administrator")
    session = manager.session
    session["confirmed_at"] = timezone.now().isoformat()
    session.save()
    given = {
        "channel": f"{office.world.desk.code}:email", "address": address, "port": "993", "security": "tls", "folder": "INBOX", **where,
    }  # fmt: skip
    page = manager.post("/organisation/mailboxes/", given, follow=True)
    assert page.status_code == 200 and "已保存" in page.content.decode()
    return page.content.decode()


def hands_in(tmp_path, octets, address=ADDRESS):
    """What `amends ingest_mail` says about a mail in a file."""
    file = tmp_path / "mail.eml"
    file.write_bytes(octets)
    printed = io.StringIO()
    call_command("ingest_mail", str(file), "--mailbox", address, "--json", stdout=printed)
    return json.loads(printed.getvalue())


@pytest.mark.clause("ESC-3.1.1")
def test_a_call_an_online_complaint_and_a_mail_stand_in_one_queue_with_channel_content_and_time(office):
    clerk = office.api("intake_officer")
    by_phone = clerk.registered(channel="hotline", subject="电话里说的事", description="机器不转。")
    page = Client().post("/portal/complain/escalation/complaint/", {
        "complainant_name": "李四", "complainant_phone": "13900139000", "subject": "网上写的事", "description": "漏水。",
        "_token": "0123456789abcdef0123456789abcdef", "consent": "on",
    })  # fmt: skip
    with imap_server() as server:
        said = registers_mailbox(
            office, host="127.0.0.1", port=str(server.tls_port), username="service", password=PASSWORD,
            certificate=server.certificate, done_folder="已处理",
        )  # fmt: skip
        assert "邮箱可以打开" in said
        server.deliver("service", a_letter("外箱压坏。", subject="邮件里说的事", sender="王五 <wang@example.com>"))
        printed = io.StringIO()
        call_command("fetch_mail", "--json", stdout=printed)
        assert json.loads(printed.getvalue())[ADDRESS]["stored"] == 1
        assert server.uids("service") == []
    office.work()

    cases = {case["subject"]: case for case in clerk.read("cases")["cases"]}
    assert {subject: cases[subject]["channel"] for subject in ("电话里说的事", "网上写的事", "邮件里说的事")} == {
        "电话里说的事": "hotline", "网上写的事": "online", "邮件里说的事": "email",
    }  # fmt: skip
    assert all(case["received_at"].startswith("2026-03-02T01:0") for case in cases.values()), page.content
    queue = text_of(Staff(office.world, "intake_officer").get("/queue/?tab=all"))
    assert all(subject in queue for subject in cases)
    mailed = text_of(Staff(office.world, "intake_officer").get(f"/cases/{cases['邮件里说的事']['number']}/"))
    assert "外箱压坏。" in mailed and "客诉邮箱" in mailed and by_phone in queue


@pytest.mark.clause("REP-2.1.2")
def test_a_mail_with_two_files_is_one_case_with_all_of_it_however_often_it_is_imported(office_of, tmp_path):
    office = office_of("reporting")
    registers_mailbox(office)
    long = "收到时外箱已经压瘪。" * 30
    octets = a_letter(long, subject="外箱压瘪", files=(("外箱.png", PICTURE), ("清单.pdf", b"%PDF-1.4 test")))

    first, again = hands_in(tmp_path, octets), hands_in(tmp_path, octets)

    agent = office.api("cs_agent")
    number = first["case"]
    assert (first["result"], again["result"], again["case"]) == ("created", "duplicate", number)
    assert [case["number"] for case in agent.read("cases")["cases"]] == [number]
    assert agent.case(number)["subject"] == "外箱压瘪"
    names = {file["name"] for file in agent.read(f"cases/{number}/evidence")["evidence"]}
    assert {"外箱.png", "清单.pdf"} < names and any(name.endswith(".eml") for name in names)
    page = Staff(office.world, "cs_agent").get(f"/cases/{number}/")
    assert long in text_of(page) and "z***@example.com" in text_of(page)
    letter = Staff(office.world, "cs_agent").get(f"/mail/{first['mail']}/")
    assert CUSTOMER in text_of(letter) and "张三" in text_of(letter)


@pytest.mark.clause("EXP-1.1.5")
def test_an_answer_that_carries_a_known_case_is_added_to_it_and_founds_no_new_one(office_of, tmp_path, settings):
    office = office_of("express")
    registers_mailbox(office)
    settings.MAIL_URL = f"file://{tmp_path / 'out'}"
    number = hands_in(tmp_path, a_letter("包裹没到。", subject="没收到"))["case"]
    office.work()
    sent = next((tmp_path / "out").iterdir()).read_text()
    reply_to = re.search(r"^Reply-To: (\S+)$", sent, re.M).group(1)
    message_id = re.search(r"^Message-ID: (\S+)$", sent, re.M).group(1)

    answer = hands_in(tmp_path, a_letter(
        f"单号是 SF123。\n\n在 2026年3月2日，客服 写道：\n> 您的投诉 {number} 已受理", to=reply_to, subject=f"Re: {number}",
        In_Reply_To=message_id, files=(("面单.png", PICTURE),),
    ))  # fmt: skip

    officer = office.api("intake_officer")
    assert (answer["result"], answer["case"]) == ("appended", number)
    assert [case["number"] for case in officer.read("cases")["cases"]] == [number]
    assert [event["verb"] for event in officer.events(number)] == ["register", "add_information"]
    page = text_of(Staff(office.world, "intake_officer").get(f"/cases/{number}/"))
    assert "单号是 SF123。" in page and "已受理" not in page.split("单号是 SF123。")[1][:20]
    assert "面单.png" in {file["name"] for file in officer.read(f"cases/{number}/evidence")["evidence"]}


@pytest.mark.clause("SVC-1.1a")
def test_a_written_complaint_by_mail_is_kept_with_its_original(office_of, tmp_path):
    office = office_of("service")
    registers_mailbox(office)
    number = hands_in(tmp_path, a_letter("设备漏油。", subject="设备漏油"))["case"]
    specialist = office.api("cs_specialist")
    assert specialist.case(number)["channel"] == "email"
    (original,) = specialist.read(f"cases/{number}/evidence")["evidence"]
    assert original["name"].endswith(".eml")
