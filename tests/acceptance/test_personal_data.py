"""One person's data: a copy of all that is held, and its erasure, after which not a byte of it is found and the chains verify."""

from __future__ import annotations

import io
import json
import re
import zipfile

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from tests.acceptance.test_mail import hands_in, registers_mailbox
from tests.apps.mail.letters import PICTURE, a_letter
from tests.doors import Staff
from tests.emptying import files_elsewhere
from tests.everything_written import everything_written, where
from tests.pages import in_words, text_of

PACKS = ("express", "market")
NAME, PHONE, MAIL = "欧阳槿禾", "13712348866", "ouyang.jinhe@example.org"
SAID = "槿禾说外箱被雨淋透"
CANARIES = (
    NAME,
    PHONE,
    MAIL,
    "137 1234 8866",
    "槿禾",
    "雨淋透",
    "秘密材料内容",
    "槿禾来信",
    "槿禾回短信",
    "给槿禾的信",
)


@pytest.fixture
def left(settings, tmp_path):
    settings.SMS_URL, settings.MAIL_URL = f"file://{tmp_path / 'sms'}", f"file://{tmp_path / 'out'}"


@pytest.fixture(autouse=True)
def own_files(tmp_path):
    """Nothing lies in the storage but what the test put there."""
    with files_elsewhere(tmp_path / "files"):
        yield


def confirmed(staff: Staff) -> Staff:
    """They typed their password a moment ago."""
    session = staff.session
    session["confirmed_at"] = timezone.now().isoformat()
    session.save()
    return staff


def answers_for_it(office) -> Staff:
    return confirmed(Staff(office.world, "administrator"))


def open_case(office, **more) -> str:
    wishes = {
        "complainant_name": NAME,
        "complainant_phone": "137 1234 8866",
        "complainant_email": MAIL,
        "description": SAID,
    }
    return office.api("intake_officer").registered(subject="槿禾的快件", **wishes, **more)


def closed_case(office, tmp_path, settings) -> str:
    """A case with everything about it: files, a letter, texts both ways, drafts, a search index; ended."""
    number = open_case(office)
    officer = office.api("intake_officer")
    file = officer.upload(number, name="槿禾的照片.png", content=PICTURE + "秘密材料内容".encode())
    office.does(number, "accept")
    officer.does(number, "add_evidence", evidence_files=[file])
    agent = office.api("cs_agent")
    agent.does(number, "write", written_by="email", written_subject="给槿禾的信", written_text="给槿禾的信：请查收。")
    agent.does(number, "write", written_by="sms", written_text="给槿禾的信：请看邮件。")
    registers_mailbox(office)
    letter = a_letter(f"槿禾来信，{SAID}", sender=f"{NAME} <{MAIL}>", subject=f"槿禾来信 {number}")
    hands_in(tmp_path, letter)
    settings.SMS_SECRET, kept, settings.SMS_URL = (
        "a-long-secret",
        settings.SMS_URL,
        "aliyun://k:s@dysmsapi.aliyuncs.com",
    )
    said = [
        {"phone_number": "86" + PHONE, "content": "槿禾回短信", "send_time": "2026-03-02 10:00:00", "sequence_id": "7"}
    ]
    Client().post("/hooks/sms/a-long-secret/texts/", json.dumps(said), content_type="application/json")
    settings.SMS_URL = kept
    typed = {"note_text": f"{NAME} {PHONE}", "_version": "1"}
    Staff(office.world, "cs_agent").post(f"/cases/{number}/do/note/", {**typed, "_redraw": "1"})
    office.work()
    return number


def ends_all(office) -> None:
    """Every open case is withdrawn."""
    for case in office.api("cs_supervisor").read("cases", status="open")["cases"]:
        office.does(case["number"], "withdraw")


def number_of_person(staff: Staff, asked: str = PHONE) -> str:
    page = staff.post("/personal-data/", {"asked": asked}).content.decode()
    found = re.search(r"/personal-data/(\d+)/", page)
    assert found, in_words(page)
    return found[1]


def verified() -> bool:
    printed = io.StringIO()
    try:
        call_command("audit_verify", "--json", stdout=printed)
    except SystemExit as ended:
        return not ended.code
    return True


def test_a_copy_holds_everything_in_the_clear_to_read_and_as_data(office, left, tmp_path, settings):
    number = closed_case(office, tmp_path, settings)
    staff = answers_for_it(office)
    person = number_of_person(staff)
    page = text_of(staff.get(f"/personal-data/{person}/"))
    assert NAME not in page and PHONE not in page and "下载副本" in page

    answer = staff.post(f"/personal-data/{person}/copy/")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as bound:
        data = json.loads(bound.read("data.json"))
        readable = bound.read("copy.html").decode()
        files = {name: bound.read(name) for name in bound.namelist() if name.startswith("files/")}

    assert data["person"]["name"] == NAME and {c["value"] for c in data["contacts"]} >= {PHONE, MAIL}
    assert number in {case["number"] for case in data["cases"]}
    everything = json.dumps(data, ensure_ascii=False)
    for said in (SAID, "给槿禾的信：请查收。", "槿禾回短信", "槿禾来信"):
        assert said in everything and said in readable
    assert any("秘密材料内容".encode() in content for content in files.values())
    assert "export" in [action for _, action, *_ in office.accesses_by(office.api("administrator"))]


def test_nothing_is_erased_while_a_case_is_open(office, left):
    number = open_case(office)
    staff = answers_for_it(office)
    person = number_of_person(staff)
    assert number in text_of(staff.get(f"/personal-data/{person}/"))

    refused = staff.post(f"/personal-data/{person}/erase/", {"ground": "asked"})

    assert refused.status_code == 409 and "还没有办结" in in_words(refused.content.decode())
    assert office.api("intake_officer").case(number)["subject"] == "槿禾的快件"


def test_after_erasure_no_byte_is_found_and_the_chains_verify(office, left, tmp_path, settings):
    closed_case(office, tmp_path, settings)
    before = everything_written()
    assert [word for word in CANARIES if word.encode() in before] != []
    ends_all(office)
    staff = answers_for_it(office)
    person = number_of_person(staff)

    answer = staff.post(
        f"/personal-data/{person}/erase/", {"ground": "asked", "reference": "PI-2026-7", "before_time": "1"}
    )
    assert answer.status_code == 302, in_words(answer.content.decode())
    office.work()

    left_over = everything_written()
    assert [(word, where(word)) for word in CANARIES if word.encode() in left_over] == []
    assert verified()
    assert "已删除" in text_of(staff.get(f"/personal-data/{person}/"))
    assert "没有这样的客户" in text_of(staff.post("/personal-data/", {"asked": PHONE}))
    changes = text_of(Staff(office.world, "administrator").get("/organisation/changes/"))
    assert f"删除了客户（编号 {person}）的个人信息" in changes
    again = staff.post(f"/personal-data/{person}/erase/", {"ground": "asked"})
    assert again.status_code == 409 and "个人信息已于" in in_words(again.content.decode())


def test_a_ground_is_needed_and_no_name_is_taken_as_a_reference(office, left):
    number = open_case(office)
    office.does(number, "withdraw")
    staff = answers_for_it(office)
    person = number_of_person(staff)

    no_ground = staff.post(f"/personal-data/{person}/erase/", {"reference": "张三"})
    named = staff.post(f"/personal-data/{person}/erase/", {"ground": "asked", "reference": NAME})

    assert (no_ground.status_code, named.status_code) == (422, 422)
    assert no_ground.content.decode().count("field has-error") == 2
    assert "不写姓名" in in_words(named.content.decode())


def test_the_next_contact_of_somebody_erased_is_a_new_person(office, left):
    number = open_case(office)
    office.does(number, "withdraw")
    staff = answers_for_it(office)
    person = number_of_person(staff)
    assert staff.post(f"/personal-data/{person}/erase/", {"ground": "asked"}).status_code == 302

    open_case(office)

    assert number_of_person(staff) != person


def test_who_has_not_the_right_finds_nothing_and_erases_nothing(office, office_of, left):
    number = open_case(office)
    person = number_of_person(answers_for_it(office))
    agent = confirmed(Staff(office.world, "cs_supervisor"))
    other = confirmed(Staff(office_of("market").world, "administrator"))

    assert agent.get("/personal-data/").status_code == 403
    for staff in (agent, other):
        assert staff.get(f"/personal-data/{person}/").status_code in (403, 404)
        assert staff.post(f"/personal-data/{person}/copy/").status_code in (403, 404)
        assert staff.post(f"/personal-data/{person}/erase/", {"ground": "asked"}).status_code in (403, 404)
    assert "个人信息申请" not in text_of(Staff(office.world, "cs_supervisor").get(f"/cases/{number}/customer/"))


def test_who_is_asked_for_never_stands_in_an_address(office, left):
    open_case(office)
    staff = answers_for_it(office)

    assert 'method="get"' not in staff.get("/personal-data/").content.decode()
    assert "欧＊＊" not in text_of(staff.get("/personal-data/", {"asked": PHONE}))
    assert "欧＊＊" in text_of(staff.post("/personal-data/", {"asked": PHONE}))


@pytest.mark.parametrize("asked", ["", "%", "1", "_", "1371234", "1" * 5000, "\x00", "槿禾", "@"])
def test_nobody_is_found_by_a_part_of_a_number(office, left, asked):
    open_case(office)

    assert "件个案" not in text_of(answers_for_it(office).post("/personal-data/", {"asked": asked}))


def test_both_acts_ask_for_the_password(office, left):
    open_case(office)
    person = number_of_person(answers_for_it(office))
    staff = Staff(office.world, "administrator")
    staff.get("/")
    office.clock.later(minutes=6)
    for act in ("copy", "erase"):
        asked = staff.post(f"/personal-data/{person}/{act}/", {"ground": "asked"})
        assert "密码" in in_words(asked.content.decode()) and "改变权限" not in asked.content.decode()


def test_a_search_that_names_nobody_says_what_to_fill_in_and_one_that_finds_nobody_says_so(office):
    staff = answers_for_it(office)
    assert "请填写完整的手机号码、邮箱或个案编号。" in text_of(staff.post("/personal-data/", {"asked": " "}))
    assert "没有这样的客户" in text_of(staff.post("/personal-data/", {"asked": "13999999999"}))
    assert "请填写完整的" not in text_of(staff.get("/personal-data/"))


def test_the_command_line_says_first_and_erases_when_told(office, left, tmp_path):
    number = open_case(office)
    said = io.StringIO()
    call_command("subject_erase", MAIL, "--json", stdout=said)
    assert json.loads(said.getvalue())["open"] == [number]
    with pytest.raises(CommandError, match="还没有办结"):
        call_command("subject_erase", number, "--yes")
    office.does(number, "withdraw")
    call_command("subject_export", PHONE, str(tmp_path / "copy.zip"), stdout=said)
    assert zipfile.ZipFile(tmp_path / "copy.zip").testzip() is None

    call_command("subject_erase", PHONE, "--yes", stdout=said)

    with pytest.raises(CommandError, match="nobody"):
        call_command("subject_erase", PHONE)
