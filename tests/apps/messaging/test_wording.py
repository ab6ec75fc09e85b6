"""What fills a message can neither begin a header nor leave a secret behind."""

import pytest

from amends.apps.messaging.actions import Wording
from amends.apps.messaging.rendering import fill, fill_line, fill_notice

PAYLOADS = [
    f"x{end}{header}"
    for end in ("\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x1c", "\x00\r\n")
    for header in ("Bcc: a@b.c", "Subject: neu", "Content-Type: text/html", "\tfolded", "To: x@y.z")
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_value_ends_the_subject_line(payload):
    line = fill_line("编号 {{case_title}}", {"case_title": payload})

    assert line.splitlines() == [line]
    assert all(ord(c) >= 32 for c in line)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_subject_stays_one_line_and_the_body_whole(payload):
    subject, body = Wording("关于 {{case_title}}\n\n正文 {{case_title}}", {"case_title": payload}).shown("email")

    assert subject.splitlines() == [subject]
    assert body.startswith("正文 x")


def test_a_placeholder_in_a_value_is_not_filled():
    assert fill("{{case_title}}", {"case_title": "{{code}}", "code": "123456"}) == "{{code}}"


@pytest.mark.parametrize(
    ("text", "values", "shown"),
    [
        ("{{number}}（{{case_title}}）到期。", {"number": "PG1"}, "PG1到期。"),
        ("{{number}}“{{case_title}}”到期。", {"number": "PG1"}, "PG1到期。"),
        ("{{number}}“{{case_title}}”到期。", {"number": "PG1", "case_title": "漏水"}, "PG1“漏水”到期。"),
        ("{{number}} ({{case_title}}) is due.", {"number": "PG1"}, "PG1 is due."),
        ("{{number}} “{{case_title}}” is due.", {"number": "PG1"}, "PG1 is due."),
        ("请审核：{{reason}}。", {"reason": "调不动人。"}, "请审核：调不动人。"),
        ("请审核：{{reason}}。", {"reason": "谁去？"}, "请审核：谁去？"),
        ("请审核：{{reason}}。", {"reason": "型号（ ）没写！。见附件"}, "请审核：型号（ ）没写！。见附件。"),
    ],
)
def test_a_notice_shows_no_empty_brackets_and_ends_once(text, values, shown):
    assert fill_notice(text, values) == shown


def test_the_readable_copy_has_dots_where_the_secret_was():
    wording = Wording("您的验证码 {{code}}\n\n{{code}} 用于 {{number}}", {"number": "KD1"}, {"code": "123456"})

    assert "123456" not in "".join(wording.shown("email"))
    assert wording.shown("email")[0] == "您的验证码 ••••••"
    assert wording.sealed("email").count("123456") == 2


def test_words_without_a_secret_are_not_sealed():
    assert Wording("{{number}}", {"number": "KD1"}).sealed("sms") == ""


@pytest.mark.parametrize(
    ("mailbox", "shown"),
    [("service@example.com", "正文\n请回复 service@example.com。\n完"), ("", "正文\n请致电 400。\n完")],
)
def test_a_line_stands_only_where_its_condition_holds(mailbox, shown):
    text = "正文\n{{if:mailbox}}请回复 {{mailbox}}。\n{{ unless:mailbox }}请致电 {{hotline}}。\n完"

    assert fill(text, {"mailbox": mailbox, "hotline": "400"}) == shown


def test_a_condition_in_a_value_decides_about_nothing():
    assert fill("{{reason}}", {"reason": "{{if:mailbox}}甲"}) == "{{if:mailbox}}甲"
