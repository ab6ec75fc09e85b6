"""Every mail of the shared corpus is read as an independent parser reads it, or stands below with the reason why not."""

from __future__ import annotations

import gzip
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from amends.apps.mail.reading import ReadMail, Unreadable, read_mail
from amends.apps.mail.storing import Arrived, store_mail
from amends.apps.mail.taking_in import take_in
from tests.apps.mail.letters import a_mailbox
from tests.world import open_world, publish_shipped

NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
BODIES_ONLY = "email-reply-parser/"
MOJIBAKE = "ï¿½"
"""U+FFFD written as UTF-8 and read as Latin-1: the corpus holds such octets in mails that name Latin-1."""
BROKEN_HEADS = {"flanker/mailformed-headers.eml", "flanker/spam__broken-headers.eml"}
WORDS_OF_HTML = 0.96

TEXT_DIFFERS = {
    "cpython/msg_02.txt": "a digest: its mails are files here",
    "cpython/msg_14.txt": "the type is `text` alone: read as text here, a file there",
    "cpython/msg_17.txt": "several parts without a boundary: what stands there is shown, there nothing",
    "cpython/msg_19.txt": "a head without a colon: the text after it is kept whole here",
    "cpython/msg_25.txt": "several parts without a boundary: what stands there is shown, there nothing",
    "cpython/msg_30.txt": "a digest: its mails are files here",
    "cpython/msg_31.txt": "several parts without a boundary: what stands there is shown, there nothing",
    "cpython/msg_33.txt": "no blank line after the heads: the text is shown here",
    "cpython/msg_34.txt": "a digest: its mail is a file here",
    "cpython/msg_35.txt": "no blank line after the heads: the text is shown here",
    "cpython/msg_38.txt": "boundaries within boundaries: lines that look like one are left out",
    "cpython/msg_39.txt": "boundaries within boundaries: the text is shown here",
    "cpython/msg_41.txt": "several parts without a boundary: what stands there is shown, there nothing",
    "cpython/msg_44.txt": "a mail within the mail is a file here, its text stands there",
    "cpython/msg_47.txt": "a broken end of a line: the text is shown here",
    "flanker/complaints__yahoo.eml": "a mail within the mail is a file here",
    "flanker/mailformed-headers.eml": "a broken boundary: what stands there is shown, there nothing",
    "mail-parser/mail_malformed_3": "a broken boundary: what stands there is shown, there nothing",
    "mail-parser/mail_test_12": "GB18030 that names no charset: Chinese here, garbled there",
    "mail-parser/mail_test_14": "the title of the HTML is not its text",
    "spamassassin-easy-ham-1/01542.ed72bf2cd81ccd4c076533fb0af004e5.eml": "the mail that came back is a file here",
    "spamassassin-hard-ham-1/00214.94d0d7dd09e7b4926f56071a11a2f984.eml": "words of scripts and styles are left out",
}
FILES_DIFFER = {
    "cpython/msg_02.txt": "a digest: its mails are files here, text there",
    "cpython/msg_14.txt": "the type is `text` alone: read as text here, a file there",
    "cpython/msg_15.txt": "boundaries within boundaries",
    "cpython/msg_30.txt": "a digest: its mails are files here, text there",
    "cpython/msg_34.txt": "a digest: its mail is a file here, text there",
    "cpython/msg_38.txt": "boundaries within boundaries: empty parts",
    "cpython/msg_39.txt": "boundaries within boundaries: empty parts",
    "cpython/msg_44.txt": "the files of a mail within the mail stay in it there",
    "flanker/complaints__yahoo.eml": "a mail within the mail is text there",
    "flanker/enclosed-broken.eml": "a mail within the mail: one line end more there",
    "mail-parser/mail_malformed_1": "one boundary for two levels: what follows its end is lost here; the mail is kept raw",
    "mail-parser/mail_test_15": "uuencoded: decoded here, as it stands there",
    "spamassassin-easy-ham-1/01542.ed72bf2cd81ccd4c076533fb0af004e5.eml": "the mail that came back is a file here",
}


class Compared(NamedTuple):
    file: str
    mail: ReadMail
    oracle: dict[str, Any]


def compared(folder: Path) -> Iterator[Compared]:
    with gzip.open(folder / "oracle.jsonl.gz", "rt", encoding="utf-8") as lines:
        oracle = {found["file"]: found for found in map(json.loads, lines)}
    with tarfile.open(folder / "mails.tar.gz") as mails:
        for member in mails:
            name = member.name.removeprefix("mails/")
            if not member.isfile() or name.startswith(BODIES_ONLY) or name not in oracle:
                continue
            if (mail := read_or_none(mails.extractfile(member).read())) is not None:  # type: ignore[union-attr]
                yield Compared(name, mail, oracle[name])


def read_or_none(octets: bytes) -> ReadMail | None:
    try:
        return read_mail(octets)
    except Unreadable:
        return None


@pytest.fixture(scope="module")
def corpus(real_data: Path) -> list[Compared]:
    return list(compared(real_data / "mail"))


def squeezed(text: str | None) -> str:
    return re.sub(r"\s+", "", (text or "").replace(MOJIBAKE, "\ufffd"))[:15_000]


def words(text: str) -> set[str]:
    return set(re.findall(r"\w{3,}", re.sub(r"\[[^\]]*\]|https?://\S+|\S+@\S+", " ", text)))


def says_the_same(one: Compared) -> bool:
    """Plain text letter for letter but for white space; HTML, which every program words differently, by its words."""
    theirs = words(one.oracle["text"] or "")
    if squeezed(one.mail.text) == squeezed(one.oracle["text"]):
        return True
    return one.oracle["has_html"] and len(theirs & words(one.mail.text)) >= WORDS_OF_HTML * len(theirs)


def test_every_mail_but_one_beyond_the_limits_is_read(corpus: list[Compared]) -> None:
    assert len(corpus) == 541


def test_who_wrote_when_and_about_what(corpus: list[Compared]) -> None:
    for file, mail, oracle in corpus:
        senders = [one["address"].lower() for one in oracle["from"]]
        assert [one.address.lower() for one in mail.sender] == senders, file
        assert mail.message_id == (oracle["message_id"] or "").strip("<>"), file
        assert mail.subject == (oracle["subject"] or "") or file in BROKEN_HEADS, file
        written = mail.written_at and mail.written_at.replace(microsecond=0)
        theirs = datetime.fromisoformat(oracle["date"]).replace(microsecond=0) if oracle["date"] else None
        assert written == theirs or file == "flanker/disposition-notification.eml", file


def test_texts_are_equal_or_differ_for_a_reason(corpus: list[Compared]) -> None:
    differing = {one.file for one in corpus if not says_the_same(one)}
    assert differing == set(TEXT_DIFFERS)


def test_files_are_equal_byte_for_byte_or_differ_for_a_reason(corpus: list[Compared]) -> None:
    def brings_the_same(one: Compared) -> bool:
        theirs = sorted(found["sha256"] for found in one.oracle["attachments"])
        return sorted(file.digest for file in one.mail.attachments) == theirs

    assert {one.file for one in corpus if not brings_the_same(one)} == set(FILES_DIFFER)


@pytest.mark.django_db
def test_every_mail_comes_to_one_of_four_ends(real_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publish_shipped(("express",), now=NOW)
    mailbox = a_mailbox(open_world("express", now=NOW).desk, now=NOW)
    ends: Counter[str] = Counter()
    with tarfile.open(real_data / "mail" / "mails.tar.gz") as mails:
        for number, member in enumerate(mails):
            if member.isfile():
                octets = mails.extractfile(member).read()  # type: ignore[union-attr]
                now = NOW + timedelta(minutes=3 * number)
                mail = store_mail(mailbox, Arrived(octets, now), now=now).mail
                mail = take_in(mail, now=now) if mail.state == "new" else mail
                assert mail.state in {"case", "answer", "ignored", "quarantined"}, member.name
                ends[f"{mail.state} {mail.reason} {mail.detail}".strip()] += 1
    with capsys.disabled():
        print(f"\n{ends.total()} mails: {dict(ends.most_common())}")
    assert ends.total() == 566
    assert not any("failed" in end for end in ends)
