"""Mailboxes of a real IMAP server: nothing missing, nothing twice, whatever the mailbox or the line does."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command

from amends.apps.cases.evidence import open_evidence
from amends.apps.deferred.models import Job
from amends.apps.mail import fetching
from amends.apps.mail.fetching import PURPOSE, fetch_mailbox, order_fetching
from amends.apps.mail.mailboxes import try_mailbox
from amends.apps.mail.models import IncomingMail, Mailbox
from amends.apps.mail.taking_in import take_in
from amends.apps.people.sealing import seal
from tests.apps.mail.letters import CUSTOMER, a_letter, a_mailbox
from tests.imap_server import PASSWORD, imap_server
from tests.world import open_world, publish_shipped

NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def server():
    with imap_server() as running:
        yield running


def test_a_mailbox_is_read_whatever_happens_to_it(db, server, monkeypatch):
    """One world for all of it: publishing a policy takes longer than the rest."""
    publish_shipped(("market",), now=NOW)
    desk = open_world("market", now=NOW).desk
    where = {"host": "127.0.0.1", "sealed": seal(PASSWORD.encode(), purpose=PURPOSE)}
    plain = a_mailbox(desk, now=NOW, username="plain", port=server.port, security="none", done_folder="已处理", **where)
    secure = a_mailbox(
        desk, now=NOW, username="secure", address="tls@amends.test", port=server.tls_port, certificate=server.certificate,
        **where,
    )  # fmt: skip

    # Moved away once stored; a mail of the same identity in the second mailbox is a twin.
    mails = [a_letter(f"第{n}封") for n in range(3)]
    server.deliver_many("plain", mails)
    server.deliver("secure", mails[0])
    done = fetch_mailbox(plain, now=NOW)
    assert (done.stored, done.known, done.failed) == (3, 0, 0)
    assert (server.uids("plain"), len(server.uids("plain", "&XfJZBHQG-"))) == ([], 3)
    assert fetch_mailbox(secure, now=NOW).stored == 1
    assert IncomingMail.objects.get(mailbox=secure).reason == "twin"
    first = IncomingMail.objects.filter(mailbox=plain).order_by("uid").first()
    with open_evidence(first.raw) as raw:
        assert raw.read().replace(b"\r\n", b"\n") == mails[0]
    assert Job.objects.filter(kind="ingest_mail").count() == 3

    # Marked as read, never moved; renumbered by the server; killed after the commit and before the mark.
    server.deliver_many("secure", [a_letter("四"), a_letter("五")])
    with monkeypatch.context() as patched:
        patched.setattr(fetching._Turn, "_finish", lambda self, uids: (_ for _ in ()).throw(OSError("cut")))
        assert fetch_mailbox(secure, now=NOW).stored == 0
    assert (Mailbox.objects.get(pk=secure.pk).error, IncomingMail.objects.filter(mailbox=secure).count()) == (
        "unreachable", 2,
    )  # fmt: skip
    fetch_mailbox(secure, now=NOW)
    assert (Mailbox.objects.get(pk=secure.pk).error, IncomingMail.objects.filter(mailbox=secure).count()) == ("", 3)
    assert server.uids("secure", what="UNSEEN") == []
    server.renumber("secure")
    again = fetch_mailbox(Mailbox.objects.get(pk=secure.pk), now=NOW)
    assert (again.stored, again.known, IncomingMail.objects.filter(mailbox=secure).count()) == (0, 3, 3)

    # One mail that the server does not give out stops no other, and comes with a later turn.
    server.deliver_many("secure", [a_letter("六"), a_letter("七")])
    bad = server.uids("secure")[-2]
    asked = fetching._Turn._ask
    with monkeypatch.context() as patched:
        patched.setattr(fetching._Turn, "_ask", lambda self, uid, what: None if uid == bad else asked(self, uid, what))
        done = fetch_mailbox(Mailbox.objects.get(pk=secure.pk), now=NOW)
    assert (done.stored, done.failed) == (1, 1)
    assert fetch_mailbox(Mailbox.objects.get(pk=secure.pk), now=NOW).stored == 1

    # A mail beyond every limit leaves its head and its size, and waits for a person.
    with monkeypatch.context() as patched:
        patched.setattr(fetching, "MOST_OCTETS", 1_000)
        server.deliver("plain", a_letter("大" * 2_000))
        fetch_mailbox(plain, now=NOW)
    big = take_in(IncomingMail.objects.get(size__gt=1_000, mailbox=plain), now=NOW)
    assert (big.state, big.reason, big.raw.size < 1_000) == ("quarantined", "too_big", True)
    assert (big.sender, big.sender_name, big.subject) == (CUSTOMER, "张三", "投诉：包裹破损")

    # What keeps us out is said by a code, at the mailbox.
    Mailbox.objects.filter(pk=secure.pk).update(certificate="")
    assert try_mailbox(Mailbox.objects.get(pk=secure.pk), now=NOW) == "certificate"
    Mailbox.objects.filter(pk=plain.pk).update(sealed=seal(b"wrong", purpose=PURPOSE))
    assert try_mailbox(Mailbox.objects.get(pk=plain.pk), now=NOW) == "sign_in"
    Mailbox.objects.filter(pk=plain.pk).update(
        sealed=where["sealed"], security="starttls", certificate=server.certificate
    )
    assert try_mailbox(Mailbox.objects.get(pk=plain.pk), now=NOW) == ""
    Mailbox.objects.filter(pk=plain.pk).update(host="mail.example.com", security="none")
    assert try_mailbox(Mailbox.objects.get(pk=plain.pk), now=NOW) == "certificate"
    Mailbox.objects.filter(pk=plain.pk).update(host="127.0.0.1", port=1)
    monkeypatch.setattr(settings, "OUTBOUND_PRIVATE", ["127.0.0.1:1"])
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("fetch_mail", "--mailbox", plain.address, "--json", stdout=out)
    assert '"error": "unreachable"' in out.getvalue()
    assert order_fetching(now=NOW) == 2
