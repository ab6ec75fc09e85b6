"""Mail leaves at least once under one name; a text message whose fate is unknown is never sent blindly again."""

import json
import os
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from amends.apps.deferred.models import Job
from amends.apps.messaging import tasks
from amends.apps.messaging.models import OutboxMessage
from amends.apps.messaging.providers.base import AddressRefused, MaybeSent
from amends.apps.messaging.providers.files import FileSms
from tests.mail_server import mail_server

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
State = OutboxMessage.State


class Mailbox:
    """A mail server that keeps what it gets and answers as told."""

    def __init__(self) -> None:
        self.received: list = []
        self.answers: list[str] = []
        self.refused: dict[str, str] = {}

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.received.append((list(envelope.rcpt_tos), message_from_bytes(envelope.content)))
        return self.answers.pop(0) if self.answers else "250 OK"


@pytest.fixture
def mailbox(settings):
    box = Mailbox()
    with mail_server(box) as port:
        settings.MAIL_URL = f"smtp://127.0.0.1:{port}"
        yield box


@pytest.fixture
def texts(settings, tmp_path):
    settings.SMS_URL = f"file://{tmp_path}"
    return lambda: [
        json.loads(line) for file in Path(tmp_path).glob("*.jsonl") for line in file.read_text().splitlines()
    ]


@pytest.fixture(autouse=True)
def now(monkeypatch):
    moment = {"now": NOW}
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment["now"])
    return moment


def message(**values) -> OutboxMessage:
    kept = {
        "case_key": "c", "message": "told", "channel": "sms", "address": "13800138000", "language": "zh-hans",
        "body": "您好", "message_id": f"id-{OutboxMessage.objects.count()}@example", "created_at": NOW,
    }  # fmt: skip
    return OutboxMessage.objects.create(**{**kept, **values})


def mail(**values) -> OutboxMessage:
    return message(**{"channel": "email", "address": "zhang@example.com", "subject": "答复", **values})


def send(entry: OutboxMessage) -> OutboxMessage:
    tasks.send_message({"outbox": entry.pk})
    return OutboxMessage.objects.get(pk=entry.pk)


def test_a_mail_leaves_with_its_own_id_and_says_that_it_is_automatic(mailbox):
    entry = send(mail())

    [(to, received)] = mailbox.received
    assert entry.state == State.SENT
    assert to == ["zhang@example.com"]
    assert received["Message-ID"] == f"<{entry.message_id}>"
    assert received["Auto-Submitted"] == "auto-generated"
    assert received["X-Auto-Response-Suppress"] == "All"


def test_a_mail_that_was_sent_is_not_sent_again(mailbox):
    entry = mail()
    send(entry)
    send(entry)

    assert len(mailbox.received) == 1


def test_a_mail_whose_answer_was_lost_is_sent_again_under_the_same_id(mailbox):
    mailbox.answers = ["451 try again"]
    entry = mail()

    with pytest.raises(Exception, match="451"):
        send(entry)
    assert OutboxMessage.objects.get(pk=entry.pk).state == State.WAITING
    send(entry)

    assert [received["Message-ID"] for _, received in mailbox.received] == [f"<{entry.message_id}>"] * 2


def test_a_mail_left_by_a_worker_that_died_is_sent_again(mailbox):
    assert send(mail(state=State.SENDING)).state == State.SENT


def test_an_address_that_is_refused_for_good_is_not_tried_again(mailbox):
    mailbox.refused["zhang@example.com"] = "550 no such user"
    entry = mail(sealed='{"subject": "s", "body": "geheim"}')

    with pytest.raises(AddressRefused):
        send(entry)

    entry.refresh_from_db()
    assert (entry.state, entry.sealed) == (State.FAILED, "")
    assert send(entry).state == State.FAILED


def test_an_address_that_is_refused_for_now_is_tried_again(mailbox):
    mailbox.refused["zhang@example.com"] = "450 busy"

    with pytest.raises(Exception, match="450"):
        send(mail())

    assert OutboxMessage.objects.get().state == State.WAITING


@pytest.mark.parametrize(
    "address",
    [
        "a@b.c\r\nBcc: x@y.z",
        "a@b.c,x@y.z",
        "a@b.c x@y.z",
        "<a@b.c>",
        "a@b.c\x01",
        "",
        "no-at",
        "a@b.c;x@y.z",
        '"a b"@c.d',
    ],
)
def test_nothing_but_one_plain_address_is_a_recipient(mailbox, address):
    with pytest.raises(AddressRefused):
        send(mail(address=address))

    assert mailbox.received == []


def test_a_secret_leaves_and_is_gone(mailbox):
    sealed = json.dumps({"subject": "您的验证码", "body": "123456"})

    entry = send(mail(subject="您的验证码", body="••••••", sealed=sealed))

    assert "123456" in mailbox.received[0][1].get_payload(decode=True).decode()
    assert (entry.sealed, entry.body) == ("", "••••••")


def test_a_text_message_is_one_line_of_the_file(texts):
    send(message(body="第一行\n“第二行”"))

    assert texts() == [{"id": "id-0@example", "to": "13800138000", "text": "第一行\n“第二行”", "at": NOW.isoformat()}]


def test_a_text_message_that_may_have_gone_out_becomes_unknown_and_is_asked_about(texts, monkeypatch):
    def lost(self, entry, text, now):
        send_for_real(self, entry, text, now)
        raise MaybeSent

    send_for_real = FileSms.send
    entry = message()
    with monkeypatch.context() as patch:
        patch.setattr(FileSms, "send", lost)
        with pytest.raises(MaybeSent):
            send(entry)
    assert OutboxMessage.objects.get().state == State.UNKNOWN

    assert send(entry).state == State.SENT
    assert len(texts()) == 1


def test_a_text_message_that_surely_never_left_is_sent_again(texts):
    assert send(message(state=State.SENDING)).state == State.SENT
    assert len(texts()) == 1


def test_a_text_message_stays_unknown_where_the_provider_can_not_tell(texts, monkeypatch):
    monkeypatch.setattr(FileSms, "has_taken", lambda self, entry, now: None)

    entry = send(message(state=State.SENDING))

    assert entry.state == State.UNKNOWN
    assert texts() == []


def test_an_error_before_anything_was_handed_over_is_tried_again(texts, monkeypatch):
    monkeypatch.setattr(FileSms, "_file", lambda self, day: Path(os.devnull) / "x")

    with pytest.raises(OSError, match="Not a directory"):
        send(message())

    assert OutboxMessage.objects.get().state == State.WAITING


def test_a_number_gets_one_text_a_minute_five_an_hour_and_ten_a_day_and_the_rest_later(texts, now):
    sent = []
    for _ in range(70):
        send(message())
        sent.append(len(texts()))
        now["now"] += timedelta(minutes=1)

    assert sent[4] == 5
    assert sent[59] == 5
    assert sent[69] == 10
    now["now"] += timedelta(hours=5)
    send(message())
    assert len(texts()) == 10
    assert Job.objects.filter(kind="send_message", run_at__gt=NOW).exists()


def test_the_second_text_of_a_minute_is_put_off_not_lost(texts, now):
    send(message())
    entry = message()

    assert send(entry).state == State.WAITING
    assert Job.objects.get(kind="send_message").run_at == NOW + timedelta(minutes=1)
    now["now"] += timedelta(minutes=1)
    assert send(entry).state == State.SENT


def test_the_day_s_budget_stops_itself(texts, settings):
    settings.SMS_DAILY_BUDGET = 2

    for n in range(4):
        send(message(address=f"1380013800{n}"))

    assert len(texts()) == 2
    assert {job.run_at for job in Job.objects.all()} == {datetime(2026, 3, 3, tzinfo=UTC)}


def test_what_is_still_sealed_after_a_week_is_emptied(now):
    old = message(sealed="x", created_at=NOW - timedelta(days=8))
    young = message(sealed="x", created_at=NOW - timedelta(days=6))

    tasks.forget_sent_secrets({})

    assert OutboxMessage.objects.get(pk=old.pk).sealed == ""
    assert OutboxMessage.objects.get(pk=young.pk).sealed == "x"
