"""The pages of mail: who reads it, what may be decided, and what they cost."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from amends.apps.cases.models import Case
from amends.apps.deferred.models import Job
from amends.apps.ledger.models import Event
from amends.apps.mail.mailboxes import try_mailbox
from amends.apps.mail.models import IncomingMail, Mailbox
from amends.apps.mail.reading import MOST_DEPTH
from amends.apps.mail.taking_in import take_in
from amends.apps.people.models import AccessEntry
from tests.apps.mail.letters import a_letter, a_mailbox, arrive
from tests.apps.mail.test_reading import nested
from tests.web.staff import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(desk):
    return a_mailbox(desk.desk, now=desk.now, authority="mx.amends.test")


def waiting(mailbox, text="怎么寄的", **heads) -> IncomingMail:
    return arrive(mailbox, a_letter(text, sender="a@x.test, b@x.test", **heads), now=timezone.now())


def shown(client, mail=None, **query) -> str:
    address = f"/mail/{mail.pk}/" if mail else "/mail/"
    response = client.get(address, query)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def queries(client, address) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_mail_is_read_by_those_who_take_in_for_the_whole_desk(desk, mailbox):
    mail = waiting(mailbox, subject="<script>alert(1)</script>")
    officer = signed_in(desk, "intake_officer")
    queries(officer, "/mail/")
    first = queries(officer, "/mail/")
    for _ in range(2):
        waiting(mailbox)
    assert queries(officer, "/mail/") == first
    text = shown(officer)
    assert "待人工处理" in text and "没有写明唯一的发件人" in text
    assert "<script>alert" not in text and "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "怎么寄的" in shown(officer, mail)
    raw = officer.get(f"/mail/{mail.pk}/raw/")
    assert b"".join(raw.streaming_content).startswith(b"From: a@x.test, b@x.test")
    assert raw["Content-Disposition"].startswith("attachment")
    assert set(AccessEntry.objects.filter(object=f"mail:{mail.pk}").values_list("action", flat=True)) == {
        "view",
        "download",
    }
    handler = signed_in(desk, "department_head")
    assert (handler.get("/mail/").status_code, handler.get(f"/mail/{mail.pk}/").status_code) == (403, 404)
    assert "/mail/" not in handler.get("/queue/").content.decode()


def test_a_person_decides_about_mail_that_waits(desk, mailbox):
    officer = signed_in(desk, "intake_officer")
    case = arrive(mailbox, a_letter(), now=timezone.now()).case

    again = waiting(mailbox)
    Job.objects.all().delete()
    officer.post(f"/mail/{again.pk}/retry/")
    assert Job.objects.filter(kind="ingest_mail").count() == 1
    take_in(again, now=timezone.now())
    again.refresh_from_db()
    assert (again.state, again.reason, again.attempts) == ("quarantined", "no_sender", 1)

    refused = officer.post(f"/mail/{again.pk}/belongs/", {"number": "没有这个"})
    assert refused.status_code == 422 and "没有编号为“没有这个”的个案" in refused.content.decode()
    assert officer.post(f"/mail/{again.pk}/belongs/", {"number": case.number}).status_code == 302
    again.refresh_from_db()
    assert (again.state, again.case, again.decided_by) == ("answer", case, desk.person("intake_officer"))
    assert Event.objects.filter(chain=case.chain, kind="add_information").count() == 1
    assert case.evidence.count() == 2
    assert officer.post(f"/mail/{again.pk}/case/").status_code == 409

    ignored = arrive(
        mailbox, a_letter("平台转来", Precedence="bulk", sender="no-reply@platform.test"), now=timezone.now()
    )
    assert officer.post(f"/mail/{ignored.pk}/case/").status_code == 302
    ignored.refresh_from_db()
    assert ignored.state == "case" and Case.objects.count() == 2

    left = waiting(mailbox)
    assert officer.post(f"/mail/{left.pk}/ignore/", {"why": " "}).status_code == 422
    assert officer.post(f"/mail/{left.pk}/ignore/", {"why": "广告"}).status_code == 302
    assert "广告" in shown(officer, left)
    beside = officer.get(f"/cases/{case.number}/").content.decode()
    assert "投诉：包裹破损" in beside and "z***@example.com" in beside


def test_a_mailbox_is_registered_tried_and_closed(desk):
    manager = next(
        client
        for role, function in desk.organisation.people
        if (client := signed_in(desk, role, function)).get("/organisation/mailboxes/").status_code == 200
    )
    session = manager.session
    session["confirmed_at"] = timezone.now().isoformat()
    session.save()
    given = {
        "channel": "express:email", "address": "service@amends.test", "host": "mail.amends.test", "port": "993",
        "security": "none", "username": "service", "password": "geheim-geheim", "folder": "INBOX", "done_folder": "",
        "authority": "", "certificate": "",
    }  # fmt: skip
    refused = manager.post("/organisation/mailboxes/", given)
    assert refused.status_code == 422 and "密码不能不加密地离开本机" in refused.content.decode()
    wrong_port = {"security": "starttls", "host": "mail.amends.test"}
    refused = manager.post("/organisation/mailboxes/", {**given, **wrong_port})
    assert refused.status_code == 422 and "STARTTLS 请填写 143" in refused.content.decode()
    given |= {"host": "127.0.0.1", "port": "1"}
    made = manager.post("/organisation/mailboxes/", given, follow=True)
    assert "邮箱打不开：服务器在内部网络" in made.content.decode()
    mailbox = Mailbox.objects.get()
    assert "geheim" not in mailbox.sealed and "geheim" not in made.content.decode()
    sealed = mailbox.sealed
    manager.post(f"/organisation/mailboxes/{mailbox.pk}/", {**given, "password": "", "done_folder": "已处理"})
    mailbox.refresh_from_db()
    assert (mailbox.done_folder, mailbox.sealed) == ("已处理", sealed)
    assert manager.post(f"/organisation/mailboxes/{mailbox.pk}/close/").status_code == 302
    mailbox.refresh_from_db()
    assert mailbox.closed_at and not mailbox.sealed
    kinds = Event.objects.filter(chain__key="desk:express", kind__startswith="mailbox").values_list("kind", flat=True)
    assert list(kinds.order_by("seq")) == ["mailbox_opened", "mailbox_changed", "mailbox_closed"]
    assert "停用邮箱“service@amends.test”" in manager.get("/organisation/changes/").content.decode()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.0.0.8", "169.254.169.254", "::ffff:127.0.0.1", "100.64.0.1"]
)
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_mailbox_reaches_nothing_within_the_house_that_the_operator_did_not_name(desk, monkeypatch, host, security):
    called = []
    monkeypatch.setattr("socket.create_connection", lambda address, *args, **options: called.append(address))
    mailbox = a_mailbox(desk.desk, now=desk.now, host=host, port=143, security=security, username="x")

    assert (try_mailbox(mailbox, now=desk.now), called) == ("private", [])


def test_a_mail_whose_body_can_not_be_read_still_says_who_wrote_about_what(desk, mailbox):
    head = b"From: Gu Lan <gu@example.com>\r\nSubject: broken parcel\r\nMessage-ID: <deep@x.test>\r\n"
    mail = arrive(mailbox, head + nested(MOST_DEPTH + 1), now=timezone.now())
    officer = signed_in(desk, "intake_officer")

    assert (mail.state, mail.reason) == ("quarantined", "too_deep")
    page = shown(officer, mail)
    assert "broken parcel" in page and "Gu Lan gu@example.com" in page and "发件人不明" not in page
    assert officer.post(f"/mail/{mail.pk}/case/").status_code == 302
    mail.refresh_from_db()
    assert (mail.case.subject, mail.case.complainant.name) == ("broken parcel", "Gu Lan")
    assert "正文无法读取，见原始邮件" in officer.get(f"/cases/{mail.case.number}/").content.decode()
