"""A mail comes to one of four ends: an answer, a case, a record of why it was ignored, or quarantine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse

from amends.apps.cases.evidence import open_evidence
from amends.apps.cases.models import Case, CaseLink, EvidenceFile
from amends.apps.ledger.queries import details_of, events_of
from amends.apps.mail import taking_in
from amends.apps.mail.erasing import forget_ignored_mails
from amends.apps.mail.models import IncomingMail
from amends.apps.mail.reading import Unreadable
from amends.apps.mail.storing import Arrived, store_mail
from amends.apps.mail.taking_in import take_in
from amends.apps.messaging.actions import acknowledge_notice
from amends.apps.messaging.allowances import Allowance
from amends.apps.messaging.models import Notice, OutboxMessage
from amends.apps.messaging.reply_addresses import reply_address
from tests.apps.mail.letters import CUSTOMER, PICTURE, a_letter, a_mailbox, arrive, last_mail_to
from tests.world import open_world, publish_shipped

NOW = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
State = IncomingMail.State


@pytest.fixture
def mailbox(db):
    publish_shipped(("express",), now=NOW)
    return a_mailbox(open_world("express", now=NOW).desk, now=NOW, authority="mx.amends.test")


def texts_of(case: Case) -> str:
    return "\n".join(d.text for found in details_of(events_of(case.chain)).values() for d in found.values())


def a_case(mailbox) -> Case:
    return arrive(mailbox, a_letter(), now=NOW).case


def test_a_mail_becomes_a_case_that_holds_all_of_it(mailbox):
    octets = a_letter("外箱压坏，\n内件碎了三只。", files=(("外箱.png", PICTURE), ("危险.exe", b"MZ")))
    arrived = NOW - timedelta(hours=5)
    stored = store_mail(mailbox, Arrived(octets, arrived), now=NOW)
    assert stored.mail.state == State.NEW and stored.is_new
    mail = take_in(stored.mail, now=NOW)
    case = mail.case
    assert (mail.state, mail.reason, case.channel, case.received_at) == (State.CASE, "", "email", arrived)
    assert case.complainant.name == "张三"
    assert [p.value for p in case.complainant.contact_points.all()] == [CUSTOMER]
    names = sorted(case.evidence.values_list("name", flat=True))
    assert names == ["外箱.png", "来信原件.eml"]
    assert "内件碎了三只" in texts_of(case) and "危险.exe" in texts_of(case)
    with open_evidence(case.evidence.get(extension="eml")) as source:
        assert source.read() == octets
    assert last_mail_to(case).address == CUSTOMER
    again = store_mail(mailbox, Arrived(b"Received: from elsewhere\r\n" + octets, NOW), now=NOW)
    other = a_mailbox(mailbox.desk, now=NOW, address="second@amends.test")
    twin = store_mail(other, Arrived(octets, NOW, 7, 1), now=NOW)
    assert not again.is_new and again.mail.pk == mail.pk
    assert (twin.is_new, twin.mail.state, twin.mail.reason, twin.mail.case) == (True, State.IGNORED, "twin", case)
    assert Case.objects.count() == 1


def test_an_answer_is_added_to_its_case(mailbox):
    case = a_case(mailbox)
    by_address = a_letter("第一件补充", to=reply_address("service@amends.test", str(case.pk)), subject="Re: 回复")
    by_thread = a_letter(
        "第二件补充\n\n在 2026年3月4日，客服 写道：\n> 旧内容", In_Reply_To=f"<{last_mail_to(case).message_id}>",
        files=(("照片.png", PICTURE),),
    )  # fmt: skip
    ends = [arrive(mailbox, octets, now=NOW) for octets in (by_address, by_thread)]
    assert [(mail.state, mail.case) for mail in ends] == [(State.ANSWER, case), (State.ANSWER, case)]
    assert "第一件补充" in texts_of(case) and "第二件补充" in texts_of(case) and "旧内容" not in texts_of(case)
    assert Case.objects.count() == 1 and case.evidence.count() == 4


def test_whoever_is_not_the_complainant_opens_a_case_of_their_own_that_may_belong(mailbox):
    case = a_case(mailbox)
    signed = reply_address("service@amends.test", str(case.pk))
    tries = {
        "other_sender": a_letter("我要看", sender="mallory@evil.test", to=signed),
        "mentions": a_letter(f"关于 {case.number}", sender="mallory@evil.test"),
        "": a_letter("新事", sender="mallory@evil.test", to=signed.replace("@", "0@")),
        "forged": a_letter("改地址", to=signed, Authentication_Results="mx.amends.test; spf=fail; dmarc=fail"),
    }
    for why, octets in tries.items():
        mail = arrive(mailbox, octets, now=NOW)
        assert (mail.state, mail.reason) == (State.CASE, why), why
        assert mail.case != case
        assert CaseLink.objects.filter(case=case, other=mail.case, kind="perhaps").exists() is bool(why)
    assert len(events_of(case.chain)) == 1
    own = "mx.amends.test; dkim=pass header.d=x; spf=pass; dmarc=pass"
    believed = arrive(mailbox, a_letter("三", Authentication_Results=own), now=NOW)
    foreign = arrive(mailbox, a_letter("四", Authentication_Results=own.replace("amends", "evil")), now=NOW)
    assert (believed.verdict, foreign.verdict) == ("spf=pass dkim=pass dmarc=pass", "")


def test_what_no_customer_wrote_is_kept_with_its_reason_and_answered_by_nobody(mailbox, monkeypatch):
    staff = mailbox.desk.memberships.first().person
    staff.email = "colleague@amends.test"
    staff.save()
    table = [
        ({"Auto_Submitted": "auto-replied"}, State.IGNORED, "answer"),
        ({"Precedence": "bulk"}, State.IGNORED, "list"),
        ({"X_Amends_Loop": "desk"}, State.IGNORED, "loop"),
        ({"sender": "service@amends.test"}, State.IGNORED, "loop"),
        ({"sender": "MAILER-DAEMON@example.com"}, State.IGNORED, "daemon"),
        ({"sender": ""}, State.QUARANTINED, "no_sender"),
        ({"sender": "a@example.com, b@example.com"}, State.QUARANTINED, "no_sender"),
        ({"sender": staff.email}, State.QUARANTINED, "staff"),
    ]
    for heads, state, reason in table:
        mail = arrive(mailbox, a_letter(**heads), now=NOW)
        assert (mail.state, mail.reason) == (state, reason), heads
        assert mail.raw is not None
    many = b"".join(b"X-%d: y\n" % n for n in range(1200)) + a_letter()
    mail = arrive(mailbox, many, now=NOW)
    assert (mail.state, mail.reason, mail.raw.size) == (State.QUARANTINED, "too_many_heads", len(many))
    assert (Case.objects.count(), OutboxMessage.objects.count()) == (0, 0)
    monkeypatch.setattr(taking_in, "FROM_A_SENDER", Allowance("mail-sender", limit=1, within=timedelta(hours=1)))
    assert [arrive(mailbox, a_letter(f"第{n}封"), now=NOW).reason for n in range(2)] == ["", "too_many"]


def test_a_report_marks_the_mail_that_did_not_arrive(mailbox):
    case = a_case(mailbox)
    sent = last_mail_to(case)
    report = (
        f"From: MAILER-DAEMON@mx.example.com\r\nTo: service@amends.test\r\nSubject: failed\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        f"Final-Recipient: rfc822; {CUSTOMER}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{sent.message_id}>\r\n\r\n--b--\r\n"
    ).encode()
    mail = arrive(mailbox, report, now=NOW)
    sent.refresh_from_db()
    assert (mail.state, mail.reason, mail.case) == (State.IGNORED, "bounce", case)
    assert (sent.state, sent.error) == (OutboxMessage.State.FAILED, "bounced: 5.1.1")


def test_whoever_looks_after_the_mailbox_is_told_once_for_all_that_waits(mailbox):
    def told() -> list[Notice]:
        return list(Notice.objects.filter(message="mail_waits").order_by("pk"))

    arrive(mailbox, a_letter(), now=NOW)
    assert told() == []
    for n in range(3):
        arrive(mailbox, a_letter(f"第{n}封", sender=""), now=NOW)
    first = told()
    assert first and len({notice.person_id for notice in first}) == len(first)
    assert "service@amends.test" in first[0].text and first[0].place == reverse("incoming_mails")
    acknowledge_notice(notice=first[0], now=NOW)
    large = store_mail(mailbox, Arrived(a_letter(), NOW, uid_validity=1, uid=1, size=30_000_000), now=NOW)
    take_in(large.mail, now=NOW)
    [again] = told()[len(first) :]
    assert again.person == first[0].person
    arrive(mailbox, a_letter("次日", sender=""), now=NOW + timedelta(days=1, minutes=1))
    assert len(told()) == 2 * len(first) + 1


def test_what_an_ignored_mail_said_is_forgotten_after_a_while_and_that_it_came_is_not(mailbox):
    octets = a_letter("外出", Auto_Submitted="auto-replied")
    old = arrive(mailbox, octets, now=NOW)
    young = arrive(mailbox, a_letter("外出", Auto_Submitted="auto-replied"), now=NOW + timedelta(days=2))
    kept = a_case(mailbox)
    place = old.raw.location
    assert forget_ignored_mails(before=NOW + timedelta(days=1)) == 1
    assert forget_ignored_mails(before=NOW + timedelta(days=1)) == 0
    for mail in (old, young):
        mail.refresh_from_db()
    assert (old.state, old.reason, old.raw, old.sender, old.text, old.subject) == (
        State.IGNORED,
        "answer",
        None,
        "",
        "",
        "",
    )
    assert young.raw is not None and young.text and kept.evidence.count() == 1
    assert not default_storage.exists(place) and not EvidenceFile.objects.filter(location=place).exists()
    assert not store_mail(mailbox, Arrived(octets, NOW), now=NOW).is_new


def test_a_mail_that_can_not_be_read_and_was_settled_meanwhile_keeps_its_end(mailbox, monkeypatch):
    def settled_elsewhere(octets):
        IncomingMail.objects.update(state=State.QUARANTINED, reason="too_deep")
        raise Unreadable("too_many_parts")

    monkeypatch.setattr(taking_in, "letter_in", settled_elsewhere)
    stored = store_mail(mailbox, Arrived(a_letter(), NOW), now=NOW)

    assert take_in(stored.mail, now=NOW).reason == "too_deep"
