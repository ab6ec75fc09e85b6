"""What a mail says, whatever its program made of it; what is new in it; whether a person wrote it."""

from __future__ import annotations

import base64
from email.message import EmailMessage

import pytest

from amends.apps.mail.automatic import why_automatic
from amends.apps.mail.headers import Address
from amends.apps.mail.quoting import newly_written
from amends.apps.mail.reading import MOST_DEPTH, MOST_HEAD_LINES, MOST_OCTETS, MOST_PARTS, Unreadable, read_mail


def plain(heads: str, body: bytes = b"") -> bytes:
    return heads.encode() + b"\r\n\r\n" + body


def in_base64(text: str, charset: str) -> str:
    return base64.b64encode(text.encode(charset)).decode()


@pytest.mark.parametrize(
    ("head", "subject"),
    [
        (f"=?gb2312?B?{in_base64('投诉：客户姓名「祎」', 'gb18030')}?=", "投诉：客户姓名「祎」"),
        (f"=?GBK?B?{in_base64('快件', 'gbk')}?= =?GBK?B?{in_base64('破损', 'gbk')}?=", "快件破损"),
        ("=?utf-8?B?5b+r?= =?utf-8?B?5Lu=?=\r\n =?utf-8?B?tg==?=", "快件"),
        ("=?utf-8?Q?=E5=BF=AB?=\r\n\t=?utf-8?Q?=E4=BB=B6?= no 7", "快件 no 7"),
        ("=?big5?B?" + in_base64("貨物損壞", "big5") + "?=", "貨物損壞"),
        ("=?no-such-charset?B?" + in_base64("快件", "utf-8") + "?=", "快件"),
        ("=?utf-8?B?not base64!?=", "not base64!"),
        ("plain\x07 words", "plain words"),
    ],
)  # fmt: skip
def test_a_subject_is_read_in_whatever_its_program_wrote(head: str, subject: str) -> None:
    assert read_mail(plain(f"Subject: {head}")).subject == subject


@pytest.mark.parametrize(
    ("octets", "charset"),
    [
        ("快件破损，請處理".encode("gb18030"), "gb2312"),
        ("快件破损".encode(), "us-ascii"),
        ("快件破损".encode("gb18030"), ""),
    ],
)
def test_a_text_is_read_in_whatever_it_is_written(octets: bytes, charset: str) -> None:
    named = f'; charset="{charset}"' if charset else ""
    text = read_mail(plain(f"Content-Type: text/plain{named}\r\nContent-Transfer-Encoding: 8bit", octets)).text
    assert text.startswith("快件破损")


@pytest.mark.parametrize(
    ("head", "senders"),
    [
        ("=?utf-8?B?" + in_base64("王芳,客服", "utf-8") + "?= <Wang@Example.COM>", (Address("王芳,客服", "Wang@example.com"),)),
        ('"Li, Hua" <li@example.com>, zhao@example.com', (Address("Li, Hua", "li@example.com"), Address("", "zhao@example.com"))),
        ('"alice@example.com" <mallory@example.net>', (Address("alice@example.com", "mallory@example.net"),)),
        ('"<alice@example.com>" mallory@example.net', (Address("", '"<alice@example.com>"mallory@example.net'),)),
        ("alice@example.com <mallory@example.net>", (Address("alice@example.com", "mallory@example.net"),)),
        ("chen@example.com (陈)", (Address("陈", "chen@example.com"),)),
        ("客户: a@example.com, b@example.com;", (Address("", "a@example.com"), Address("", "b@example.com"))),
        ("a b@example.com", (Address("a b@example.com", ""),)),
        ("", ()),
    ],
)  # fmt: skip
def test_who_a_mail_is_from_is_never_taken_out_of_a_name(head: str, senders: tuple[Address, ...]) -> None:
    """Source: CVE-2023-27043."""
    assert read_mail(plain(f"From: {head}")).sender == senders


def test_files_keep_their_chinese_names_and_every_octet() -> None:
    message = EmailMessage()
    message["Subject"] = "外箱破损"
    message.set_content("见附件。")
    message.add_alternative("<p>见<b>附件</b>。</p>", subtype="html")
    message.add_attachment(b"\x00\xff\r\n", maintype="image", subtype="jpeg", filename="外箱/破损 1.jpg")
    mail = read_mail(message.as_bytes())
    assert (mail.text.strip(), mail.has_html) == ("见附件。", True)
    assert [(file.name, file.kind, file.content) for file in mail.attachments] == [
        ("外箱_破损 1.jpg", "image/jpeg", b"\x00\xff\r\n")
    ]


def test_html_is_read_as_text_and_nothing_of_it_runs() -> None:
    html = (
        "<html><head><title>x</title><style>p{}</style></head><body><script>steal()</script><p>快件&nbsp;破损</p>"
        "<ul><li>两只杯子<li>一个盘子</ul><table><tr><td>运单号</td><td>SF1</td></tr></table><img src=http://x alt=照片></body></html>"
    )
    text = read_mail(plain("Content-Type: text/html; charset=utf-8", html.encode())).text
    assert text == "快件 破损\n\n- 两只杯子\n- 一个盘子\n\n运单号 SF1\n\n照片"


def nested(depth: int) -> bytes:
    body = b"Content-Type: text/plain\r\n\r\nx"
    for level in range(depth):
        line = f"b{level}".encode()
        body = (
            b"Content-Type: multipart/mixed; boundary="
            + line
            + b"\r\n\r\n--"
            + line
            + b"\r\n"
            + body
            + b"\r\n--"
            + line
            + b"--\r\n"
        )
    return body


def wide(parts: int) -> bytes:
    return b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * parts + b"--b--\r\n"


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"Subject: x\r\n\r\n" + b"x" * MOST_OCTETS, "too_big"),
        (nested(MOST_DEPTH + 1), "too_deep"),
        (wide(MOST_PARTS), "too_many_parts"),
        (b"X: y\r\n" * (MOST_HEAD_LINES + 2) + b"\r\n", "too_many_heads"),
        (b"Content-Type: text/plain" + b";" * 300_000 + b"\r\n\r\n", "too_long_head"),
        (wide(50_000), "too_many_parts"),
        (b"Content-Type: message/delivery-status\n\n" + b"a:b\n\n" * 50_000, "too_many_parts"),
    ],
    ids=["size", "depth", "parts", "heads", "a long head", "blocks", "reports"],
)
def test_beyond_a_limit_the_limit_is_named(octets: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_mail(octets)
    assert refused.value.code == code


def test_a_mail_within_the_mail_is_a_file_octet_for_octet() -> None:
    inner = b"Subject:  x \r\nX-Odd:y\r\n\r\n--c\r\nbroken\r\n"
    encoded = b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(inner)
    parts = (b"Content-Type: message/rfc822\r\n" + part for part in (b"\r\n" + inner, encoded))
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"
    mail = read_mail(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body)
    assert [(file.kind, file.content) for file in mail.attachments] == [("message/rfc822", inner)] * 2
    nest = b"Content-Type: message/rfc822\n\n" * 2_000 + b"x"
    assert [len(file.content) for file in read_mail(nest).attachments] == [len(nest) - len(nest) // 2_000]


@pytest.mark.parametrize(
    "octets", [b"", b"\x00" * 100, b"\r\n\r\n", b"From", b"Content-Type: multipart/mixed\r\n\r\n", b"\xff\xfe"]
)
def test_what_is_hardly_a_mail_is_read_as_far_as_it_goes(octets: bytes) -> None:
    assert read_mail(octets).sender == ()


@pytest.mark.parametrize(
    "charset", ["undefined", "idna", "punycode", "unicode_escape", "utf-7", "a\x00b", "x" * 5_000, "é"]
)
def test_a_codec_that_is_no_charset_is_not_asked(charset: str) -> None:
    heads = f"Content-Type: text/plain; charset=\"{charset}\"; name*={charset}''a%20b\r\nContent-Disposition: inline"
    assert read_mail(plain(heads, b"+2AA- \\ud800 " + "快".encode())).text == "+2AA- \\ud800 快"


@pytest.mark.parametrize(
    "octets",
    [
        b'From: "' + b'\\"' * 50_000 + b"\n\nx",
        b"From: " + b"(" * 50_000 + b"<x>" + b":" * 50_000 + b"\n\nx",
        b"Subject: " + b"=?a?q?x?=" * 100_000 + b"\n\nx",
        b"Date: 31 Dec 9999 23:59:59 -0100\n\nx",
        b"Content-Type: text/html\n\n" + b"<div>" * 200_000,
    ],
    ids=["quotes", "colons", "words", "the end of time", "nested"],
)  # fmt: skip
def test_what_is_made_to_take_long_is_read_all_the_same(octets: bytes) -> None:
    """Work that grew with the square of the length would not end here."""
    assert len(read_mail(octets).text) <= len(octets)


@pytest.mark.parametrize(
    "text",
    [" " * 50_000 + "x", "在 1234 写道\n> x\n" * 8_000 + "x\n> y", "1-1-1 " + "a@" * 50_000, "* " * 50_000],
    ids=["blanks", "wrote", "at", "stars"],
)
def test_an_answer_made_to_take_long_is_cut_all_the_same(text: str) -> None:
    assert len(newly_written(text)) <= len(text)


HISTORIES = {
    "gmail": "在 2026年11月3日周二 15:20，客服中心 <kf@example.com> 写道：\n> 您好，请补充照片。",
    "gmail, a broken line": "客服中心 <kf@example.com>\n于2026年11月3日周二 15:20写道：\n\n> 您好",
    "QQ": '------------------ 原始邮件 ------------------\n发件人: "客服" <kf@example.com>;\n发送时间: 2026年11月3日\n主题: 补充材料',
    "163": "---- 回复的原邮件 ----\n| 发件人 | 客服 |\n您好",
    "163, older": "At 2026-11-03 15:20:11, 客服 <kf@example.com> 写道:\n您好",
    "Outlook": "________________________________\n发件人: 客服 <kf@example.com>\n发送时间: 2026年11月3日 15:20\n收件人: 顾\n主题: 补充材料\n\n您好",
    "Foxmail": "发件人： 客服\n发送时间： 2026-11-03 15:20\n收件人： 顾\n主题： 补充材料\n您好",
    "traditional": "在 2026年11月3日，客服 寫道：\n> 您好",
    "English": "On Tue, Nov 3, 2026 at 3:20 PM Service <kf@example.com> wrote:\n> Hello",
    "quoted alone": "> 您好，请补充照片。\n> 谢谢",
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_the_history_below_an_answer_is_cut(history: str) -> None:
    assert newly_written(f"照片已补充，请查收。\n\n{history}\n") == "照片已补充，请查收。"


@pytest.mark.parametrize(
    "text",
    [
        "在快件里写道：易碎。\n但还是碎了。",
        "发件人: 王芳\n快件还没有到。",
        "> 是否愿意接受赔偿？\n愿意。\n> 何时方便？\n周五。",
        "-- 尽快处理 --",
    ],
)
def test_nothing_new_is_taken_for_history(text: str) -> None:
    assert newly_written(text) == text


def test_the_name_of_the_telephone_is_no_part_of_the_answer() -> None:
    assert newly_written("同意。\n\n发自我的iPhone") == "同意。"


@pytest.mark.parametrize(
    ("heads", "why"),
    [
        ("Auto-Submitted: auto-replied", "answer"),
        ("Auto-Submitted: no", ""),
        ("Subject: 自动回复: 外出", "answer"),
        ("Precedence: bulk", "list"),
        ("List-Id: <x.example.com>", "list"),
        ("From: MAILER-DAEMON@example.com", "daemon"),
        ("Return-Path: <>", "daemon"),
        ("Content-Type: multipart/report; report-type=delivery-status; boundary=b", "report"),
        ("X-Amends-Loop: 1", "loop"),
        ("From: 顾 <gu@example.com>\r\nSubject: 回复：自动回复太慢", ""),
    ],
)
def test_mail_of_programs_is_told_from_mail_of_people(heads: str, why: str) -> None:
    assert why_automatic(read_mail(plain(heads))) == why
