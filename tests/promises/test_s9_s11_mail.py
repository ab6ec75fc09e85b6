"""S9: nobody gets into somebody else's case by mail. S10: no mail loops, no mail cannon. S11: nothing typed becomes a head."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage, Message

import pytest

from amends.apps.cases.models import Case
from amends.apps.ledger.queries import events_of
from amends.apps.mail import standing
from amends.apps.mail.models import IncomingMail, Mailbox
from amends.apps.messaging import actions, tasks
from amends.apps.messaging.actions import Automatic, write_to_outbox
from amends.apps.messaging.models import OutboxMessage
from amends.apps.messaging.reply_addresses import reply_address
from amends.apps.people.sealing import digests
from tests.acceptance.conftest import undone_afterwards
from tests.apps.mail.letters import CUSTOMER, a_letter, a_mailbox, arrive, last_mail_to
from tests.mail_server import mail_server
from tests.world import open_world, publish_shipped

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
FORMS = int(os.environ.get("AMENDS_TEST_FORMS", "400"))
CANARY = "金丝雀七七八"
MALLORY = "mallory@evil.test"


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), undone_afterwards():
        publish_shipped(("express",), now=NOW)
        yield open_world("express", now=NOW)


@pytest.fixture
def mailbox(made, db) -> Mailbox:
    return a_mailbox(made.desk, now=NOW)


class Server:
    """A mail server that keeps who sent what to whom."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], Message]] = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.taken.append((envelope.mail_from, list(envelope.rcpt_tos), message_from_bytes(envelope.content)))
        return "250 OK"


@pytest.fixture
def server(settings) -> Iterator[Server]:
    kept = Server()
    with mail_server(kept) as port:
        settings.MAIL_URL = f"smtp://127.0.0.1:{port}"
        yield kept


def send_waiting(server: Server, now: datetime, monkeypatch) -> list[tuple[str, list[str], Message]]:
    """What the worker sends now."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    before = len(server.taken)
    for message in OutboxMessage.objects.filter(state="waiting", channel="email").order_by("pk"):
        tasks.send_message({"outbox": message.pk})
    return server.taken[before:]


SPOOFED = [
    f"张三 <{MALLORY}>",
    f'"{CUSTOMER}" <{MALLORY}>',
    f"{CUSTOMER} <{MALLORY}>",
    f"({CUSTOMER}) {MALLORY}",
    f"{CUSTOMER}, {MALLORY}",
    f"{MALLORY}, {CUSTOMER}",
    f'"{CUSTOMER}"@evil.test',
    f"{CUSTOMER}.evil.test",
    "zhang.san@examp1e.com",
    "zhang.san@exаmple.com",
    "zhang.san+x@example.com",
    f"=?utf-8?b?emhhbmcuc2FuQGV4YW1wbGUuY29t?= <{MALLORY}>",
]  # fmt: skip


def raw_letter(sender: str, **heads: str) -> bytes:
    """A mail whose heads no library has put right."""
    found = {"From": sender, "Subject": "Re", "Message-ID": f"<{next(COUNT)}@evil.test>", **heads}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in found.items())
    return (lines + "Content-Type: text/plain; charset=utf-8\r\n\r\n请把进展发给我").encode()


COUNT = itertools.count(1)


def attempts(case: Case, other: Case) -> list[bytes]:
    """Twelve senders by four ways to name the case, and twelve forged names by the true sender: sixty."""
    true, id_of_ours = reply_address("service@amends.test", str(case.pk)), f"<{last_mail_to(case).message_id}>"
    ways = [{"To": true}, {"To": "x@y.z", "Cc": true, "Reply-To": CUSTOMER, "Sender": CUSTOMER}, {"In_Reply_To": id_of_ours}, {"References": id_of_ours}]  # fmt: skip
    by_strangers = [raw_letter(sender, **way) for sender in SPOOFED for way in ways]
    local, _, domain = true.rpartition("@")
    name, signature = local[:-16], local[-16:]
    flipped = ("0" if signature[0] != "0" else "1") + signature[1:]
    others = reply_address("service@amends.test", str(other.pk)).partition("@")[0][-16:]
    forged = [
        f"{name}{flipped}", f"{name}{others}", f"{name}{'0' * 16}", f"{name}{signature[:-1]}", name, f"{name}{signature}0",
        f"{name[:-1]}{'b' if name.endswith('a') else 'a'}{signature}", f"{name}{digests(str(case.pk), purpose='other')[0][:16]}", f"service+{case.number}", f"service+{case.pk}",
    ]  # fmt: skip
    by_victim = [raw_letter(CUSTOMER, To=f"{local}@{domain}") for local in forged]
    by_victim += [raw_letter(CUSTOMER, In_Reply_To=f"<{id_}>") for id_ in (f"{'0' * 32}@{domain}", str(case.pk))]
    return by_strangers + by_victim


def test_s9_sixty_spoofing_attempts_reach_no_foreign_case(mailbox, monkeypatch):
    case = arrive(mailbox, a_letter(f"我的事：{CANARY}"), now=NOW).case
    other = arrive(mailbox, a_letter("别人的事", sender=MALLORY), now=NOW).case
    before = events_of(case.chain)
    tries = attempts(case, other)
    assert len(tries) == 60
    for number, octets in enumerate(tries):
        mail = arrive(mailbox, octets, now=NOW + timedelta(minutes=number * 10))
        assert mail.state in ("case", "quarantined"), octets
        assert mail.case_id != case.pk, octets
    assert events_of(case.chain) == before and case.evidence.count() == 1
    sent = OutboxMessage.objects.exclude(case_key=str(case.pk))
    assert not any(CANARY in one.body + one.sealed + one.subject for one in sent)
    # The planted fault: whoever knows the address takes part.
    monkeypatch.setattr(standing, "_takes_part", lambda sender, case: True)
    assert arrive(mailbox, tries[0], now=NOW).case != case
    assert arrive(mailbox, tries[0] + b"!", now=NOW + timedelta(days=1)).case == case


def echoes(kind: str, ours: Message) -> bytes:
    """What a program on the other side makes of our mail."""
    number = next(COUNT)
    answer = EmailMessage()
    answer["From"] = "system@other.test"
    answer["Message-ID"] = f"<{number}@other.test>"
    answer["To"] = "service@amends.test" if kind == "unthreaded" else ours["Reply-To"]
    answer["Subject"] = f"[#{number}] 已收到" if kind == "unthreaded" else f"Re: {number}"
    if kind == "marked":
        answer["Auto-Submitted"] = "auto-replied"
    if kind == "away":
        answer.replace_header("Subject", "自动回复：外出")
    if kind == "threaded":
        answer["In-Reply-To"] = ours["Message-ID"]
    if kind == "bounce":
        answer.replace_header("From", "MAILER-DAEMON@other.test")
    if kind == "forwarder":
        return b"Received: by other.test\r\n" + ours.as_bytes()
    answer.set_content(f"您的来信已登记，编号 {number}。")
    return answer.as_bytes()


@pytest.mark.parametrize("kind", ["marked", "away", "threaded", "unthreaded", "bounce", "forwarder"])
def test_s10_every_loop_ends_after_two_mails(mailbox, server, monkeypatch, kind):
    now, sent = NOW, 0
    inbox = [a_letter("系统甲的第一封", sender="system@other.test")]
    for _ in range(12):
        now += timedelta(minutes=2)
        for octets in inbox:
            arrive(mailbox, octets, now=now)
        out = send_waiting(server, now, monkeypatch)
        sent += len(out)
        inbox = [echoes(kind, ours) for _, _, ours in out]
        for envelope, _, ours in out:
            assert (envelope, ours["Auto-Submitted"], ours["X-Auto-Response-Suppress"]) in {
                ("", "auto-replied", "All"), ("<>", "auto-replied", "All"),
            }  # fmt: skip
        if not inbox:
            # A system that answers nothing any more goes on by itself: the next ticket, unasked.
            inbox = [echoes("unthreaded", Message())] if kind == "unthreaded" else []
    assert 1 <= sent <= 2


def test_s10_a_victim_gets_three_mails_a_day_without_the_text_of_the_attacker_and_a_domain_its_share(
    mailbox, made, monkeypatch
):
    arrive(mailbox, a_letter(CANARY, sender=f"{CANARY} <victim@example.com>", subject=CANARY), now=NOW)
    values = {"number": "1"}

    def answer(address: str, number: int) -> None:
        write_to_outbox(
            pack=made.pack, message="acknowledgement", channel="email", address=address, language="zh-hans", values=values,
            case_key=f"case-{number}", now=NOW + timedelta(seconds=number * 24_000 // FORMS), automatic=Automatic(),
        )  # fmt: skip

    for number in range(FORMS):
        answer("victim@example.com", number)
    to_victim = OutboxMessage.objects.filter(address="victim@example.com")
    assert to_victim.filter(state="waiting").count() <= 3 and to_victim.count() == FORMS + 1
    assert not any(CANARY in one.body + one.subject + one.sealed + one.sender_name for one in to_victim)
    monkeypatch.setattr(actions, "A_DOMAIN_A_DAY", 5)
    for number in range(9):
        answer(f"victim{number}@one.test", FORMS + number)
    assert OutboxMessage.objects.filter(address__endswith="@one.test", state="waiting").count() == 5


def payloads() -> list[str]:
    """Forty texts that would like to be a head, a line or a name of their own."""
    ends = ["\r\n", "\n", "\r", "\r\n ", "\n\t", "\x00", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x1b[31m", "\x7f", "%0d%0a", "=?utf-8?q?=0D=0A?=", "\u202e", "\\r\\n", "\r\r\n", "\n\n", "\x1e"]  # fmt: skip
    return [f"甲{end}{what}" for end in ends for what in ("Bcc: bcc@evil.test", "X-Injected: yes")]


def test_s11_two_hundred_payloads_add_no_head_no_recipient_and_no_line(mailbox, server, monkeypatch, caplog):
    expected: set[str] = set()
    for number, payload in enumerate(payloads()):
        now = NOW + timedelta(hours=number)
        encoded = payload.encode().hex(" ").replace(" ", "=").upper()
        word = f"=?utf-8?q?={encoded}?="
        octets = (
            f"From: {word} <c{number}@example{number}.com>\r\nSubject: {word}\r\nMessage-ID: <{number}{word}@x>\r\n"
            f"In-Reply-To: <{word}@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
            f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{payload}\r\n"
            f'--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="{word}.pdf"\r\n\r\n%PDF-1.4\r\n--b--\r\n'
        ).encode()
        mail = arrive(mailbox, octets, now=now)
        assert mail.state == "case", (payload, mail.reason, mail.detail)
        names = mail.case.evidence.values_list("name", flat=True)
        assert not any(sign < " " or sign == "\x7f" for name in names for sign in name)
        [(_, recipients, ours)] = send_waiting(server, now, monkeypatch)
        assert recipients == [f"c{number}@example{number}.com"]
        expected = expected or set(ours.keys())
        assert set(ours.keys()) - {"In-Reply-To", "References"} == expected - {"In-Reply-To", "References"}, payload
        assert not {"Bcc", "X-Injected"} & set(ours.keys())
    assert len(payloads()) * 5 == 200
    assert not any("\n" in record.getMessage() for record in caplog.records)
    assert IncomingMail.objects.filter(state="case").count() == 40
